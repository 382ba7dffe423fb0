//! The record of a response, as it is stored: JSON if it was not the default response; otherwise
//! the code that made the response rebuilds it.

use axum::body::to_bytes;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hookglass_message::head;
use hookglass_store::StoredRequest;
use hookglass_wire::{Act, Answered, Header, Text};
use hyper::HeaderMap;

use crate::respond::response::{self, CustomResponse, ResponseContext};

/// How much of a body is stored, in bytes.
const KEPT_BYTES: usize = 64 * 1024;
/// More than any default response has, in bytes.
const PLAIN_BYTES: usize = 64 * 1024;

/// The record of a response that is not sent yet.
pub(super) fn answered(
    visit: &ResponseContext,
    answer: &CustomResponse,
    is_head: bool,
) -> Answered {
    let mut answered = Answered {
        source: answer.source.clone().into_owned(),
        status: Some(answer.status.as_u16()),
        headers: headers(&response::own_fields(visit, answer)),
        notes: answer.notes.clone(),
        ..Answered::default()
    };
    if answer.act == Act::Cut {
        (answered.status, answered.headers) = (None, Vec::new());
    } else {
        keep_body(&mut answered, &answer.body, is_head);
    }
    answered
}

/// The record of a request whose response is decided after it is stored.
pub(super) fn pending() -> Answered {
    Answered { source: "undecided".to_owned(), ..Answered::default() }
}

/// Encodes a record for the store.
pub(super) fn bytes(answered: &Answered) -> Vec<u8> {
    serde_json::to_vec(answered).unwrap_or_default()
}

/// Returns the response to a request; `None` if it is no longer known.
pub(crate) async fn read(stored: &StoredRequest) -> Option<Answered> {
    match &stored.answer {
        None => {
            let mut answered = plain(stored).await?;
            // An abandoned response would have been recorded.
            answered.taken = Some(true);
            Some(answered)
        }
        Some(kept) => {
            let mut answered: Answered = serde_json::from_slice(kept).ok()?;
            let name = text("hookglass-seq");
            // The number was not known when the record was written.
            if answered.status.is_some() && answered.headers.iter().all(|(it, _)| *it != name) {
                let seq = stored.summary.seq.to_string();
                answered.headers.push((name, Text::Utf8(seq)));
            }
            Some(answered)
        }
    }
}

/// Rebuilds a default response or a rejection.
pub(super) async fn plain(stored: &StoredRequest) -> Option<Answered> {
    let (source, response) = response::again(stored)?;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, PLAIN_BYTES).await.unwrap_or_default();
    let mut answered = Answered {
        source: source.to_owned(),
        status: Some(parts.status.as_u16()),
        headers: headers(&parts.headers),
        ..Answered::default()
    };
    keep_body(&mut answered, &body, stored.summary.method == "HEAD");
    Some(answered)
}

fn headers(fields: &HeaderMap) -> Vec<Header> {
    fields.iter().map(|(name, value)| (text(name.as_str()), head::text(value.as_bytes()))).collect()
}

fn text(text: &str) -> Text {
    Text::Utf8(text.to_owned())
}

fn keep_body(answered: &mut Answered, body: &Bytes, is_head: bool) {
    answered.body_bytes = body.len() as u64;
    if is_head || body.is_empty() {
        return;
    }
    let start = &body[..body.len().min(KEPT_BYTES)];
    match std::str::from_utf8(start) {
        Ok(text) => answered.body = Some(text.to_owned()),
        // Only a character that was cut in two is missing.
        Err(error) if error.error_len().is_none() && start.len() < body.len() => {
            let whole = &start[..error.valid_up_to()];
            answered.body = Some(String::from_utf8_lossy(whole).into_owned());
        }
        Err(_) => answered.body_base64 = Some(STANDARD.encode(start)),
    }
}
