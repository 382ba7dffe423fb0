//! The list of an endpoint's requests, newest first. Only the visible rows are rendered, and
//! arrivals do not move them while the viewer reads further down.

mod sight;

use leptos::{ev, html, prelude::*};
use web_sys::MouseEvent;

use self::sight::{scroll_by, sight, stretch};
use super::{
    alerts::Alerts,
    link,
    list_head::{Arrivals, ListHead},
    request_row::RequestRow,
};
use crate::{
    format::{count::grouped, joined, retention},
    lists::Lists,
    windowing::px,
};

/// The number of rows rendered before the browser has measured anything: a page of the API, which
/// is all that the server renders.
const FIRST_ROWS: usize = 50;

/// The distance from the end of the loaded rows at which the next page is requested, in rows.
const AHEAD_ROWS: usize = 60;

/// The rows, and the link to older ones.
#[component]
pub(crate) fn RequestList(
    lists: Lists,
    /// The name of the endpoint.
    name: String,
    selected: Signal<Option<i64>>,
    /// Where the list begins, exclusive, if it does not begin with the newest request.
    before: Option<i64>,
    /// The highest `seq` when the page was loaded: requests above it arrived while it was open.
    loaded_through: i64,
    arrivals: Arrivals,
    /// The number of matches, and whether that is known to be all.
    found: Signal<Option<(u64, bool)>>,
    /// Whether the search is invalid: the list then still shows the results of the previous one.
    is_wrong: Signal<bool>,
    /// Deletes the requests that the search finds, of which the number is given.
    #[prop(into)]
    on_delete_found: Callback<u64>,
    /// Loads an older page; true if the viewer asked for it, false for scrolling.
    #[prop(into)]
    on_older: Callback<bool>,
    /// Whether an older page is being loaded.
    is_loading: Signal<bool>,
    /// Shown above the rows, next to their number.
    children: Children,
) -> impl IntoView {
    let query = link::query_string();
    let list = NodeRef::<html::Ol>::new();
    // The rendered rows, counted from the first in the list.
    let drawn = RwSignal::new(0..FIRST_ROWS);
    // The row being read and the number of rows above it; `None` while the viewer looks at the
    // newest.
    let anchor = StoredValue::new(None::<(i64, usize)>);
    // The number of loaded rows above the start of the list, which are not shown.
    let skipped = move || {
        let ceiling = before.into_iter().chain(arrivals.held.get().map(|held| held + 1)).min();
        ceiling.map_or(0, |ceiling| lists.read(|list| list.above(ceiling - 1)))
    };
    let shown = move || {
        let skipped = skipped();
        let drawn = drawn.get();
        lists.read(|list| {
            let rows = list.requests.iter().skip(skipped + drawn.start).take(drawn.len());
            rows.map(|summary| summary.seq).collect::<Vec<_>>()
        })
    };
    let total = Memo::new(move |_| {
        let skipped = skipped();
        lists.read(|list| list.requests.len().saturating_sub(skipped))
    });
    let next_before = Memo::new(move |_| lists.read(|list| list.next_before));

    // Renders the visible rows, remembers the row being read, and requests more near the end.
    let look = move || {
        // The frame may come after the page is gone.
        let Some(total) = total.try_get_untracked() else { return };
        let Some(sight) = list.get_untracked().and_then(|list| sight(&list)) else {
            // Nothing is rendered, so nothing can be measured; the next render can be.
            if drawn.with_untracked(|drawn| drawn.start >= total) {
                drawn.set(0..FIRST_ROWS);
            }
            // A search may not have found anything yet.
            if total == 0 && next_before.get_untracked().is_some() {
                on_older.run(false);
            }
            return;
        };
        let next = if total == 0 { 0..FIRST_ROWS } else { sight.drawn(total) };
        if drawn.with_untracked(|drawn| *drawn != next) {
            drawn.set(next.clone());
        }
        if let Some(list) = list.get_untracked() {
            stretch(&list, px(total) * sight.row_px, px(next.start) * sight.row_px);
        }
        let skipped = untrack(skipped);
        let first = sight.first().min(total.saturating_sub(1));
        let read =
            lists.read_untracked(|list| list.requests.get(skipped + first).map(|row| row.seq));
        anchor.set_value(read.filter(|_| first > 0).map(|seq| (seq, first)));
        if let Some(read) = read {
            arrivals.saw(read);
        }
        if sight.end() + AHEAD_ROWS > total && next_before.get_untracked().is_some() {
            on_older.run(false);
        }
    };
    // Rows added or removed above the row being read scroll the list by the same height.
    Effect::new(move |_| {
        let (total, skipped) = (total.get(), skipped());
        let Some(element) = list.get() else { return };
        if let (Some((seq, stood)), Some(sight)) = (anchor.get_value(), sight(&element)) {
            let stands = lists.read(|list| list.above(seq)).saturating_sub(skipped);
            stretch(
                &element,
                px(total) * sight.row_px,
                px(drawn.get_untracked().start) * sight.row_px,
            );
            scroll_by(&element, (px(stands) - px(stood)) * sight.row_px);
        } else if total == 0 {
            stretch(&element, 0.0, 0.0);
        }
        look();
        // The first rows of an empty list can be measured only once they are rendered.
        if total > 0 && sight(&element).is_none() {
            request_animation_frame(look);
        }
    });
    let reveal = move |seq: i64| {
        let Some(element) = list.get_untracked() else { return };
        let skipped = untrack(skipped);
        let row = lists.read_untracked(|list| list.find(seq).map(|_| list.above(seq)));
        if let (Some(row), Some(sight)) =
            (row.and_then(|row| row.checked_sub(skipped)), sight(&element))
        {
            scroll_by(&element, sight.way_to(row));
            look();
        }
    };
    let to_top = move || {
        if let Some(element) = list.get_untracked()
            && let Some(sight) = sight(&element)
        {
            anchor.set_value(None);
            scroll_by(&element, -sight.top_px.max(0.0));
            look();
        }
    };
    Effect::new(move |last: Option<Option<i64>>| {
        let now = selected.get();
        // On a narrow page the list is back only in the next frame.
        if let Some(seq) = now.or(last.flatten()) {
            request_animation_frame(move || reveal(seq));
        }
        now
    });
    Effect::new(move |last: Option<u32>| {
        let turn = lists.turn.get();
        if last.is_some_and(|last| last != turn) {
            to_top();
            look();
        }
        turn
    });
    Effect::new(move |_| {
        let handles = [
            window_event_listener(ev::resize, move |_| look()),
            window_event_listener(ev::scroll, move |_| look()),
        ];
        on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
    });

    let newest = StoredValue::new(loaded_through);
    let row = move |seq: i64| {
        let first = lists.read_untracked(|list| list.find(seq).cloned()).unwrap_or_default();
        let summary = Memo::new(move |last| {
            lists.find(seq).or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
        });
        // Only arrivals slide in, not rows that the viewer scrolls to.
        let is_new = seq > newest.get_value();
        newest.update_value(|newest| *newest = seq.max(*newest));
        view! { <RequestRow seq summary=summary.into() selected query is_new/> }
    };
    let full = Memo::new(move |_| retention::full(&lists.all.read().endpoint));
    // Shown at the end, so only after all kept requests are loaded.
    let dropped = Memo::new(move |_| {
        if next_before.get().is_some() || lists.found.read().is_some() {
            String::new()
        } else {
            retention::dropped(&lists.all.read().endpoint)
        }
    });
    let is_empty = Memo::new(move |_| total.get() == 0 && next_before.get().is_none());
    let id = lists.all.read_untracked().endpoint.id.clone();
    let older = link::query_set("before", move || next_before.get().map(|seq| seq.to_string()));
    let load_older = move |event: MouseEvent| {
        event.prevent_default();
        on_older.run(true);
    };
    view! {
        <section class="request-list" aria-label="Requests" on:scroll=move |_| look()>
            <div class="request-list__top">
                {children.shown()}
                <ListHead lists arrivals found is_wrong on_top=to_top on_delete_found>
                    <Alerts lists name/>
                </ListHead>
                {before.map(|before| view! {
                    <a class="request-list__newest" href=link::inspect(&id, None, "")>
                        "Older than #" {grouped(before.unsigned_abs())} ": back to the newest"
                    </a>
                })}
            </div>
            <p class="request-list__full" hidden=move || full.read().is_empty()>{full}</p>
            <ol class="request-list__rows" node_ref=list>
                <For each=shown key=|seq| *seq children=row/>
            </ol>
            {move || is_empty.get().then(|| view! {
                <p class="request-list__none">
                    {if is_wrong.get() {
                        "The search cannot be read."
                    } else if lists.found.read_untracked().is_some() {
                        "Nothing that is kept matches. What arrives and does is listed here."
                    } else {
                        "Requests will be listed here, newest first."
                    }}
                </p>
            }.erased())}
            {move || next_before.get().map(|next| view! {
                <a
                    class="button request-list__older"
                    href=older
                    data-state=move || is_loading.get().then_some("busy")
                    on:click=load_older
                >
                    {move || match (is_loading.get(), lists.found.read().is_some()) {
                        (true, false) => "Loading…".to_owned(),
                        (true, true) => "Searching…".to_owned(),
                        (false, false) => "Load older".to_owned(),
                        (false, true) => joined(&[
                            "Searched back to #",
                            &grouped(next.unsigned_abs()),
                            ": go on",
                        ]),
                    }}
                </a>
            }.erased())}
            <p class="request-list__dropped" data-testid="dropped" hidden=move || dropped.read().is_empty()>{dropped}</p>
        </section>
    }
    .erased()
}
