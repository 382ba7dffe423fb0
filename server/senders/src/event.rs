//! Extracts a request's metadata: the event's name, the sender's id of the delivery, and the number
//! of the attempt. Each is read from the places that the senders' records name. Pure.

mod members;

pub use hookglass_wire::GUESSED;
use hyper::{HeaderMap, header::HeaderValue};

use self::members::Member;
use crate::sender::{
    ANYONES_DELIVERY, ANYONES_EVENT, AttemptCount, EventPlace, Naming, is_place, naming,
};

/// The longest label, in characters.
const LABEL_CHARS: usize = 80;
/// The longest id of a delivery, in bytes.
const ID_BYTES: usize = 200;
/// The highest plausible attempt number: a higher one counts something else.
const MOST_TRIES: u32 = 10_000;
/// Bodies above this are not searched, in bytes.
const SEARCHED_BYTES: usize = 256 * 1024;

/// Metadata that a request states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventMetadata {
    /// A short name of the event.
    pub label: Option<String>,
    /// The sender's id of the delivery.
    pub delivery: Option<String>,
    /// The number of this attempt, from 1, as the sender counts.
    pub attempt: Option<u32>,
}

/// Extracts the metadata of a request from this sender. `body` is its start, or nothing. Values
/// that `is_secret` matches are omitted: they must not be stored.
pub fn metadata(
    sender: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
    is_secret: fn(&[u8]) -> bool,
) -> EventMetadata {
    let own = sender.and_then(naming);
    let fields = headers.iter().filter(|(name, _)| is_place(name.as_str()));
    let fields = fields.map(|(name, value)| (name.as_str(), value)).collect();
    let mut reading = EventReader { fields, body, members: None, own, is_secret };
    let label = reading.first(own.map_or(&[], |own| own.event), &ANYONES_EVENT, label);
    let delivery =
        reading.first(own.map_or(&[], |own| own.delivery), &ANYONES_DELIVERY, |member| {
            id(member).filter(|id| !is_secret(id.as_bytes()))
        });
    let attempt = own.and_then(|own| own.count).and_then(|count| reading.attempt(count));
    EventMetadata { label, delivery, attempt }
}

/// Reads a request: the body at most once, and only if a place requires it.
struct EventReader<'a> {
    /// The headers that hold metadata of any sender: few, or none.
    fields: Vec<(&'a str, &'a HeaderValue)>,
    body: &'a [u8],
    own: Option<&'static Naming>,
    is_secret: fn(&[u8]) -> bool,
    /// The body's members at any of the places, once they are read.
    members: Option<Vec<(&'static str, Member)>>,
}

impl EventReader<'_> {
    /// Returns the first value, in the order of the places, that `take` accepts.
    fn first(
        &mut self,
        own: &[EventPlace],
        anyones: &[EventPlace],
        take: impl Fn(&Member) -> Option<String>,
    ) -> Option<String> {
        let is_field = |place: &&EventPlace| matches!(place, EventPlace::Field(_));
        let places = || own.iter().chain(anyones);
        // Headers come first: they do not require the body.
        let fields = places().filter(is_field);
        let members = places().filter(|place| !is_field(place));
        fields.chain(members).find_map(|place| take(&self.at(*place)?))
    }

    fn at(&mut self, place: EventPlace) -> Option<Member> {
        match place {
            EventPlace::Field(name) => {
                let (_, value) = self.fields.iter().find(|(sent, _)| *sent == name)?;
                let value = value.to_str().ok()?;
                // A value that must not be stored in the head must not be stored as metadata
                // either.
                (!(self.is_secret)(value.as_bytes())).then(|| Member::Text(value.to_owned()))
            }
            EventPlace::Member(path) => {
                let members = self.members.get_or_insert_with(|| read(self.body, self.own));
                members.iter().find(|(name, _)| *name == path).map(|(_, member)| member.clone())
            }
        }
    }

    fn attempt(&mut self, count: AttemptCount) -> Option<u32> {
        let (place, first) = match count {
            AttemptCount::Tries(place) => (place, 0),
            AttemptCount::Retries(place) => (place, 1),
        };
        let (Member::Text(text) | Member::Number(text)) = self.at(place)?;
        let number: u32 = text.trim().parse().ok()?;
        let attempt = number.checked_add(first)?;
        (1..=MOST_TRIES).contains(&attempt).then_some(attempt)
    }
}

/// Returns the requested members of a JSON object.
fn read(body: &[u8], own: Option<&Naming>) -> Vec<(&'static str, Member)> {
    let looks_like_object = body.trim_ascii_start().first() == Some(&b'{');
    if !looks_like_object || body.len() > SEARCHED_BYTES {
        return Vec::new();
    }
    let mut paths: Vec<&'static str> = Vec::new();
    let mut want = |place: &EventPlace| {
        if let EventPlace::Member(path) = place
            && !paths.contains(path)
        {
            paths.push(path);
        }
    };
    if let Some(own) = own {
        own.event.iter().chain(own.delivery).for_each(&mut want);
        if let Some(AttemptCount::Tries(place) | AttemptCount::Retries(place)) = &own.count {
            want(place);
        }
    }
    ANYONES_EVENT.iter().chain(&ANYONES_DELIVERY).for_each(&mut want);
    members::members(body, &paths)
}

/// Returns a label on one line without controls, truncated; `None` if nothing is left, and for
/// numbers.
/// numbers.
fn label(member: &Member) -> Option<String> {
    let Member::Text(text) = member else { return None };
    let text = text.trim();
    let label: String = text.chars().filter(|c| !c.is_control()).take(LABEL_CHARS).collect();
    (!label.is_empty()).then_some(label)
}

/// Returns an id unchanged; `None` if it is too long or malformed.
fn id(member: &Member) -> Option<String> {
    let (Member::Text(text) | Member::Number(text)) = member;
    let text = text.trim();
    let is_id = !text.is_empty()
        && text.len() <= ID_BYTES
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.starts_with(GUESSED);
    is_id.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;
    use crate::sender;

    fn read(fields: &[(&'static str, &'static str)], body: &str) -> EventMetadata {
        let headers: HeaderMap = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        metadata(sender::sender(&headers), &headers, body.as_bytes(), |bytes| {
            memchr::memmem::find(bytes, b"hgk_").is_some()
        })
    }

    fn label(fields: &[(&'static str, &'static str)], body: &str) -> Option<String> {
        read(fields, body).label
    }

    #[test]
    fn a_field_names_the_event_before_the_body_does() {
        let label = label(&[("x-github-event", "push")], r#"{"type":"x"}"#);
        assert_eq!(label.as_deref(), Some("push"));
    }

    #[test]
    fn each_sender_names_the_event_in_its_own_way() {
        for (field, value) in [
            ("x-gitlab-event", "Push Hook"),
            ("x-event-key", "repo:push"),
            ("x-shopify-topic", "orders/create"),
            ("sentry-hook-resource", "issue"),
            ("x-discourse-event", "post_created"),
            ("ce-type", "com.example.made"),
        ] {
            let label = label(&[(field, value)], r#"{"type":"x"}"#);
            assert_eq!(label.as_deref(), Some(value), "{field}");
        }
        let slack = r#"{"type":"event_callback","event":{"type":"app_mention"},"event_id":"Ev1"}"#;
        let slack = read(&[("x-slack-signature", "v0=0"), ("x-slack-retry-num", "2")], slack);
        assert_eq!(slack.label.as_deref(), Some("app_mention"));
        assert_eq!((slack.delivery.as_deref(), slack.attempt), (Some("Ev1"), Some(3)));
    }

    #[test]
    fn stripes_type_is_found_in_the_body() {
        let body = r#" {"id":"evt_1","data":{"type":"no"},"type":"invoice.paid"}"#;
        assert_eq!(label(&[], body).as_deref(), Some("invoice.paid"));
        let stripe = read(&[("stripe-signature", "t=1")], body);
        assert_eq!(stripe.delivery.as_deref(), Some("evt_1"));
        assert_eq!(read(&[], body).delivery, None, "`id` alone is too common");
    }

    #[test]
    fn what_is_no_text_is_no_label() {
        for body in ["{\"type\":5}", "[]", "{\"type\":", "{\"type\":\"\"}", "{\"type\":null}", ""] {
            assert_eq!(label(&[], body), None, "{body}");
        }
    }

    #[test]
    fn a_label_is_one_line_of_at_most_80_characters() {
        let body = format!("{{\"type\":\"a\\n\\u0000{}\"}}", "ä".repeat(100));
        let label = label(&[], &body).unwrap();
        assert_eq!(label.chars().count(), 80);
        assert!(label.starts_with("aä"));
    }

    #[test]
    fn each_sender_names_its_deliveries_in_its_own_way() {
        type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);
        let cases: [Case; 8] = [
            (&[("x-github-delivery", "72d3162e"), ("x-github-event", "push")], "", "72d3162e"),
            (&[("svix-id", "msg_1")], "", "msg_1"),
            (&[("webhook-id", "msg_2"), ("webhook-signature", "v1,")], "", "msg_2"),
            (&[("x-gitlab-event-uuid", "b"), ("idempotency-key", "a")], "", "a"),
            (&[("paddle-signature", "ts=1")], r#"{"event_id":"evt_2"}"#, "evt_2"),
            (&[("x-telegram-bot-api-secret-token", "x")], r#"{"update_id":77}"#, "77"),
            (
                &[("user-agent", "mailgun/treq-1")],
                r#"{"event-data":{"event":"opened","id":"m1"}}"#,
                "m1",
            ),
            (&[("ce-id", "c-1")], "", "c-1"),
        ];
        for (fields, body, expected) in cases {
            assert_eq!(read(fields, body).delivery.as_deref(), Some(expected), "{fields:?}");
        }
    }

    #[test]
    fn tries_are_counted_as_the_sender_does() {
        let attempt = |fields: &[_]| read(fields, "").attempt;
        assert_eq!(attempt(&[("x-event-key", "a"), ("x-attempt-number", "2")]), Some(2));
        let twitch = ("twitch-eventsub-message-id", "m");
        assert_eq!(attempt(&[twitch, ("twitch-eventsub-message-retry", "0")]), Some(1));
        for strange in ["x", "-1", "4294967295", "20000", ""] {
            assert_eq!(attempt(&[twitch, ("twitch-eventsub-message-retry", strange)]), None);
        }
        assert_eq!(attempt(&[("x-attempt-number", "2")]), None, "no known sender counts this way");
    }

    #[test]
    fn what_is_too_strange_for_an_id_is_none() {
        let key = "hgk_lEIrbVcRTorS9y2JbemNlfq9JwILa7oQAVoXVdTk1mQ";
        for id in ["", " ", "a b", "like-5", key] {
            assert_eq!(read(&[("webhook-id", id)], "").delivery, None, "{id}");
        }
        let body = format!(r#"{{"id":"{}"}}"#, "x".repeat(201));
        assert_eq!(read(&[("stripe-signature", "t=1")], &body).delivery, None);
    }
}
