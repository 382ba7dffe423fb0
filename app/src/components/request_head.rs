//! The head of a request: a one-line summary, its facts, and its actions.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    copy_as::{CopyAs, Wanted},
    icon::{ARROW_LEFT, COMPARE, DOWNLOAD, ELLIPSIS, Icon, PEN, PIN, TRASH},
    link::{self, ViewLink, query_for},
    metadata::is_body_kept,
    method::Method,
    when::{Age, Exact},
};
use crate::{
    format::{joined, name},
    route,
    wire::{Detail, Summary},
};

/// The actions on a request that do not leave the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestActions {
    /// Deletes it.
    pub(crate) delete: Callback<i64>,
    /// Changes the note or pin: the JSON of the change, and the signal for the new summary.
    pub(crate) annotate: Callback<(String, RwSignal<Summary>)>,
    /// Copies it as a command or program.
    pub(crate) copy: Callback<Wanted>,
}

/// Method, target and time, with the actions.
#[component]
pub(crate) fn RequestHead(
    detail: Detail,
    known: RwSignal<Summary>,
    /// Whether its note is being edited.
    editing: RwSignal<bool>,
    acts: RequestActions,
) -> impl IntoView {
    let summary = detail.summary;
    let query = link::query_string();
    let back = {
        let id = summary.endpoint.clone();
        move || link::inspect(&id, None, &query.read())
    };
    let label = name::event(&summary, " · ");
    let status = move || {
        known.read().status.map(|status| {
            let kind = if status < 400 { "ok" } else { "bad" };
            view! { <span class="request-head__status" data-state=kind>"answered " {status}</span> }
        })
    };
    let never = Signal::stored(false);
    // Links to things with their own part.
    let ways = move || {
        let known = known.read();
        let verdict = known.verdict.as_deref();
        let verdict = verdict.map(|verdict| {
            let words = match verdict {
                "unsigned" => "not signed".to_owned(),
                verdict => joined(&["signature ", verdict]),
            };
            (verdict_tone(verdict), "signature", words)
        });
        let attempt = known.attempt.filter(|attempt| *attempt > 1);
        let attempt = attempt
            .map(|attempt| ("warn", "attempts", joined(&["attempt ", &attempt.to_string()])));
        let ways = [verdict, attempt].into_iter().flatten();
        ways.map(|(tone, part, words)| {
            view! {
                <span class="request-head__status" data-state=tone>
                    <ViewLink key="tab" value=part chosen=never>{words}</ViewLink>
                </span>
            }
        })
        .each_erased()
    };
    view! {
        <a class="button request-head__back" data-kind="quiet" data-key="back" href=back>
            <Icon glyph=ARROW_LEFT/>
            "All requests"
        </a>
        <h2 class="request-head__line">
            <Method method=summary.method.clone()/>
            <span class="request-head__target">{summary.target.display().into_owned()}</span>
        </h2>
        <p class="request-head__meta">
            <span class="request-head__seq">"#" {summary.seq}</span>
            {label.map(|label| view! { <span class="request-head__label">{label}</span> })}
            {ways}
            {status}
            <Exact at=summary.received_at/>
            <span data-script>
                <Age at=summary.received_at in_sentence=true/>
            </span>
        </p>
        <Buttons summary known editing acts/>
    }
    .erased()
}

/// Returns the tone of a verdict.
fn verdict_tone(verdict: &str) -> &'static str {
    match verdict {
        "valid" => "ok",
        "invalid" => "bad",
        "unsigned" => "warn",
        _ => "quiet",
    }
}

#[component]
fn Buttons(
    summary: Summary,
    known: RwSignal<Summary>,
    editing: RwSignal<bool>,
    acts: RequestActions,
) -> impl IntoView {
    let seq = summary.seq;
    let has_body = is_body_kept(&summary);
    let path = joined(&["/api/endpoints/", &summary.endpoint, "/requests/", &seq.to_string()]);
    let query = route::use_location().query;
    let compare = {
        let id = summary.endpoint.clone();
        move || {
            let without = ["form", "depth", "toggled", "find", "from"];
            let set = [("tab", "compare"), ("with", "previous")];
            link::inspect(&id, Some(seq), &query_for(&query.read(), &without, &set))
        }
    };
    let is_pinned = Memo::new(move |_| known.read().pinned);
    let pin = move |event: SubmitEvent| {
        event.prevent_default();
        let pinned = if is_pinned.get_untracked() { "false" } else { "true" };
        acts.annotate.run((joined(&["{\"pinned\":", pinned, "}"]), known));
    };
    let delete = move |event: SubmitEvent| {
        event.prevent_default();
        acts.delete.run(seq);
    };
    let has_note = Memo::new(move |_| known.read().note.is_some());
    view! {
        <div class="request-head__acts">
            <CopyAs path=path.clone() copy=acts.copy/>
            <a class="button" data-kind="quiet" data-key="compare" data-noscroll href=compare title="Compare with the previous request of its kind">
                <Icon glyph=COMPARE/>
                "Compare"
            </a>
            <button class="button" type="button" data-kind="quiet" data-key="note" data-script aria-expanded=move || if editing.get() { "true" } else { "false" } on:click=move |_| editing.update(|editing| *editing = !*editing)>
                <Icon glyph=PEN/>
                {move || if has_note.get() { "Edit note" } else { "Note" }}
            </button>
            <form method="post" action=path.clone() on:submit=pin>
                <input type="hidden" name="_method" value="PATCH"/>
                <input type="hidden" name="pinned" value=move || if is_pinned.get() { "false" } else { "true" }/>
                <button class="button request-head__pin" data-kind="quiet" data-key="pin" type="submit" aria-pressed=move || if is_pinned.get() { "true" } else { "false" } title="Pinned requests are spared when old ones are dropped">
                    <Icon glyph=PIN/>
                    {move || if is_pinned.get() { "Pinned" } else { "Pin" }}
                </button>
            </form>
            <form method="post" action=path.clone() on:submit=delete>
                <input type="hidden" name="_method" value="DELETE"/>
                <button class="button" data-kind="quiet" data-key="delete" type="submit" title="Delete this request">
                    <Icon glyph=TRASH/>
                    "Delete"
                </button>
            </form>
            <details class="menu" data-menu name="menu" data-testid="request-menu">
                <summary class="button" data-kind="quiet" title="Downloads">
                    <Icon glyph=ELLIPSIS/>
                    <span class="unseen">"Downloads"</span>
                </summary>
                <div class="menu__panel request-head__more" data-align="end">
                    <a class="copy-as__tool" hidden=!has_body href=path.clone() + "/body" download>
                        <Icon glyph=DOWNLOAD/>
                        "The body, byte for byte"
                    </a>
                    <a class="copy-as__tool" href=path + "/raw" download>
                        <Icon glyph=DOWNLOAD/>
                        "Head and body as they came"
                    </a>
                </div>
            </details>
        </div>
    }
    .erased()
}
