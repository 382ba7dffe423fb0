//! The state of the live feed.

use leptos::prelude::*;

use crate::live::LiveState;

/// A badge for the state of the feed. Without script it says that the page does not update.
#[component]
pub(crate) fn ConnectionBadge(connection: Signal<LiveState>) -> impl IntoView {
    let state = move || match connection.get() {
        LiveState::Connecting => "connecting",
        LiveState::Live => "live",
        LiveState::Reconnecting => "reconnecting",
        LiveState::Offline => "offline",
        LiveState::Ended(_) => "ended",
    };
    let words = move || match connection.get() {
        LiveState::Connecting => "Connecting",
        LiveState::Live => "Live",
        LiveState::Reconnecting => "Reconnecting",
        LiveState::Offline => "Offline",
        LiveState::Ended(_) => "Ended",
    };
    let hint = move || match connection.get() {
        LiveState::Connecting => "Opening the live feed",
        LiveState::Live => "New requests appear as they arrive",
        LiveState::Reconnecting => "The feed was cut and is being opened again: nothing is lost",
        LiveState::Offline => "This browser has no network: the feed goes on when it is back",
        LiveState::Ended(_) => "Nothing new will appear here",
    };
    view! {
        <span class="connection" role="status" data-testid="connection" data-state=state title=hint data-script>
            <span class="connection__light" aria-hidden="true"></span>
            {words}
        </span>
        <a class="connection" href="" rel="external" data-no-script>
            "Reload to see what is new"
        </a>
    }
}
