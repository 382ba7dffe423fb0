//! The differences between two requests: request line, headers by name, bodies by structure if they
//! have one, otherwise by line. Equal rows are left out, except for those around a difference.

mod fields;
mod json;
mod lines;
mod rows;
mod side;

use std::time::{Duration, Instant};

use hookglass_message::head;
use hookglass_store::{EndpointId, RequestRef, Store, StoreError, truncate_for_list};
use hookglass_wire::{Ask, Reading, Row, Summary, Text, Window};

use self::{rows::ComparedRows, side::Side};
use super::{
    RenderError, RenderedRequest, Renderer, form, headers, note, off_thread,
    pieces::grouped,
    row_source::{self, ReadyRows},
    rows_asked, tokens,
};

/// Time limit for finding the smallest set of differences; after that any correct set is used.
const PATIENCE: Duration = Duration::from_millis(500);
/// Memory for comparing, as a multiple of the bodies' size.
const GROWTH: usize = 32;
/// How many older requests are searched for one with the same event.
const LOOKED_AT: usize = 1_000;
/// How many are read at a time.
const PAGE: u32 = 200;
const NOTHING_BEFORE: &str = "There is no earlier request to compare this one with.";
const NOTHING_DIFFERS: &str = "Nothing differs: line, headers and body are the same.";

impl Renderer {
    /// Compares a request with the given one, by default the previous one with the same event.
    pub(super) async fn compare(
        &self,
        subject: RenderedRequest,
        ask: &Ask,
    ) -> Result<Reading, RenderError> {
        let part = rows_asked(ask)?;
        let (store, endpoint) = (subject.store.clone(), subject.endpoint);
        let other = match ask.with.as_deref() {
            None | Some("previous") => previous(&*store, endpoint, &subject.stored.summary).await?,
            Some(seq) => Some(seq.parse().map_err(|_| {
                RenderError::Invalid(
                    "`with` takes the `seq` of a request, or `previous`.".to_owned(),
                )
            })?),
        };
        let Some(other) = other else {
            let notes = vec![note("info", NOTHING_BEFORE)];
            return Ok(Reading { notes, ..Reading::default() });
        };
        let stored = match store.request(endpoint, RequestRef::Seq(other)).await {
            Err(StoreError::NotFound) => return Err(RenderError::NoOther(other)),
            stored => stored?,
        };
        let other_subject = RenderedRequest { store, endpoint, stored };
        let old = self.with_content(other_subject, Side::of).await?;
        let seq = subject.stored.summary.seq;
        let new = self.with_content(subject, Side::of).await?;
        let permit = self.permit(mebibytes(old.body.len() + new.body.len())).await?;
        let work = move || {
            let mut reading = compare(&old, &new);
            let rows = ReadyRows(std::mem::take(&mut reading.rows));
            row_source::fill(&mut reading, &rows, &part);
            Reading { compared_with: Some(other), bytes: new.body_bytes(), ..reading }
        };
        off_thread(permit, seq, work).await
    }
}

/// Estimates the memory for comparing bodies of `bytes` in total: JSON takes a node for every
/// second byte of `[1,1`, and the diff takes some numbers for each node.
fn mebibytes(bytes: usize) -> u32 {
    u32::try_from((bytes * GROWTH).div_ceil(1024 * 1024)).unwrap_or(u32::MAX).max(1)
}

/// Returns all differences as rows.
fn compare(old: &Side, new: &Side) -> Reading {
    let deadline = Instant::now() + PATIENCE;
    let mut notes = Vec::new();
    let mut rows = ComparedRows::new();
    rows.heading("Request line", |_| "");
    if old.line == new.line {
        rows.same("", &new.line);
    } else {
        rows.removed("", &old.line);
        rows.added("", &new.line);
    }
    rows.heading("Headers", headers::secrecy);
    if let Some(text) = fields::compare(&old.headers, &new.headers, &mut rows) {
        notes.push(note("info", &format!("The headers differ only in {text}.")));
    }
    if !old.trailers.is_empty() || !new.trailers.is_empty() {
        rows.heading("Trailers", headers::secrecy);
        fields::compare(&old.trailers, &new.trailers, &mut rows);
    }
    rows.heading("Body", tokens::secrecy);
    if let Some(text) = old.cut_off().or(new.cut_off()) {
        notes.push(note("warn", text));
    }
    if old.body == new.body
        && old.body_bytes() == new.body_bytes()
        && old.is_whole() == new.is_whole()
    {
        let text = match new.body_bytes() {
            0 => "Both bodies are empty.".to_owned(),
            bytes => format!("The bodies are equal: {} bytes.", grouped_u64(bytes)),
        };
        rows.say("same", &text);
        if old.sha256 != new.sha256 {
            notes.push(note("info", "The bodies are equal once decoded; the bytes sent differ."));
        }
    } else if !old.is_text || !new.is_text {
        binary(old, new, &mut rows);
    } else if let (Some(old), Some(new)) =
        (json::JsonNode::of(&old.body), json::JsonNode::of(&new.body))
    {
        if json::compare(&old, &new, deadline, &mut rows) == 0 {
            notes.push(note("info", "The bodies are the same JSON, written differently."));
        }
    } else if old.is_form && new.is_form && old.has_few_fields() && new.has_few_fields() {
        rows.judge_names_by(form::secrecy);
        let pairs = |side: &Side| fields::of_form(&side.body);
        if let Some(text) = fields::compare(&pairs(old), &pairs(new), &mut rows) {
            notes.push(note("info", &format!("The form fields differ only in {text}.")));
        }
    } else {
        lines::compare(&old.body, &new.body, deadline, &mut rows);
    }
    let rows = rows.done();
    let differs = |row: &Row| {
        row.mark.as_deref().is_some_and(|mark| matches!(mark, "added" | "removed" | "changed"))
    };
    if notes.is_empty() && !rows.iter().any(differs) {
        notes.push(note("info", NOTHING_DIFFERS));
    }
    Reading { notes, rows, ..Reading::default() }
}

fn binary(old: &Side, new: &Side, rows: &mut ComparedRows) {
    if old.body_bytes() != new.body_bytes() {
        let (old, new) = (grouped_u64(old.body_bytes()), grouped_u64(new.body_bytes()));
        rows.changed("size in bytes", old.as_bytes(), new.as_bytes());
    }
    let is_equal = |(old, new): &(&u8, &u8)| old == new;
    let first = old.body.iter().zip(&new.body).take_while(is_equal).count();
    let text = if first == old.body.len().min(new.body.len()) {
        format!("The first {} bytes are equal.", grouped(first))
    } else {
        format!("The bytes differ from offset {} (0x{first:x}) on.", grouped(first))
    };
    rows.say("", &text);
}

/// The nearest older request with the same event, else with the same path, else the previous one.
async fn previous(
    store: &dyn Store,
    endpoint: EndpointId,
    this: &Summary,
) -> Result<Option<i64>, StoreError> {
    let (mut same_path, mut nearest) = (None, None);
    // Truncated as in the list that it is compared with.
    let this = &truncate_for_list(this.clone());
    let (mut before, mut looked_at) = (this.seq, 0);
    while looked_at < LOOKED_AT {
        let window = Window { before: Some(before), limit: Some(PAGE), ..Window::default() };
        let page = store.requests(endpoint, window).await?;
        for other in &page.requests {
            let is_same_path = is_same_path(&other.target, &this.target);
            // Without an event name, the same method and path mean the same event.
            let is_same_event = other.method == this.method
                && other.sender == this.sender
                && other.label == this.label
                && (this.label.is_some() || is_same_path);
            if is_same_event {
                return Ok(Some(other.seq));
            }
            if is_same_path {
                same_path = same_path.or(Some(other.seq));
            }
            nearest = nearest.or(Some(other.seq));
        }
        looked_at += page.requests.len();
        match page.requests.last().filter(|_| page.more) {
            Some(last) => before = last.seq,
            None => break,
        }
    }
    Ok(same_path.or(nearest))
}

fn is_same_path(one: &Text, other: &Text) -> bool {
    let [one, other] = [one, other].map(head::bytes_of);
    head::path(&one) == head::path(&other)
}

fn grouped_u64(number: u64) -> String {
    usize::try_from(number).map_or_else(|_| number.to_string(), grouped)
}

#[cfg(test)]
mod tests {
    use super::{side::BODY_BYTES, *};

    #[test]
    fn comparing_never_asks_for_more_memory_than_there_is() {
        assert_eq!((mebibytes(0), mebibytes(1024 * 1024)), (1, 32));
        assert!(mebibytes(2 * BODY_BYTES) <= super::super::MOST_MEBIBYTES);
    }

    #[test]
    fn secrets_of_a_form_are_marked_as_where_it_is_read() {
        let side = |body: &str| Side {
            body: body.as_bytes().to_vec(),
            all_bytes: body.len(),
            is_text: true,
            is_form: true,
            ..Side::default()
        };
        let (old, new) = ("token=one&user=u&api%5Ftoken=x", "token=two&user=v&api%5Ftoken=x");
        let rows = compare(&side(old), &side(new)).rows;
        let is_hidden = |text: &str| {
            let pieces = rows.iter().flat_map(|row| &row.pieces);
            let hidden: Vec<_> = pieces
                .filter(|piece| piece.0 == text)
                .map(|piece| piece.1.split(' ').any(|kind| kind == "secret"))
                .collect();
            assert!(!hidden.is_empty(), "{text} is shown: {rows:?}");
            hidden.into_iter().all(|hidden| hidden)
        };
        for (text, expected) in
            [("one", true), ("two", true), ("x", true), ("u", false), ("v", false)]
        {
            assert_eq!(is_hidden(text), expected, "{text}");
        }
    }
}
