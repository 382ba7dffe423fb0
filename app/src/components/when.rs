//! Points in time: UTC as the server renders them, the viewer's own time once the page is alive,
//! always with the exact one in `datetime` and on hover.

use leptos::prelude::*;

use crate::{browser, format, viewer::Viewer, wire::Timestamp};

/// How long ago something was, ticking; without script the time of day in UTC. In a sentence it
/// reads `3 m ago`, and without script `on 2026-11-21`.
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
    view! {
        <time class="when" datetime=at.to_string() title=format::clock(at)>
            {text}
        </time>
    }
}

/// When an endpoint expires: `expires in 6 d`, and with the date `expires in 6 d, on 2026-11-28 at
/// 12:03`. The date in UTC without script.
#[component]
pub(crate) fn Expiry(
    until: Memo<Option<Timestamp>>,
    #[prop(optional)] with_date: bool,
) -> impl IntoView {
    let viewer = Viewer::get();
    let text = Memo::new(move |_| {
        let Some(until) = until.get() else { return "never expires".to_owned() };
        let Some(now) = viewer.now() else { return "expires on ".to_owned() + &date(until) };
        // The same words as for the past, seen from the end; use may have put it off meanwhile.
        let rest = format::age(until.as_millis(), now.as_millis());
        let mut text =
            if now >= until { "expires soon".to_owned() } else { "expires in ".to_owned() + &rest };
        if with_date {
            let (date, time) = browser::local(until);
            text = [&text, ", on ", &date, " at ", time.get(..5).unwrap_or(&time)].concat();
        }
        text
    });
    view! {
        <time
            class="when"
            datetime=move || until.get().map(|until| until.to_string())
            title=move || until.get().map(format::clock)
        >
            {text}
        </time>
    }
}

/// The exact time of day, to milliseconds, with the date where it is not today's.
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
