//! Actions on a whole endpoint: its settings, and two permanent actions, which first explain their
//! effect.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::{
    icon::{ELLIPSIS, Icon},
    when::expiry_in_full,
};
use crate::{
    feed::FeedState,
    format::{
        count::{counted, grouped},
        joined,
    },
    viewer::Viewer,
    wire::{OnLimit, Timestamp},
};

/// Changes an endpoint's behaviour at its limit and its lifetime; clears or deletes it.
#[component]
pub(crate) fn EndpointMenu(
    state: RwSignal<FeedState>,
    /// When it expires, if ever.
    until: Memo<Option<Timestamp>>,
    /// Changes a setting, given the API's field and value, without leaving the page.
    on_change: impl Fn(&str, &str) + 'static,
    /// Clears it without leaving the page.
    #[prop(into)]
    on_clear: Callback<()>,
    /// Deletes it; can be undone for a while.
    #[prop(into)]
    on_delete: Callback<()>,
) -> impl IntoView {
    let viewer = Viewer::get();
    let action = format!("/api/endpoints/{}", state.read_untracked().endpoint.id);
    let name = state.read_untracked().endpoint.name.clone();
    let clear_action = action.clone() + "/requests";
    let requests = Memo::new(move |_| state.read().endpoint.requests);
    let full = Memo::new(move |_| {
        let endpoint = &state.read().endpoint;
        let limit = grouped(endpoint.max_requests);
        let does = match endpoint.on_limit {
            OnLimit::DropOldest => " requests, it drops the oldest.",
            OnLimit::Refuse => " requests, it refuses new ones (429).",
        };
        joined(&[
            "Once it keeps ",
            if endpoint.max_requests > 0 { &limit } else { "its fill of" },
            does,
        ])
    });
    let lives = Memo::new(move |_| match until.get() {
        None => "It never expires.".to_owned(),
        Some(until) => joined(&[
            "It ",
            &expiry_in_full(viewer, until),
            ". Requests, visits and open pages put that off.",
        ]),
    });
    // The style sheet marks the current choice, and the texts name it.
    let chosen = Memo::new(move |_| {
        let full = match state.read().endpoint.on_limit {
            OnLimit::DropOldest => "drop_oldest",
            OnLimit::Refuse => "refuse",
        };
        joined(&[full, if until.get().is_none() { " never" } else { "" }])
    });
    let change = move |event: SubmitEvent| {
        // Each choice is a button that submits itself, so it also works without script.
        let Some(button) = event.submitter() else { return };
        if let (Some(field), Some(value)) =
            (button.get_attribute("name"), button.get_attribute("value"))
        {
            event.prevent_default();
            on_change(&field, &value);
        }
    };
    let none = Memo::new(move |_| requests.get() == 0);
    let next = move || grouped(state.read().endpoint.last_seq.unsigned_abs() + 1);
    let clear = move |event: SubmitEvent| {
        event.prevent_default();
        crate::browser::close_menus(None);
        on_clear.run(());
    };
    let delete = move |event: SubmitEvent| {
        event.prevent_default();
        crate::browser::close_menus(None);
        on_delete.run(());
    };
    view! {
        <details class="menu endpoint-menu" data-menu name="menu" data-testid="endpoint-menu">
            <summary class="button" data-kind="quiet" title="Settings, clear or delete">
                <Icon glyph=ELLIPSIS/>
                <span class="unseen">"Settings, clear or delete this endpoint"</span>
            </summary>
            <div class="menu__panel" data-align="end">
                <form class="menu__section" method="post" action=action.clone() data-state=chosen on:submit=change>
                    <input type="hidden" name="_method" value="PATCH"/>
                    <h2 class="menu__title">"When it is full"</h2>
                    <p class="menu__text">{full}</p>
                    <div class="choices">
                        <button class="choice" name="on_limit" value="drop_oldest">"Drop the oldest"</button>
                        <button class="choice" name="on_limit" value="refuse">"Refuse new ones"</button>
                    </div>
                    <h2 class="menu__title">"When it expires"</h2>
                    <p class="menu__text">{lives}</p>
                    <div class="choices">
                        <button class="choice" name="expires_in" value="3600">"1 hour"</button>
                        <button class="choice" name="expires_in" value="86400">"1 day"</button>
                        <button class="choice" name="expires_in" value="604800">"7 days"</button>
                        <button class="choice" name="expires_in" value="2592000">"30 days"</button>
                        <button class="choice" name="expires_in" value="0">"Never"</button>
                    </div>
                </form>
                // A new name appears in many places, so the page is reloaded.
                <form class="menu__section" method="post" action=action.clone()>
                    <input type="hidden" name="_method" value="PATCH"/>
                    <h2 class="menu__title">"Name"</h2>
                    <p class="menu__text">"For you alone; senders never see it."</p>
                    <p class="endpoint-menu__name">
                        <input class="field__input" name="name" value=name maxlength="100" placeholder="none" autocomplete="off" aria-label="Name of this endpoint"/>
                        <button class="button" type="submit">"Rename"</button>
                    </p>
                </form>
                <section class="menu__section">
                    <h2 class="menu__title">"Clear all requests"</h2>
                    <p class="menu__text">
                        "Deletes " {move || counted(requests.get(), "request", "requests")}
                        " for good. The next one is #" {next} "."
                    </p>
                    <form method="post" action=clear_action on:submit=clear>
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" type="submit" disabled=none>
                            "Clear all requests"
                        </button>
                    </form>
                </section>
                <section class="menu__section">
                    <h2 class="menu__title">"Delete this endpoint"</h2>
                    <p class="menu__text">
                        "Deletes it with all its requests for good. Senders get 410 from then on."
                    </p>
                    <form method="post" action=action on:submit=delete>
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" data-kind="danger" type="submit">
                            "Delete this endpoint"
                        </button>
                    </form>
                </section>
            </div>
        </details>
    }
    .erased()
}
