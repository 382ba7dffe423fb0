//! The position of the list on the screen: measured and scrolled. Only effects and event handlers
//! may call these.

use leptos::prelude::{document, window};
use web_sys::{Element, HtmlElement};

use crate::windowing::Sight;

/// Returns the visible rows below the list's head; `None` while there are none or they are hidden.
///
/// On a wide page the list scrolls separately, on a narrow one with the whole page, and in both
/// cases its head stays on top: the visible area is the intersection of the area below the head,
/// the pane and the window.
pub(super) fn sight(rows: &HtmlElement) -> Option<Sight> {
    let window_px = window().inner_height().ok()?.as_f64()?;
    let pane = pane(rows)?;
    let top = pane.first_element_child()?.get_bounding_client_rect().bottom();
    let row_px = rows.first_element_child()?.get_bounding_client_rect().height();
    let height_px = pane.get_bounding_client_rect().bottom().min(window_px) - top;
    let top_px = top - rows.get_bounding_client_rect().top();
    (row_px > 0.0).then_some(Sight { top_px, height_px, row_px })
}

/// Sets the total height of all rows, and moves the rendered ones to their position.
pub(super) fn stretch(rows: &HtmlElement, height_px: f64, before_px: f64) {
    let style = rows.style();
    // Whole pixels: formatting fractions takes a lot of code.
    for (name, px) in [("height", height_px), ("padding-top", before_px)] {
        #[expect(clippy::cast_possible_truncation, reason = "far below 2^31")]
        let px = px as i32;
        let _ = style.set_property(name, &(px.to_string() + "px"));
    }
}

/// Scrolls by a number of pixels.
pub(super) fn scroll_by(rows: &HtmlElement, px: f64) {
    let own = pane(rows).filter(|pane| pane.scroll_height() > pane.client_height());
    if let Some(scroller) = own.or_else(|| document().scrolling_element()) {
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let px = px.round() as i32;
        scroller.set_scroll_top(scroller.scroll_top().saturating_add(px));
    }
}

fn pane(rows: &HtmlElement) -> Option<Element> {
    rows.closest(".request-list").ok()?
}
