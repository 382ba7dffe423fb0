//! The message on open pages while the server cannot store requests.

use leptos::prelude::*;

use super::{
    icon::ALERT,
    notice::{Notice, Tone},
};

/// A banner that is shown while the server cannot store requests.
#[component]
pub(crate) fn Outage(storing: Signal<bool>) -> impl IntoView {
    view! {
        <div class="outage" role="alert" data-testid="outage" hidden=storing>
            <Notice tone=Tone::Bad glyph=ALERT>
                "This server cannot store requests right now: senders get 503 and are told to come again. Reading still works."
            </Notice>
        </div>
    }
}
