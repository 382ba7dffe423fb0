//! The bar with the URL for senders: the most important part of an endpoint's page.

use leptos::prelude::*;

use super::{
    copy::CopyButton,
    icon::{GLOBE, Icon, MACHINE, NETWORK},
    sample::SampleButton,
    when::Expiry,
};
use crate::{
    feed::FeedState,
    format::{curl, joined, reach::Reach, sample::SAMPLES},
    wire::Timestamp,
};

/// The endpoint's URL, who can reach it and until when, and a command to test it; its children are
/// the actions on the endpoint.
#[component]
pub(crate) fn EndpointBar(
    url: Signal<String>,
    /// Whether the bar shows the command; while no request has arrived, it is shown larger
    /// elsewhere.
    with_command: Signal<bool>,
    /// When the endpoint expires, if ever.
    until: Memo<Option<Timestamp>>,
    children: Children,
) -> impl IntoView {
    let command = Memo::new(move |_| curl::command(&url.read()));
    view! {
        <section class="endpoint-bar" aria-label="Where to send to">
            <div class="endpoint-bar__url">
                <code class="endpoint-bar__address" data-testid="endpoint-url">{url}</code>
                <CopyButton text=url what="the URL" testid="copy-url"/>
                <ReachMark url/>
                <span class="endpoint-bar__expiry"><Expiry until/></span>
            </div>
            {move || with_command.get().then(|| view! {
                <div class="endpoint-bar__try">
                    <code class="endpoint-bar__command" tabindex="0" aria-label="A command that sends a sample">
                        {command}
                    </code>
                    <CopyButton text=command what="the curl command" testid="copy-curl"/>
                </div>
            }.erased())}
            <div class="endpoint-bar__acts">
                <SampleButton url sample=&SAMPLES[0] label="Send a sample" key="sample"/>
                {children.shown()}
            </div>
        </section>
    }
    .erased()
}

/// The link to the settings of the endpoint's responses, with a summary of them if they are not the
/// default. Only the server renders that page.
#[component]
pub(crate) fn AnswersLink(state: RwSignal<FeedState>) -> impl IntoView {
    let href = joined(&["/inspect/", &state.read_untracked().endpoint.id, "/answers"]);
    let words = Memo::new(move |_| state.read().endpoint.answers.clone().unwrap_or_default());
    view! {
        <a class="button" data-kind="quiet" href=href rel="external" data-testid="answers">
            "Answers"
            <span class="endpoint-bar__words" title=words hidden=move || words.read().is_empty()>{words}</span>
        </a>
    }
}

/// Who can reach a URL: short, with the whole sentence on hover and for screen readers; or the
/// sentence itself.
#[component]
pub(crate) fn ReachMark(url: Signal<String>, #[prop(optional)] in_full: bool) -> impl IntoView {
    let reach = Memo::new(move |_| Reach::of_url(&url.read()));
    move || {
        reach.get().map(|reach| {
            let (state, words, glyph) = match reach {
                Reach::ThisMachine => ("machine", "This machine only", MACHINE),
                Reach::LocalNetwork => ("network", "Your network only", NETWORK),
                Reach::Internet => ("internet", "Anyone", GLOBE),
            };
            let words = (!in_full).then(|| view! { <span aria-hidden="true">{words}</span> });
            view! {
                <span class="reach" data-kind=in_full.then_some("sentence") data-state=state title=reach.sentence()>
                    <Icon glyph/>
                    {words}
                    <span class=if in_full { "reach__sentence" } else { "unseen" }>{reach.sentence()}</span>
                </span>
            }
        })
    }
}
