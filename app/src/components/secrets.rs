//! The switch that hides secrets, for demonstrations and screenshots. The style sheet masks marked
//! elements; the browser remembers the choice.

use leptos::prelude::*;

use super::icon::{EYE, EYE_OFF, Icon};
use crate::preferences;

/// Whether secrets are hidden. A cheap-clone handle on a signal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretsHidden(RwSignal<bool>);

impl SecretsHidden {
    /// Reads the document's state once the page is hydrated.
    pub(crate) fn new() -> Self {
        let hidden = RwSignal::new(false);
        Effect::new(move |_| hidden.set(preferences::are_secrets_hidden()));
        Self(hidden)
    }

    /// Returns this page's handle.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Returns whether they are hidden; false until the page is hydrated.
    pub(crate) fn are_hidden(self) -> bool {
        self.0.get()
    }

    fn toggle(self) {
        let hidden = !self.0.get_untracked();
        preferences::hide_secrets(hidden);
        self.0.set(hidden);
    }
}

/// Hides or shows the values of `Authorization`, `Cookie` and the like on every page.
#[component]
pub(crate) fn SecretsSwitch() -> impl IntoView {
    let secrets = SecretsHidden::get();
    view! {
        <button
            type="button"
            class="button secrets-switch"
            data-kind="quiet"
            data-script
            aria-pressed=move || if secrets.are_hidden() { "true" } else { "false" }
            title="Masks Authorization, Cookie and other secrets on the screen"
            data-testid="hide-secrets"
            on:click=move |_| secrets.toggle()
        >
            {move || {
                let glyph = if secrets.are_hidden() { EYE_OFF } else { EYE };
                view! { <Icon glyph/> }
            }}
            "Hide secrets"
        </button>
    }
}
