//! Who sent a request, read from the marks that services and tools put on it: data, one record for
//! each. Knows nothing of bodies.

mod tools;

use std::{collections::HashMap, sync::LazyLock};

use hyper::{
    HeaderMap, Method,
    header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, USER_AGENT},
};

/// A service that sends webhooks.
struct Service {
    name: &'static str,
    /// Header fields that only it sends, in lower case. Where several services' fields stand in
    /// one request, the service that comes first here sent it.
    fields: &'static [&'static str],
    /// What its `User-Agent` begins with.
    agents: &'static [&'static str],
}

const fn service(
    name: &'static str,
    fields: &'static [&'static str],
    agents: &'static [&'static str],
) -> Service {
    Service { name, fields, agents }
}

/// Those that also send the fields of others come before them.
const SERVICES: &[Service] = &[
    // Forgejo sends Gitea's fields too, and both send those of Gogs and GitHub.
    service("Forgejo", &["x-forgejo-event", "x-forgejo-delivery", "x-forgejo-signature"], &[]),
    service("Gitea", &["x-gitea-event", "x-gitea-delivery", "x-gitea-signature"], &[]),
    service("Gogs", &["x-gogs-event", "x-gogs-delivery"], &["GogsServer"]),
    service(
        "GitHub",
        &["x-github-event", "x-github-delivery", "x-github-hook-id"],
        &["GitHub-Hookshot/"],
    ),
    service(
        "GitLab",
        &["x-gitlab-event", "x-gitlab-token", "x-gitlab-event-uuid", "x-gitlab-webhook-uuid"],
        &["GitLab/"],
    ),
    service("Bitbucket", &["x-event-key", "x-hook-uuid"], &["Bitbucket-Webhooks/"]),
    service("Jira", &["x-atlassian-webhook-identifier"], &["Atlassian "]),
    service("Stripe", &["stripe-signature"], &["Stripe/"]),
    service(
        "Slack",
        &["x-slack-signature", "x-slack-request-timestamp", "x-slack-retry-num"],
        &["Slackbot", "Slack-"],
    ),
    service(
        "Shopify",
        &[
            "x-shopify-topic",
            "x-shopify-hmac-sha256",
            "x-shopify-shop-domain",
            "shopify-hmac-sha256",
            "x-shopify-webhook-id",
        ],
        &["Shopify-Captain-Hook"],
    ),
    service(
        "WooCommerce",
        &["x-wc-webhook-topic", "x-wc-webhook-signature", "x-wc-webhook-source"],
        &["WooCommerce/"],
    ),
    service("WordPress", &[], &["WordPress/"]),
    service(
        "SendGrid",
        &["x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"],
        &["SendGrid Event API", "Sendlib/"],
    ),
    service("Twilio", &["x-twilio-signature", "i-twilio-idempotency-token"], &["TwilioProxy/"]),
    service("Mailgun", &["x-mailgun-signature"], &["mailgun/", "Mailgun"]),
    service("Postmark", &["x-pm-webhook-trace-id"], &["Postmark"]),
    service("Mailchimp", &["x-mandrill-signature"], &["MailChimp", "Mandrill"]),
    service(
        "Linear",
        &["linear-signature", "linear-delivery", "linear-event"],
        &["Linear-Webhook"],
    ),
    service("Sentry", &["sentry-hook-resource", "sentry-hook-signature"], &["sentry/"]),
    service("Discord", &["x-signature-ed25519"], &["Discord-Interactions/", "Discord-Webhook/"]),
    service("Discourse", &["x-discourse-event", "x-discourse-instance"], &["Discourse/"]),
    service(
        "PayPal",
        &["paypal-transmission-id", "paypal-transmission-sig", "paypal-auth-algo"],
        &["PayPal/"],
    ),
    service(
        "Square",
        &["x-square-hmacsha256-signature", "x-square-signature", "square-retry-number"],
        &["Square Connect"],
    ),
    service("Paddle", &["paddle-signature"], &["Paddle"]),
    service("Razorpay", &["x-razorpay-signature", "x-razorpay-event-id"], &["Razorpay-Webhook"]),
    service("Mollie", &["x-mollie-signature"], &["Mollie"]),
    service("Adyen", &["hmacsignature"], &["Adyen"]),
    service("Zoom", &["x-zm-signature", "x-zm-request-timestamp"], &["Zoom Marketplace"]),
    service(
        "Twitch",
        &["twitch-eventsub-message-id", "twitch-eventsub-message-signature"],
        &["Twitch"],
    ),
    service("Dropbox", &["x-dropbox-signature"], &["DropboxWebhooks"]),
    service("Notion", &["x-notion-signature"], &["Notion"]),
    service("Typeform", &["typeform-signature"], &["Typeform"]),
    service("Vercel", &["x-vercel-signature"], &["vercel-webhooks"]),
    service("Netlify", &["x-netlify-event"], &["Netlify"]),
    service("Heroku", &["heroku-webhook-hmac-sha256"], &["Heroku"]),
    service("CircleCI", &["circleci-signature", "circleci-event-type"], &["CircleCI-Webhook"]),
    service("Travis CI", &["travis-repo-slug"], &["Travis CI"]),
    service("Buildkite", &["x-buildkite-event", "x-buildkite-signature"], &["Buildkite-Request"]),
    service("DocuSign", &["x-docusign-signature-1", "x-authorization-digest"], &["DocuSign"]),
    service(
        "HubSpot",
        &["x-hubspot-signature", "x-hubspot-signature-v3", "x-hubspot-request-timestamp"],
        &["HubSpot"],
    ),
    service("Intercom", &["intercom-webhook-delivery-id"], &["intercom-webhooks", "Intercom"]),
    service("Trello", &["x-trello-webhook"], &["Trello"]),
    service("Asana", &["x-hook-secret", "x-hook-signature"], &["Asana"]),
    service("Airtable", &["x-airtable-content-mac"], &["Airtable"]),
    service("Zendesk", &["x-zendesk-webhook-id", "x-zendesk-webhook-signature"], &["Zendesk"]),
    service("Calendly", &["calendly-webhook-signature"], &["Calendly"]),
    service("PagerDuty", &["x-pagerduty-signature", "x-webhook-subscription"], &["PagerDuty"]),
    service("Grafana", &["x-grafana-alerting-signature", "x-grafana-org-id"], &["Grafana"]),
    service("Alertmanager", &[], &["Alertmanager/"]),
    service("Datadog", &["x-datadog-signature"], &["Datadog"]),
    service("Docker Hub", &[], &["Docker-Hub"]),
    service("Contentful", &["x-contentful-topic", "x-contentful-webhook-name"], &["Contentful"]),
    service("Sanity", &["sanity-webhook-signature", "sanity-operation"], &["Sanity"]),
    service("Xero", &["x-xero-signature"], &["Xero"]),
    service("Plaid", &["plaid-verification"], &["Plaid"]),
    service("Coinbase", &["x-cc-webhook-signature"], &["Coinbase"]),
    service("Telegram", &["x-telegram-bot-api-secret-token"], &[]),
    service("LINE", &["x-line-signature"], &["LineBotWebhook"]),
    service("Amazon SNS", &["x-amz-sns-message-type"], &["Amazon Simple Notification Service"]),
    service("Amazon EventBridge", &[], &["Amazon/EventBridge"]),
    service("Google Pub/Sub", &[], &["APIs-Google", "CloudPubSub-Google"]),
    service("Google", &["x-goog-channel-id", "x-goog-resource-state"], &["Google-Cloud-Tasks"]),
    service("Azure Event Grid", &["aeg-event-type", "aeg-subscription-name"], &[]),
    service("Microsoft Graph", &[], &["Microsoft-Graph"]),
    service("IFTTT", &[], &["IFTTT-Hooks"]),
    service("Zapier", &[], &["Zapier"]),
    service("Make", &[], &["Make/", "Integromat/"]),
    service("n8n", &[], &["n8n"]),
    service("Meta", &["x-fb-signature"], &["facebookplatform/", "Webhooks/1.0 (https://fb.me"]),
    service("Svix", &["svix-id", "svix-signature"], &["Svix-Webhooks/"]),
    service("Standard Webhooks", &["webhook-signature"], &[]),
    // Last: several of the above send this as well.
    service("Meta", &["x-hub-signature-256"], &[]),
];

/// The services by their fields: each name with its place in [`SERVICES`].
static BY_FIELD: LazyLock<HashMap<&'static str, usize>> = LazyLock::new(|| {
    let fields = SERVICES
        .iter()
        .enumerate()
        .flat_map(|(place, service)| service.fields.iter().map(move |field| (*field, place)));
    // Of two services with one field the first counts.
    fields.rev().collect()
});

/// The name of the service or the tool that sent a request with these fields.
pub(crate) fn sender(headers: &HeaderMap) -> Option<&'static str> {
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

/// What a request is beside a delivery: `preview` for somebody who looks at a link, `preflight`
/// for a browser that asks before a cross-origin request (WHATWG Fetch §4.8).
pub(crate) fn mark(method: &Method, headers: &HeaderMap) -> Option<&'static str> {
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
