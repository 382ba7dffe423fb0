//! One request in full.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::{
    body::{BodyView, Content},
    facts::{Facts, Oddities, exactness, is_body_kept},
    headers::HeadersView,
    icon::{ARROW_LEFT, DOWNLOAD, Icon, TRASH},
    link::{self, ViewLink, query_value},
    method::Method,
    when::{Age, Exact},
};
use crate::{erased::Erase as _, wire::Detail};

/// A request: what it is, what is odd about it, and its parts in tabs.
#[component]
pub(crate) fn RequestDetail(
    detail: Detail,
    content: Content,
    /// Deletes it without leaving the page.
    #[prop(into)]
    on_delete: Callback<i64>,
) -> impl IntoView {
    let is_headers = {
        let tab = query_value("tab");
        Signal::derive(move || tab.read().as_deref() == Some("headers"))
    };
    let is_body = Signal::derive(move || !is_headers.get());
    let (_, exactness) = exactness(&detail);
    let headers = StoredValue::new((detail.headers.clone(), detail.trailers.clone(), exactness));
    let content = StoredValue::new(content);
    let count = detail.headers.len();
    let seq = detail.summary.seq;
    let part = move || {
        if is_headers.get() {
            let (headers, trailers, exactness) = headers.get_value();
            view! { <HeadersView headers trailers exactness/> }.erased()
        } else {
            view! { <BodyView content=content.get_value()/> }.erased()
        }
    };
    view! {
        <article
            class="request-detail"
            data-testid="request-detail"
            data-seq=seq
            aria-label=format!("Request #{seq}")
        >
            <div class="request-detail__head">
                <Line detail=detail.clone() on_delete/>
            </div>
            <Oddities detail=detail.clone()/>
            <Facts detail/>
            <nav class="tabs" aria-label="Parts of the request">
                <ViewLink key="tab" value="body" chosen=is_body>"Body"</ViewLink>
                <ViewLink key="tab" value="headers" chosen=is_headers>
                    "Headers" <span class="tabs__count">{count}</span>
                </ViewLink>
            </nav>
            {part}
        </article>
    }
}

/// Method, target and time, with what can be done.
#[component]
fn Line(detail: Detail, on_delete: Callback<i64>) -> impl IntoView {
    let summary = detail.summary;
    let has_body = is_body_kept(&summary);
    let seq = summary.seq;
    let query = link::query_string();
    let back = {
        let id = summary.endpoint.clone();
        move || link::inspect(&id, None, &query.read())
    };
    let path = format!("/api/endpoints/{}/requests/{seq}", summary.endpoint);
    let delete = move |event: SubmitEvent| {
        event.prevent_default();
        on_delete.run(seq);
    };
    view! {
        <a class="button request-detail__back" data-kind="quiet" href=back>
            <Icon glyph=ARROW_LEFT/>
            "All requests"
        </a>
        <h2 class="request-detail__line">
            <Method method=summary.method/>
            <span class="request-detail__target">{summary.target.display().into_owned()}</span>
        </h2>
        <p class="request-detail__meta">
            <span class="request-detail__seq">"#" {seq}</span>
            {summary.label.map(|label| view! { <span class="request-detail__label">{label}</span> })}
            <Exact at=summary.received_at/>
            <span data-script>
                <Age at=summary.received_at in_sentence=true/>
            </span>
        </p>
        <div class="request-detail__acts">
            <a class="button" data-kind="quiet" hidden=!has_body href=format!("{path}/body") download title="Download the body, byte for byte">
                <Icon glyph=DOWNLOAD/>
                "Body"
            </a>
            <a class="button" data-kind="quiet" href=format!("{path}/raw") download title="Download head and body as they came over the wire">
                <Icon glyph=DOWNLOAD/>
                "Raw"
            </a>
            <form method="post" action=path on:submit=delete>
                <input type="hidden" name="_method" value="DELETE"/>
                <button class="button" data-kind="quiet" type="submit" title="Delete this request">
                    <Icon glyph=TRASH/>
                    "Delete"
                </button>
            </form>
        </div>
    }
}
