//! A complete request.

use leptos::{html, prelude::*};

use super::{
    link::ViewLink,
    metadata::{Metadata, Oddities},
    note::NoteView,
    request_head::{RequestActions, RequestHead},
};
use crate::{
    browser,
    format::joined,
    route, row_window,
    wire::{Detail, Part, Summary, json},
};

/// A request: its summary, anything unusual about it, and its parts in tabs. The children are the
/// part that the URL chooses.
#[component]
pub(crate) fn RequestDetail(
    detail: Detail,
    /// The list's summary of it, which may be newer.
    listed: Signal<Option<Summary>>,
    acts: RequestActions,
    children: Children,
) -> impl IntoView {
    let known = RwSignal::new(detail.summary.clone());
    let editing = RwSignal::new(false);
    Effect::new(move |_| {
        if let Some(summary) = listed.get() {
            known.set(summary);
        }
    });
    let seq = detail.summary.seq;
    let save = Callback::new(move |text: String| {
        let text = json::quoted(text.trim());
        acts.annotate.run((joined(&["{\"note\":", &text, "}"]), known));
    });
    let path =
        joined(&["/api/endpoints/", &detail.summary.endpoint, "/requests/", &seq.to_string()]);
    let headers = detail.headers.len() + detail.trailers.len();
    view! {
        <article
            class="request-detail"
            data-testid="request-detail"
            data-seq=seq
            aria-label=format!("Request #{seq}")
        >
            <div class="request-head">
                <RequestHead detail=detail.clone() known editing acts/>
            </div>
            <NoteView known editing path save/>
            <Oddities detail=detail.clone()/>
            <Metadata detail/>
            <Tabs headers/>
            {children.shown()}
        </article>
    }
    .erased()
}

/// The parts of a request, each with its own key.
#[component]
fn Tabs(headers: usize) -> impl IntoView {
    let query = route::use_location().query;
    let chosen = Memo::new(move |_| row_window::ask(&query.read()).part);
    let tab = move |part: Part, key: &'static str| {
        let name = match part {
            Part::Body => "Body",
            Part::Headers => "Headers",
            Part::Query => "Query",
            Part::Wire => "Wire",
            Part::Reply => "Reply",
            Part::Signature => "Signature",
            Part::Attempts => "Attempts",
            Part::Compare => "Compare",
        };
        let is_it = Signal::derive(move || chosen.get() == part);
        let count =
            (part == Part::Headers).then(|| view! { <span class="tabs__count">{headers}</span> });
        view! {
            <ViewLink key="tab" value=part.name() chosen=is_it press=key>{name}{count}</ViewLink>
        }
    };
    // They do not all fit on a phone.
    let tabs = NodeRef::<html::Nav>::new();
    Effect::new(move |_| {
        chosen.track();
        if let Some(tabs) = tabs.get() {
            request_animation_frame(move || browser::scroll_to_current(&tabs));
        }
    });
    view! {
        <nav class="tabs" aria-label="Parts of the request" node_ref=tabs>
            {tab(Part::Body, "1")}
            {tab(Part::Headers, "2")}
            {tab(Part::Query, "3")}
            {tab(Part::Wire, "4")}
            {tab(Part::Reply, "5")}
            {tab(Part::Compare, "6")}
            {tab(Part::Signature, "7")}
            {tab(Part::Attempts, "8")}
        </nav>
    }
    .erased()
}
