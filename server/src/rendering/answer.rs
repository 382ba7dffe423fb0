//! The response to a request, as rows and fields.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hookglass_message::head;
use hookglass_senders::handshake;
use hookglass_store::StoredRequest;
use hookglass_wire::{Answered, Field, Note, Row, Timestamp};
use hyper::StatusCode;

use super::{fields::field, note, row_source::ReadyRows, wire};
use crate::respond;

/// Returns the response to a request: rows, fields and notes.
pub(crate) async fn sheet(stored: &StoredRequest) -> (ReadyRows, Vec<Field>, Vec<Note>) {
    let mut notes = Vec::new();
    let Some(answered) = respond::answered(stored).await else {
        notes.push(note("warn", "What was answered is not known any more."));
        return (ReadyRows(Vec::new()), Vec::new(), notes);
    };
    for told in &answered.notes {
        notes.push(note("warn", told));
    }
    if answered.source == "undecided" {
        notes.push(note("info", "It has not been answered yet."));
        return (ReadyRows(Vec::new()), fields(stored, &answered), notes);
    }
    if answered.status.is_none() {
        notes.push(note("info", "The connection was cut instead of an answer."));
        return (ReadyRows(Vec::new()), fields(stored, &answered), notes);
    }
    let rows = rows(stored, &answered);
    if stored.summary.method == "HEAD" {
        notes.push(note("info", "The answer to HEAD has no body."));
    }
    let kept = answered.body.as_ref().map_or(0, String::len);
    let kept = answered.body_base64.as_ref().map_or(kept, |_| body(&answered).len());
    if kept > 0 && (kept as u64) < answered.body_bytes {
        let text =
            format!("Of its body of {} bytes the first {kept} are kept.", answered.body_bytes);
        notes.push(note("info", &text));
    }
    let text = if stored.answer.is_some() {
        "Date, and the fields that concern the connection alone, are not kept."
    } else {
        "Made again out of what is kept. Date, and the fields that concern the connection alone, are \
         not."
    };
    notes.push(note("info", text));
    (ReadyRows(rows), fields(stored, &answered), notes)
}

/// The fields that describe a response.
fn fields(stored: &StoredRequest, answered: &Answered) -> Vec<Field> {
    let said = |name: &str, value: &str| field(name.as_bytes(), value.as_bytes(), "");
    let mut fields = Vec::new();
    if let Some(status) = answered.status {
        fields.push(said("Status", &status.to_string()));
    }
    fields.push(said("Source", &source(&answered.source)));
    let took = Duration::from_micros(u64::try_from(stored.duration_us).unwrap_or_default());
    let read_at = stored.summary.received_at.as_micros().saturating_add(stored.duration_us);
    let sent = match (answered.sent_at, answered.taken) {
        (Some(at), _) => at.to_string(),
        (None, Some(false)) => "the sender was gone before".to_owned(),
        (None, None) if stored.answer.is_some() && answered.duration_us.is_none() => {
            "as soon as it was stored, or not yet".to_owned()
        }
        (None, _) => {
            let when = match stored.summary.refused {
                None => "as soon as it was stored",
                Some(_) => "as soon as it was refused",
            };
            format!("{when}, after {}", Timestamp::from_micros(read_at))
        }
    };
    fields.push(said("Sent", &sent));
    fields
        .push(said("Receiving took", &format!("{took:?} from the complete head to the last byte")));
    if let Some(took) = answered.duration_us {
        let took = Duration::from_micros(took);
        fields.push(said("Answering took", &format!("{took:?} from the complete head")));
    }
    match answered.taken {
        Some(true) => fields.push(said("Taken", "yes, the sender was still there")),
        Some(false) => fields.push(said("Taken", "no, the sender had hung up")),
        None => {}
    }
    fields
}

/// What decided the response, in words.
fn source(source: &str) -> String {
    match source.split_once(' ') {
        Some(("rule", number)) => format!("rule {number} of this endpoint"),
        Some(("handshake", sender)) => {
            let known = handshake::RECORDS.iter().find(|known| known.id == sender);
            format!("a verification request of {}", known.map_or(sender, |known| known.name))
        }
        Some(("programme", step)) => format!("the failure programme, step {step}"),
        _ => match source {
            "default" => "the default reply",
            "page" => "a browser's visit, which always gets this",
            "worker" => "a service worker was asked for, which none gets",
            "refusal" => "a limit of this server",
            "signature" => "the signature, which is not valid",
            "undecided" => "not decided yet",
            other => other,
        }
        .to_owned(),
    }
}

fn rows(stored: &StoredRequest, answered: &Answered) -> Vec<Row> {
    let status = answered.status.and_then(|status| StatusCode::from_u16(status).ok());
    let version = head::version_name(stored.http_version);
    let reason = status.as_ref().and_then(StatusCode::canonical_reason).unwrap_or_default();
    let code = answered.status.unwrap_or_default();
    let mut sent = format!("{version} {code} {reason}\r\n").into_bytes();
    for (name, value) in &answered.headers {
        sent.extend_from_slice(&head::bytes_of(name));
        sent.extend_from_slice(b": ");
        sent.extend_from_slice(&head::bytes_of(value));
        sent.extend_from_slice(b"\r\n");
    }
    if !status.is_some_and(respond::has_no_body) {
        sent.extend(format!("content-length: {}\r\n", answered.body_bytes).into_bytes());
    }
    sent.extend_from_slice(b"\r\n");
    let mut rows = wire::head_rows(&sent, true);
    let body = body(answered);
    rows.extend(wire::body_rows(&body));
    rows
}

fn body(answered: &Answered) -> Vec<u8> {
    match (&answered.body, &answered.body_base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(encoded)) => STANDARD.decode(encoded).unwrap_or_default(),
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use hookglass_wire::{Refused, Summary};

    use super::*;

    fn stored(head: &str, refused: Option<(&str, u64)>) -> StoredRequest {
        let refused = refused.map(|(limit, value)| Refused { limit: limit.to_owned(), value });
        let method = head.split(' ').next().unwrap_or_default().to_owned();
        StoredRequest {
            summary: Summary { seq: 7, method, refused, ..Summary::default() },
            http_version: 11,
            peer: String::new(),
            exact: true,
            redacted: false,
            duration_us: 1500,
            body_sha256: Vec::new(),
            head: head.as_bytes().to_vec(),
            trailers: Vec::new(),
            answer: None,
        }
    }

    async fn answered(head: &str, refused: Option<(&str, u64)>) -> String {
        let (rows, fields, _) = sheet(&stored(head, refused)).await;
        assert_eq!(fields[3].value[0].0, "1.5ms from the complete head to the last byte");
        rows.0.iter().flat_map(|row| row.pieces.iter().map(|piece| piece.0.as_str())).collect()
    }

    #[tokio::test]
    async fn the_answer_is_made_again_as_it_was() {
        let plain = answered("POST /abc HTTP/1.1\r\nHost: x\r\n\r\n", None).await;
        assert!(plain.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/plain"), "{plain}");
        assert!(plain.contains("hookglass-seq: 7\r\n") && plain.ends_with("\r\n\r\nok"), "{plain}");
        let asked = "OPTIONS /abc HTTP/1.1\r\nAccess-Control-Request-Headers: x-a\r\n\r\n";
        assert!(answered(asked, None).await.contains("access-control-allow-headers: x-a\r\n"));
        let page = answered("GET /abc/d HTTP/1.1\r\nSec-Fetch-Mode: navigate\r\n\r\n", None).await;
        assert!(page.contains("/inspect/abc/7"), "{page}");
        let head = answered("HEAD /abc HTTP/1.1\r\n\r\n", None).await;
        assert!(head.contains("content-length: 2\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    }

    #[tokio::test]
    async fn refusals_are_told_with_their_reasons() {
        for (head, limit, status) in [
            ("POST /abc HTTP/1.1\r\nHost: x\r\n\r\n", "max-body", "413"),
            ("POST /abc HTTP/1.1\r\nHost: x\r\n\r\n", "max-rate-per-address", "429"),
            ("POST /abc HTTP/1.1\r\nHost: x\r\n\r\n", "max-head", "431"),
            ("POST /abc HTTP/1.1\r\nHost: x\r\n\r\n", "body-timeout", "408"),
            ("POST /abc HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", "framing", "400"),
            ("POST /abc HTTP/1.1\r\nHost: x\r\n\r\n", "framing", "400"),
        ] {
            let answer = answered(head, Some((limit, 5))).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{limit}: {answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
        }
        let faulty = "POST /abc HTTP/1.1\r\nHost: x\nA: b\r\n\r\n";
        assert!(answered(faulty, Some(("framing", 0))).await.contains("bare LF"));
        let (rows, ..) = sheet(&stored(faulty, Some(("unheard-of", 1)))).await;
        assert!(rows.0.is_empty());
    }
}
