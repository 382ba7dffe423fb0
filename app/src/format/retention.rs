//! The effect of an endpoint's limit on its list, in sentences.

use super::{count::grouped, joined};
use crate::wire::{Endpoint, OnLimit};

/// Returns what retention dropped from the end of the list: `#1–#2,300 dropped: limit 10,000`.
/// Empty if it dropped nothing.
#[must_use]
pub fn dropped(endpoint: &Endpoint) -> String {
    let through = endpoint.dropped_through;
    if through <= 0 {
        return String::new();
    }
    let last = joined(&["–#", &grouped(through.unsigned_abs())]);
    let limit = grouped(endpoint.max_requests);
    // Since the last drop by the endpoint's own limit, as many numbers were assigned as it may
    // keep. If there are fewer, the server's whole storage was full.
    let since = endpoint.last_seq.saturating_sub(through).unsigned_abs();
    let is_limit = endpoint.max_requests > 0 && since >= endpoint.max_requests;
    joined(&[
        "#1",
        if through > 1 { &last } else { "" },
        if is_limit { " dropped: limit " } else { " dropped to make room" },
        if is_limit { &limit } else { "" },
    ])
}

/// Returns that an endpoint without dropping accepts no more requests; empty unless that is so.
#[must_use]
pub fn full(endpoint: &Endpoint) -> String {
    let limit = endpoint.max_requests;
    if endpoint.on_limit == OnLimit::Refuse && limit > 0 && endpoint.requests >= limit {
        joined(&["Full: ", &grouped(limit), " kept, new requests are refused (429)."])
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;

    fn endpoint(requests: u64, last_seq: i64, dropped_through: i64) -> Endpoint {
        Endpoint {
            id: "orders".to_owned(),
            url: String::new(),
            inspect_url: String::new(),
            name: None,
            created_at: Timestamp::from_micros(0),
            expires_at: None,
            requests,
            last_seq,
            max_requests: 10_000,
            on_limit: OnLimit::DropOldest,
            dropped_through,
            answers: None,
            key: None,
        }
    }

    #[test]
    fn what_the_limit_dropped_is_named_with_the_limit() {
        let text = dropped(&endpoint(10_000, 12_300, 2_300));
        assert_eq!(text, "#1–#2,300 dropped: limit 10,000");
        let text = dropped(&endpoint(10_000, 10_001, 1));
        assert_eq!(text, "#1 dropped: limit 10,000");
        // Deleting some requests by hand later does not change that.
        let text = dropped(&endpoint(4, 12_300, 2_300));
        assert_eq!(text, "#1–#2,300 dropped: limit 10,000");
    }

    #[test]
    fn what_was_dropped_below_the_limit_made_room_elsewhere() {
        let text = dropped(&endpoint(40, 90, 50));
        assert_eq!(text, "#1–#50 dropped to make room");
        let unknown = Endpoint { max_requests: 0, ..endpoint(40, 90, 50) };
        assert_eq!(dropped(&unknown), "#1–#50 dropped to make room");
    }

    #[test]
    fn nothing_dropped_says_nothing() {
        assert_eq!(dropped(&endpoint(40, 40, 0)), "");
    }

    #[test]
    fn only_an_endpoint_that_refuses_is_full() {
        let refuses =
            |requests| Endpoint { on_limit: OnLimit::Refuse, ..endpoint(requests, 10_000, 0) };
        assert_eq!(full(&refuses(10_000)), "Full: 10,000 kept, new requests are refused (429).");
        assert_eq!(full(&refuses(9_999)), "");
        assert_eq!(full(&endpoint(10_000, 10_000, 0)), "");
        assert_eq!(full(&Endpoint { max_requests: 0, ..refuses(10_000) }), "");
    }
}
