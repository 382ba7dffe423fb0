//! The menu to switch between endpoints.

use leptos::prelude::*;

use super::{
    icon::{CHEVRON_DOWN, Icon},
    link,
};
use crate::{
    format::{count::grouped, name},
    wire::Endpoint,
};

/// The name of this endpoint, and a menu of all of the workspace's, newest first.
#[component]
pub(crate) fn Switcher(
    /// The open endpoint.
    current: Endpoint,
    /// All endpoints; empty if they could not be read.
    endpoints: Vec<Endpoint>,
) -> impl IntoView {
    let is_named = current.name.is_some();
    let title = name::short(&current).to_owned();
    let rows = endpoints
        .into_iter()
        .map(|endpoint| {
            let here = endpoint.id == current.id;
            view! { <Row endpoint here/> }
        })
        .each_erased();
    view! {
        <details class="menu switcher" data-menu name="menu">
            <summary class="button switcher__button" data-kind="quiet">
                <span class="switcher__title" data-kind=(!is_named).then_some("wire")>{title}</span>
                <Icon glyph=CHEVRON_DOWN/>
                <span class="unseen">"Other endpoints"</span>
            </summary>
            <nav class="menu__panel" aria-label="Endpoints of this workspace">
                <ul class="switcher__list">{rows}</ul>
                <a class="switcher__all" href="/">
                    "All endpoints, and a new one"
                </a>
            </nav>
        </details>
    }
    .erased()
}

#[component]
fn Row(endpoint: Endpoint, here: bool) -> impl IntoView {
    let is_named = endpoint.name.is_some();
    let href = link::inspect(&endpoint.id, None, "");
    view! {
        <li>
            <a
                class="switcher__row"
                href=href
                // Loads a new document: a page may send samples only to its own endpoint.
                rel="external"
                aria-current=here.then_some("page")
            >
                <span class="switcher__name" data-kind=(!is_named).then_some("wire")>
                    {endpoint.name.unwrap_or(endpoint.id)}
                </span>
                <span class="switcher__count">{grouped(endpoint.requests)}</span>
            </a>
        </li>
    }
}
