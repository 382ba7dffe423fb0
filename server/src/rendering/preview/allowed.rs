//! The elements and attributes that are allowed in a preview. This is an allow list: browsers learn
//! new ways to load or preconnect faster than a deny list could follow.

use std::{collections::HashSet, sync::LazyLock};

/// HTML and SVG elements that load and run nothing.
static ELEMENTS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a abbr acronym address animatemotion animatetransform article aside b bdi bdo big \
    blockquote body br button caption center circle cite clippath code col colgroup dd defs \
    del desc details dfn dir div dl dt ellipse em feblend fecolormatrix fecomponenttransfer \
    fecomposite feconvolvematrix fediffuselighting fedisplacementmap fedistantlight \
    fedropshadow feflood fefunca fefuncb fefuncg fefuncr fegaussianblur femerge femergenode \
    femorphology feoffset fepointlight fespecularlighting fespotlight fetile feturbulence \
    fieldset figcaption figure filter font footer foreignobject form g h1 h2 h3 h4 h5 h6 \
    header hgroup hr html i image img input ins kbd label legend li line lineargradient main \
    mark marker marquee mask menu meter mpath nav nobr ol optgroup option output p path \
    pattern polygon polyline pre progress q radialgradient rb rect rp rt rtc ruby s samp \
    search section select small span stop strike strong sub summary sup svg switch symbol \
    table tbody td text textpath tfoot th thead time tr tspan tt u ul use var view wbr"
        .split_ascii_whitespace()
        .collect()
});

/// Elements without an end tag (WHATWG HTML §13.1.2).
const VOID: [&str; 6] = ["br", "col", "hr", "img", "input", "wbr"];

/// Attributes that only affect appearance.
static PLAIN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "abbr accent-height accumulate additive align alignment-baseline alink alt amplitude \
    aria-hidden aria-label attributename azimuth basefrequency baseline-shift begin behavior \
    bgcolor bias border bordercolor bordercolordark bordercolorlight by calcmode cellpadding \
    cellspacing char charoff checked class clear clip clip-rule clippathunits color \
    color-interpolation color-interpolation-filters color-rendering cols colspan compact \
    coords cx cy d datetime diffuseconstant dir direction disabled display divisor \
    dominant-baseline dur dx dy edgemode elevation end exponent face fill-opacity fill-rule \
    filterunits flood-color flood-opacity font-family font-size font-size-adjust font-stretch \
    font-style font-variant font-weight for fr frame from fx fy gradienttransform \
    gradientunits headers height hidden high hspace id image-rendering in in2 intercept \
    isolation k1 k2 k3 k4 kernelmatrix kernelunitlength kerning keypoints keysplines keytimes \
    label lang lengthadjust letter-spacing lighting-color limitingconeangle link loop low \
    marginheight marginwidth markerheight markerunits markerwidth mask-type maskcontentunits \
    maskunits max maxlength media method min mix-blend-mode mode name noshade nowrap \
    numoctaves offset opacity open operator optimum order orient overflow paint-order path \
    pathlength patterncontentunits patterntransform patternunits placeholder pointer-events \
    points preservealpha preserveaspectratio primitiveunits r radius readonly refx refy \
    repeatcount repeatdur restart result reversed role rotate rows rowspan rules rx ry scale \
    scope scrollamount scrolldelay seed selected shape shape-rendering side size spacing span \
    specularconstant specularexponent spreadmethod start startoffset stddeviation stitchtiles \
    stop-color stop-opacity stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin \
    stroke-miterlimit stroke-opacity stroke-width summary surfacescale systemlanguage \
    tablevalues targetx targety text text-anchor text-decoration text-rendering textlength \
    title to transform transform-box transform-origin type unicode-bidi valign value values \
    vector-effect version viewbox visibility vlink vspace width word-spacing wrap writing-mode \
    x x1 x2 xchannelselector xml:space y y1 y2 ychannelselector z"
        .split_ascii_whitespace()
        .collect()
});

/// SVG attributes whose value may be a `url(…)`.
static PAINTS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "clip-path color-profile cursor fill filter marker marker-end marker-mid marker-start mask \
    stroke"
        .split_ascii_whitespace()
        .collect()
});

/// How an attribute is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttributeRule {
    /// Kept as it is.
    Plain,
    /// Kept as a style without its loads.
    Style,
    /// Kept if its image is inline, as `data:`.
    Image,
    /// Kept if it refers to a place in the document.
    Place,
    /// Dropped.
    Drop,
}

/// Whether a preview may have this element.
pub(super) fn is_element(name: &str) -> bool {
    ELEMENTS.contains(name)
}

/// Whether an element is void, and so has no end tag.
pub(super) fn is_void(name: &str) -> bool {
    VOID.contains(&name)
}

/// Returns the rule for an attribute of an element, both in lower case.
pub(super) fn rule(element: &str, attribute: &str) -> AttributeRule {
    match (element, attribute) {
        (_, "style") => AttributeRule::Style,
        ("img", "src") | (_, "background") => AttributeRule::Image,
        ("image", "href" | "xlink:href") => AttributeRule::Image,
        ("a", "href" | "xlink:href") => AttributeRule::Drop,
        (_, "href" | "xlink:href") => AttributeRule::Place,
        _ if PAINTS.contains(attribute) => AttributeRule::Style,
        _ if PLAIN.contains(attribute) => AttributeRule::Plain,
        _ => AttributeRule::Drop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_lower_case() {
        for name in ELEMENTS.iter().chain(&*PLAIN).chain(&*PAINTS) {
            assert_eq!(*name, name.to_ascii_lowercase());
        }
    }

    #[test]
    fn nothing_that_loads_or_announces_is_among_them() {
        for element in [
            "applet",
            "audio",
            "base",
            "embed",
            "fencedframe",
            "feimage",
            "frame",
            "frameset",
            "iframe",
            "link",
            "map",
            "meta",
            "noembed",
            "noframes",
            "noscript",
            "object",
            "param",
            "portal",
            "script",
            "set",
            "animate",
            "source",
            "style",
            "template",
            "title",
            "track",
            "video",
        ] {
            assert!(!is_element(element), "{element}");
        }
        for attribute in [
            "action",
            "archive",
            "attributionsrc",
            "autofocus",
            "cite",
            "classid",
            "code",
            "codebase",
            "data",
            "dynsrc",
            "formaction",
            "http-equiv",
            "imagesrcset",
            "is",
            "longdesc",
            "lowsrc",
            "manifest",
            "onload",
            "ping",
            "popovertarget",
            "poster",
            "profile",
            "srcdoc",
            "srcset",
            "target",
            "usemap",
            "xml:base",
            "xmlns",
        ] {
            assert_eq!(rule("img", attribute), AttributeRule::Drop, "{attribute}");
        }
        assert_eq!(rule("a", "href"), AttributeRule::Drop);
        assert_eq!(rule("input", "src"), AttributeRule::Drop);
    }
}
