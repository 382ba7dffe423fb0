//! The names of elements and attributes, as `view!` writes them. A missing name does not compile in
//! the browser: add it to its list.

use super::{attribute::IntoAttributeValue, element::Element};

macro_rules! elements {
    ($namespace:expr, $($tag:ident)*) => {
        $(
            #[doc = concat!("`<", stringify!($tag), ">`.")]
            #[must_use]
            pub fn $tag() -> Element {
                Element::new(stringify!($tag), $namespace)
            }
        )*
    };
}

/// HTML elements that can occur in the body, except `script`, `style` and the like.
pub mod html {
    use super::Element;

    elements! { None,
        a abbr address area article aside audio b bdi bdo blockquote br button canvas caption cite
        code col colgroup data datalist dd del details dfn dialog div dl dt em fieldset figcaption
        figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr i iframe img input ins kbd label legend
        li main map mark menu meter nav ol optgroup output p picture pre progress q rp rt ruby s samp
        search section select small source span strong sub summary sup table tbody td textarea tfoot
        th thead time tr track u ul var video wbr
    }
}

/// Elements of SVG.
pub mod svg {
    use super::Element;

    elements! { Some("http://www.w3.org/2000/svg"),
        circle defs desc ellipse g line marker mask path pattern polygon polyline rect svg symbol
        text title tspan
    }
}

macro_rules! attributes {
    ($($method:ident $name:literal)*) => {
        impl Element {
            $(
                #[doc = concat!("Sets the attribute `", $name, "`.")]
                #[must_use]
                pub fn $method(self, value: impl IntoAttributeValue) -> Self {
                    self.attr($name, value)
                }
            )*
        }
    };
}

attributes! {
    accept "accept"
    action "action"
    alt "alt"
    aria_activedescendant "aria-activedescendant"
    aria_atomic "aria-atomic"
    aria_autocomplete "aria-autocomplete"
    aria_busy "aria-busy"
    aria_checked "aria-checked"
    aria_controls "aria-controls"
    aria_current "aria-current"
    aria_describedby "aria-describedby"
    aria_description "aria-description"
    aria_details "aria-details"
    aria_disabled "aria-disabled"
    aria_expanded "aria-expanded"
    aria_haspopup "aria-haspopup"
    aria_hidden "aria-hidden"
    aria_invalid "aria-invalid"
    aria_keyshortcuts "aria-keyshortcuts"
    aria_label "aria-label"
    aria_labelledby "aria-labelledby"
    aria_level "aria-level"
    aria_live "aria-live"
    aria_modal "aria-modal"
    aria_orientation "aria-orientation"
    aria_owns "aria-owns"
    aria_posinset "aria-posinset"
    aria_pressed "aria-pressed"
    aria_readonly "aria-readonly"
    aria_relevant "aria-relevant"
    aria_required "aria-required"
    aria_roledescription "aria-roledescription"
    aria_rowcount "aria-rowcount"
    aria_rowindex "aria-rowindex"
    aria_selected "aria-selected"
    aria_setsize "aria-setsize"
    aria_sort "aria-sort"
    aria_valuemax "aria-valuemax"
    aria_valuemin "aria-valuemin"
    aria_valuenow "aria-valuenow"
    aria_valuetext "aria-valuetext"
    autocapitalize "autocapitalize"
    autocomplete "autocomplete"
    autofocus "autofocus"
    checked "checked"
    cite "cite"
    class "class"
    cols "cols"
    colspan "colspan"
    content "content"
    contenteditable "contenteditable"
    controls "controls"
    crossorigin "crossorigin"
    d "d"
    datetime "datetime"
    decoding "decoding"
    dir "dir"
    disabled "disabled"
    download "download"
    draggable "draggable"
    enctype "enctype"
    enterkeyhint "enterkeyhint"
    fill "fill"
    form "form"
    formaction "formaction"
    formmethod "formmethod"
    height "height"
    hidden "hidden"
    href "href"
    hreflang "hreflang"
    id "id"
    inert "inert"
    inputmode "inputmode"
    label "label"
    lang "lang"
    list "list"
    loading "loading"
    max "max"
    maxlength "maxlength"
    method "method"
    min "min"
    minlength "minlength"
    multiple "multiple"
    name "name"
    novalidate "novalidate"
    open "open"
    pattern "pattern"
    placeholder "placeholder"
    popover "popover"
    popovertarget "popovertarget"
    preload "preload"
    r#for "for"
    r#type "type"
    readonly "readonly"
    referrerpolicy "referrerpolicy"
    rel "rel"
    required "required"
    role "role"
    rows "rows"
    rowspan "rowspan"
    sandbox "sandbox"
    scope "scope"
    size "size"
    sizes "sizes"
    span "span"
    spellcheck "spellcheck"
    src "src"
    srcdoc "srcdoc"
    srcset "srcset"
    start "start"
    step "step"
    style "style"
    tabindex "tabindex"
    target "target"
    title "title"
    translate "translate"
    value "value"
    width "width"
    wrap "wrap"
}
