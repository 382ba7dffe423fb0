//! What can be done with a whole endpoint: its settings, and two acts that are for good, so each
//! says first what it does.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::{
    icon::{ELLIPSIS, Icon},
    when::Expiry,
};
use crate::{
    feed::FeedState,
    format::count::{counted, grouped},
    wire::{OnLimit, Timestamp},
};

/// The times that an endpoint may be given, in seconds, 0 for ever; each is a button.
const LIFETIMES: [(&str, &str); 5] = [
    ("3600", "1 hour"),
    ("86400", "1 day"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
    ("0", "Never"),
];

/// Changes what an endpoint does when it is full and how long it lives; clears or deletes it.
#[component]
pub(crate) fn EndpointMenu(
    state: RwSignal<FeedState>,
    /// When it expires, if ever.
    until: Memo<Option<Timestamp>>,
    /// Changes a setting, the field of the API and its value, without leaving the page.
    #[prop(into)]
    on_change: Callback<(String, String)>,
    /// Clears it without leaving the page.
    #[prop(into)]
    on_clear: Callback<()>,
) -> impl IntoView {
    let action = format!("/api/endpoints/{}", state.read_untracked().endpoint.id);
    let clear_action = action.clone() + "/requests";
    let requests = Memo::new(move |_| state.read().endpoint.requests);
    let next = move || grouped(state.read().endpoint.last_seq.unsigned_abs() + 1);
    let clear = move |event: SubmitEvent| {
        event.prevent_default();
        crate::browser::close_menus(None);
        on_clear.run(());
    };
    view! {
        <details class="menu endpoint-menu" data-menu name="menu" data-testid="endpoint-menu">
            <summary class="button" data-kind="quiet" title="Settings, clear or delete">
                <Icon glyph=ELLIPSIS/>
                <span class="unseen">"Settings, clear or delete this endpoint"</span>
            </summary>
            <div class="menu__panel" data-align="end">
                <Settings state until action=action.clone() on_change/>
                <section class="menu__section">
                    <h2 class="menu__title">"Clear all requests"</h2>
                    <p class="menu__text">
                        "Deletes " {move || counted(requests.get(), "request", "requests")}
                        " for good. The next one is #" {next} "."
                    </p>
                    <form method="post" action=clear_action on:submit=clear>
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" type="submit" disabled=move || requests.get() == 0>
                            "Clear all requests"
                        </button>
                    </form>
                </section>
                <section class="menu__section">
                    <h2 class="menu__title">"Delete this endpoint"</h2>
                    <p class="menu__text">
                        "Deletes it with all its requests for good. Senders get 410 from then on."
                    </p>
                    <form method="post" action=action>
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" data-kind="danger" type="submit">
                            "Delete this endpoint"
                        </button>
                    </form>
                </section>
            </div>
        </details>
    }
    .into_any()
}

/// The settings. Every choice is a button that submits itself: one press changes one thing, with
/// script and without.
#[component]
fn Settings(
    state: RwSignal<FeedState>,
    until: Memo<Option<Timestamp>>,
    action: String,
    on_change: Callback<(String, String)>,
) -> impl IntoView {
    let limit = Memo::new(move |_| match state.read().endpoint.max_requests {
        0 => "Once it keeps as many requests as it may:".to_owned(),
        limit => String::from("Once it keeps ") + &grouped(limit) + " requests:",
    });
    let refuses = Memo::new(move |_| state.read().endpoint.on_limit == OnLimit::Refuse);
    let change = move |event: SubmitEvent| {
        // Without its button a form says nothing; the browser then does what it can.
        let Some(button) = event.submitter() else { return };
        if let (Some(field), Some(value)) =
            (button.get_attribute("name"), button.get_attribute("value"))
        {
            event.prevent_default();
            on_change.run((field, value));
        }
    };
    let lifetimes = LIFETIMES.map(|(seconds, words)| {
        let is_chosen = move || seconds == "0" && until.get().is_none();
        view! {
            <button class="choice" name="expires_in" value=seconds aria-pressed=move || is_chosen().then_some("true")>
                {words}
            </button>
        }
    });
    view! {
        <section class="menu__section">
            <form method="post" action=action on:submit=change>
                <input type="hidden" name="_method" value="PATCH"/>
                <h2 class="menu__title">"When it is full"</h2>
                <p class="menu__text">{limit}</p>
                <div class="choices">
                    <button class="choice" name="on_limit" value="drop_oldest" aria-pressed=move || (!refuses.get()).then_some("true")>
                        "Drop the oldest"
                    </button>
                    <button class="choice" name="on_limit" value="refuse" aria-pressed=move || refuses.get().then_some("true")>
                        "Refuse new ones (429)"
                    </button>
                </div>
                <h2 class="menu__title">"When it expires"</h2>
                <p class="menu__text">
                    "It " <Expiry until with_date=true/>
                    ". Requests, visits and open pages put that off. Choose how long it lives without any:"
                </p>
                <div class="choices">{lifetimes}</div>
            </form>
        </section>
    }
    .into_any()
}
