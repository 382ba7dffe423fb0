//! Notices on an endpoint's expiry: a day before, and after it.

use leptos::prelude::*;

use super::{
    icon::ALERT,
    notice::{Notice, Tone},
};
use crate::{
    format,
    viewer::Viewer,
    wire::{Endpoint, GoneReason, Timestamp},
};

/// How long before its expiry an endpoint's page warns, in milliseconds.
const WARNING_MS: i64 = 86_400_000;

/// Why an endpoint is no longer followed; no reason if its workspace is no longer this browser's.
pub(crate) type Ended = Option<Option<GoneReason>>;

/// The warning, later the end, with a way to get the endpoint back.
#[component]
pub(crate) fn ExpiryNotice(
    /// The endpoint as it was when the page was loaded.
    endpoint: Endpoint,
    until: Memo<Option<Timestamp>>,
    ended: Memo<Ended>,
) -> impl IntoView {
    let viewer = Viewer::get();
    // Only the result of the page's clock matters: most ticks change nothing.
    let warning = Memo::new(move |_| {
        let (now, until) = (viewer.now()?.as_millis(), until.get()?.as_millis());
        let is_near = until - now < WARNING_MS && ended.get().is_none();
        is_near.then(|| format::expiry(now, until))
    });
    let end = move || {
        let reason = ended.get()?;
        let words = words(reason);
        let back = reason.is_some().then(|| view! { <WayBack endpoint=endpoint.clone()/> });
        Some(view! { <Notice tone=Tone::Warn glyph=ALERT>{words} " " {back}</Notice> }.erased())
    };
    view! {
        {end}
        {move || warning.get().map(|when| view! {
            <Notice tone=Tone::Warn glyph=ALERT>
                "This endpoint " {when} " unless something reaches it. The menu beside its URL can keep it longer."
            </Notice>
        }.erased())}
    }
}

/// Creates the endpoint again under the same URL, which nobody else can ever get.
#[component]
fn WayBack(endpoint: Endpoint) -> impl IntoView {
    view! {
        <form class="expiry-notice__back" method="post" action="/api/endpoints">
            <input type="hidden" name="slug" value=endpoint.id/>
            {endpoint.name.map(|name| view! { <input type="hidden" name="name" value=name/> })}
            <button class="button" type="submit" data-testid="bring-back">"Bring the URL back, empty"</button>
        </form>
    }
}

/// Returns why no more requests will arrive.
const fn words(reason: Option<GoneReason>) -> &'static str {
    match reason {
        Some(GoneReason::Deleted) => {
            "This endpoint was deleted. What you see is what this page had loaded; it is gone when you leave."
        }
        Some(GoneReason::Expired) => {
            "This endpoint has expired. What you see is what this page had loaded; it is gone when you leave."
        }
        None => {
            "This browser cannot follow the endpoint any more: its workspace was switched or forgotten. Paste its key to open it again."
        }
    }
}
