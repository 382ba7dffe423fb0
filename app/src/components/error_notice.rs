//! Error messages: what happened and what to do.

use leptos::prelude::*;

use crate::wire::Problem;

/// A problem in place of content that could not be shown, with a link to retry.
#[component]
pub(crate) fn ErrorNotice(problem: Problem) -> impl IntoView {
    view! {
        <div class="not-found" role="alert">
            <h1 class="not-found__title">{problem.title}</h1>
            <p class="not-found__text">{problem.detail}</p>
            <p class="not-found__ways">
                <a class="button" href="" rel="external">"Try again"</a>
                <a class="button" data-kind="quiet" href="/" rel="external">"To the start"</a>
            </p>
        </div>
    }
}
