//! A part of a request as the server reads it: display options, notes, and then rows, fields, an
//! image or a preview.

use leptos::prelude::*;

use super::{
    copy::{CopyLater, CopyResult},
    fields::FieldsView,
    icon::{ALERT, BAN, CHECK, INFO},
    notice::{Notice, Tone},
    part_tools::PartTools,
    reader::{Reader, Rows},
    value_bar::ValueBar,
};
use crate::{
    format::{self, count::grouped, joined},
    route,
    row_window::{self, RowWindow},
    wire::{Ask, Part, Problem, Reading, TEXT_BYTES, Value},
};

/// The result of requesting the value of a line.
pub(crate) type ValueAnswer = Option<Result<Value, Problem>>;

/// The callbacks that load more of a part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loads {
    /// Loads more rows of the same part, from an index on.
    pub(crate) rows: Callback<(Ask, u64, RwSignal<RowWindow>)>,
    /// Loads the value of a line in a body that is read as JSON in a form.
    pub(crate) value: Callback<(u64, String, RwSignal<ValueAnswer>)>,
    /// Copies the body as text.
    pub(crate) body: Callback<RwSignal<CopyResult>>,
}

/// A part of a request. `top` and `chosen` are kept while the same part is read again.
#[component]
pub(crate) fn TabPanel(
    ask: Ask,
    reading: Reading,
    loads: Loads,
    top: StoredValue<i32>,
    /// The chosen line.
    chosen: RwSignal<Option<u64>>,
    /// The number of the request.
    seq: i64,
    /// The length of its body in bytes.
    body_bytes: u64,
) -> impl IntoView {
    let part = ask.part;
    let form = reading.form.clone();
    let testid = match part {
        Part::Body => "body-view",
        Part::Headers => "headers-view",
        Part::Query => "query-view",
        Part::Wire => "wire-view",
        Part::Reply => "reply-view",
        Part::Signature => "signature-view",
        Part::Attempts => "attempts-view",
        Part::Compare => "compare-view",
    };
    let sought = RwSignal::new(None);
    let slice =
        RwSignal::new(RowWindow { from: reading.from, rows: reading.rows.clone(), missed: None });
    let total = reading.total;
    let is_windowed = row_window::is_windowed(total, reading.from, reading.rows.len());
    let has_values = part == Part::Body && matches!(form.as_str(), "json" | "payload");
    let notes = reading
        .notes
        .iter()
        .map(|note| {
            let (tone, glyph) = match note.tone.as_str() {
                "ok" => (Tone::Ok, CHECK),
                "bad" => (Tone::Bad, BAN),
                "warn" => (Tone::Warn, ALERT),
                _ => (Tone::Info, INFO),
            };
            let text = note.text.clone();
            view! { <Notice tone glyph>{text}</Notice> }
        })
        .each_erased();
    let decoded = reading.decoded.as_ref().map(|decoded| {
        let text = joined(&[
            &decoded.coding,
            ", ",
            &format::bytes(reading.bytes),
            if decoded.is_partial { " decoded in part to " } else { " decoded to " },
            &format::bytes(decoded.bytes),
        ]);
        view! { <span class="tab-panel__decoded">{text}</span> }
    });
    // The whole text of a partly decoded body is not available.
    let text_bytes = match &reading.decoded {
        None => Some(body_bytes),
        Some(decoded) => (!decoded.is_partial).then_some(decoded.bytes),
    };
    let can_copy = part == Part::Body
        && text_bytes.is_some_and(|bytes| bytes <= TEXT_BYTES)
        && reading.forms.iter().any(|form| form.value == "text");
    let image = reading.image.clone().map(|path| {
        view! {
            <div class="tab-panel__image">
                <img src=path alt="The body as an image" data-testid="image"/>
            </div>
        }
    });
    let preview = reading.preview.clone().map(|document| {
        view! {
            <iframe class="tab-panel__preview" sandbox="" srcdoc=document title="The body as a page that runs nothing and loads nothing" data-testid="preview"></iframe>
        }
    });
    let rows = (!reading.rows.is_empty()).then(|| {
        let asked = ask.clone();
        let rows = Rows {
            slice,
            total,
            load: Callback::new(move |from| loads.rows.run((asked.clone(), from, slice))),
            chosen,
            sought,
            top,
        };
        let toggled = ask.toggled.clone();
        view! { <Reader rows form=form.clone() has_values toggled label=label(part)/> }
    });
    let pages = (is_windowed && !reading.rows.is_empty()).then(|| {
        let (from, to) = slice.with_untracked(RowWindow::places);
        view! { <Pages kind="Rows" from to total/> }.erased()
    });
    let fields_from = reading.from;
    let fields_to = fields_from + u64::try_from(reading.fields.len()).unwrap_or_default();
    let is_in_part = !reading.fields.is_empty()
        && row_window::is_windowed(total, fields_from, reading.fields.len());
    let field_pages = is_in_part
        .then(|| view! { <Pages kind="Fields" from=fields_from to=fields_to total/> }.erased());
    let fields = (!reading.fields.is_empty()).then(|| {
        view! { <FieldsView fields=reading.fields.clone() caption=label(part)/> }
    });
    view! {
        <div class="tab-panel" data-testid=testid data-state=form.clone()>
            <PartTools ask=ask.clone() reading seq sought>
                {decoded}
                {can_copy.then(|| view! { <CopyLater what="the body as text" copy=loads.body/> })}
            </PartTools>
            {notes}
            {image}
            {preview}
            {rows}
            {pages}
            {has_values.then(|| {
                let form = form.clone();
                let load = Callback::new(move |(line, answer)| {
                    loads.value.run((line, form.clone(), answer));
                });
                view! { <ValueBar chosen load/> }
            })}
            {fields}
            {field_pages}
        </div>
    }
    .erased()
}

const fn label(part: Part) -> &'static str {
    match part {
        Part::Body => "The body",
        Part::Headers => "Header fields in the order they came",
        Part::Query => "The fields of the query",
        Part::Wire => "The bytes as received",
        Part::Reply => "What was answered",
        Part::Signature => "What can be said of the signature",
        Part::Attempts => "The tries of its delivery",
        Part::Compare => "What differs",
    }
}

/// The range of the shown rows or fields, and links to the others. For rows only without script:
/// with script, they scroll.
#[component]
fn Pages(kind: &'static str, from: u64, to: u64, total: u64) -> impl IntoView {
    let query = route::use_location().query;
    let step = u64::from(row_window::ROWS);
    let link = move |place: u64, text: &'static str| {
        let query = query.read_untracked();
        let href = super::link::query_for(&query, &[], &[("from", &place.to_string())]);
        view! { <a class="button" href=href>{text}</a> }
    };
    view! {
        <nav class="tab-panel__pages" data-no-script=(kind == "Rows").then_some("") aria-label=kind>
            <span>
                {joined(&[kind, " ", &grouped(from + 1), " to ", &grouped(to), " of ", &grouped(total)])}
            </span>
            {(from > 0).then(|| link(from.saturating_sub(step), "Earlier"))}
            {(to < total).then(|| link(to, "Later"))}
        </nav>
    }
}
