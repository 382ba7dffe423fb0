//! The page of an endpoint: the URL says which, which of its requests is chosen and how it is
//! shown; this loads what the URL asks for.

mod acts;
mod bench;
mod selection;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use self::{bench::Bench, selection::Selected};
use super::home::read_session;
use crate::{
    api,
    components::{link::query_value, lost::NoSuchEndpoint, top_bar::TopBar, trouble::Trouble},
    erased::Erase as _,
    status::answer_with,
    wire::{Endpoint, Page, Problem, Window},
};

/// An endpoint with the page of its requests that the URL asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Opened {
    endpoint: Endpoint,
    page: Page,
    /// All of the workspace, for the way from one to the other; empty if they could not be read.
    endpoints: Vec<Endpoint>,
    /// Where the page begins if not with the newest request: exclusive.
    before: Option<i64>,
}

impl Opened {
    async fn read(id: String, before: Option<i64>) -> Result<Self, Problem> {
        let endpoint = api::endpoint(&id).await?;
        let page = api::requests(&endpoint.id, Window { before, ..Window::default() }).await?;
        let endpoints = api::endpoints().await.map(|list| list.endpoints).unwrap_or_default();
        Ok(Self { endpoint, page, endpoints, before })
    }
}

/// The page of an endpoint.
#[component]
pub(crate) fn Inspect() -> impl IntoView {
    let params = use_params_map();
    let before = query_value("before");
    let id = Memo::new(move |_| params.read().get("endpoint").unwrap_or_default());
    let before = Memo::new(move |_| before.read().as_deref().and_then(|text| text.parse().ok()));
    // What is no number is no request either: 0 is the number of none.
    let seq =
        Memo::new(move |_| params.read().get("seq").map(|text| text.parse().unwrap_or_default()));
    let opened =
        Resource::new(move || (id.get(), before.get()), |(id, before)| Opened::read(id, before));
    let selected =
        Resource::new(move || (id.get(), seq.get()), |(id, seq)| Selected::read(id, seq));
    let content = move || {
        Suspend::new(async move {
            match opened.await {
                Ok(opened) => view! { <Bench opened seq=seq.into() selected/> }.erased(),
                Err(problem) => {
                    answer_with(&problem);
                    view! { <Unopened problem/> }.erased()
                }
            }
        })
    };
    view! {
        <Suspense fallback=Opening>{content}</Suspense>
    }
    .erased()
}

/// What stands there for the moment in which the browser opens another endpoint.
#[component]
fn Opening() -> impl IntoView {
    view! {
        <TopBar session=Callback::new(read_session)/>
        <main class="page" aria-busy="true">
            <p class="unseen">"Opening the endpoint"</p>
        </main>
    }
}

#[component]
fn Unopened(problem: Problem) -> impl IntoView {
    view! {
        <TopBar session=Callback::new(read_session)/>
        <main class="page">
            {if problem.is_final() {
                view! { <NoSuchEndpoint/> }.erased()
            } else {
                view! { <Trouble problem/> }.erased()
            }}
        </main>
    }
}
