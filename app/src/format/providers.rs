//! Where to paste an endpoint's URL in the settings of webhook senders.

/// A sender of webhooks.
#[derive(Debug, Clone, Copy)]
pub struct WebhookSender {
    /// Its name.
    pub name: &'static str,
    /// The path through its settings, with the field at its end.
    pub path: &'static str,
}

/// Senders, the most popular first.
pub const PROVIDERS: [WebhookSender; 11] = [
    WebhookSender {
        name: "GitHub",
        path: "Repository \u{203a} Settings \u{203a} Webhooks \u{203a} Add webhook \u{203a} Payload URL",
    },
    WebhookSender {
        name: "GitLab",
        path: "Project \u{203a} Settings \u{203a} Webhooks \u{203a} Add new webhook \u{203a} URL",
    },
    WebhookSender {
        name: "Bitbucket",
        path: "Repository settings \u{203a} Webhooks \u{203a} Add webhook \u{203a} URL",
    },
    WebhookSender {
        name: "Stripe",
        path: "Workbench \u{203a} Webhooks \u{203a} Create new destination \u{203a} Endpoint URL",
    },
    WebhookSender {
        name: "Shopify",
        path: "Settings \u{203a} Notifications \u{203a} Webhooks \u{203a} Create webhook \u{203a} URL",
    },
    WebhookSender {
        name: "Slack",
        path: "Your app \u{203a} Slash Commands \u{203a} Create New Command \u{203a} Request URL",
    },
    WebhookSender {
        name: "Twilio",
        path: "Phone Numbers \u{203a} Active numbers \u{203a} A message comes in \u{203a} Webhook",
    },
    WebhookSender {
        name: "Linear",
        path: "Settings \u{203a} API \u{203a} New webhook \u{203a} URL",
    },
    WebhookSender {
        name: "Sentry",
        path: "Settings \u{203a} Developer Settings \u{203a} New Internal Integration \u{203a} Webhook URL",
    },
    WebhookSender {
        name: "PayPal",
        path: "Developer Dashboard \u{203a} Apps & Credentials \u{203a} Your app \u{203a} Add Webhook",
    },
    WebhookSender {
        name: "Zapier",
        path: "Action \u{203a} Webhooks by Zapier \u{203a} POST \u{203a} URL",
    },
];
