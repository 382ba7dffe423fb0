//! The request that the URL chooses: loading it, and showing what came of that.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    api,
    components::{
        body::{Content, HEX_BYTES},
        facts::is_body_kept,
        lost::NoSuchRequest,
        request_detail::RequestDetail,
        trouble::Trouble,
    },
    erased::Erase as _,
    load::Resource,
    status::answer_with,
    wire::{Detail, Problem},
};

/// What loading the chosen request gave.
pub(super) type Answer = Result<Option<Selected>, Problem>;

/// A request in full, with the start of its body where that is not text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Selected {
    detail: Detail,
    /// In base64: it crosses to the browser inside the page.
    body_start: Option<String>,
}

impl Selected {
    /// Reads the request `seq` of an endpoint; none if none is chosen.
    pub(super) async fn read(endpoint: String, seq: Option<i64>) -> Answer {
        let Some(seq) = seq else { return Ok(None) };
        let detail = api::request(&endpoint, seq).await?;
        let body_start = if detail.body.text.is_none() && detail.summary.body_bytes > 0 {
            let bytes = api::body_start(&endpoint, seq, HEX_BYTES).await?;
            Some(BASE64_STANDARD.encode(bytes))
        } else {
            None
        };
        Ok(Some(Self { detail, body_start }))
    }

    fn content(&self) -> Content {
        let start = self.body_start.as_deref().map(|text| BASE64_STANDARD.decode(text));
        Content {
            text: self.detail.body.text.clone(),
            // What was encoded above decodes.
            start: start.and_then(Result::ok).unwrap_or_default(),
            bytes: self.detail.summary.body_bytes,
            is_kept: is_body_kept(&self.detail.summary),
            content_type: self
                .detail
                .summary
                .content_type
                .as_ref()
                .map(|content_type| content_type.display().into_owned()),
        }
    }
}

/// The chosen request, or why it cannot be shown; nothing while none is chosen.
#[component]
pub(super) fn Selection(
    seq: Signal<Option<i64>>,
    selected: Resource<Answer>,
    #[prop(into)] on_delete: Callback<i64>,
) -> impl IntoView {
    let content = move || {
        Suspend::new(async move {
            match selected.await {
                Ok(None) => ().erased(),
                Ok(Some(selected)) => {
                    let content = selected.content();
                    view! { <RequestDetail detail=selected.detail content on_delete/> }.erased()
                }
                Err(problem) => {
                    answer_with(&problem);
                    if problem.is_final() {
                        let seq = seq.get_untracked().unwrap_or_default();
                        view! { <NoSuchRequest seq/> }.erased()
                    } else {
                        view! { <Trouble problem/> }.erased()
                    }
                }
            }
        })
    };
    // A transition: the last request stays until the next one is there.
    view! {
        <Transition>{content}</Transition>
    }
}
