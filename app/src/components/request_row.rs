//! One request in the list.

use leptos::prelude::*;

use super::{
    icon::{BAN, CHECK, Glyph, Icon, NOTE, PIN, REPEAT, SCISSORS},
    link,
    method::Method,
    when::Age,
};
use crate::{
    format::{self, target},
    wire::Summary,
};

/// A row that selects its request. What may change later (the label, marks) follows `summary`.
#[component]
pub(crate) fn RequestRow(
    seq: i64,
    summary: Signal<Summary>,
    selected: Signal<Option<i64>>,
    query: Memo<String>,
    /// Whether it came while the page was open.
    is_new: bool,
) -> impl IntoView {
    let Summary {
        endpoint, method, target, received_at, body_bytes, complete, refused, mark, ..
    } = summary.get_untracked();
    // A refused body is cut off by us, not by its sender.
    let is_cut = !complete && refused.is_none();
    let target = target.display().into_owned();
    let tail = target::tail(&target, &endpoint).to_owned();
    // `GitHub push`: who sent it and what it is.
    let label = move || {
        let summary = summary.read();
        let parts = [summary.sender.as_deref(), summary.label.as_deref()];
        let label = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        (!label.is_empty()).then_some(label)
    };
    let is_selected = move || (selected.get() == Some(seq)).then_some("true");
    let pinned = move || {
        summary.read().pinned.then(
            || view! { <Mark glyph=PIN label="pinned" title="Pinned: kept whatever the limits"/> },
        )
    };
    let note = move || {
        let note = summary.read().note.clone();
        note.map(|note| view! { <Mark glyph=NOTE label="has a note" title=note/> })
    };
    // What cannot be judged calls for nothing.
    let verdict = move || match summary.read().verdict.as_deref() {
        Some("valid") => Some(
            view! { <Mark glyph=CHECK tone="ok" label="signature valid" title="Its signature is valid"/> },
        ),
        Some("invalid") => Some(
            view! { <Mark glyph=BAN tone="alert" label="signature invalid" title="Its signature is not valid"/> },
        ),
        Some("unsigned") => Some(
            view! { <Mark glyph=BAN tone="warn" label="not signed" title="It carries no signature"/> },
        ),
        _ => None,
    };
    let attempt = move || {
        let attempt = summary.read().attempt.filter(|attempt| *attempt > 1);
        attempt.map(|attempt| {
            view! {
                <span class="mark" data-state="warn" title="Another try of the same delivery">
                    <Icon glyph=REPEAT/>
                    <span class="unseen">"try "</span>
                    {attempt}
                </span>
            }
        })
    };
    view! {
        <li
            class="request-row"
            data-testid="request-row"
            data-seq=seq
            data-state=is_new.then_some("new")
        >
            <a
                class="request-row__link"
                href=move || link::inspect(&endpoint, Some(seq), &query.read())
                aria-current=is_selected
                data-noscroll
            >
                <span class="request-row__seq">"#" {seq}</span>
                <Method method/>
                <span class="request-row__what">
                    {move || label().map(|label| view! { <span class="request-row__label">{label}</span> })}
                    <span class="request-row__target">{tail}</span>
                </span>
                // Marks share one place: how many there are moves nothing else out of its column.
                <span class="request-row__marks">
                    {pinned}
                    {note}
                    {attempt}
                    {verdict}
                    {mark.map(|mark| {
                        let title = if mark == "preview" {
                            "A chat or search engine looking at a link"
                        } else {
                            "A browser asking before a cross-origin request (CORS)"
                        };
                        view! { <span class="mark" data-state="info" title=title>{mark}</span> }
                    })}
                    {refused.map(|refused| view! {
                        <span class="mark" data-state="bad" title=refused.limit>"refused"</span>
                    })}
                    {is_cut.then(|| view! { <Mark glyph=SCISSORS tone="warn" label="cut off" title="Cut off by the sender"/> })}
                </span>
                // Most without a body never have one: a column of zeros would only be noise.
                {(body_bytes > 0).then(|| view! {
                    <span class="request-row__size">{format::bytes(body_bytes)}</span>
                })}
                <Age at=received_at/>
            </a>
        </li>
    }
}

/// A mark that is an icon, with words for those who hear it and more of them on hover.
#[component]
fn Mark(
    glyph: Glyph,
    #[prop(default = "quiet")] tone: &'static str,
    label: &'static str,
    #[prop(into)] title: String,
) -> impl IntoView {
    view! {
        <span class="mark" data-state=tone title=title>
            <Icon glyph/>
            <span class="unseen">{label}</span>
        </span>
    }
}
