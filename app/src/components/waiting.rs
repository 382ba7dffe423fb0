//! What stands beside the list while no request is chosen: it teaches how to send one.

use leptos::prelude::*;

use super::{copy::CopyButton, endpoint_bar::ReachMark};
use crate::{erased::Erase as _, format::curl};

/// The endpoint's URL, large, and how to send to it.
#[component]
pub(crate) fn Waiting(
    url: Signal<String>,
    requests: Signal<u64>,
    last_seq: Signal<i64>,
) -> impl IntoView {
    let is_empty = Memo::new(move |_| requests.get() == 0);
    let title = move || match (is_empty.get(), last_seq.get()) {
        (true, 0) => "Waiting for the first request",
        (true, _) => "Waiting for the next request",
        (false, _) => "Choose a request to see it in full",
    };
    let command = Memo::new(move |_| curl::command(&url.read()));
    view! {
        <section class="waiting" data-state=move || if is_empty.get() { "empty" } else { "idle" }>
            <svg class="waiting__scope" viewBox="0 0 480 64" preserveAspectRatio="none" aria-hidden="true">
                <path class="waiting__line" d="M0 48h480"/>
                <path class="waiting__ticks" d="M0 52v-8M48 52v-8M96 52v-8M144 52v-8M192 52v-8M240 52v-8M288 52v-8M336 52v-8M384 52v-8M432 52v-8M480 52v-8"/>
            </svg>
            <h2 class="waiting__title">
                {title}
            </h2>
            <p class="waiting__text">
                {move || if is_empty.get() {
                    "Point a webhook at this URL, or send a sample from a terminal. Whatever arrives shows up here the moment it is stored."
                } else {
                    "New ones appear at the top of the list as they arrive. Any method and any path below this URL is kept."
                }}
            </p>
            {move || is_empty.get().then(|| view! {
                <div class="waiting__block">
                    <span class="waiting__name">"URL"</span>
                    <CopyButton text=url what="the URL"/>
                    <code class="waiting__url">{url}</code>
                </div>
                <div class="waiting__block">
                    <span class="waiting__name">"Terminal"</span>
                    <CopyButton text=command what="the curl command" testid="copy-curl"/>
                    <code class="waiting__command">{command}</code>
                </div>
            })}
            <p class="waiting__reach">
                <ReachMark url in_full=true/>
            </p>
        </section>
    }
    .erased()
}
