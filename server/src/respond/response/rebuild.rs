//! Plain answers and refusals, made again out of what is kept by the code that made them.

use std::time::Duration;

use axum::response::Response;
use hookglass_wire::Refused;
use hyper::Version;

use super::{Refusal, Visit, captured, refuse};
use crate::limits::rates::Exceeded;
use hookglass_listener::{Head, Malformed, fault_of_kept};
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
        Some(refused) => ("refusal", refuse(&visit, &refusal(stored, refused)?)),
    })
}

/// What an answer depends on, out of the kept head.
fn visit(stored: &StoredRequest) -> Visit {
    Visit::of(&head::request_parts(&stored.head))
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
        "framing" if stored.http_version == HTTP_2 => {
            let hosts = head::values(&stored.head, "host").len();
            Some(Refusal::Malformed(fault_of_kept(hosts)))
        }
        // A head without fault was followed by chunks with one.
        "framing" => {
            Some(Refusal::Malformed(Head::fault_of(&stored.head).unwrap_or(Malformed::Chunk)))
        }
        _ => None,
    }
}
