//! Where the list stands on the screen: measured, and moved. Only effects and event handlers may
//! call these.

use leptos::prelude::{document, window};
use web_sys::{Element, HtmlElement};

use crate::windowing::Sight;

/// What one sees of the rows below the list's head; `None` while there are none or they are hidden.
///
/// On a wide page the list scrolls by itself, on a narrow one with the whole page, and its head
/// stays on top in both: what one sees is what lies between head, pane and window.
pub(super) fn sight(rows: &HtmlElement) -> Option<Sight> {
    let window_px = window().inner_height().ok()?.as_f64()?;
    let pane = pane(rows)?;
    let top = pane.first_element_child()?.get_bounding_client_rect().bottom();
    let row_px = rows.first_element_child()?.get_bounding_client_rect().height();
    let height_px = pane.get_bounding_client_rect().bottom().min(window_px) - top;
    let top_px = top - rows.get_bounding_client_rect().top();
    (row_px > 0.0).then_some(Sight { top_px, height_px, row_px })
}

/// Gives the rows the height that all of them have, and lets those that are drawn begin where
/// they belong.
pub(super) fn stretch(rows: &HtmlElement, height_px: f64, before_px: f64) {
    let style = rows.style();
    // Whole pixels: numbers with fractions take a lot of code to write.
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
