//! The browser's own router: links of this site and the browser's own steps back and forth change the
//! URL, and pages follow it. Its paths are those of `stock`.

use leptos::{ev, prelude::*};
use leptos_router::location::{BrowserUrl, LocationProvider as _};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

use super::{
    NavigateOptions, ParamsMap, Url,
    page::{self, PageName},
};
use crate::format::joined;

/// What the URL says. A cheap-clone handle on signals.
#[derive(Clone)]
pub(crate) struct Location {
    pub(crate) pathname: Memo<String>,
    pub(crate) query: Memo<ParamsMap>,
}

/// The URL of the page that is shown. A cheap-clone handle on a signal.
#[derive(Clone, Copy)]
struct Here(RwSignal<Url>);

/// What the URL says now, followed.
pub(crate) fn use_location() -> Location {
    expect_context()
}

/// Goes to a path of this site.
pub(crate) fn use_navigate() -> impl Fn(&str, NavigateOptions) + Clone + Send + Sync {
    let here: Here = expect_context();
    move |path, options| here.go(path, options.replace, options.scroll)
}

/// What the path of an endpoint's page says: `endpoint` and, where one is chosen, `seq`. It says so
/// still while the viewer goes elsewhere and that page has not gone yet.
pub(crate) fn use_params_map() -> Memo<ParamsMap> {
    let path = use_location().pathname;
    Memo::new(move |last: Option<&ParamsMap>| {
        let path = path.read();
        match (PageName::of(&path), last) {
            (PageName::Inspect, _) | (_, None) => page::params(&path).collect(),
            (_, Some(last)) => last.clone(),
        }
    })
}

/// Follows the URL, and takes over the links of what is in it.
#[component]
pub(crate) fn Router(children: Children) -> impl IntoView {
    let url = RwSignal::new(BrowserUrl::current().unwrap_or_default());
    let pathname = Memo::new(move |_| url.read().path().to_owned());
    let query = Memo::new(move |_| url.read().search_params().clone());
    provide_context(Location { pathname, query });
    let here = Here(url);
    provide_context(here);
    let clicks = window_event_listener(ev::click, move |event| here.follow(&event));
    let steps = window_event_listener(ev::popstate, move |_| here.look());
    on_cleanup(move || {
        clicks.remove();
        steps.remove();
    });
    children.shown()
}

impl Here {
    /// Takes up what the address bar says.
    fn look(self) {
        if let Ok(url) = BrowserUrl::current() {
            self.0.set(url);
        }
    }

    /// Goes to a path of this site, in place of where one is or as a step that one can go back.
    fn go(self, path: &str, replace: bool, scroll: bool) {
        let Ok(history) = window().history() else { return };
        let here = self.0.with_untracked(|url| match url.search() {
            "" => url.path().to_owned(),
            search => joined(&[url.path(), "?", search]),
        });
        // Both fail only where a page does it hundreds of times in seconds.
        let _ = if replace {
            history.replace_state_with_url(&JsValue::NULL, "", Some(path))
        } else if path != here {
            history.push_state_with_url(&JsValue::NULL, "", Some(path))
        } else {
            Ok(())
        };
        self.look();
        if scroll {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
    }

    /// Goes where a link leads that was pressed, if that is within this site and nobody else has
    /// done something about it.
    fn follow(self, event: &MouseEvent) {
        let is_plain = event.button() == 0
            && !(event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key());
        if !is_plain || event.default_prevented() {
            return;
        }
        let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(Ok(Some(link))) = pressed.map(|pressed| pressed.closest("a[href]")) else {
            return;
        };
        let Ok(link) = link.dyn_into::<HtmlAnchorElement>() else { return };
        let is_elsewhere = !link.target().is_empty()
            || link.has_attribute("download")
            || link.rel().split_ascii_whitespace().any(|word| word == "external")
            || window().location().origin().is_ok_and(|origin| origin != link.origin());
        // A place within a page is the browser's own to find, on another one by loading it.
        if is_elsewhere || !link.hash().is_empty() {
            return;
        }
        event.prevent_default();
        let scroll = !link.has_attribute("data-noscroll");
        self.go(&(link.pathname() + &link.search()), false, scroll);
    }
}
