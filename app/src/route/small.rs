//! The browser's own router: links of this site and the history change the URL, and pages follow
//! it. It has the same paths as `stock`.

use leptos::{ev, prelude::*};
use leptos_router::location::{BrowserUrl, LocationProvider as _};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

use super::{
    NavigateOptions, ParamsMap, Url,
    page::{self, PageName},
};
use crate::format::joined;

/// The current URL. A cheap-clone handle on signals.
#[derive(Clone)]
pub(crate) struct Location {
    pub(crate) pathname: Memo<String>,
    pub(crate) query: Memo<ParamsMap>,
}

/// The URL of the visible page. A cheap-clone handle on a signal.
#[derive(Clone, Copy)]
struct Here(RwSignal<Url>);

/// Returns the current URL; tracked.
pub(crate) fn use_location() -> Location {
    expect_context()
}

/// Navigates to a path of this site.
pub(crate) fn use_navigate() -> impl Fn(&str, NavigateOptions) + Clone + Send + Sync {
    let here: Here = expect_context();
    move |path, options| here.go(path, options.replace, options.scroll)
}

/// Returns the parameters in the path of an endpoint's page: `endpoint` and, if one is chosen,
/// `seq`. They stay the same during a navigation until that page is gone.
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

/// Follows the URL, and handles the links of its children.
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
    /// Reads the URL from the address bar.
    fn look(self) {
        if let Ok(url) = BrowserUrl::current() {
            self.0.set(url);
        }
    }

    /// Navigates to a path of this site, replacing the current entry of the history or adding one.
    fn go(self, path: &str, replace: bool, scroll: bool) {
        let Ok(history) = window().history() else { return };
        let here = self.0.with_untracked(|url| match url.search() {
            "" => url.path().to_owned(),
            search => joined(&[url.path(), "?", search]),
        });
        // Both fail only if a page does it hundreds of times within seconds.
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

    /// Follows a link that was clicked, if it is within this site and no other handler has handled
    /// the click.
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
        // The browser scrolls to a fragment itself, on another page by loading it.
        if is_elsewhere || !link.hash().is_empty() {
            return;
        }
        event.prevent_default();
        let scroll = !link.has_attribute("data-noscroll");
        self.go(&(link.pathname() + &link.search()), false, scroll);
    }
}
