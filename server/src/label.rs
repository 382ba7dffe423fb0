//! A short name of the event that a request carries, read from the marks that senders put on it.

use hyper::{HeaderMap, header::HeaderName};
use serde::Deserialize;

use crate::key::find_keys;

/// The longest label, in characters.
const LABEL_CHARS: usize = 80;
/// Bodies above this are not searched for a label, in bytes.
const SEARCHED_BYTES: usize = 256 * 1024;

/// Header fields whose value names the event.
static EVENT_FIELDS: [HeaderName; 14] = [
    HeaderName::from_static("x-github-event"),
    HeaderName::from_static("x-gitlab-event"),
    HeaderName::from_static("x-forgejo-event"),
    HeaderName::from_static("x-gitea-event"),
    HeaderName::from_static("x-event-key"),
    HeaderName::from_static("x-shopify-topic"),
    HeaderName::from_static("x-wc-webhook-topic"),
    HeaderName::from_static("twitch-eventsub-subscription-type"),
    HeaderName::from_static("linear-event"),
    HeaderName::from_static("sentry-hook-resource"),
    HeaderName::from_static("x-discourse-event"),
    HeaderName::from_static("ce-type"),
    HeaderName::from_static("x-webhook-event"),
    HeaderName::from_static("x-event-type"),
];

/// The members that name the event in a JSON body: Stripe's and Standard Webhooks' `type`, then
/// what others use.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    r#type: Mark,
    event_type: Mark,
    event: Mark,
    event_name: Mark,
    topic: Mark,
}

/// A member that may be anything; only text names an event.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Mark {
    Text(String),
    Other(serde::de::IgnoredAny),
    #[default]
    Missing,
}

/// The label of a request, if it carries one.
pub(crate) fn label(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    EVENT_FIELDS
        .iter()
        .filter_map(|name| headers.get(name)?.to_str().ok())
        // What the head must not keep, the label must not either.
        .filter(|value| find_keys(value.as_bytes()).is_empty())
        .find_map(clean)
        .or_else(|| from_json(body))
}

fn from_json(body: &[u8]) -> Option<String> {
    let looks_like_object = body.trim_ascii_start().first() == Some(&b'{');
    if !looks_like_object || body.len() > SEARCHED_BYTES {
        return None;
    }
    let marks: Marks = serde_json::from_slice(body).ok()?;
    [marks.r#type, marks.event_type, marks.event, marks.event_name, marks.topic]
        .into_iter()
        .find_map(|mark| match mark {
            Mark::Text(text) => clean(&text),
            Mark::Other(_) | Mark::Missing => None,
        })
}

/// The text in one line without controls, cut to length; `None` if nothing is left.
fn clean(text: &str) -> Option<String> {
    let text = text.trim();
    let label: String = text.chars().filter(|c| !c.is_control()).take(LABEL_CHARS).collect();
    (!label.is_empty()).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            hyper::header::HeaderName::from_static(name),
            hyper::header::HeaderValue::from_static(value),
        )])
    }

    #[test]
    fn a_field_names_the_event_before_the_body_does() {
        let headers = headers("x-github-event", "push");
        assert_eq!(label(&headers, br#"{"type":"x"}"#).as_deref(), Some("push"));
    }

    #[test]
    fn stripes_type_is_found_in_the_body() {
        let body = br#" {"id":"evt_1","data":{"type":"no"},"type":"invoice.paid"}"#;
        assert_eq!(label(&HeaderMap::new(), body).as_deref(), Some("invoice.paid"));
    }

    #[test]
    fn what_is_no_text_is_no_label() {
        for body in ["{\"type\":5}", "[]", "{\"type\":", "{\"type\":\"\"}", "{\"type\":null}", ""] {
            assert_eq!(label(&HeaderMap::new(), body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_label_is_one_line_of_at_most_80_characters() {
        let body = format!("{{\"type\":\"a\\n\\u0000{}\"}}", "ä".repeat(100));
        let label = label(&HeaderMap::new(), body.as_bytes()).unwrap();
        assert_eq!(label.chars().count(), 80);
        assert!(label.starts_with("aä"));
    }
}
