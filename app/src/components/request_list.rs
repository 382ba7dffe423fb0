//! The list of an endpoint's requests, newest first.

use leptos::prelude::*;
use web_sys::MouseEvent;

use super::{link, request_row::RequestRow};
use crate::{
    erased::Erase as _,
    feed::FeedState,
    format::{
        count::{counted, grouped},
        retention,
    },
    pending::Pending,
    wire::Summary,
};

/// How many rows are drawn unless the viewer asks for more: what came while the page was open
/// must not make it slow.
const ROWS: usize = 200;

/// How many more rows are drawn at a time, as many as a page of the API holds.
const MORE_ROWS: usize = 50;

/// The rows, and the way to older ones.
#[component]
pub(crate) fn RequestList(
    state: RwSignal<FeedState>,
    selected: Signal<Option<i64>>,
    /// Where the list begins if it does not begin with the newest: exclusive.
    before: Option<i64>,
    /// The highest `seq` when the page was loaded: what lies above came while it was open.
    loaded_through: i64,
    /// Loads an older page.
    #[prop(into)]
    on_older: Callback<()>,
    /// Whether one is being loaded.
    is_loading: Signal<bool>,
) -> impl IntoView {
    let query = link::query_string();
    let rows = RwSignal::new(ROWS);
    let pending = Pending::get();
    let is_shown = move |summary: &&Summary| {
        before.is_none_or(|before| summary.seq < before)
            && !pending.hides(&summary.endpoint, summary.seq)
    };
    let shown = move || {
        let state = state.read();
        state.requests.iter().filter(is_shown).take(rows.get()).cloned().collect::<Vec<_>>()
    };
    let is_empty = Memo::new(move |_| !state.read().requests.iter().any(|known| is_shown(&known)));
    let id = state.read_untracked().endpoint.id.clone();
    let total = move || counted(state.read().endpoint.requests, "request", "requests");
    let row = move |first: Summary| {
        let seq = first.seq;
        let summary = Memo::new(move |last: Option<&Summary>| {
            let state = state.read();
            // Newest first: the order is what makes this search fast for each row at each event.
            match state.requests.binary_search_by(|known| seq.cmp(&known.seq)) {
                Ok(index) => state.requests[index].clone(),
                Err(_) => last.unwrap_or(&first).clone(),
            }
        });
        let is_new = seq > loaded_through;
        view! { <RequestRow seq summary=summary.into() selected query is_new/> }
    };
    let older = Memo::new(move |_| {
        let state = state.read();
        let drawn = rows.get();
        let known = state.requests.iter().filter(is_shown);
        // The link without script goes on behind the last row that is drawn.
        let last = known.clone().take(drawn).last().map(|summary| summary.seq);
        (known.count() > drawn || state.next_before.is_some()).then_some(last).flatten()
    });
    let full = Memo::new(move |_| retention::full(&state.read().endpoint));
    // Said at the end, so not before all that is kept is there to see.
    let dropped = Memo::new(move |_| match older.get() {
        Some(_) => String::new(),
        None => retention::dropped(&state.read().endpoint),
    });
    let load_older = move |event: MouseEvent| {
        event.prevent_default();
        let known = state.read_untracked().requests.iter().filter(is_shown).count();
        let has_undrawn = known > rows.get_untracked();
        rows.update(|rows| *rows += MORE_ROWS);
        if !has_undrawn {
            on_older.run(());
        }
    };
    view! {
        <section class="request-list" aria-label="Requests">
            <header class="request-list__head">
                <h2 class="request-list__title">{total}</h2>
                {before.map(|before| view! {
                    <a class="request-list__newest" href=link::inspect(&id, None, "")>
                        "Older than #" {grouped(before.unsigned_abs())} ": back to the newest"
                    </a>
                })}
            </header>
            <p class="request-list__full" hidden=move || full.read().is_empty()>{full}</p>
            <ol class="request-list__rows">
                <For each=shown key=|summary| summary.seq children=row/>
            </ol>
            {move || is_empty.get().then(|| view! {
                <p class="request-list__none">"Requests will be listed here, newest first."</p>
            })}
            {move || older.get().map(|before| view! {
                <a
                    class="button request-list__older"
                    href=format!("?before={before}")
                    data-state=move || is_loading.get().then_some("busy")
                    on:click=load_older
                >
                    {move || if is_loading.get() { "Loading…" } else { "Load older" }}
                </a>
            })}
            <p class="request-list__dropped" data-testid="dropped" hidden=move || dropped.read().is_empty()>{dropped}</p>
        </section>
    }
    .erased()
}
