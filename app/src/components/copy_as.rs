//! The menu that copies a request as a command or program that sends it again.

use leptos::{ev::MouseEvent, prelude::*};

use super::{
    copy::CopyResult,
    icon::{CHECK, CHEVRON_DOWN, COPY, Icon},
    secrets::SecretsHidden,
};
use crate::{
    browser,
    format::{joined, tools::TOOLS},
};

/// The tool for which a request is copied, and the signal for the result.
pub(crate) type Wanted = (&'static str, RwSignal<CopyResult>);

/// A menu of tools. Without script, each is a link to its text.
#[component]
pub(crate) fn CopyAs(
    /// The request's path in the API.
    path: String,
    copy: Callback<Wanted>,
) -> impl IntoView {
    let secrets = SecretsHidden::get();
    let copied = RwSignal::new(None);
    let words = move || match copied.get() {
        None => "Copy as",
        Some(true) => "Copied",
        Some(false) => "Not copied",
    };
    let glyph = move || {
        let glyph = if copied.get() == Some(true) { CHECK } else { COPY };
        view! { <Icon glyph/> }
    };
    let items = TOOLS.map(|(tool, name)| {
        let press = move |event: MouseEvent| {
            event.prevent_default();
            browser::close_menus(None);
            copy.run((tool, copied));
        };
        let href = joined(&[&path, "/snippet?tool=", tool]);
        let key = (tool == "curl").then_some("copy-curl");
        view! {
            <li>
                <a class="copy-as__tool" href=href rel="external" data-key=key on:click=press>{name}</a>
            </li>
        }
    });
    view! {
        <details class="menu copy-as" data-menu name="menu" data-testid="copy-as">
            <summary class="button" data-kind="quiet" data-state=move || copied.get().map(|copied| if copied { "copied" } else { "failed" })>
                {glyph}
                <span aria-live="polite">{words}</span>
                <Icon glyph=CHEVRON_DOWN/>
            </summary>
            <div class="menu__panel" data-align="end">
                <ul class="copy-as__tools">{items.into_iter().each_erased()}</ul>
                <p class="copy-as__warning" hidden=move || !secrets.are_hidden()>
                    "What is copied has the secrets that are hidden here."
                </p>
            </div>
        </details>
    }
    .erased()
}
