//! A button that puts text on the clipboard.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::icon::{CHECK, COPY, Icon};
use crate::browser;

/// How long the button says what came of it: long enough to read two words.
const ANSWER: Duration = Duration::from_millis(1600);

/// Copies `text`; `what` completes its name for people who hear the page: "Copy the URL".
#[component]
pub(crate) fn CopyButton(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] what: String,
    #[prop(optional, into)] testid: Option<&'static str>,
) -> impl IntoView {
    let copied = RwSignal::new(None);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            copied.try_set(Some(browser::copy(&text).await));
            set_timeout(
                move || {
                    let _ = copied.try_set(None);
                },
                ANSWER,
            );
        });
    };
    let answer = move || match copied.get() {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Not copied",
    };
    let title = format!("Copy {what}");
    let icon = move || {
        let glyph = if copied.get() == Some(true) { CHECK } else { COPY };
        view! { <Icon glyph/> }
    };
    view! {
        <button
            type="button"
            class="button copy"
            data-kind="quiet"
            data-script
            data-state=move || copied.get().map(|copied| if copied { "copied" } else { "failed" })
            data-testid=testid
            title=title
            on:click=copy
        >
            {icon}
            <span aria-live="polite">{answer}</span>
            <span class="unseen">" " {what}</span>
        </button>
    }
}
