//! The button that switches between dark and light.

use leptos::prelude::*;

use super::icon::{Icon, MOON};
use crate::preferences;

/// Switches between light and dark. Until it is used, pages follow the system.
#[component]
pub(crate) fn ThemeButton() -> impl IntoView {
    view! {
        <button
            type="button"
            class="button"
            data-kind="quiet"
            data-script
            data-key="theme"
            title="Light or dark (l)"
            on:click=move |_| preferences::switch_theme()
        >
            <Icon glyph=MOON/>
            <span class="unseen">"Light or dark"</span>
        </button>
    }
}
