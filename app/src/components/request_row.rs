//! A request in the list.

use leptos::prelude::*;

use super::{
    icon::{BAN, CHECK, Glyph, Icon, NOTE, PIN, REPEAT, SCISSORS},
    link,
    method::Method,
    when::Age,
};
use crate::{
    format::{self, name, target},
    wire::Summary,
};

/// A row that selects its request. Values that may change later (the label, marks) follow
/// `summary`.
#[component]
pub(crate) fn RequestRow(
    seq: i64,
    summary: Signal<Summary>,
    selected: Signal<Option<i64>>,
    query: Memo<String>,
    /// Whether it arrived while the page was open.
    is_new: bool,
) -> impl IntoView {
    let Summary { endpoint, method, target, received_at, body_bytes, .. } = summary.get_untracked();
    let target = target.display().into_owned();
    let tail = target::tail(&target, &endpoint).to_owned();
    // `GitHub push`: the sender and the event.
    let label = move || name::event(&summary.read(), " ");
    let is_selected = move || (selected.get() == Some(seq)).then_some("true");
    let marks = move || marks(&summary.read()).into_iter().map(marked).each_erased();
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
                    {move || label().map(|label| view! { <span class="request-row__label">{label}</span> }.erased())}
                    <span class="request-row__target">{tail}</span>
                </span>
                // Marks share one column, so that their number does not shift the others.
                <span class="request-row__marks">
                    {marks}
                </span>
                // Most requests without a body never have one: a column of zeros would only be
                // noise.
                {(body_bytes > 0).then(|| view! {
                    <span class="request-row__size">{format::bytes(body_bytes)}</span>
                })}
                <Age at=received_at/>
            </a>
        </li>
    }
}

/// A mark in a row, next to its name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mark {
    state: &'static str,
    glyph: Option<Glyph>,
    /// An icon's meaning, for screen readers.
    heard: &'static str,
    shown: String,
    /// A longer text, on hover.
    title: String,
}

/// Returns all marks of a request; most have none. They share one shape, because each further one
/// would make the browser half larger.
fn marks(summary: &Summary) -> Vec<Mark> {
    let icon = |glyph, state, heard, title: &str| Mark {
        state,
        glyph: Some(glyph),
        heard,
        shown: String::new(),
        title: title.to_owned(),
    };
    let words = |shown: &str, state, title: &str| Mark {
        state,
        shown: shown.to_owned(),
        title: title.to_owned(),
        ..Mark::default()
    };
    let mut marks = Vec::new();
    if summary.pinned {
        marks.push(icon(PIN, "quiet", "pinned", "Pinned: kept whatever the limits"));
    }
    if let Some(note) = &summary.note {
        marks.push(icon(NOTE, "quiet", "has a note", note));
    }
    if let Some(attempt) = summary.attempt.filter(|attempt| *attempt > 1) {
        let retry = icon(REPEAT, "warn", "try ", "Another try of the same delivery");
        marks.push(Mark { shown: attempt.to_string(), ..retry });
    }
    // A verdict of `unknown` needs no attention.
    match summary.verdict.as_deref() {
        Some("valid") => {
            marks.push(icon(CHECK, "ok", "signature valid", "Its signature is valid"));
        }
        Some("invalid") => {
            marks.push(icon(BAN, "alert", "signature invalid", "Its signature is not valid"));
        }
        Some("unsigned") => {
            marks.push(icon(BAN, "warn", "not signed", "It carries no signature"));
        }
        _ => {}
    }
    if let Some(mark) = &summary.mark {
        let title = if mark == "preview" {
            "A chat or search engine looking at a link"
        } else {
            "A browser asking before a cross-origin request (CORS)"
        };
        marks.push(words(mark, "info", title));
    }
    let failed = summary.status.filter(|status| *status >= 300 && summary.refused.is_none());
    if let Some(status) = failed {
        let state = if status < 400 { "warn" } else { "bad" };
        marks.push(words(&status.to_string(), state, "What it was answered with"));
    }
    match &summary.refused {
        Some(refused) => marks.push(words("refused", "bad", &refused.limit)),
        // The server cuts off a refused body, not the sender.
        None if !summary.complete => {
            marks.push(icon(SCISSORS, "warn", "cut off", "Cut off by the sender"));
        }
        None => {}
    }
    marks
}

fn marked(mark: Mark) -> impl IntoView {
    let Mark { state, glyph, heard, shown, title } = mark;
    view! {
        <span class="mark" data-state=state title=title>
            {glyph.map(|glyph| view! { <Icon glyph/> })}
            <span class="unseen">{heard}</span>
            {shown}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Refused;

    #[test]
    fn a_request_like_most_has_no_marks() {
        let summary = Summary { complete: true, attempt: Some(1), ..Summary::default() };
        assert_eq!(marks(&summary), []);
    }

    #[test]
    fn what_is_out_of_the_ordinary_is_marked_once() {
        let refused = Some(Refused { limit: "max-body".to_owned(), value: 1 });
        let summary = Summary {
            pinned: true,
            note: Some("look".to_owned()),
            attempt: Some(3),
            verdict: Some("invalid".to_owned()),
            mark: Some("preview".to_owned()),
            status: Some(413),
            refused,
            ..Summary::default()
        };
        let said: Vec<(&str, String)> =
            marks(&summary).into_iter().map(|mark| (mark.heard, mark.shown)).collect();
        let expected = [
            ("pinned", ""),
            ("has a note", ""),
            ("try ", "3"),
            ("signature invalid", ""),
            ("", "preview"),
            ("", "refused"),
        ];
        assert_eq!(said, expected.map(|(heard, shown)| (heard, shown.to_owned())));
        let failed = Summary { complete: true, status: Some(503), ..Summary::default() };
        let said = |summary| {
            marks(&summary).into_iter().map(|mark| (mark.shown, mark.state)).collect::<Vec<_>>()
        };
        assert_eq!(said(failed.clone()), [("503".to_owned(), "bad")]);
        assert_eq!(
            said(Summary { status: Some(302), ..failed.clone() }),
            [("302".to_owned(), "warn")]
        );
        assert_eq!(said(Summary { status: Some(204), ..failed }), []);
        let cut = Summary::default();
        assert_eq!(marks(&cut).first().map(|mark| mark.heard), Some("cut off"));
    }
}
