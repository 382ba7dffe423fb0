//! How senders name what they send: the places of the event's name and the delivery's id, how they
//! count attempts, and their documented retries. Data, one record per sender.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use self::EventPlace::{Field, Member};

/// A place of metadata in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventPlace {
    /// The value of a header, in lower case.
    Field(&'static str),
    /// A member of a JSON body, with dots between names.
    Member(&'static str),
}

/// How a sender counts the attempts of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptCount {
    /// From 1, or from 0: a number below the received attempts is ignored.
    Tries(EventPlace),
    /// The number of earlier attempts: absent or 0 in the first.
    Retries(EventPlace),
}

/// A sender's documented retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// A description in a sentence.
    pub said: &'static str,
    /// The seconds between consecutive attempts, if documented.
    pub gaps_s: &'static [u32],
    /// The source of the documentation.
    pub source: &'static str,
}

/// How one sender names what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// The name in the table of senders.
    pub sender: &'static str,
    /// The places of the event's name, the best first.
    pub event: &'static [EventPlace],
    /// The places of the delivery's id, the best first: the same in each of its attempts.
    pub delivery: &'static [EventPlace],
    /// The place of the attempt's number.
    pub count: Option<AttemptCount>,
    /// When it retries.
    pub schedule: Option<Schedule>,
    /// Limits of its ids.
    pub caveat: Option<&'static str>,
}

impl Naming {
    const fn counts(self, count: AttemptCount) -> Self {
        Self { count: Some(count), ..self }
    }

    const fn but(self, caveat: &'static str) -> Self {
        Self { caveat: Some(caveat), ..self }
    }

    const fn tries_again(
        self,
        said: &'static str,
        gaps_s: &'static [u32],
        source: &'static str,
    ) -> Self {
        Self { schedule: Some(Schedule { said, gaps_s, source }), ..self }
    }
}

const fn of(
    sender: &'static str,
    event: &'static [EventPlace],
    delivery: &'static [EventPlace],
) -> Naming {
    Naming { sender, event, delivery, count: None, schedule: None, caveat: None }
}

/// The places of the event's name for all senders, after those of the sender's record.
pub(crate) const ANYONES_EVENT: [EventPlace; 8] = [
    Field("ce-type"),
    Field("x-webhook-event"),
    Field("x-event-type"),
    Member("type"),
    Member("event_type"),
    Member("event"),
    Member("event_name"),
    Member("topic"),
];

/// The places of the delivery's id for all senders: Standard Webhooks, the drafts of
/// `Idempotency-Key`, CloudEvents §3.1.1.
pub(crate) const ANYONES_DELIVERY: [EventPlace; 4] =
    [Field("webhook-id"), Field("svix-id"), Field("idempotency-key"), Field("ce-id")];

/// The retries of Svix and of senders that use it.
const SVIX_GAPS_S: &[u32] = &[5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

const NAMINGS: &[Naming] = &[
    of("Forgejo", &[Field("x-forgejo-event")], &[Field("x-forgejo-delivery")]),
    of("Gitea", &[Field("x-gitea-event")], &[Field("x-gitea-delivery")]),
    of("Gogs", &[Field("x-gogs-event")], &[Field("x-gogs-delivery")]),
    of("GitHub", &[Field("x-github-event")], &[Field("x-github-delivery")]).tries_again(
        "GitHub does not retry by itself. A redelivery, by hand or by its API, has the same id.",
        &[],
        "GitHub Docs, Handling failed webhook deliveries",
    ),
    // Webhooks that trigger each other share the UUID: it comes last.
    of(
        "GitLab",
        &[Field("x-gitlab-event")],
        &[Field("idempotency-key"), Field("webhook-id"), Field("x-gitlab-event-uuid")],
    ),
    of("Bitbucket", &[Field("x-event-key")], &[Field("x-request-uuid"), Field("x-request-id")])
        .counts(AttemptCount::Tries(Field("x-attempt-number"))),
    of("Jira", &[Member("webhookEvent")], &[Field("x-atlassian-webhook-identifier")])
        .counts(AttemptCount::Retries(Field("x-atlassian-webhook-retry"))),
    of("Stripe", &[Member("type")], &[Member("id")]).tries_again(
        "Stripe retries for up to three days in live mode, with growing gaps.",
        &[],
        "Stripe Docs, Webhooks",
    ),
    of("Slack", &[Member("event.type"), Member("type")], &[Member("event_id")])
        .counts(AttemptCount::Retries(Field("x-slack-retry-num")))
        .tries_again(
            "Slack retries three times: nearly at once, after 1 minute and after 5 minutes.",
            &[0, 60, 300],
            "Slack API, Events API",
        ),
    of(
        "Shopify",
        &[Field("x-shopify-topic"), Field("shopify-topic")],
        &[Field("x-shopify-webhook-id"), Field("x-shopify-event-id")],
    )
    .tries_again(
        "Shopify retries 8 times within 4 hours, with growing gaps.",
        &[],
        "Shopify changelog, September 2024",
    ),
    of("WooCommerce", &[Field("x-wc-webhook-topic")], &[Field("x-wc-webhook-delivery-id")]).but(
        "WooCommerce's ids are made of the webhook and the second: two deliveries in one second \
         share an id and are taken for attempts of one.",
    ),
    of("Twilio", &[], &[Field("i-twilio-idempotency-token")]),
    of("Mailgun", &[Member("event-data.event")], &[Member("event-data.id")]).tries_again(
        "Mailgun retries for 8 hours: after 5, 10 and 15 minutes, 1, 2 and 4 hours.",
        &[300, 600, 900, 3_600, 7_200, 14_400],
        "Mailgun documentation, Webhook retries",
    ),
    of("Linear", &[Field("linear-event")], &[Field("linear-delivery")]),
    of("Sentry", &[Field("sentry-hook-resource")], &[Field("request-id")]),
    of("Discord", &[], &[Member("id")]),
    of("Discourse", &[Field("x-discourse-event")], &[Field("x-discourse-event-id")]),
    of("PayPal", &[Member("event_type")], &[Member("id")]),
    of("Square", &[Member("type")], &[Member("event_id")])
        .counts(AttemptCount::Retries(Field("square-retry-number"))),
    of("Paddle", &[Member("event_type")], &[Member("event_id")]),
    of("Razorpay", &[Member("event")], &[Field("x-razorpay-event-id")]),
    of("Mollie", &[Member("type")], &[Member("id")]),
    of("Zoom", &[Member("event")], &[]),
    of(
        "Twitch",
        &[Field("twitch-eventsub-subscription-type")],
        &[Field("twitch-eventsub-message-id")],
    )
    .counts(AttemptCount::Retries(Field("twitch-eventsub-message-retry"))),
    of("Notion", &[Member("type")], &[Member("id")]),
    of("Typeform", &[Member("event_type")], &[Member("event_id")]),
    of("Netlify", &[Field("x-netlify-event")], &[]),
    of("CircleCI", &[Field("circleci-event-type")], &[Member("id")]),
    of("Buildkite", &[Field("x-buildkite-event")], &[]),
    of("Intercom", &[Member("topic")], &[Member("id")]),
    of("Zendesk", &[Member("type")], &[Field("x-zendesk-webhook-invocation-id")]),
    of("PagerDuty", &[Member("event.event_type")], &[Member("event.id")]),
    of("Contentful", &[Field("x-contentful-topic")], &[Field("x-contentful-idempotency-key")]),
    of("Sanity", &[Field("sanity-operation")], &[Field("idempotency-key")]).tries_again(
        "Sanity retries twice, 30 seconds apart.",
        &[30, 30],
        "Sanity changelog, April 2026",
    ),
    of("Telegram", &[], &[Member("update_id")]),
    of("Amazon SNS", &[Field("x-amz-sns-message-type")], &[Field("x-amz-sns-message-id")]),
    of("Google Pub/Sub", &[], &[Member("message.messageId")])
        .counts(AttemptCount::Tries(Member("deliveryAttempt"))),
    of("Google", &[Field("x-goog-resource-state")], &[]),
    of("Azure Event Grid", &[Field("aeg-event-type")], &[]),
    of("Svix", &[Member("type")], &[Field("svix-id"), Field("webhook-id")]).tries_again(
        "Svix retries after 5 seconds, 5 and 30 minutes, 2, 5, 10 and 10 hours.",
        SVIX_GAPS_S,
        "Svix Docs, Retry Schedule",
    ),
];

/// The records by their sender's name.
static BY_SENDER: LazyLock<FxHashMap<&'static str, &'static Naming>> =
    LazyLock::new(|| NAMINGS.iter().map(|naming| (naming.sender, naming)).collect());

/// The headers that hold metadata of any sender.
static FIELDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let counts = NAMINGS.iter().filter_map(|naming| naming.count.as_ref());
    let counts = counts.map(|(AttemptCount::Tries(place) | AttemptCount::Retries(place))| place);
    let own = NAMINGS.iter().flat_map(|naming| naming.event.iter().chain(naming.delivery));
    let places = own.chain(counts).chain(&ANYONES_EVENT).chain(&ANYONES_DELIVERY);
    let fields = places.filter_map(|place| match place {
        Field(name) => Some(*name),
        Member(_) => None,
    });
    fields.collect()
});

/// Whether a header of this name, in lower case, may hold metadata.
pub(crate) fn is_place(name: &str) -> bool {
    FIELDS.contains(name)
}

/// Returns how the sender of this name names what it sends.
pub fn naming(sender: &str) -> Option<&'static Naming> {
    BY_SENDER.get(sender).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_of_a_known_sender_and_none_has_two() {
        assert_eq!(BY_SENDER.len(), NAMINGS.len());
        for naming in NAMINGS {
            let name = naming.sender;
            assert!(super::super::SERVICES.iter().any(|service| service.name == name), "{name}");
        }
    }

    #[test]
    fn fields_are_in_lower_case() {
        let places = NAMINGS.iter().flat_map(|naming| naming.event.iter().chain(naming.delivery));
        for place in places.chain(&ANYONES_EVENT).chain(&ANYONES_DELIVERY) {
            if let Field(name) = place {
                assert_eq!(*name, name.to_ascii_lowercase());
            }
        }
    }
}
