//! Short names of endpoints and requests.

use crate::wire::{Endpoint, Summary};

/// The length of a UUID's text, and of its first group.
const UUID_CHARS: usize = 36;
const GROUP_CHARS: usize = 8;

/// Returns the owner's name for it; else its slug, or the first group of its UUID.
#[must_use]
pub fn short(endpoint: &Endpoint) -> &str {
    let id = endpoint.id.as_str();
    match &endpoint.name {
        Some(name) => name,
        // No slug looks like a UUID: such slugs are refused.
        None if is_uuid(id) => &id[..GROUP_CHARS],
        None => id,
    }
}

/// Returns the sender and the event of a request, as far as they are known: `GitHub push`. A label
/// that already names its sender stands alone.
#[must_use]
pub fn event(summary: &Summary, between: &str) -> Option<String> {
    match (&summary.sender, &summary.label) {
        (Some(sender), Some(label)) if !label.starts_with(sender.as_str()) => {
            Some(super::joined(&[sender, between, label]))
        }
        (sender, label) => label.clone().or_else(|| sender.clone()),
    }
}

fn is_uuid(id: &str) -> bool {
    id.len() == UUID_CHARS
        && id.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{OnLimit, Timestamp};

    fn endpoint(id: &str, name: Option<&str>) -> Endpoint {
        Endpoint {
            id: id.to_owned(),
            url: String::new(),
            inspect_url: String::new(),
            name: name.map(str::to_owned),
            created_at: Timestamp::from_micros(0),
            expires_at: None,
            requests: 0,
            last_seq: 0,
            max_requests: 10_000,
            on_limit: OnLimit::DropOldest,
            dropped_through: 0,
            answers: None,
            key: None,
        }
    }

    #[test]
    fn a_uuid_is_called_by_its_first_group() {
        let id = "7d3b0c1e-58f6-4f0e-9a52-0b8f4f4c2f11";
        assert_eq!(short(&endpoint(id, None)), "7d3b0c1e");
        assert_eq!(short(&endpoint(id, Some("Orders"))), "Orders");
    }

    #[test]
    fn a_request_is_called_by_its_sender_and_event() {
        let called = |sender: Option<&str>, label: Option<&str>| {
            let (sender, label) = (sender.map(str::to_owned), label.map(str::to_owned));
            event(&Summary { sender, label, ..Summary::default() }, " ")
        };
        assert_eq!(called(Some("GitHub"), Some("push")).as_deref(), Some("GitHub push"));
        assert_eq!(called(Some("curl"), None).as_deref(), Some("curl"));
        let handshake = Some("Slack handshake, answered");
        assert_eq!(called(Some("Slack"), handshake).as_deref(), handshake);
        assert_eq!(called(None, None), None);
    }

    #[test]
    fn a_slug_is_called_by_itself() {
        assert_eq!(short(&endpoint("orders", None)), "orders");
        let long = "a-slug-of-thirty-six-characters-long";
        assert_eq!(long.len(), UUID_CHARS);
        assert_eq!(short(&endpoint(long, None)), long);
    }
}
