//! Pages for things that do not exist: the wording is the same for those that never existed and
//! those of another workspace.

use leptos::prelude::*;

use super::{brand::Brand, key_form::KeyForm};
use crate::{status::answer_with, wire::Problem};

/// An endpoint that does not exist for this caller, whatever the reason.
#[component]
pub(crate) fn NoSuchEndpoint() -> impl IntoView {
    view! {
        <div class="not-found">
            <h1 class="not-found__title">"No such endpoint here"</h1>
            <p class="not-found__text">
                "It may never have been, it may be deleted or expired, or it belongs to another workspace. If you have that workspace’s key, paste it to open the endpoint in this browser."
            </p>
            <KeyForm id="lost-key"/>
            <p class="not-found__ways">
                <a class="button" href="/">"Your endpoints"</a>
            </p>
        </div>
    }
}

/// A request that does not exist (any more) at an existing endpoint.
#[component]
pub(crate) fn NoSuchRequest(seq: i64) -> impl IntoView {
    view! {
        <div class="not-found" data-state="inside">
            <h2 class="not-found__title">"Request #" {seq} " is not here"</h2>
            <p class="not-found__text">
                "It was deleted, dropped to make room, or has not arrived yet. Numbers are never used twice."
            </p>
        </div>
    }
}

/// A page that does not exist.
#[component]
pub(crate) fn NoSuchPage() -> impl IntoView {
    answer_with(&Problem {
        kind: "/problems/not-found".to_owned(),
        title: "Not found".to_owned(),
        status: 404,
        detail: "There is no such page.".to_owned(),
        ..Problem::default()
    });
    view! {
        <header class="top-bar">
            <Brand/>
        </header>
        <main class="page">
            <div class="not-found">
                <h1 class="not-found__title">"No such page"</h1>
                <p class="not-found__text">"Nothing is at this address. Endpoints and their requests are all reached from the start."</p>
                <p class="not-found__ways">
                    <a class="button" href="/">"To the start"</a>
                </p>
            </div>
        </main>
    }
}
