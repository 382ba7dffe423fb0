//! How the viewer wants pages to look: light or dark, with secrets or without, how wide the list
//! is. The document carries it and this browser remembers it. Only effects and event handlers may
//! call these, but for what the server writes into the document.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The attribute of the document that hides secrets, and its name where the browser remembers it.
const HIDE_SECRETS: &str = "data-hide-secrets";

/// The same for the theme, `light` or `dark`, where that is not the system's.
const THEME: &str = "data-theme";

/// The property of the document that says how wide the list is, and its name likewise.
const LIST_WIDTH: &str = "--list-width";

/// The script that takes up what is remembered before anything is drawn: a secret that shows for a
/// moment has been shown.
#[cfg(feature = "ssr")]
pub(crate) const TAKE_UP: &str = r#"try {
  const { documentElement: root } = document;
  for (const name of ["data-hide-secrets", "data-theme"]) {
    const value = localStorage.getItem(name);
    if (value) root.setAttribute(name, value);
  }
  root.style.setProperty("--list-width", localStorage.getItem("--list-width"));
} catch {}"#;

/// Whether the document hides secrets.
pub(crate) fn are_secrets_hidden() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute(HIDE_SECRETS))
}

/// Hides or shows secrets, now and in pages to come.
pub(crate) fn hide_secrets(hidden: bool) {
    mark(HIDE_SECRETS, hidden.then_some("1"));
}

/// From light to dark or back, now and in pages to come. What the system says anyway is not
/// remembered: pages follow it again.
pub(crate) fn switch_theme() {
    let system = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    let system = if system.is_some_and(|list| list.matches()) { "dark" } else { "light" };
    let chosen = document().document_element().and_then(|root| root.get_attribute(THEME));
    let next = match chosen.as_deref().unwrap_or(system) {
        "dark" => "light",
        _ => "dark",
    };
    mark(THEME, Some(next).filter(|next| *next != system));
}

/// How wide the list was made, in CSS pixels; `None` if it is as wide as it comes.
pub(crate) fn list_width_px() -> Option<i64> {
    root()?.style().get_property_value(LIST_WIDTH).ok()?.trim_end_matches("px").parse().ok()
}

/// Makes the list as wide, now and in pages to come; `None` for as wide as it comes.
pub(crate) fn set_list_width(px: Option<i64>) {
    let Some(root) = root() else { return };
    let width = px.map(|px| px.to_string() + "px");
    // Neither fails: both names are of properties.
    let _ = match &width {
        Some(width) => root.style().set_property(LIST_WIDTH, width),
        None => root.style().remove_property(LIST_WIDTH).map(|_| ()),
    };
    keep(LIST_WIDTH, width.as_deref());
}

/// Remembers a choice of the viewer in this browser.
pub(crate) fn remember(name: &str, chosen: bool) {
    keep(name, chosen.then_some("1"));
}

/// Whether the viewer once made a choice in this browser.
pub(crate) fn remembered(name: &str) -> bool {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(name).ok().flatten()).is_some()
}

fn mark(name: &str, value: Option<&str>) {
    let Some(root) = root() else { return };
    // Neither fails: both names are of attributes.
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
    keep(name, value);
}

fn keep(name: &str, value: Option<&str>) {
    // Without storage it holds for this page.
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = match value {
            Some(value) => storage.set_item(name, value),
            None => storage.remove_item(name),
        };
    }
}

fn root() -> Option<HtmlElement> {
    document().document_element()?.dyn_into().ok()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_taken_up() {
        for name in [HIDE_SECRETS, THEME, LIST_WIDTH] {
            assert!(TAKE_UP.contains(name), "{name}");
        }
    }
}
