//! A button that sends a sample to the endpoint, as a sender's program would.

use leptos::{prelude::*, task::spawn_local};

use super::empty_state::id_of;
use crate::{browser, format::sample::Sample};

/// Sends `sample` to the endpoint with this `url`, and says so if it fails.
#[component]
pub(crate) fn SampleButton(
    url: Signal<String>,
    sample: &'static Sample,
    label: &'static str,
    #[prop(optional)] key: Option<&'static str>,
) -> impl IntoView {
    let failed = RwSignal::new(false);
    let send = move |_| {
        // Uses our own origin, regardless of the name that senders use: the page may connect to no
        // other.
        let path = String::from("/") + id_of(&url.read_untracked());
        // Each is a separate delivery, else the second would be another attempt of the first.
        let now = browser::now().as_millis();
        spawn_local(async move {
            let is_sent = browser::send(&path, &sample.headers_at(now), &sample.body_at(now)).await;
            let _ = failed.try_set(!is_sent);
        });
    };
    let words = move || if failed.get() { "Not captured. Try again" } else { label };
    view! {
        <button class="button" type="button" data-kind=key.map(|_| "quiet") data-script data-key=key on:click=send>
            {words}
        </button>
    }
}
