//! Buttons that copy text to the clipboard.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};

use super::icon::{CHECK, COPY, Icon};
use crate::browser;

/// How long a button shows the result: long enough to read two words.
const ANSWER: Duration = Duration::from_millis(1600);

/// The result of copying; `None` before it and some time after.
pub(crate) type CopyResult = Option<bool>;

/// Shows the result of copying, for a while.
pub(crate) fn answer(copied: RwSignal<CopyResult>, worked: bool) {
    let _ = copied.try_set(Some(worked));
    set_timeout(
        move || {
            let _ = copied.try_set(None);
        },
        ANSWER,
    );
}

/// Copies `text`; `what` completes the label for screen readers: "Copy the URL".
#[component]
pub(crate) fn CopyButton(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] what: String,
    #[prop(optional, into)] testid: Option<&'static str>,
) -> impl IntoView {
    let copy = Callback::new(move |copied| {
        let text = text.get_untracked();
        spawn_local(async move { answer(copied, browser::copy(&text).await) });
    });
    view! { <CopyLater copy what testid/> }
}

/// Copies the text that `copy` fetches; `copy` sets the signal to the result.
#[component]
pub(crate) fn CopyLater(
    copy: Callback<RwSignal<CopyResult>>,
    #[prop(into)] what: String,
    #[prop(optional_no_strip)] testid: Option<&'static str>,
) -> impl IntoView {
    let copied = RwSignal::new(None);
    let words = move || match copied.get() {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Not copied",
    };
    let icon = move || {
        let glyph = if copied.get() == Some(true) { CHECK } else { COPY };
        view! { <Icon glyph/> }
    };
    let title = String::from("Copy ") + &what;
    view! {
        <button
            type="button"
            class="button copy"
            data-kind="quiet"
            data-script
            data-state=move || copied.get().map(|copied| if copied { "copied" } else { "failed" })
            data-testid=testid
            title=title
            on:click=move |_| copy.run(copied)
        >
            {icon}
            <span aria-live="polite">{words}</span>
            <span class="unseen">" " {what}</span>
        </button>
    }
}
