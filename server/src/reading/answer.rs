//! What was answered: made again out of what is kept, by the code that made it.

use std::time::Duration;

use axum::{
    body::to_bytes,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Uri},
    response::Response,
};
use hookglass_app::wire::{Field, Note, Refused, Row, Timestamp};

use super::{fields::field, lines::Lines, note, sheet::Made, wire};
use crate::{
    head,
    listen::{Head, Malformed},
    rates::Exceeded,
    reply::{self, Refusal, Visit},
    store::StoredRequest,
};

/// More than any answer of ours has.
const MAX_BYTES: usize = 64 * 1024;
/// Names of limits that come with a rate.
const RATES: [&str; 2] = ["max-rate-per-address", "max-rate-per-endpoint"];

/// The answer to a request: its rows, what there is to say of it, and notes.
pub(crate) async fn sheet(stored: &StoredRequest) -> (Made, Vec<Field>, Vec<Note>) {
    let summary = &stored.summary;
    let visit = visit(stored);
    let mut notes = Vec::new();
    let response = match &summary.refused {
        None => reply::captured(&visit, summary.seq),
        Some(refused) => match refusal(stored, refused) {
            Some(refusal) => reply::refuse(&visit, &refusal),
            None => {
                notes.push(note("warn", "What was answered is not known any more."));
                return (Made(Vec::new()), Vec::new(), notes);
            }
        },
    };
    let status = response.status();
    let without_body = summary.method == "HEAD";
    let rows = rows(stored, response, without_body).await;
    if without_body {
        notes.push(note("info", "The answer to HEAD has no body."));
    }
    let text = "Made again out of what is kept. Date, and the fields that concern the connection \
                alone, are not.";
    notes.push(note("info", text));
    let said = |name: &str, value: &str| field(name.as_bytes(), value.as_bytes(), "");
    let took = Duration::from_micros(u64::try_from(stored.duration_us).unwrap_or_default());
    let read_at = summary.received_at.as_micros().saturating_add(stored.duration_us);
    let when = match summary.refused {
        None => "as soon as it was stored",
        Some(_) => "as soon as it was refused",
    };
    let fields = vec![
        said("Status", status.as_str()),
        said("Sent", &format!("{when}, after {}", Timestamp::from_micros(read_at))),
        said("Receiving took", &format!("{took:?} from the complete head to the last byte")),
    ];
    (Made(rows), fields, notes)
}

async fn rows(stored: &StoredRequest, response: Response, without_body: bool) -> Vec<Row> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    let version = head::version_name(stored.http_version);
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let mut sent = format!("{version} {} {reason}\r\n", parts.status.as_str()).into_bytes();
    sent.extend(head::render_fields(&parts.headers));
    sent.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    let mut rows = wire::head_rows(&sent, true);
    if !without_body {
        let lines = Lines::of(&body);
        rows.extend(lines.from(&body, 0).map(|span| wire::row(&[], &body[span.bytes], "")));
    }
    rows
}

/// What an answer depends on, out of the kept head.
fn visit(stored: &StoredRequest) -> Visit {
    let mut headers = HeaderMap::new();
    for (name, value) in head::raw_head_fields(&stored.head) {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(&value))
        {
            headers.append(name, value);
        }
    }
    let uri = Uri::try_from(head::target_of(&stored.head)).unwrap_or_default();
    let mut request = Request::new(());
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Visit::of(&request.into_parts().0)
}

/// The refusal that a row tells of.
fn refusal(stored: &StoredRequest, refused: &Refused) -> Option<Refusal> {
    let value = refused.value;
    if let Some(limit) = RATES.into_iter().find(|limit| *limit == refused.limit) {
        return Some(Refusal::TooFast(Exceeded { limit, value, wait: Duration::ZERO }));
    }
    match refused.limit.as_str() {
        "max-body" => Some(Refusal::BodyTooLarge(value)),
        "body-timeout" => Some(Refusal::BodyTimeout(value)),
        "max-head" => Some(Refusal::Malformed(Malformed::HeadTooLarge)),
        "max-fields" => Some(Refusal::Malformed(Malformed::TooManyFields)),
        "head-timeout" => Some(Refusal::Malformed(Malformed::HeadTimeout)),
        // A head without fault was followed by chunks with one.
        "framing" => {
            Some(Refusal::Malformed(Head::fault_of(&stored.head).unwrap_or(Malformed::Chunk)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hookglass_app::wire::Summary;

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
        assert_eq!(fields[2].value[0].0, "1.5ms from the complete head to the last byte");
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
