//! Rebuilds default responses and rejections from the stored request, with the code that made them.

use std::time::Duration;

use axum::response::Response;
use hookglass_listener::{HeadRanges, Malformed, fault_of_kept};
use hookglass_message::head;
use hookglass_store::StoredRequest;
use hookglass_wire::Refused;
use hyper::Version;

use super::{Rejection, ResponseContext, captured, reject};
use crate::limits::rates::Exceeded;

/// The stored number of HTTP/2.
const HTTP_2: i64 = head::version_number(Version::HTTP_2);
/// Names of limits that are rates.
const RATES: [&str; 2] = ["max-rate-per-address", "max-rate-per-endpoint"];

/// Returns what decided the response to a request for which nothing was set, and the response;
/// `None` if it is no longer known.
pub(crate) fn again(stored: &StoredRequest) -> Option<(&'static str, Response)> {
    let visit = visit(stored);
    Some(match &stored.summary.refused {
        None => (visit.source(), captured(&visit, stored.summary.seq)),
        Some(refused) => ("refusal", reject(&visit, &rejection(stored, refused)?)),
    })
}

/// Restores the context of a response from the stored head.
fn visit(stored: &StoredRequest) -> ResponseContext {
    ResponseContext::of(&head::request_parts(&stored.head))
}

/// Restores the rejection from its row.
fn rejection(stored: &StoredRequest, refused: &Refused) -> Option<Rejection> {
    let value = refused.value;
    if let Some(limit) = RATES.into_iter().find(|limit| *limit == refused.limit) {
        return Some(Rejection::TooFast(Exceeded { limit, value, wait: Duration::ZERO }));
    }
    match refused.limit.as_str() {
        "max-body" => Some(Rejection::BodyTooLarge(value)),
        "body-timeout" => Some(Rejection::BodyTimeout(value)),
        "max-head" => Some(Rejection::Malformed(Malformed::HeadTooLarge)),
        "max-fields" => Some(Rejection::Malformed(Malformed::TooManyFields)),
        "head-timeout" => Some(Rejection::Malformed(Malformed::HeadTimeout)),
        "framing" if stored.http_version == HTTP_2 => {
            let hosts = head::values(&stored.head, "host").len();
            Some(Rejection::Malformed(fault_of_kept(hosts)))
        }
        // The head was valid; a chunk after it was not.
        "framing" => Some(Rejection::Malformed(
            HeadRanges::fault_of(&stored.head).unwrap_or(Malformed::Chunk),
        )),
        _ => None,
    }
}
