//! The home page: what this is, one button, and the workspace's endpoints.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api,
    components::{
        create_form::CreateForm, endpoint_list::EndpointList, error_notice::ErrorNotice,
        key_form::KeyForm, outage::Outage, top_bar::TopBar, workspace_menu,
    },
    listing::Listing,
    live, load,
    status::answer_with,
    wire::Endpoints,
};

/// How long to wait before the list is read again: a full endpoint drops a request with each
/// arrival.
const SETTLE: Duration = Duration::from_secs(1);

/// The home page.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let loaded = load::resource("endpoints", || (), |()| api::endpoints());
    let content = load::transition(loaded, |answer| match answer {
        Ok(list) => view! { <Workspace list/> }.erased(),
        Err(problem) => {
            answer_with(&problem);
            view! { <ErrorNotice problem/> }.erased()
        }
    });
    view! {
        <TopBar session=Callback::new(read_session)/>
        <main class="page home">
            {content}
        </main>
    }
    .erased()
}

/// Reads the workspace's key for the menu.
pub(super) fn read_session(key: RwSignal<workspace_menu::MenuKey>) {
    spawn_local(async move {
        let answer = api::session().await;
        // The menu may be gone with its page; then the key is not needed.
        let _ = key.try_set(workspace_menu::MenuKey::Answered(answer));
    });
}

/// The endpoints, with live updates; for newcomers an introduction.
#[component]
fn Workspace(list: Endpoints) -> impl IntoView {
    let change = list.change;
    // Without a workspace there is no feed to follow.
    let has_feed = change > 0 || !list.endpoints.is_empty();
    let listing = RwSignal::new(Listing::new(list));
    let storing = if has_feed { follow(listing, change) } else { RwSignal::new(true).into() };
    let is_empty = Memo::new(move |_| listing.read().endpoints().is_empty());
    view! {
        <Outage storing/>
        <section class="hero" data-state=move || if is_empty.get() { "empty" } else { "busy" }>
            <h1 class="hero__title">"A looking glass for webhooks"</h1>
            <p class="hero__text">
                "Get a URL, send anything to it, and see every request here the moment it arrives, exactly as it came."
            </p>
            <CreateForm/>
        </section>
        {move || if is_empty.get() {
            view! { <Newcomer/> }.erased()
        } else {
            view! { <EndpointList listing/> }.erased()
        }}
        <section class="home__key">
            <details>
                <summary>"Have a workspace key? Open that workspace here"</summary>
                <KeyForm id="home-key"/>
            </details>
        </section>
    }
}

/// An introduction for newcomers.
#[component]
fn Newcomer() -> impl IntoView {
    view! {
        <dl class="promises">
            <div>
                <dt>"Exact"</dt>
                <dd>"The head as sent, names in their case and order, every trailer, and every byte of the body, before any decoding."</dd>
            </div>
            <div>
                <dt>"Live"</dt>
                <dd>"On the screen within milliseconds, in every open tab. After a cut nothing is missing and nothing is there twice."</dd>
            </div>
            <div>
                <dt>"Kept"</dt>
                <dd>"A sender is told 200 only once its request is on the disk. No account: this browser holds the key."</dd>
            </div>
        </dl>
    }
}

/// Keeps the list up to date from `change` on; returns whether the server can store requests.
fn follow(listing: RwSignal<Listing>, change: i64) -> Signal<bool> {
    let heard = StoredValue::new(change);
    let is_reading = StoredValue::new(false);
    live::follow(Vec::new(), change, move |id, event| {
        heard.update_value(|heard| *heard = id.unwrap_or(*heard).max(*heard));
        if listing.try_update(|listing| listing.apply(&event)) == Some(true) {
            read_again(listing, heard, is_reading);
        }
    })
    .storing
}

/// Reads the list again after a delay; further calls in the meantime have no effect.
fn read_again(listing: RwSignal<Listing>, heard: StoredValue<i64>, is_reading: StoredValue<bool>) {
    if is_reading.try_get_value() != Some(false) {
        return;
    }
    is_reading.set_value(true);
    let read = move || {
        spawn_local(async move {
            // A failure leaves the list unchanged: the feed reports problems on its own.
            let list = api::endpoints().await;
            let _ = is_reading.try_update_value(|reading| *reading = false);
            if let Ok(list) = list {
                let change = list.change;
                let _ = listing.try_set(Listing::new(list));
                // Events received during the call are not in the response.
                if heard.try_get_value().is_some_and(|heard| heard > change) {
                    read_again(listing, heard, is_reading);
                }
            }
        });
    };
    set_timeout(read, SETTLE);
}
