//! Presses the element that a command names: links and buttons by their `data-key`, requests by
//! their position in the list. Only event handlers may call these: there is no browser while the
//! server renders.

use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use crate::format::joined;

/// The links of the requests in the list, newest first.
const ROWS: &str = "[data-testid=request-row] a";

/// The scrolling element of the list: its pane, or the page if that is narrow.
const LIST: &str = ".request-list";

/// Returns whether `press` can be pressed now.
pub(crate) fn can(press: &str) -> bool {
    match press {
        "next" | "previous" | "first" | "last" | "open" => {
            document().query_selector(ROWS).is_ok_and(|row| row.is_some())
        }
        _ => target(press).is_some(),
    }
}

/// Presses the element named `press`. Returns false if the page has none.
pub(crate) fn press(press: &str) -> bool {
    match press {
        "next" => step(1),
        "previous" => step(-1),
        "open" => step(0),
        "first" => end(0),
        "last" => end(i32::MAX),
        _ => {
            let Some(target) = target(press) else { return false };
            match target.dyn_ref::<HtmlInputElement>() {
                Some(input) => {
                    let _ = input.focus();
                    input.select();
                }
                None => target.click(),
            }
            true
        }
    }
}

/// Returns whether a key is meant for the page: no text field has the focus, nothing is open over
/// the page, and it is not one of the browser's own shortcuts.
pub(crate) fn is_free(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_typing = target.is_some_and(|element| {
        let fields = "input, textarea, select, [contenteditable], dialog";
        !matches!(element.closest(fields), Ok(None))
    });
    !(is_typing
        || event.ctrl_key()
        || event.meta_key()
        || event.alt_key()
        || event.is_composing()
        || event.default_prevented())
}

/// Returns whether a text field has the focus.
pub(crate) fn is_typing() -> bool {
    let fields = "input:not([type=checkbox], [type=radio]), textarea";
    document().active_element().is_some_and(|element| element.matches(fields).unwrap_or_default())
}

pub(crate) fn is_nothing_focused() -> bool {
    let document = document();
    document.active_element().is_none_or(|focused| focused.tag_name() == "BODY")
}

fn target(press: &str) -> Option<HtmlElement> {
    // Copy buttons are older than this table; elements with the key take precedence.
    let found = [("[data-key=\"", "\"]"), ("button[data-testid=\"", "\"]")].map(|(start, end)| {
        document().query_selector(&joined(&[start, press, end])).ok().flatten()
    });
    found.into_iter().flatten().next()?.dyn_into().ok()
}

fn rows() -> Vec<HtmlElement> {
    let Ok(rows) = document().query_selector_all(ROWS) else { return Vec::new() };
    (0..rows.length()).filter_map(|at| rows.item(at)?.dyn_into().ok()).collect()
}

/// Chooses the request that is this many rows away from the chosen one.
fn step(by: isize) -> bool {
    let rows = rows();
    let chosen = rows.iter().position(|row| row.has_attribute("aria-current"));
    let at = match chosen {
        Some(chosen) => chosen.checked_add_signed(by),
        None => Some(0),
    };
    // The open request may have no row: only visible rows are rendered.
    let beside = if by > 0 { "older" } else { "newer" };
    if let (None, true, Some(beside)) = (chosen, by != 0 && is_one_open(), target(beside)) {
        beside.click();
        return true;
    }
    let Some(row) = at.and_then(|at| rows.get(at)) else { return false };
    choose(row);
    true
}

/// Returns whether a request is open, with or without a rendered row.
fn is_one_open() -> bool {
    document().query_selector("[data-testid=request-detail]").is_ok_and(|detail| detail.is_some())
}

fn choose(row: &HtmlElement) {
    row.click();
    let _ = row.focus();
}

/// Scrolls the list to `top_px` and chooses the request there: only visible rows are rendered.
fn end(top_px: i32) -> bool {
    let Ok(Some(list)) = document().query_selector(LIST) else { return false };
    list.set_scroll_top(top_px);
    // One frame to scroll, one to render.
    request_animation_frame(move || {
        request_animation_frame(move || {
            let rows = rows();
            if let Some(row) = if top_px == 0 { rows.first() } else { rows.last() } {
                choose(row);
            }
        });
    });
    true
}
