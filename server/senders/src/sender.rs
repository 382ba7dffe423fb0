//! Recognizes who sent a request by its headers: data, one record per service or tool. Knows
//! nothing of bodies.

mod naming;
mod services;
mod tools;

use std::sync::LazyLock;

use hyper::{
    HeaderMap, Method,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, USER_AGENT},
};
use rustc_hash::FxHashMap;

pub(crate) use self::naming::{ANYONES_DELIVERY, ANYONES_EVENT, is_place};
pub use self::naming::{AttemptCount, EventPlace, Naming, Schedule, naming};
use self::services::SERVICES;
use crate::signature::Signing;

/// The services by their headers: each name with its index in [`SERVICES`].
static BY_FIELD: LazyLock<FxHashMap<&'static str, usize>> = LazyLock::new(|| {
    let fields = SERVICES
        .iter()
        .enumerate()
        .flat_map(|(place, service)| service.fields.iter().map(move |field| (*field, place)));
    // Of two services with one header the first counts.
    fields.rev().collect()
});

/// Returns the name of the service or tool that sent a request with these headers.
pub fn sender(headers: &HeaderMap) -> Option<&'static str> {
    let by_field = headers.keys().filter_map(|name| BY_FIELD.get(name.as_str())).min();
    if let Some(service) = by_field.and_then(|&place| SERVICES.get(place)) {
        return Some(service.name);
    }
    let agent = headers.get(USER_AGENT)?.as_bytes();
    SERVICES
        .iter()
        .find(|service| service.agents.iter().any(|start| agent.starts_with(start.as_bytes())))
        .map(|service| service.name)
        .or_else(|| tools::tool(agent))
}

/// Returns all services whose signatures can be verified.
pub fn signings() -> impl Iterator<Item = &'static Signing> {
    SERVICES.iter().filter_map(|service| service.signing.as_ref())
}

/// Returns how the service of this name signs, if known.
pub fn signing(name: &str) -> Option<&'static Signing> {
    signings().find(|signing| signing.name == name)
}

/// Returns the API's id of how the sender of this name signs.
pub fn provider(name: &str) -> Option<&'static str> {
    signing(name).map(|signing| signing.id)
}

/// Returns how the service with this API id signs.
pub fn signing_by_id(id: &str) -> Option<&'static Signing> {
    signings().find(|signing| signing.id == id)
}

/// Returns what a request is other than a delivery: `preview` for the preview of a link,
/// `preflight` for a browser's request before a cross-origin one (WHATWG Fetch §4.8).
pub fn mark(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    if *method == Method::OPTIONS {
        let asks =
            headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        return asks.then_some("preflight");
    }
    if *method != Method::GET && *method != Method::HEAD {
        return None;
    }
    let agent = headers.get(USER_AGENT)?.as_bytes();
    tools::looks_at_links(agent).then_some("preview")
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_service_is_known_by_its_fields() {
        for (field, name) in [
            ("x-github-event", "GitHub"),
            ("stripe-signature", "Stripe"),
            ("x-slack-signature", "Slack"),
            ("x-shopify-topic", "Shopify"),
            ("x-twilio-signature", "Twilio"),
            ("svix-id", "Svix"),
            ("webhook-signature", "Standard Webhooks"),
            ("x-hub-signature-256", "Meta"),
        ] {
            assert_eq!(sender(&headers(&[(field, "x")])), Some(name), "{field}");
        }
    }

    #[test]
    fn forgejo_is_not_taken_for_the_services_whose_fields_it_sends_too() {
        let sent = headers(&[
            ("x-github-event", "push"),
            ("x-gitea-event", "push"),
            ("x-gogs-event", "push"),
            ("x-forgejo-event", "push"),
            ("x-hub-signature-256", "sha256=0"),
        ]);
        assert_eq!(sender(&sent), Some("Forgejo"));
        let github = [("x-hub-signature-256", "sha256=0"), ("x-github-event", "push")];
        assert_eq!(sender(&headers(&github)), Some("GitHub"));
    }

    #[test]
    fn fields_come_before_agents_and_services_before_tools() {
        let relayed = headers(&[("user-agent", "curl/8.5.0"), ("x-gitlab-event", "Push Hook")]);
        assert_eq!(sender(&relayed), Some("GitLab"));
        let agent = |agent| sender(&headers(&[("user-agent", agent)]));
        assert_eq!(agent("GitHub-Hookshot/a1b2c3d"), Some("GitHub"));
        assert_eq!(agent("curl/8.5.0"), Some("curl"));
        assert_eq!(agent("nobody/1"), None);
        assert_eq!(sender(&HeaderMap::new()), None);
    }

    #[test]
    fn each_field_of_a_service_is_in_lower_case() {
        for service in SERVICES {
            for field in service.fields {
                assert_eq!(*field, field.to_ascii_lowercase(), "{}", service.name);
            }
        }
    }

    #[test]
    fn previews_are_marked_and_events_of_the_same_sender_are_not() {
        let seen = |method, agent| mark(&method, &headers(&[("user-agent", agent)]));
        let expander = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)";
        assert_eq!(seen(Method::GET, expander), Some("preview"));
        assert_eq!(seen(Method::POST, expander), None);
        let events = "Slackbot 1.0 (+https://api.slack.com/robots)";
        assert_eq!(seen(Method::POST, events), None);
        assert_eq!(seen(Method::GET, events), None);
        let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        assert_eq!(seen(Method::HEAD, google), Some("preview"));
        assert_eq!(seen(Method::GET, "curl/8.5.0"), None);
    }

    #[test]
    fn a_preflight_asks_for_a_method_from_another_origin() {
        let asks = [("origin", "https://a.example"), ("access-control-request-method", "PUT")];
        assert_eq!(mark(&Method::OPTIONS, &headers(&asks)), Some("preflight"));
        assert_eq!(mark(&Method::OPTIONS, &headers(&asks[..1])), None);
        assert_eq!(mark(&Method::POST, &headers(&asks)), None);
    }
}
