//! The product's name, and the link to the home page.

use leptos::prelude::*;

/// The logo, a lens with a trace in it, and the name.
#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href="/" aria-label="Hookglass">
            <svg class="brand__mark" viewBox="0 0 24 24" width="22" height="22" fill="none" aria-hidden="true">
                <circle class="brand__lens" cx="12" cy="12" r="10" stroke="currentColor" stroke-width="1.75"/>
                <path
                    class="brand__trace"
                    d="M2.5 13h5.2l1.8-6 3.4 11 2-5h6.6"
                    stroke="currentColor"
                    stroke-width="1.75"
                    stroke-linecap="round"
                    stroke-linejoin="round"
                />
            </svg>
            <span class="brand__name">"Hookglass"</span>
        </a>
    }
}
