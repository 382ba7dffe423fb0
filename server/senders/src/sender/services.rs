//! The services that send webhooks: how to recognize them, and how they sign. Data, one record per
//! service.

use crate::signature::{Scheme, Signing, schemes};

/// A service that sends webhooks.
#[derive(Clone, Copy)]
pub(super) struct Service {
    pub(super) name: &'static str,
    /// Headers that only it sends, in lower case. If a request has headers of several services, the
    /// first one in this list sent it.
    pub(super) fields: &'static [&'static str],
    /// The start of its `User-Agent`.
    pub(super) agents: &'static [&'static str],
    /// How it signs, if known.
    pub(super) signing: Option<Signing>,
}

impl Service {
    const fn signs(
        self,
        id: &'static str,
        secret: &'static str,
        schemes: &'static [Scheme],
    ) -> Self {
        Self { signing: Some(Signing { id, name: self.name, secret, schemes }), ..self }
    }
}

const fn service(
    name: &'static str,
    fields: &'static [&'static str],
    agents: &'static [&'static str],
) -> Service {
    Service { name, fields, agents, signing: None }
}

/// Services that also send others' headers come before those.
pub(super) const SERVICES: &[Service] = &[
    // Forgejo sends Gitea's headers too, and both send those of Gogs and GitHub.
    service("Forgejo", &["x-forgejo-event", "x-forgejo-delivery", "x-forgejo-signature"], &[]).signs(
        "forgejo",
        "The secret that you entered in the webhook's settings.",
        schemes::FORGEJO,
    ),
    service("Gitea", &["x-gitea-event", "x-gitea-delivery", "x-gitea-signature"], &[]).signs(
        "gitea",
        "The secret that you entered in the webhook's settings.",
        schemes::GITEA,
    ),
    service("Gogs", &["x-gogs-event", "x-gogs-delivery"], &["GogsServer"]),
    service(
        "GitHub",
        &["x-github-event", "x-github-delivery", "x-github-hook-id"],
        &["GitHub-Hookshot/"],
    ).signs(
        "github",
        "The secret that you entered in the webhook's settings.",
        schemes::GITHUB,
    ),
    service(
        "GitLab",
        &["x-gitlab-event", "x-gitlab-token", "x-gitlab-event-uuid", "x-gitlab-webhook-uuid"],
        &["GitLab/"],
    ).signs(
        "gitlab",
        "The webhook's signing token, `whsec_…`, or its secret token.",
        schemes::GITLAB,
    ),
    service("Bitbucket", &["x-event-key", "x-hook-uuid"], &["Bitbucket-Webhooks/"]).signs(
        "bitbucket",
        "The secret that you entered in the webhook's settings.",
        schemes::BITBUCKET,
    ),
    service("Jira", &["x-atlassian-webhook-identifier"], &["Atlassian "]),
    service("Stripe", &["stripe-signature"], &["Stripe/"]).signs(
        "stripe",
        "The endpoint's signing secret, `whsec_…`, as the dashboard shows it.",
        schemes::STRIPE,
    ),
    service(
        "Slack",
        &["x-slack-signature", "x-slack-request-timestamp", "x-slack-retry-num"],
        &["Slackbot", "Slack-"],
    ).signs(
        "slack",
        "The app's signing secret, under Basic Information.",
        schemes::SLACK,
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
    ).signs(
        "shopify",
        "The app's client secret, or the signing secret under Notifications.",
        schemes::SHOPIFY,
    ),
    service(
        "WooCommerce",
        &["x-wc-webhook-topic", "x-wc-webhook-signature", "x-wc-webhook-source"],
        &["WooCommerce/"],
    ).signs(
        "woocommerce",
        "The secret in the webhook's settings.",
        schemes::WOOCOMMERCE,
    ),
    service("WordPress", &[], &["WordPress/"]),
    service(
        "SendGrid",
        &["x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"],
        &["SendGrid Event API", "Sendlib/"],
    ).signs(
        "sendgrid",
        "The verification key of the signed event webhook: a public key in base64.",
        schemes::SENDGRID,
    ),
    service("Twilio", &["x-twilio-signature", "i-twilio-idempotency-token"], &["TwilioProxy/"]).signs(
        "twilio",
        "The account's auth token.",
        schemes::TWILIO,
    ),
    service("Mailgun", &["x-mailgun-signature"], &["mailgun/", "Mailgun"]).signs(
        "mailgun",
        "The HTTP webhook signing key of the account.",
        schemes::MAILGUN,
    ),
    service("Postmark", &["x-pm-webhook-trace-id"], &["Postmark"]),
    service("Mailchimp", &["x-mandrill-signature"], &["MailChimp", "Mandrill"]),
    service(
        "Linear",
        &["linear-signature", "linear-delivery", "linear-event"],
        &["Linear-Webhook"],
    ).signs(
        "linear",
        "The signing secret on the webhook's page.",
        schemes::LINEAR,
    ),
    service("Sentry", &["sentry-hook-resource", "sentry-hook-signature"], &["sentry/"]).signs(
        "sentry",
        "The client secret of the integration.",
        schemes::SENTRY,
    ),
    service("Discord", &["x-signature-ed25519"], &["Discord-Interactions/", "Discord-Webhook/"]).signs(
        "discord",
        "The application's public key: 64 hex digits.",
        schemes::DISCORD,
    ),
    service("Discourse", &["x-discourse-event", "x-discourse-instance"], &["Discourse/"]),
    service(
        "PayPal",
        &["paypal-transmission-id", "paypal-transmission-sig", "paypal-auth-algo"],
        &["PayPal/"],
    ).signs(
        "paypal",
        "The webhook's id on a line of its own, then the certificate (PEM) that `PAYPAL-CERT-URL` names.",
        schemes::PAYPAL,
    ),
    service(
        "Square",
        &["x-square-hmacsha256-signature", "x-square-signature", "square-retry-number"],
        &["Square Connect"],
    ).signs(
        "square",
        "The signature key of the webhook subscription.",
        schemes::SQUARE,
    ),
    service("Paddle", &["paddle-signature"], &["Paddle"]).signs(
        "paddle",
        "The secret key of the notification destination, `pdl_ntfset_…`.",
        schemes::PADDLE,
    ),
    service("Razorpay", &["x-razorpay-signature", "x-razorpay-event-id"], &["Razorpay-Webhook"]).signs(
        "razorpay",
        "The secret that you entered in the webhook's settings.",
        schemes::RAZORPAY,
    ),
    service("Mollie", &["x-mollie-signature"], &["Mollie"]).signs(
        "mollie",
        "The signing secret of the webhook.",
        schemes::MOLLIE,
    ),
    service("Adyen", &["hmacsignature"], &["Adyen"]).signs(
        "adyen",
        "The HMAC key of the webhook: hex digits.",
        schemes::ADYEN,
    ),
    service("Zoom", &["x-zm-signature", "x-zm-request-timestamp"], &["Zoom Marketplace"]).signs(
        "zoom",
        "The secret token of the app.",
        schemes::ZOOM,
    ),
    service(
        "Twitch",
        &["twitch-eventsub-message-id", "twitch-eventsub-message-signature"],
        &["Twitch"],
    ).signs(
        "twitch",
        "The secret that you gave when you subscribed.",
        schemes::TWITCH,
    ),
    service("Dropbox", &["x-dropbox-signature"], &["DropboxWebhooks"]).signs(
        "dropbox",
        "The app secret.",
        schemes::DROPBOX,
    ),
    service("Notion", &["x-notion-signature"], &["Notion"]).signs(
        "notion",
        "The verification token that Notion sent when the webhook was made.",
        schemes::NOTION,
    ),
    service("Typeform", &["typeform-signature"], &["Typeform"]).signs(
        "typeform",
        "The secret in the webhook's settings.",
        schemes::TYPEFORM,
    ),
    service("Vercel", &["x-vercel-signature"], &["vercel-webhooks"]).signs(
        "vercel",
        "The secret that was shown when the webhook was made, or the integration's client secret.",
        schemes::VERCEL,
    ),
    service("Netlify", &["x-netlify-event"], &["Netlify"]),
    service("Heroku", &["heroku-webhook-hmac-sha256"], &["Heroku"]),
    service("CircleCI", &["circleci-signature", "circleci-event-type"], &["CircleCI-Webhook"]),
    service("Travis CI", &["travis-repo-slug"], &["Travis CI"]),
    service("Buildkite", &["x-buildkite-event", "x-buildkite-signature"], &["Buildkite-Request"]),
    service("DocuSign", &["x-docusign-signature-1", "x-authorization-digest"], &["DocuSign"]).signs(
        "docusign",
        "One of the account's HMAC keys, as it is shown.",
        schemes::DOCUSIGN,
    ),
    service(
        "HubSpot",
        &["x-hubspot-signature", "x-hubspot-signature-v3", "x-hubspot-request-timestamp"],
        &["HubSpot"],
    ).signs(
        "hubspot",
        "The app's client secret.",
        schemes::HUBSPOT,
    ),
    service("Intercom", &["intercom-webhook-delivery-id"], &["intercom-webhooks", "Intercom"]).signs(
        "intercom",
        "The app's client secret.",
        schemes::INTERCOM,
    ),
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
    service("Microsoft Graph", &[], &["Microsoft-Graph"]).signs(
        "microsoft-graph",
        "The `clientState` that you gave when you subscribed.",
        schemes::MICROSOFT_GRAPH,
    ),
    service("IFTTT", &[], &["IFTTT-Hooks"]),
    service("Zapier", &[], &["Zapier"]),
    service("Make", &[], &["Make/", "Integromat/"]),
    service("n8n", &[], &["n8n"]),
    service("Meta", &["x-fb-signature"], &["facebookplatform/", "Webhooks/1.0 (https://fb.me"]).signs(
        "meta",
        "The app secret, for WhatsApp and Instagram too.",
        schemes::META,
    ),
    service("Svix", &["svix-id", "svix-signature"], &["Svix-Webhooks/"]).signs(
        "svix",
        "The endpoint's signing secret, `whsec_…`.",
        schemes::SVIX,
    ),
    service("Standard Webhooks", &["webhook-signature"], &[]).signs(
        "standard-webhooks",
        "The signing secret, `whsec_…`, or the public key, `whpk_…`.",
        schemes::STANDARD_WEBHOOKS,
    ),
    // They send through Svix, with its headers.
    service("Clerk", &[], &[]).signs(
        "clerk",
        "The endpoint's signing secret, `whsec_…`.",
        schemes::SVIX,
    ),
    service("Resend", &[], &[]).signs(
        "resend",
        "The webhook's signing secret, `whsec_…`.",
        schemes::SVIX,
    ),
    // Last: several of the above also send this.
    service("Meta", &["x-hub-signature-256"], &[]),
];
