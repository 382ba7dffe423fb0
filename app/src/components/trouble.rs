//! Errors, drawn on purpose: what happened and what to do.

use leptos::prelude::*;

use super::brand::Brand;
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

/// The page of a problem that a form ran into. It stands alone: no router, no script.
#[component]
pub(crate) fn TroublePage(problem: Problem) -> impl IntoView {
    view! {
        <header class="top-bar">
            <Brand/>
        </header>
        <main class="page">
            <div class="lost" role="alert">
                <h1 class="lost__title">{problem.title}</h1>
                <p class="lost__text">{problem.detail}</p>
                <p class="lost__text">"Nothing was changed. Go back, put it right and send it again."</p>
                <p class="lost__ways">
                    <a class="button" href="/">"To the start"</a>
                </p>
            </div>
        </main>
    }
}
