//! Plain answers and refusals, made again out of what is kept by the code that made them.

use std::time::Duration;

use axum::response::Response;
use hookglass_wire::Refused;
use hyper::Version;

use super::{Rejection, ResponseContext, captured, reject};
use crate::limits::rates::Exceeded;
use hookglass_listener::{HeadRanges, Malformed, fault_of_kept};
use hookglass_message::head;
use hookglass_store::StoredRequest;

/// The version of HTTP/2 as the store keeps it.
const HTTP_2: i64 = head::version_number(Version::HTTP_2);
/// Names of limits that come with a rate.
const RATES: [&str; 2] = ["max-rate-per-address", "max-rate-per-endpoint"];

/// What decided on the answer to a request for which nothing was set, and the answer; `None` where
/// it is not known any more.
pub(crate) fn again(stored: &StoredRequest) -> Option<(&'static str, Response)> {
    let visit = visit(stored);
    Some(match &stored.summary.refused {
        None => (visit.source(), captured(&visit, stored.summary.seq)),
        Some(refused) => ("refusal", reject(&visit, &rejection(stored, refused)?)),
    })
}

/// What an answer depends on, out of the kept head.
fn visit(stored: &StoredRequest) -> ResponseContext {
    ResponseContext::of(&head::request_parts(&stored.head))
}

/// The refusal that a row tells of.
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
        // A head without fault was followed by chunks with one.
        "framing" => Some(Rejection::Malformed(
            HeadRanges::fault_of(&stored.head).unwrap_or(Malformed::Chunk),
        )),
        _ => None,
    }
}
