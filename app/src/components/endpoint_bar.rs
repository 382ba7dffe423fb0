//! The strip that says where to send to: the heart of an endpoint's page.

use leptos::prelude::*;

use super::{
    copy::CopyButton,
    icon::{GLOBE, Icon, MACHINE, NETWORK},
};
use crate::format::{curl, reach::Reach};

/// The endpoint's URL, who can reach it, and a command to try it with; its children are what can
/// be done with the endpoint.
#[component]
pub(crate) fn EndpointBar(url: Signal<String>, children: Children) -> impl IntoView {
    let command = Memo::new(move |_| curl::command(&url.read()));
    view! {
        <section class="endpoint-bar" aria-label="Where to send to">
            <div class="endpoint-bar__url">
                <code class="endpoint-bar__address" data-testid="endpoint-url">{url}</code>
                <CopyButton text=url what="the URL" testid="copy-url"/>
                <ReachMark url/>
            </div>
            <div class="endpoint-bar__try">
                <code class="endpoint-bar__command" tabindex="0" aria-label="A command that sends a sample">
                    {command}
                </code>
                <CopyButton text=command what="the curl command" testid="copy-curl"/>
            </div>
            <div class="endpoint-bar__acts">{children()}</div>
        </section>
    }
    .into_any()
}

/// Who can reach a URL, short, with the whole sentence on hover and for those who hear the page.
#[component]
pub(crate) fn ReachMark(url: Signal<String>) -> impl IntoView {
    let reach = Memo::new(move |_| Reach::of_url(&url.read()));
    move || {
        reach.get().map(|reach| {
            let (state, words, glyph) = match reach {
                Reach::ThisMachine => ("machine", "This machine only", MACHINE),
                Reach::LocalNetwork => ("network", "Your network only", NETWORK),
                Reach::Internet => ("internet", "Anyone", GLOBE),
            };
            view! {
                <span class="reach" data-state=state title=reach.sentence()>
                    <Icon glyph/>
                    <span aria-hidden="true">{words}</span>
                    <span class="unseen">{reach.sentence()}</span>
                </span>
            }
        })
    }
}
