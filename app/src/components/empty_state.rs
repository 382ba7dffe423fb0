//! Shown next to the list while no request is chosen: explains how to send one.

use leptos::prelude::*;

use super::{copy::CopyButton, endpoint_bar::ReachMark, sample::SampleButton};
use crate::format::{curl, joined, providers::PROVIDERS, sample::SAMPLES};

/// The endpoint's URL, large, and ways to send to it.
#[component]
pub(crate) fn EmptyState(
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
    let script = Memo::new(move |_| fetch(&url.read()));
    view! {
        <section class="empty-state" data-state=move || if is_empty.get() { "empty" } else { "idle" }>
            <svg class="empty-state__scope" viewBox="0 0 480 64" preserveAspectRatio="none" aria-hidden="true">
                <path class="empty-state__line" d="M0 48h480"/>
                <path class="empty-state__ticks" d="M0 52v-8M48 52v-8M96 52v-8M144 52v-8M192 52v-8M240 52v-8M288 52v-8M336 52v-8M384 52v-8M432 52v-8M480 52v-8"/>
            </svg>
            <h2 class="empty-state__title">
                {title}
            </h2>
            <p class="empty-state__text">
                {move || if is_empty.get() {
                    "Point a webhook at this URL, or send a sample. Whatever arrives shows up here the moment it is stored."
                } else {
                    "New ones appear at the top of the list as they arrive. Any method and any path below this URL is kept."
                }}
            </p>
            {move || is_empty.get().then(|| view! { <Ways url command script/> }.erased())}
            <p class="empty-state__reach">
                <ReachMark url in_full=true/>
            </p>
        </section>
    }
    .erased()
}

/// Where, how and what to send.
#[component]
fn Ways(url: Signal<String>, command: Memo<String>, script: Memo<String>) -> impl IntoView {
    let picture = move || joined(&["/api/endpoints/", id_of(&url.read()), "/qr"]);
    let samples = SAMPLES
        .iter()
        .map(|sample| view! { <SampleButton url sample label=sample.name/> })
        .each_erased();
    let providers = PROVIDERS
        .iter()
        .map(|provider| {
            view! {
                <dt>{provider.name}</dt>
                <dd>{provider.path}</dd>
            }
        })
        .each_erased();
    view! {
        <div class="empty-state__block">
            <span class="empty-state__name">"URL"</span>
            <CopyButton text=url what="the URL"/>
            <code class="empty-state__url">{url}</code>
        </div>
        <div class="empty-state__samples" role="group" aria-labelledby="waiting-samples" data-script>
            <span class="empty-state__name" id="waiting-samples">"Send a sample from here"</span>
            {samples}
        </div>
        <div class="empty-state__block">
            <span class="empty-state__name">"Terminal"</span>
            <CopyButton text=command what="the curl command" testid="copy-curl"/>
            <code class="empty-state__command">{command}</code>
        </div>
        <div class="empty-state__block">
            <span class="empty-state__name">"JavaScript"</span>
            <CopyButton text=script what="the fetch call"/>
            <code class="empty-state__command">{script}</code>
        </div>
        <details class="empty-state__more">
            <summary>"Where to paste it at GitHub, Stripe, Slack and others"</summary>
            <dl class="empty-state__providers">{providers}</dl>
        </details>
        <details class="empty-state__more">
            <summary>"Open it on a phone"</summary>
            <img class="empty-state__picture" src=picture width="200" height="200" loading="lazy" alt="The URL as a QR code"/>
        </details>
    }
    .erased()
}

/// Returns the id of the endpoint with this URL.
pub(super) fn id_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

/// Returns a call that posts a JSON sample to `url`, which has no characters that need escaping in
/// a string.
fn fetch(url: &str) -> String {
    joined(&[
        "await fetch(\"",
        url,
        "\", {\n  method: \"POST\",\n  headers: { \"Content-Type\": \"application/json\" },\n  \
         body: JSON.stringify({ event: \"hello\", from: \"fetch\" }),\n});",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_what_the_url_ends_in() {
        assert_eq!(id_of("https://hooks.example.com/orders"), "orders");
    }

    #[test]
    fn the_call_names_the_url_once() {
        let call = fetch("http://localhost:3000/orders");
        assert_eq!(call.matches("http://localhost:3000/orders").count(), 1);
        assert!(call.starts_with("await fetch(\"") && call.ends_with("});"));
    }
}
