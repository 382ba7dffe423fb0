//! The state of the live feed.

use leptos::prelude::*;

use crate::live::Connection;

/// A badge for the state of the feed. Without script it says that the page does not update.
#[component]
pub(crate) fn ConnectionBadge(connection: Signal<Connection>) -> impl IntoView {
    let state = move || match connection.get() {
        Connection::Connecting => "connecting",
        Connection::Live => "live",
        Connection::Reconnecting => "reconnecting",
        Connection::Offline => "offline",
        Connection::Ended(_) => "ended",
    };
    let words = move || match connection.get() {
        Connection::Connecting => "Connecting",
        Connection::Live => "Live",
        Connection::Reconnecting => "Reconnecting",
        Connection::Offline => "Offline",
        Connection::Ended(_) => "Ended",
    };
    let hint = move || match connection.get() {
        Connection::Connecting => "Opening the live feed",
        Connection::Live => "New requests appear as they arrive",
        Connection::Reconnecting => "The feed was cut and is being opened again: nothing is lost",
        Connection::Offline => "This browser has no network: the feed goes on when it is back",
        Connection::Ended(_) => "Nothing new will appear here",
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
