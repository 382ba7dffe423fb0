//! The endpoints of the workspace on the home page.

use leptos::prelude::*;

use super::{
    copy::CopyButton,
    link,
    when::{Age, Expiry},
};
use crate::{
    format::count::grouped, listing::Listing, undo_queue::UndoQueue, viewer::Viewer, wire::Endpoint,
};

/// All endpoints, newest first, with their counts.
#[component]
pub(crate) fn EndpointList(listing: RwSignal<Listing>) -> impl IntoView {
    let pending = UndoQueue::get();
    let endpoints = move || {
        let listing = listing.read();
        let kept =
            listing.endpoints().iter().filter(|endpoint| !pending.is_endpoint_hidden(&endpoint.id));
        kept.cloned().collect::<Vec<_>>()
    };
    view! {
        <ul class="endpoint-list" aria-label="Endpoints">
            <For each=endpoints key=|endpoint| endpoint.id.clone() let(endpoint)>
                <Row endpoint listing/>
            </For>
        </ul>
    }
}

#[component]
fn Row(endpoint: Endpoint, listing: RwSignal<Listing>) -> impl IntoView {
    let viewer = Viewer::get();
    // The row briefly outlives its endpoint when that leaves the list: it shows the last known
    // state.
    let endpoint = Memo::new(move |last: Option<&Endpoint>| {
        let last = last.unwrap_or(&endpoint);
        listing.read().find(&last.id).unwrap_or(last).clone()
    });
    let Endpoint { id, created_at, .. } = endpoint.get_untracked();
    let until = Memo::new(move |_| endpoint.read().expires_at);
    let url = Signal::derive(move || viewer.url_of(&endpoint.read()));
    let requests = move || grouped(endpoint.read().requests);
    let noun = move || if endpoint.read().requests == 1 { "request" } else { "requests" };
    let name = move || endpoint.read().name.clone();
    let is_quiet = move || (endpoint.read().requests == 0).then_some("quiet");
    view! {
        <li class="endpoint-list__row" data-testid="endpoint-row">
            <a class="endpoint-list__link" href=link::inspect(&id, None, "") rel="external">
                <span class="endpoint-list__count" data-state=is_quiet>
                    <strong>{requests}</strong>
                    " "
                    <span>{noun}</span>
                </span>
                <span class="endpoint-list__who">
                    {move || name().map(|name| view! { <span class="endpoint-list__name">{name}</span> })}
                    <code class="endpoint-list__url">{url}</code>
                </span>
            </a>
            <span class="endpoint-list__times">
                <span>"made " <Age at=created_at in_sentence=true/></span>
                <Expiry until/>
            </span>
            <CopyButton text=url what="the URL"/>
        </li>
    }
}
