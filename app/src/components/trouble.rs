//! Errors, drawn on purpose: what happened and what to do.

use leptos::prelude::*;

use crate::wire::Problem;

/// A problem in the place of what could not be shown, with the way to try again.
#[component]
pub(crate) fn Trouble(problem: Problem) -> impl IntoView {
    view! {
        <div class="lost" role="alert">
            <h1 class="lost__title">{problem.title}</h1>
            <p class="lost__text">{problem.detail}</p>
            <p class="lost__ways">
                <a class="button" href="" rel="external">"Try again"</a>
                <a class="button" data-kind="quiet" href="/" rel="external">"To the start"</a>
            </p>
        </div>
    }
}
