//! Points in time: UTC as the server renders them, the viewer's own time after hydration,
//! always with the exact one in `datetime` and on hover.

use leptos::prelude::*;

use crate::{
    browser,
    format::{self, joined},
    histogram::Fineness,
    viewer::Viewer,
    wire::Timestamp,
};

/// How long ago something happened, ticking; without script the time of day in UTC. In a sentence
/// it is `3 m ago`, and without script `on 2026-11-21`.
#[component]
pub(crate) fn Age(at: Timestamp, #[prop(optional)] in_sentence: bool) -> impl IntoView {
    let viewer = Viewer::get();
    // A memo: most ticks change no text.
    let text = Memo::new(move |_| match viewer.now() {
        Some(now) => {
            let age = format::age(now.as_millis(), at.as_millis());
            let is_ago = in_sentence && age.starts_with(|c: char| c.is_ascii_digit());
            if is_ago { format!("{age} ago") } else { age }
        }
        None if in_sentence => format!("on {}", date(at)),
        None => format::time_of_day(at).split('.').next().unwrap_or_default().to_owned(),
    });
    time(at, text)
}

/// When an endpoint expires: `expires in 6 d`; without script the date in UTC. Empty if it never
/// expires.
#[component]
pub(crate) fn Expiry(until: Memo<Option<Timestamp>>) -> impl IntoView {
    let viewer = Viewer::get();
    move || {
        let until = until.get()?;
        Some(time(until, Memo::new(move |_| expiry(viewer, until))))
    }
}

/// Returns `expires in 6 d`; ticks if called in a reactive scope.
fn expiry(viewer: Viewer, until: Timestamp) -> String {
    match viewer.now() {
        Some(now) => format::expiry(now.as_millis(), until.as_millis()),
        None => joined(&["expires on ", &date(until)]),
    }
}

/// `expires in 6 d, on 2026-11-28 12:03`; without script `expires on 2026-11-28 12:03 UTC`.
pub(super) fn expiry_in_full(viewer: Viewer, until: Timestamp) -> String {
    let (rest, (day, time), zone) = match viewer.now() {
        Some(_) => (expiry(viewer, until) + ", ", browser::local(until), ""),
        None => ("expires ".to_owned(), (date(until), format::time_of_day(until)), " UTC"),
    };
    let minute = time.get(..5).unwrap_or(&time);
    joined(&[&rest, "on ", &day, " ", minute, zone])
}

/// The exact time of day, to milliseconds, with the date if it is not today's.
#[component]
pub(crate) fn Exact(at: Timestamp) -> impl IntoView {
    let viewer = Viewer::get();
    let text = Memo::new(move |_| match viewer.now() {
        Some(now) => {
            let (date, time) = browser::local(at);
            if browser::local(now).0 == date { time } else { format!("{date} {time}") }
        }
        None => format!("{} {} UTC", date(at), format::time_of_day(at)),
    });
    time(at, text)
}

/// Returns a time on a time line, as precise as its scale needs: in the viewer's time zone once the
/// page is hydrated, in UTC before.
pub(super) fn moment(alive: bool, at: Timestamp, fineness: Fineness) -> String {
    let (date, time) = if alive { browser::local(at) } else { (date(at), format::time_of_day(at)) };
    let (day, minute) = (date.get(5..).unwrap_or_default(), time.get(..5).unwrap_or_default());
    match fineness {
        Fineness::Days => day.to_owned(),
        Fineness::Full => joined(&[day, " ", minute]),
        Fineness::Minutes => minute.to_owned(),
        Fineness::Seconds => time.get(..8).unwrap_or_default().to_owned(),
    }
}

/// The element for a time, with the exact one for programs and on hover.
fn time(at: Timestamp, text: Memo<String>) -> impl IntoView {
    view! {
        <time class="when" datetime=at.to_string() title=format::clock(at)>
            {text}
        </time>
    }
}

/// The date in UTC: `2026-11-21`.
fn date(at: Timestamp) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}
