//! The line between list and request, which resizes the list.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use crate::preferences;

/// The range of the list's width, in CSS pixels. The style sheet always leaves room for the
/// request.
const WIDTHS_PX: (i64, i64) = (240, 960);

/// The default width of the list on a wide page.
const USUAL_PX: i64 = 420;

/// The distance of one arrow key press.
const STEP_PX: i64 = 20;

/// Can be dragged, moved with arrow keys, and reset with a double click or Home. Narrow pages,
/// which show only one of the two, do not have it.
#[component]
pub(crate) fn Splitter() -> impl IntoView {
    let width = RwSignal::new(USUAL_PX);
    Effect::new(move |_| width.set(preferences::list_width_px().unwrap_or(USUAL_PX)));
    let set = move |px: Option<i64>| {
        let px = px.map(|px| px.clamp(WIDTHS_PX.0, WIDTHS_PX.1));
        width.set(px.unwrap_or(USUAL_PX));
        preferences::set_list_width(px);
    };
    let element = |event: &PointerEvent| {
        event.current_target().and_then(|target| target.dyn_into::<Element>().ok())
    };
    let on_down = move |event: PointerEvent| {
        if let Some(splitter) = element(&event).filter(|_| event.button() == 0) {
            // Cannot fail for a pointer that is down.
            let _ = splitter.set_pointer_capture(event.pointer_id());
        }
    };
    let on_move = move |event: PointerEvent| {
        if element(&event).is_some_and(|splitter| splitter.has_pointer_capture(event.pointer_id()))
        {
            set(Some(event.client_x().into()));
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let now = width.get_untracked();
        match event.key().as_str() {
            "ArrowLeft" => set(Some(now - STEP_PX)),
            "ArrowRight" => set(Some(now + STEP_PX)),
            "Home" => set(None),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <div
            class="splitter"
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label="Width of the list"
            aria-valuemin=WIDTHS_PX.0.to_string()
            aria-valuemax=WIDTHS_PX.1.to_string()
            aria-valuenow=move || width.get().to_string()
            title="Drag to make the list wider or narrower, double click to put it back"
            data-script
            data-testid="splitter"
            on:pointerdown=on_down
            on:pointermove=on_move
            on:dblclick=move |_| set(None)
            on:keydown=on_key
        ></div>
    }
    .erased()
}
