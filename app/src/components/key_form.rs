//! The form to paste a workspace's key into.

use leptos::prelude::*;

/// Opens the workspace of a pasted key in this browser. `id` must be unique on the page.
#[component]
pub(crate) fn KeyForm(
    id: &'static str,
    #[prop(default = "Open")] action: &'static str,
) -> impl IntoView {
    view! {
        <form class="key-form" method="post" action="/api/session">
            <label class="field__label" for=id>
                "Workspace key"
            </label>
            <div class="key-form__row">
                <input
                    class="field__input"
                    data-kind="wire"
                    id=id
                    name="key"
                    type="password"
                    required
                    pattern="\\s*hgk_[A-Za-z0-9_\\-]{43}\\s*"
                    title="hgk_ and 43 characters"
                    placeholder="hgk_…"
                    autocomplete="off"
                    spellcheck="false"
                />
                <button class="button" type="submit">
                    {action}
                </button>
            </div>
        </form>
    }
    .erased()
}
