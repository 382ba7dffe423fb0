//! The page of an endpoint: the URL selects the endpoint, the request and its display; this module
//! loads the data for the URL.

mod actions;
mod adjacent;
mod inspector;
mod search_state;
mod selection;

use leptos::prelude::*;
use serde::Serialize;

use self::inspector::Inspector;
use super::home::read_session;
use crate::{
    api,
    components::{
        error_notice::ErrorNotice, link::query_value, not_found::NoSuchEndpoint, top_bar::TopBar,
    },
    load::{self, resource},
    route::{use_location, use_params_map},
    row_window,
    status::answer_with,
    time_window::TimeWindow,
    wire::{Counts, Endpoint, Page, Problem, Window, json::record},
};

/// An endpoint with the page of its requests that the URL asks for.
#[derive(Debug, Clone, Serialize)]
struct Opened {
    endpoint: Endpoint,
    page: Page,
    /// All of the workspace, for the switcher; empty if they could not be read.
    endpoints: Vec<Endpoint>,
    /// Where the list begins, exclusive, if not with the newest request.
    before: Option<i64>,
    /// The search and the span with which the page was opened.
    q: Option<String>,
    span: Option<String>,
    /// The results of the two; `None` if they select everything.
    found: Option<Result<Page, Problem>>,
    /// The counts over time.
    counts: Result<Counts, Problem>,
}

record!(Opened { endpoint, page, endpoints, counts; before, q, span, found });

impl Opened {
    async fn read(
        id: String,
        before: Option<i64>,
        q: Option<String>,
        span: Option<String>,
    ) -> Result<Self, Problem> {
        let endpoint = api::endpoint(&id).await?;
        let id = &endpoint.id;
        let within = TimeWindow::parse(span.as_deref().unwrap_or_default());
        let search = within.search(q.as_deref());
        let newest = Window { before: before.filter(|_| search.is_none()), ..Window::default() };
        let page = api::requests(id, newest).await?;
        let found = match search {
            Some(q) => {
                Some(api::requests(id, Window { before, q: Some(q), ..Window::default() }).await)
            }
            None => None,
        };
        let counts = api::counts(id, search_state::ask(q.clone(), within)).await;
        let endpoints = api::endpoints().await.map(|list| list.endpoints).unwrap_or_default();
        Ok(Self { page, endpoints, before, q, span, found, counts, endpoint })
    }
}

/// The page of an endpoint.
#[component]
pub(crate) fn Inspect() -> impl IntoView {
    let params = use_params_map();
    let before = query_value("before");
    let id = Memo::new(move |_| params.read().get("endpoint").unwrap_or_default());
    let before = Memo::new(move |_| before.read().as_deref().and_then(|text| text.parse().ok()));
    // Anything but a number selects no request: no request has number 0.
    let seq =
        Memo::new(move |_| params.read().get("seq").map(|text| text.parse().unwrap_or_default()));
    // Both change the content of an open page, not its identity: they are read only when it opens.
    let (q, span) = (query_value("q"), query_value("span"));
    let opened = resource(
        "opened",
        move || (id.get(), before.get()),
        move |(id, before)| Opened::read(id, before, q.get_untracked(), span.get_untracked()),
    );
    let selected =
        resource("selected", move || (id.get(), seq.get()), |(id, seq)| selection::read(id, seq));
    let query = use_location().query;
    let ask = Memo::new(move |_| row_window::ask(&query.read()));
    let part = resource(
        "part",
        move || (id.get(), seq.get(), ask.get()),
        |(id, seq, ask)| selection::read_part(id, seq, ask),
    );
    load::suspense(opened, Opening, move |answer| match answer {
        Ok(opened) => view! { <Inspector opened seq=seq.into() selected part/> }.erased(),
        Err(problem) => {
            answer_with(&problem);
            view! { <Unopened problem/> }.erased()
        }
    })
}

/// A placeholder while the browser opens another endpoint.
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
                view! { <ErrorNotice problem/> }.erased()
            }}
        </main>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::{Readable, read};

    #[test]
    fn what_is_opened_crosses_to_the_browser() {
        let bare = Opened::blank();
        let full = Opened {
            page: Page { next_before: Some(7), ..Page::default() },
            endpoints: vec![Endpoint::blank()],
            before: Some(8),
            q: Some("label:push".to_owned()),
            span: Some("1h".to_owned()),
            found: Some(Ok(Page::default())),
            counts: Ok(Counts::default()),
            ..Opened::blank()
        };
        let wrong = Opened { found: Some(Err(Problem::default())), ..Opened::blank() };
        for opened in [bare, full, wrong] {
            let written = serde_json::to_string(&opened).unwrap();
            let again = read::<Opened>(&written).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), written);
        }
    }
}
