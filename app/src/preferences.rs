//! The viewer's display preferences: light or dark, hidden secrets, the width of the list. They are
//! in the document, and this browser remembers them. Only effects and event handlers may call
//! these, except for those that the server writes into the document.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The document's attribute that hides secrets, and its name in the browser's storage.
const HIDE_SECRETS: &str = "data-hide-secrets";

/// The same for the theme, `light` or `dark`, if that differs from the system's.
const THEME: &str = "data-theme";

/// The document's property for the width of the list, and its name in the browser's storage.
const LIST_WIDTH: &str = "--list-width";

/// The script that applies the stored preferences before the first paint: a secret that is visible
/// for a moment is already disclosed.
#[cfg(feature = "ssr")]
pub(crate) const TAKE_UP: &str = r#"try {
  const { documentElement: root } = document;
  for (const name of ["data-hide-secrets", "data-theme"]) {
    const value = localStorage.getItem(name);
    if (value) root.setAttribute(name, value);
  }
  root.style.setProperty("--list-width", localStorage.getItem("--list-width"));
} catch {}"#;

/// Returns whether the document hides secrets.
pub(crate) fn are_secrets_hidden() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute(HIDE_SECRETS))
}

/// Hides or shows secrets, now and on later pages.
pub(crate) fn hide_secrets(hidden: bool) {
    mark(HIDE_SECRETS, hidden.then_some("1"));
}

/// Switches between light and dark, now and on later pages. The system's own theme is not stored:
/// pages follow the system again.
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

/// Returns the chosen width of the list, in CSS pixels; `None` for the default.
pub(crate) fn list_width_px() -> Option<i64> {
    root()?.style().get_property_value(LIST_WIDTH).ok()?.trim_end_matches("px").parse().ok()
}

/// Sets the width of the list, now and on later pages; `None` for the default.
pub(crate) fn set_list_width(px: Option<i64>) {
    let Some(root) = root() else { return };
    let width = px.map(|px| px.to_string() + "px");
    // Neither can fail: both names are names of properties.
    let _ = match &width {
        Some(width) => root.style().set_property(LIST_WIDTH, width),
        None => root.style().remove_property(LIST_WIDTH).map(|_| ()),
    };
    keep(LIST_WIDTH, width.as_deref());
}

/// Stores a choice of the viewer in this browser.
pub(crate) fn remember(name: &str, chosen: bool) {
    keep(name, chosen.then_some("1"));
}

/// Returns whether the viewer made a choice in this browser.
pub(crate) fn remembered(name: &str) -> bool {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(name).ok().flatten()).is_some()
}

fn mark(name: &str, value: Option<&str>) {
    let Some(root) = root() else { return };
    // Neither can fail: both names are names of attributes.
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
    keep(name, value);
}

fn keep(name: &str, value: Option<&str>) {
    // Without storage it applies only to this page.
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
