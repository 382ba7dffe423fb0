//! The few browser APIs that pages use directly. Only effects and event handlers may call these:
//! there is no browser while the server renders.

use js_sys::{Date, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Element, Event, Headers, HtmlDocument, HtmlElement, HtmlTextAreaElement, KeyboardEvent,
    RequestCredentials, RequestInit, Response,
};

use crate::wire::Timestamp;

/// The `<meta>` with the operator's `--public-url`.
pub(crate) const PUBLIC_URL: &str = "hookglass-public-url";

/// Returns the origin that this browser used, for URLs to show instead of the server's guess;
/// `None` if the operator has set a public URL.
pub(crate) fn own_origin() -> Option<String> {
    let set = document().query_selector(&format!("meta[name={PUBLIC_URL}]")).ok().flatten();
    if set.is_some() { None } else { window().location().origin().ok() }
}

/// Returns the time of the browser's clock.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds in integers, by ECMA-262")]
    Timestamp::from_micros(Date::now() as i64 * 1000)
}

/// Returns date and time of day in the viewer's time zone: `2026-11-21` and `12:03:07.412`.
pub(crate) fn local(at: Timestamp) -> (String, String) {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay far below 2^53")]
    let date = Date::new(&(at.as_millis() as f64).into());
    (
        format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date()),
        format!(
            "{:02}:{:02}:{:02}.{:03}",
            date.get_hours(),
            date.get_minutes(),
            date.get_seconds(),
            date.get_milliseconds()
        ),
    )
}

/// Copies `text` to the clipboard and returns whether that worked. Pages on plain http away from
/// localhost have no clipboard object; there the old command still copies a selection.
pub(crate) async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    let has_clipboard =
        Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|value| !value.is_undefined());
    if has_clipboard && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok() {
        return true;
    }
    copy_by_command(text).unwrap_or(false)
}

/// Sends a POST to one of our own paths without a cookie, as a stranger would, and returns whether
/// it was captured, regardless of the response.
pub(crate) async fn send(path: &str, headers: &[(&str, String)], body: &str) -> bool {
    let Ok(fields) = Headers::new() else { return false };
    for (name, value) in headers {
        // Cannot fail for the names that we use.
        let _ = fields.set(name, value);
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&fields);
    init.set_body(&body.into());
    init.set_credentials(RequestCredentials::Omit);
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &init)).await;
    answer.is_ok_and(|answer| {
        let headers = answer.unchecked_into::<Response>().headers();
        headers.has("hookglass-seq").unwrap_or_default()
    })
}

fn copy_by_command(text: &str) -> Option<bool> {
    let document: HtmlDocument = document().dyn_into().ok()?;
    let focused =
        document.active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_class_name("copy__scratch");
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.exec_command("copy").ok();
    area.remove();
    if let Some(element) = focused {
        // Restores the focus: a failure leaves it on the body, which does no harm.
        let _ = element.focus();
    }
    copied
}

/// Scrolls a row of links sideways until the current one is visible.
pub(crate) fn scroll_to_current(row: &HtmlElement) {
    let current = row.query_selector("[aria-current]").ok().flatten();
    let Some(current) = current.and_then(|link| link.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    let start = current.offset_left() - row.offset_left();
    let end = start + current.offset_width() - row.client_width();
    if start < row.scroll_left() {
        row.set_scroll_left(start);
    } else if end > row.scroll_left() {
        row.set_scroll_left(end);
    }
}

/// Returns this tab's draft of that name; `None` also if the tab has no storage.
pub(crate) fn draft(name: &str) -> Option<String> {
    window().session_storage().ok().flatten()?.get_item(name).ok().flatten()
}

/// Keeps a draft under a name for as long as this tab lives; `None` removes it.
pub(crate) fn keep_draft(name: &str, text: Option<&str>) {
    if let Ok(Some(storage)) = window().session_storage() {
        // If storage is full, the draft is not kept: the form still has it.
        let _ = match text {
            Some(text) => storage.set_item(name, text),
            None => storage.remove_item(name),
        };
    }
}

/// Closes open menus (`details[data-menu]`) on a click outside them or on a link in them, and on
/// Escape. Listens for the lifetime of the page.
pub(crate) fn close_menus_on_leave() {
    let on_pointer = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        // A link in a menu navigates without a new document, so its menu must close.
        let inside = target.filter(|element| matches!(element.closest("a"), Ok(None)));
        close_menus(inside.as_ref());
    });
    let on_key = Closure::<dyn Fn(KeyboardEvent)>::new(|event: KeyboardEvent| {
        // The key is then for the menu only, not for anything behind it.
        if event.key() == "Escape" && close_menus(None) {
            event.stop_propagation();
        }
    });
    let document = document();
    // Neither can fail: the names are event names and the document is a target.
    let _ = document.add_event_listener_with_callback("click", on_pointer.as_ref().unchecked_ref());
    let _ = document.add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
    on_pointer.forget();
    on_key.forget();
}

/// Closes every open menu except the one that contains `inside`. Returns whether any was open.
pub(crate) fn close_menus(inside: Option<&Element>) -> bool {
    let Ok(menus) = document().query_selector_all("details[data-menu][open]") else {
        return false;
    };
    let mut is_closed = false;
    for menu in (0..menus.length()).filter_map(|index| menus.item(index)) {
        if !inside.is_some_and(|element| menu.contains(Some(element)))
            && let Ok(menu) = menu.dyn_into::<Element>()
        {
            is_closed |= menu.remove_attribute("open").is_ok();
        }
    }
    is_closed
}
