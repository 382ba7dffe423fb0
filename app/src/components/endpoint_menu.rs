//! What can be done with a whole endpoint. Both acts are for good, so each says first what it
//! does.

use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::icon::{ELLIPSIS, Icon};
use crate::format::count::{counted, grouped};

/// Clears an endpoint or deletes it.
#[component]
pub(crate) fn EndpointMenu(
    id: String,
    requests: Signal<u64>,
    last_seq: Signal<i64>,
    /// Clears it without leaving the page.
    #[prop(into)]
    on_clear: Callback<()>,
) -> impl IntoView {
    let action = format!("/api/endpoints/{id}");
    let clear_action = format!("{action}/requests");
    let none = Memo::new(move |_| requests.get() == 0);
    let clear = move |event: SubmitEvent| {
        event.prevent_default();
        crate::browser::close_menus(None);
        on_clear.run(());
    };
    let next = move || grouped(last_seq.get().unsigned_abs() + 1);
    view! {
        <details class="menu endpoint-menu" data-menu name="menu">
            <summary class="button" data-kind="quiet" title="Clear or delete">
                <Icon glyph=ELLIPSIS/>
                <span class="unseen">"Clear or delete this endpoint"</span>
            </summary>
            <div class="menu__panel" data-align="end">
                <section class="menu__section">
                    <h2 class="menu__title">"Clear all requests"</h2>
                    <p class="menu__text">
                        "Deletes " {move || counted(requests.get(), "request", "requests")}
                        " for good. The next one is #" {next} "."
                    </p>
                    <form method="post" action=clear_action on:submit=clear>
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" type="submit" disabled=none>
                            "Clear all requests"
                        </button>
                    </form>
                </section>
                <section class="menu__section">
                    <h2 class="menu__title">"Delete this endpoint"</h2>
                    <p class="menu__text">
                        "Deletes it with all its requests for good. Senders get 410 from then on."
                    </p>
                    <form method="post" action=action>
                        <input type="hidden" name="_method" value="DELETE"/>
                        <button class="button" data-kind="danger" type="submit">
                            "Delete this endpoint"
                        </button>
                    </form>
                </section>
            </div>
        </details>
    }
    .into_any()
}
