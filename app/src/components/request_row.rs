//! One request in the list.

use leptos::prelude::*;

use super::{
    icon::{Icon, SCISSORS},
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
    let Summary { endpoint, method, target, received_at, body_bytes, complete, refused, .. } =
        summary.get_untracked();
    // A refused body is cut off by us, not by its sender.
    let is_cut = !complete && refused.is_none();
    let target = target.display().into_owned();
    let tail = target::tail(&target, &endpoint).to_owned();
    let label = move || summary.read().label.clone();
    let is_selected = move || (selected.get() == Some(seq)).then_some("true");
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
                {refused.map(|refused| view! {
                    <span class="mark" data-state="bad" title=refused.limit>"refused"</span>
                })}
                {is_cut.then(|| view! {
                    <span class="mark" data-state="warn" title="Cut off by the sender">
                        <Icon glyph=SCISSORS/>
                        <span class="unseen">"cut off"</span>
                    </span>
                })}
                // Most without a body never have one: a column of zeros would only be noise.
                {(body_bytes > 0).then(|| view! {
                    <span class="request-row__size">{format::bytes(body_bytes)}</span>
                })}
                <Age at=received_at/>
            </a>
        </li>
    }
}
