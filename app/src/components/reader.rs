//! Rows of marked text: all of them if they are few, else only the visible ones, in a separate
//! scrolling window.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{
    Element, FocusOptions, HtmlElement, KeyboardEvent, MouseEvent, ScrollIntoViewOptions,
    ScrollLogicalPosition,
};

use super::{link::query_for, spans::pieces};
use crate::{
    format::{count::grouped, joined},
    route::{NavigateOptions, use_location, use_navigate},
    row_window::{self, RowWindow, Scroll},
    shortcuts,
    wire::Row,
};

/// The number of rows rendered above and below the visible ones: about one flick of the wheel.
const OVERSCAN: i64 = 24;

/// The deepest indent: rows nested deeper are indented equally.
const DEEPEST: u16 = 24;

/// State and callbacks for the visible rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    /// The loaded rows.
    pub(crate) slice: RwSignal<RowWindow>,
    /// The number of all rows.
    pub(crate) total: u64,
    /// Loads rows from an index on into `slice`.
    pub(crate) load: Callback<u64>,
    /// The chosen line.
    pub(crate) chosen: RwSignal<Option<u64>>,
    /// The row to scroll to.
    pub(crate) sought: RwSignal<Option<u64>>,
    /// Scroll position of the window, kept while its rows are rebuilt.
    pub(crate) top: StoredValue<i32>,
}

/// The rows. With `has_values`, lines can be chosen.
#[component]
pub(crate) fn Reader(
    rows: Rows,
    form: String,
    has_values: bool,
    toggled: Option<String>,
    label: &'static str,
) -> impl IntoView {
    let Rows { slice, total, load, chosen, sought, top } = rows;
    let window = NodeRef::<html::Div>::new();
    let block = NodeRef::<html::Div>::new();
    let spacer = NodeRef::<html::Div>::new();
    let (first, loaded) = slice.with_untracked(|slice| (slice.from, slice.rows.len()));
    let is_windowed = row_window::is_windowed(total, first, loaded);
    let shown = RwSignal::new(slice.with_untracked(RowWindow::places));
    let is_loading = StoredValue::new(false);
    // While no loaded row is visible, the last known row height is used.
    let row_px = StoredValue::new(20);
    let row_height = move |window: &HtmlElement| {
        if let Some(px) = drawn_height(window) {
            row_px.set_value(px);
        }
        row_px.get_value()
    };

    let look = move || {
        let (Some(window), Some(spacer)) = (window.get_untracked(), spacer.get_untracked()) else {
            return;
        };
        let scroll =
            Scroll { row: row_height(&window), height: i64::from(window.client_height()), total };
        dress(&spacer, "height", &(scroll.length().to_string() + "px"));
        let at = i64::from(window.scroll_top());
        top.set_value(window.scroll_top());
        let (from, to) = scroll.in_sight(at, OVERSCAN);
        if let Some(block) = block.get_untracked() {
            let from = slice.with_untracked(|slice| slice.clamped(from));
            let offset = joined(&["translateY(", &scroll.offset(at, from).to_string(), "px)"]);
            dress(&block, "transform", &offset);
        }
        shown.set((from, to));
        let wanted = slice.with_untracked(|slice| slice.wanted(from, to, total));
        if let Some(from) = wanted
            && !is_loading.get_value()
        {
            is_loading.set_value(true);
            load.run(from);
        }
    };
    if is_windowed {
        Effect::new(move |before: Option<()>| {
            let Some(window) = window.get() else { return };
            if before.is_none() {
                window.set_scroll_top(top.get_value());
            }
            slice.track();
            is_loading.set_value(false);
            look();
        });
    } else {
        // The elements may come from rows that had a window.
        Effect::new(move |_| {
            if let (Some(spacer), Some(block)) = (spacer.get(), block.get()) {
                dress(&spacer, "height", "");
                dress(&block, "transform", "");
            }
        });
    }
    Effect::new(move |_| {
        let Some(place) = sought.get() else { return };
        let Some(window) = window.get() else { return };
        if is_windowed {
            let scroll = Scroll {
                row: row_height(&window),
                height: i64::from(window.client_height()),
                total,
            };
            let at = scroll.top_of(i64::try_from(place).unwrap_or(i64::MAX));
            window.set_scroll_top(i32::try_from(at).unwrap_or(i32::MAX));
            look();
        } else if let Ok(Some(row)) =
            window.query_selector(&joined(&["[data-place=\"", &place.to_string(), "\"]"]))
        {
            // Scrolls no further than necessary: stepping from row to row should not move the page.
            let nearest = ScrollIntoViewOptions::new();
            nearest.set_block(ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&nearest);
        }
    });

    // Rows that are read again are rebuilt, and lose the focus.
    Effect::new(move |_| {
        let Some(window) = window.get().filter(|_| chosen.get_untracked().is_some()) else {
            return;
        };
        request_animation_frame(move || {
            if shortcuts::is_nothing_focused() {
                let options = FocusOptions::new();
                options.set_prevent_scroll(true);
                let _ = window.focus_with_options(&options);
            }
        });
    });

    let location = use_location();
    let navigate = use_navigate();
    let go = {
        let toggled = toggled.clone();
        let form = form.clone();
        move |line: u64| {
            let line = row_window::toggle(toggled.as_deref(), line);
            let query = location.query.read_untracked();
            // Includes the form, so that lines are counted in the same one.
            let query = query_for(&query, &["from"], &[("toggled", &line), ("form", &form)]);
            let path = location.pathname.get_untracked() + &query;
            let options = NavigateOptions { replace: true, scroll: false, ..Default::default() };
            navigate(&path, options);
        }
    };
    let click = {
        let go = go.clone();
        move |event: MouseEvent| {
            let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok())
            else {
                return;
            };
            if let Ok(Some(secret)) = target.closest("[data-kind~=\"secret\"]") {
                let _ = secret.toggle_attribute("data-bare");
            }
            let Some(line) = line_of(&target) else { return };
            if let Ok(Some(_)) = target.closest(".reader__fold") {
                event.prevent_default();
                return go(line);
            }
            if has_values {
                chosen.set(Some(line));
            }
        }
    };
    let key = move |event: KeyboardEvent| {
        if !has_values || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let name = event.key();
        let step = match name.as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            "ArrowLeft" | "ArrowRight" => 0,
            _ => return,
        };
        event.prevent_default();
        let slice = slice.read_untracked();
        if step == 0 {
            let wanted = if name == "ArrowLeft" { "open" } else { "shut" };
            let row = slice.rows.iter().find(|row| Some(row.line) == chosen.get_untracked());
            if let Some(row) = row.filter(|row| row.fold.as_deref() == Some(wanted)) {
                go(row.line);
            }
        } else if let Some((place, line)) = slice.beside(chosen.get_untracked(), step) {
            chosen.set(Some(line));
            sought.set(Some(place));
        }
    };
    // For pages without script; with script, folding uses the query at that time.
    let kept = ["from", "toggled"];
    let base = query_for(&location.query.read_untracked(), &kept, &[("form", &form)]);
    let body = move || {
        let (from, to) = shown.get();
        let slice = slice.read();
        slice
            .within(from, to)
            .map(|(place, row)| {
                let href = row.fold.is_some().then(|| {
                    let lines = row_window::toggle(toggled.as_deref(), row.line);
                    joined(&[&base, "&toggled=", &lines])
                });
                line(place, row, href, chosen)
            })
            .each_erased()
    };
    view! {
        <div
            class="reader"
            data-state=if is_windowed { "windowed" } else { "whole" }
            data-testid="rows"
            data-total=total
            role="region"
            aria-label=label
            tabindex="0"
            node_ref=window
            on:scroll=move |_| if is_windowed { look() }
            on:click=click
            on:keydown=key
        >
            <div class="reader__spacer" node_ref=spacer>
                <div class="reader__rows" node_ref=block>{body}</div>
            </div>
        </div>
    }
    .erased()
}

fn line(
    place: u64,
    row: &Row,
    href: Option<String>,
    chosen: RwSignal<Option<u64>>,
) -> impl IntoView + use<> {
    let number = row.line;
    let is_open = row.fold.as_deref() == Some("open");
    let fold = href.map(|href| {
        let label =
            joined(&[if is_open { "Fold line " } else { "Unfold line " }, &grouped(number + 1)]);
        view! {
            <a
                class="reader__fold"
                href=href
                aria-expanded=if is_open { "true" } else { "false" }
                aria-label=label
                data-noscroll
            ></a>
        }
    });
    // A sign in addition to the colour: not everybody can distinguish colours.
    let sign = match row.mark.as_deref() {
        Some("added") => Some("+"),
        Some("removed") => Some("−"),
        Some("changed") => Some("~"),
        _ => None,
    };
    view! {
        <div
            class="reader__row"
            data-line=number
            data-place=place
            data-depth=row.depth.min(DEEPEST)
            data-mark=row.mark.clone()
            data-margin=row.margin.clone()
            data-sign=sign
            data-fold=row.fold.clone()
            aria-current=move || (chosen.get() == Some(number)).then_some("true")
        >
            <span class="reader__text">
                {fold}
                {pieces(row.pieces.clone())}
            </span>
        </div>
    }
}

fn line_of(element: &Element) -> Option<u64> {
    element.closest("[data-line]").ok()??.get_attribute("data-line")?.parse().ok()
}

/// Returns the height of a row from the style sheet; `None` while no row is rendered.
fn drawn_height(window: &HtmlElement) -> Option<i64> {
    let row = window.query_selector(".reader__row").ok()??.dyn_into::<HtmlElement>().ok()?;
    Some(i64::from(row.offset_height()).max(1))
}

/// Sets a property of an element's own style: the pages' policy forbids styles in HTML only.
fn dress(element: &HtmlElement, property: &str, value: &str) {
    // Cannot fail for the properties that we use.
    let _ = HtmlElement::style(element).set_property(property, value);
}
