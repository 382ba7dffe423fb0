//! Alerts for arrivals while the viewer looks elsewhere: a number in the title and the icon, and,
//! if the viewer wants them, a notification and a sound.

use js_sys::Reflect;
use leptos::{ev, prelude::*};
use send_wrapper::SendWrapper;
use web_sys::{AudioContext, Notification, NotificationOptions, NotificationPermission};

use super::icon::{BELL, Icon};
use crate::{
    format::{joined, target},
    lists::Lists,
    preferences, title,
    wire::Summary,
};

/// The names under which the browser stores the viewer's choices.
const NOTIFY: &str = "hookglass-notify";
const SOUND: &str = "hookglass-sound";

/// The icon while nothing is unread.
const ICON: &str = "/assets/favicon.svg";

/// The icon has no room for a larger number.
const MOST: usize = 99;

/// The length, volume and pitch of the sound: short, quiet and low.
const SOUND_S: f64 = 0.12;
const SOUND_GAIN: f32 = 0.08;
const SOUND_HZ: f32 = 660.0;

/// Adds the number of requests that arrived while the page was hidden to its title; the icon shows
/// the same.
pub(crate) fn tell_unread(lists: Lists, name: String) {
    // The newest that the viewer can have seen; `None` while the page is visible.
    let seen = RwSignal::new(None::<i64>);
    let unread =
        Memo::new(move |_| seen.get().map_or(0, |seen| lists.read(|list| list.above(seen))));
    Effect::new(move |_| {
        let handle = window_event_listener(ev::visibilitychange, move |_| {
            let is_hidden = document().hidden();
            seen.set(is_hidden.then(|| untrack(|| lists.newest())));
        });
        on_cleanup(move || handle.remove());
    });
    Effect::new(move |last: Option<usize>| {
        let unread = unread.get();
        if last.unwrap_or_default() != unread
            && let Ok(Some(link)) = document().query_selector("link[rel=icon]")
        {
            let icon = if unread == 0 { ICON.to_owned() } else { badge(unread) };
            let _ = link.set_attribute("href", &icon);
        }
        unread
    });
    title::follow(move || {
        let count = unread.get();
        let count =
            if count == 0 { String::new() } else { joined(&["(", &count.to_string(), ") "]) };
        joined(&[&count, &name, " · Hookglass"])
    });
}

/// Switches for a notification and a sound for each arrival. Both are initially off.
#[component]
pub(crate) fn Alerts(lists: Lists, name: String) -> impl IntoView {
    let (notifies, sounds) = (RwSignal::new(false), RwSignal::new(false));
    let explains = RwSignal::new("");
    // Browsers limit the number of these per page. The server never creates one: its renders may
    // end on a different thread than they began on.
    let audio = StoredValue::new(None::<SendWrapper<AudioContext>>);
    let beep = move || {
        let made = || AudioContext::new().ok().map(SendWrapper::new);
        let context = audio.get_value().or_else(made)?;
        audio.set_value(Some(context.clone()));
        beep(&context)
    };
    Effect::new(move |_| {
        notifies.set(forbidden().is_none() && preferences::remembered(NOTIFY));
        sounds.set(preferences::remembered(SOUND));
    });
    Effect::new(move |last: Option<i64>| {
        let newest = lists.newest();
        if last.is_some_and(|last| newest > last) {
            if sounds.get_untracked() {
                // Browsers block sound until the viewer has interacted with the page.
                let _ = beep();
            }
            if notifies.get_untracked()
                && document().hidden()
                && let Some(summary) = untrack(|| lists.find(newest))
            {
                notify(&name, &summary);
            }
        }
        newest
    });
    let switch_notify = move |_| {
        let wants = !notifies.get_untracked();
        let why = forbidden().filter(|_| wants);
        explains.set(why.unwrap_or_default());
        if why.is_some() {
            return;
        }
        if wants {
            // The result is checked at each arrival: one that may not be shown is not.
            let _ = Notification::request_permission();
        }
        notifies.set(wants);
        preferences::remember(NOTIFY, wants);
    };
    let switch_sound = move |_| {
        let wants = !sounds.get_untracked();
        sounds.set(wants);
        preferences::remember(SOUND, wants);
        if wants {
            let _ = beep();
        }
    };
    let switch = move |label: &'static str, state: RwSignal<bool>| {
        view! {
            <span class="alerts__light" data-state=move || if state.get() { "on" } else { "off" } aria-hidden="true"></span>
            {label}
        }
    };
    view! {
        <details class="menu alerts" data-menu>
            <summary class="button" data-kind="quiet" title="Notifications and sound">
                <Icon glyph=BELL/>
                <span class="unseen">"Notifications and sound"</span>
            </summary>
            <div class="menu__panel alerts__panel" data-align="end">
                <button
                    type="button"
                    class="button"
                    data-kind="quiet"
                    aria-pressed=move || notifies.get().to_string()
                    on:click=switch_notify
                >
                    {switch("Notify me while I look elsewhere", notifies)}
                </button>
                <button
                    type="button"
                    class="button"
                    data-kind="quiet"
                    aria-pressed=move || sounds.get().to_string()
                    on:click=switch_sound
                >
                    {switch("Sound at each arrival", sounds)}
                </button>
                <p class="menu__text" role="status" hidden=move || explains.get().is_empty()>{explains}</p>
            </div>
        </details>
    }
    .erased()
}

/// Returns why this browser would not show notifications, if it would not.
fn forbidden() -> Option<&'static str> {
    let is_known = Reflect::has(&window(), &"Notification".into()).unwrap_or_default();
    if !is_known || !window().is_secure_context() {
        Some("Browsers notify only on https and on localhost.")
    } else if Notification::permission() == NotificationPermission::Denied {
        Some("This browser forbids it: allow notifications for this site first.")
    } else {
        None
    }
}

/// An icon with a number.
fn badge(unread: usize) -> String {
    joined(&[
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>\
         <circle cx='16' cy='16' r='16' fill='%23086f83'/>\
         <text x='16' y='23' font-size='20' font-weight='700' font-family='sans-serif' \
         text-anchor='middle' fill='%23fff'>",
        &unread.min(MOST).to_string(),
        "</text></svg>",
    ])
}

fn notify(name: &str, summary: &Summary) {
    let target = summary.target.display();
    let parts = [
        Some(summary.method.as_str()),
        summary.sender.as_deref(),
        summary.label.as_deref(),
        Some(target::tail(&target, &summary.endpoint)),
    ];
    let options = NotificationOptions::new();
    options.set_body(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
    // The next one replaces it.
    options.set_tag(&summary.endpoint);
    // If the browser has revoked the permission, there is nothing to do.
    let _ = Notification::new_with_options(name, &options);
}

fn beep(context: &AudioContext) -> Option<()> {
    let (tone, gain) = (context.create_oscillator().ok()?, context.create_gain().ok()?);
    gain.gain().set_value(SOUND_GAIN);
    tone.frequency().set_value(SOUND_HZ);
    tone.connect_with_audio_node(&gain).ok()?;
    gain.connect_with_audio_node(&context.destination()).ok()?;
    tone.start().ok()?;
    tone.stop_with_when(context.current_time() + SOUND_S).ok()
}
