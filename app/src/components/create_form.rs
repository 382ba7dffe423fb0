//! The button that creates an endpoint.

use leptos::prelude::*;

use super::icon::{Icon, PLUS};

/// Creates an endpoint; its address and name are optional. Works without script.
#[component]
pub(crate) fn CreateForm() -> impl IntoView {
    view! {
        <form class="create-form" method="post" action="/api/endpoints">
            <button class="button" data-kind="primary" type="submit" data-testid="create-endpoint">
                <Icon glyph=PLUS/>
                "New endpoint"
            </button>
            <details class="create-form__more">
                <summary>"Choose its address or name"</summary>
                <div class="create-form__fields">
                    <div class="field">
                        <label class="field__label" for="create-slug">
                            "Address"
                        </label>
                        <input
                            class="field__input"
                            data-kind="wire"
                            id="create-slug"
                            name="slug"
                            pattern="[a-z0-9][a-z0-9_\\-]{2,62}"
                            maxlength="63"
                            placeholder="a random one"
                            autocomplete="off"
                            autocapitalize="none"
                            spellcheck="false"
                            aria-describedby="create-slug-hint"
                        />
                        <p class="field__hint" id="create-slug-hint">
                            "3 to 63 of a–z, 0–9, - and _. Fixed for life, and easier to guess."
                        </p>
                    </div>
                    <div class="field">
                        <label class="field__label" for="create-name">
                            "Name"
                        </label>
                        <input
                            class="field__input"
                            id="create-name"
                            name="name"
                            maxlength="100"
                            placeholder="none"
                            autocomplete="off"
                            aria-describedby="create-name-hint"
                        />
                        <p class="field__hint" id="create-name-hint">
                            "For you alone; senders never see it."
                        </p>
                    </div>
                </div>
            </details>
        </form>
    }
    .erased()
}
