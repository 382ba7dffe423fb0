//! The known verification requests, by their senders' documentation.

use super::{
    AnswerPart, Handshake, ProbeAnswer,
    ProbeMark::{
        Has, Is, Lacks, Member, NoBody, NoBrowser, NoMember, Number, OneField, OneOf, Type,
    },
    ProbePlace::{self, Body, Header, Query},
};

const TOPIC: ProbePlace = Query("hub.topic");
const MODE: ProbePlace = Query("hub.mode");
const CHALLENGE: ProbePlace = Query("hub.challenge");
const TOKEN: ProbePlace = Query("hub.verify_token");

/// All records; the first match responds.
pub const RECORDS: &[Handshake] = &[
    // api.slack.com/events/url_verification
    Handshake {
        id: "slack",
        name: "Slack",
        asks: "POST, JSON with `\"type\": \"url_verification\"`, `token` and `challenge`",
        gets: "200 with the challenge",
        method: "POST",
        marks: &[Is(Body(&["type"]), "url_verification"), Has(Body(&["token"]))],
        value: Some(Body(&["challenge"])),
        token: None,
        reply: ProbeAnswer::Echo,
        is_probed: false,
    },
    // developers.facebook.com/docs/graph-api/webhooks/getting-started
    Handshake {
        id: "meta",
        name: "Meta",
        asks: "GET with `hub.mode=subscribe`, `hub.verify_token` and `hub.challenge`",
        gets: "200 with the challenge; 403 if a different verify token is set here",
        method: "GET",
        marks: &[Is(MODE, "subscribe"), Has(TOKEN), Lacks(TOPIC)],
        value: Some(CHALLENGE),
        token: Some(TOKEN),
        reply: ProbeAnswer::Echo,
        is_probed: false,
    },
    // W3C WebSub §5.3; hubs of its forerunner send a verify token too.
    Handshake {
        id: "websub",
        name: "WebSub",
        asks: "GET with `hub.mode`, `hub.topic` and `hub.challenge`",
        gets: "200 with the challenge",
        method: "GET",
        marks: &[OneOf(MODE, &["subscribe", "unsubscribe"]), Has(TOPIC)],
        value: Some(CHALLENGE),
        token: None,
        reply: ProbeAnswer::Echo,
        is_probed: false,
    },
    // www.dropbox.com/developers/reference/webhooks, developer.nylas.com: neither documents more of
    // the request than this, so it may contain nothing else.
    Handshake {
        id: "dropbox",
        name: "Dropbox or Nylas",
        asks: "GET with `challenge` alone in the query, not from a browser",
        gets: "200 with the challenge",
        method: "GET",
        marks: &[Has(Query("challenge")), OneField, NoBody, NoBrowser],
        value: Some(Query("challenge")),
        token: None,
        reply: ProbeAnswer::Echo,
        is_probed: false,
    },
    // learn.microsoft.com/graph/change-notifications-delivery-webhooks
    Handshake {
        id: "microsoft-graph",
        name: "Microsoft Graph",
        asks: "POST of `text/plain` without a body, with `validationToken` in the query",
        gets: "200 with the token, decoded",
        method: "POST",
        marks: &[NoBody, Has(Query("validationToken")), Type("text/plain")],
        value: Some(Query("validationToken")),
        token: None,
        reply: ProbeAnswer::Echo,
        is_probed: false,
    },
    // dev.twitch.tv/docs/eventsub/handling-webhook-events
    Handshake {
        id: "twitch",
        name: "Twitch",
        asks: "POST with `Twitch-Eventsub-Message-Type: webhook_callback_verification`",
        gets: "200 with the body's `challenge`",
        method: "POST",
        marks: &[Is(Header("twitch-eventsub-message-type"), "webhook_callback_verification")],
        value: Some(Body(&["challenge"])),
        token: None,
        reply: ProbeAnswer::Echo,
        is_probed: false,
    },
    // developers.zoom.us/docs/api/webhooks
    Handshake {
        id: "zoom",
        name: "Zoom",
        asks: "POST, JSON with `\"event\": \"endpoint.url_validation\"` and `payload.plainToken`",
        gets: "200 with `plainToken` and its HMAC as `encryptedToken`, where Zoom's secret token is \
               set; else nothing of its own",
        method: "POST",
        marks: &[Is(Body(&["event"]), "endpoint.url_validation")],
        value: Some(Body(&["payload", "plainToken"])),
        token: None,
        reply: ProbeAnswer::Members {
            members: &[("plainToken", AnswerPart::Value), ("encryptedToken", AnswerPart::Hmac)],
            headers: &[],
        },
        is_probed: false,
    },
    // discord.com/developers/docs/interactions/overview. Events have a `type` of 1 too.
    Handshake {
        id: "discord",
        name: "Discord",
        asks: "POST with `X-Signature-Ed25519`, JSON with `\"type\": 1` and no `event`",
        gets: "200 with `{\"type\":1}`; 401 for a wrong signature, if that is switched on",
        method: "POST",
        marks: &[
            Has(Header("x-signature-ed25519")),
            Has(Header("x-signature-timestamp")),
            Number(&["type"], "1"),
            NoMember(&["event"]),
        ],
        value: None,
        token: None,
        reply: ProbeAnswer::Fixed(200, Some("{\"type\":1}")),
        is_probed: true,
    },
    // discord.com/developers/docs/events/webhook-events
    Handshake {
        id: "discord",
        name: "Discord",
        asks: "POST with `X-Signature-Ed25519`, JSON with `\"type\": 0` and `application_id`",
        gets: "204; 401 for a wrong signature, if that is switched on",
        method: "POST",
        marks: &[
            Has(Header("x-signature-ed25519")),
            Has(Header("x-signature-timestamp")),
            Number(&["type"], "0"),
            Member(&["application_id"]),
        ],
        value: None,
        token: None,
        reply: ProbeAnswer::Fixed(204, None),
        is_probed: true,
    },
    // developers.smartsheet.com/api/smartsheet/guides/webhooks/webhook-verification
    Handshake {
        id: "smartsheet",
        name: "Smartsheet",
        asks: "POST with `Smartsheet-Hook-Challenge`",
        gets: "200 with the same as `Smartsheet-Hook-Response`, and as `smartsheetHookResponse` in \
               JSON",
        method: "POST",
        marks: &[Has(Header("smartsheet-hook-challenge"))],
        value: Some(Header("smartsheet-hook-challenge")),
        token: None,
        reply: ProbeAnswer::Members {
            members: &[("smartsheetHookResponse", AnswerPart::Value)],
            headers: &[("Smartsheet-Hook-Response", AnswerPart::Value)],
        },
        is_probed: false,
    },
    // developers.asana.com/docs/establish-a-webhook
    Handshake {
        id: "asana",
        name: "Asana",
        asks: "POST with `X-Hook-Secret` and no `X-Hook-Signature`",
        gets: "200 with the same `X-Hook-Secret`",
        method: "POST",
        marks: &[Has(Header("x-hook-secret")), Lacks(Header("x-hook-signature"))],
        value: Some(Header("x-hook-secret")),
        token: None,
        reply: ProbeAnswer::Headers(&[("X-Hook-Secret", AnswerPart::Value)]),
        is_probed: false,
    },
    // developer.okta.com/docs/concepts/event-hooks
    Handshake {
        id: "okta",
        name: "Okta",
        asks: "GET with `X-Okta-Verification-Challenge`",
        gets: "200 with the same as `verification` in JSON",
        method: "GET",
        marks: &[Has(Header("x-okta-verification-challenge"))],
        value: Some(Header("x-okta-verification-challenge")),
        token: None,
        reply: ProbeAnswer::Members {
            members: &[("verification", AnswerPart::Value)],
            headers: &[],
        },
        is_probed: false,
    },
    // learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
    Handshake {
        id: "azure-event-grid",
        name: "Azure Event Grid",
        asks: "POST with `aeg-event-type: SubscriptionValidation`",
        gets: "200 with the event's `validationCode` as `validationResponse` in JSON",
        method: "POST",
        marks: &[Is(Header("aeg-event-type"), "SubscriptionValidation")],
        value: Some(Body(&["0", "data", "validationCode"])),
        token: None,
        reply: ProbeAnswer::Members {
            members: &[("validationResponse", AnswerPart::Value)],
            headers: &[],
        },
        is_probed: false,
    },
    // CloudEvents, HTTP 1.1 Web Hooks for Event Delivery §4
    Handshake {
        id: "cloudevents",
        name: "CloudEvents",
        asks: "OPTIONS with `WebHook-Request-Origin`",
        gets: "200 with the same as `WebHook-Allowed-Origin`, at any rate",
        method: "OPTIONS",
        marks: &[Has(Header("webhook-request-origin"))],
        value: Some(Header("webhook-request-origin")),
        token: None,
        reply: ProbeAnswer::Headers(&[
            ("WebHook-Allowed-Origin", AnswerPart::Value),
            ("WebHook-Allowed-Rate", AnswerPart::Text("*")),
            ("Allow", AnswerPart::Text("OPTIONS, POST")),
        ]),
        is_probed: false,
    },
    // docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
    Handshake {
        id: "amazon-sns",
        name: "Amazon SNS",
        asks: "POST with `x-amz-sns-message-type: SubscriptionConfirmation`",
        gets: "nothing of its own: it is confirmed by opening the `SubscribeURL` in its body, which \
               is left to you",
        method: "POST",
        marks: &[Is(Header("x-amz-sns-message-type"), "SubscriptionConfirmation")],
        value: None,
        token: None,
        reply: ProbeAnswer::ByHand(
            "Open the SubscribeURL in its body to confirm: Hookglass visits no URL that was sent to it.",
        ),
        is_probed: false,
    },
];
