//! Announces arrivals to screen readers, not more often than users can listen.

use std::time::Duration;

use leptos::prelude::*;

use crate::format::joined;

/// How long arrivals are batched before they are announced.
const GATHERING: Duration = Duration::from_secs(3);

/// Announces the number of requests since the last announcement, and the number of the latest.
#[component]
pub(crate) fn Announcer(last_seq: Memo<i64>) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let told = StoredValue::new(last_seq.get_untracked());
    let is_gathering = StoredValue::new(false);
    Effect::new(move |_| {
        let is_news = last_seq.get() > told.get_value();
        if !is_news || is_gathering.get_value() {
            return;
        }
        is_gathering.set_value(true);
        let tell = move || {
            let (Some(last), Some(before)) = (last_seq.try_get_untracked(), told.try_get_value())
            else {
                return;
            };
            is_gathering.set_value(false);
            told.set_value(last);
            let (came, last) = ((last - before).to_string(), last.to_string());
            let noun = if came == "1" { " new request" } else { " new requests, the last" };
            let _ = words.try_set(joined(&[&came, noun, ": number ", &last]));
        };
        set_timeout(tell, GATHERING);
    });
    view! { <p class="unseen" role="status" data-testid="announcer">{words}</p> }
}
