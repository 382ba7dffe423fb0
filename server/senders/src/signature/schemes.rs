//! The schemes of known senders, one record each. `docs/signatures.md` lists them for people, with
//! sources.

use super::scheme::{
    Encoding, Hash, KeyForm, Method, Scheme, SignatureForm, SignedTime, TimeFrom, TimeUnit,
    UrlSpelling,
};

/// HMAC-SHA256 of the body in hex, with the secret's text as key: the most common scheme.
const BODY_HEX: Scheme = Scheme {
    field: "",
    form: SignatureForm::Whole(""),
    method: Method::Hmac(Hash::Sha256),
    encoding: Encoding::Hex,
    key: KeyForm::Text,
    signed: "{body}",
    id: None,
    time: None,
    when: None,
    spelling: UrlSpelling::Called,
};
/// The same in base64.
const BODY_BASE64: Scheme = Scheme { encoding: Encoding::Base64, ..BODY_HEX };
/// The same in hex after the name of the hash.
const BODY_SHA256: Scheme = Scheme { form: SignatureForm::Whole("sha256="), ..BODY_HEX };

const fn header_time(field: &'static str, past_s: Option<u32>) -> Option<SignedTime> {
    Some(SignedTime {
        from: TimeFrom::Field(field),
        unit: TimeUnit::Seconds,
        past_s,
        future_s: None,
    })
}

/// The specification's five minutes in both directions.
const fn standard_time(field: &'static str) -> Option<SignedTime> {
    Some(SignedTime {
        from: TimeFrom::Field(field),
        unit: TimeUnit::Seconds,
        past_s: Some(300),
        future_s: Some(300),
    })
}

const STANDARD: Scheme = Scheme {
    field: "webhook-signature",
    form: SignatureForm::Versions("v1"),
    encoding: Encoding::Base64,
    key: KeyForm::Base64 { prefix: "whsec_", required: false },
    signed: "{id}.{timestamp}.{body}",
    id: Some("webhook-id"),
    time: standard_time("webhook-timestamp"),
    ..BODY_HEX
};
const STANDARD_ED25519: Scheme = Scheme {
    form: SignatureForm::Versions("v1a"),
    method: Method::Ed25519,
    key: KeyForm::Ed25519Base64("whpk_"),
    ..STANDARD
};

pub(crate) const STANDARD_WEBHOOKS: &[Scheme] = &[STANDARD, STANDARD_ED25519];

/// Svix and senders that use it, with either set of names.
pub(crate) const SVIX: &[Scheme] = &[
    SVIX_OWN,
    Scheme {
        form: SignatureForm::Versions("v1a"),
        method: Method::Ed25519,
        key: KeyForm::Ed25519Base64("whpk_"),
        ..SVIX_OWN
    },
    STANDARD,
    STANDARD_ED25519,
];
const SVIX_OWN: Scheme = Scheme {
    field: "svix-signature",
    id: Some("svix-id"),
    time: standard_time("svix-timestamp"),
    ..STANDARD
};

pub(crate) const STRIPE: &[Scheme] = &[Scheme {
    field: "stripe-signature",
    form: SignatureForm::Pairs { separator: ',', time: "t", signature: "v1" },
    signed: "{timestamp}.{body}",
    time: Some(SignedTime {
        from: TimeFrom::Signature,
        unit: TimeUnit::Seconds,
        past_s: Some(300),
        future_s: None,
    }),
    ..BODY_HEX
}];

pub(crate) const PADDLE: &[Scheme] = &[Scheme {
    field: "paddle-signature",
    form: SignatureForm::Pairs { separator: ';', time: "ts", signature: "h1" },
    signed: "{timestamp}:{body}",
    time: Some(SignedTime {
        from: TimeFrom::Signature,
        unit: TimeUnit::Seconds,
        past_s: Some(5),
        future_s: None,
    }),
    ..BODY_HEX
}];

/// The older header only counts if the newer one is missing.
pub(crate) const GITHUB: &[Scheme] = &[
    Scheme { field: "x-hub-signature-256", ..BODY_SHA256 },
    Scheme {
        field: "x-hub-signature",
        form: SignatureForm::Whole("sha1="),
        method: Method::Hmac(Hash::Sha1),
        ..BODY_HEX
    },
];

pub(crate) const GITEA: &[Scheme] = &[Scheme { field: "x-gitea-signature", ..BODY_HEX }];

pub(crate) const FORGEJO: &[Scheme] = &[
    Scheme { field: "x-forgejo-signature", ..BODY_HEX },
    Scheme { field: "x-gitea-signature", ..BODY_HEX },
];

pub(crate) const GITLAB: &[Scheme] = &[
    Scheme { key: KeyForm::Base64 { prefix: "whsec_", required: true }, ..STANDARD },
    Scheme { field: "x-gitlab-token", method: Method::Token, signed: "", ..BODY_HEX },
];

pub(crate) const BITBUCKET: &[Scheme] = &[Scheme { field: "x-hub-signature", ..BODY_SHA256 }];

pub(crate) const SHOPIFY: &[Scheme] = &[
    Scheme { field: "x-shopify-hmac-sha256", ..BODY_BASE64 },
    Scheme { field: "shopify-hmac-sha256", ..BODY_BASE64 },
];

pub(crate) const SLACK: &[Scheme] = &[Scheme {
    field: "x-slack-signature",
    form: SignatureForm::Whole("v0="),
    signed: "v0:{timestamp}:{body}",
    time: header_time("x-slack-request-timestamp", Some(300)),
    ..BODY_HEX
}];

pub(crate) const ZOOM: &[Scheme] = &[Scheme {
    field: "x-zm-signature",
    form: SignatureForm::Whole("v0="),
    signed: "v0:{timestamp}:{body}",
    time: header_time("x-zm-request-timestamp", None),
    ..BODY_HEX
}];

pub(crate) const TWILIO: &[Scheme] = &[Scheme {
    field: "x-twilio-signature",
    method: Method::Hmac(Hash::Sha1),
    signed: "{url}{params}",
    spelling: UrlSpelling::Twilio,
    ..BODY_BASE64
}];

pub(crate) const SENDGRID: &[Scheme] = &[Scheme {
    field: "x-twilio-email-event-webhook-signature",
    method: Method::EcdsaP256,
    key: KeyForm::P256,
    signed: "{timestamp}{body}",
    time: header_time("x-twilio-email-event-webhook-timestamp", None),
    ..BODY_BASE64
}];

pub(crate) const SQUARE: &[Scheme] =
    &[Scheme { field: "x-square-hmacsha256-signature", signed: "{url}{body}", ..BODY_BASE64 }];

pub(crate) const DISCORD: &[Scheme] = &[Scheme {
    field: "x-signature-ed25519",
    method: Method::Ed25519,
    key: KeyForm::Ed25519Hex,
    signed: "{timestamp}{body}",
    time: header_time("x-signature-timestamp", None),
    ..BODY_HEX
}];

pub(crate) const PAYPAL: &[Scheme] = &[Scheme {
    field: "paypal-transmission-sig",
    method: Method::RsaSha256,
    key: KeyForm::WebhookIdAndCertificate,
    signed: "{id}|{timestamp}|{webhook_id}|{crc32}",
    id: Some("paypal-transmission-id"),
    time: Some(SignedTime {
        from: TimeFrom::Field("paypal-transmission-time"),
        unit: TimeUnit::Rfc3339,
        past_s: None,
        future_s: None,
    }),
    ..BODY_BASE64
}];

pub(crate) const LINEAR: &[Scheme] = &[Scheme {
    field: "linear-signature",
    time: Some(SignedTime {
        from: TimeFrom::Member("webhookTimestamp"),
        unit: TimeUnit::Milliseconds,
        past_s: Some(60),
        future_s: Some(60),
    }),
    ..BODY_HEX
}];

pub(crate) const TYPEFORM: &[Scheme] =
    &[Scheme { field: "typeform-signature", form: SignatureForm::Whole("sha256="), ..BODY_BASE64 }];

pub(crate) const INTERCOM: &[Scheme] = &[Scheme {
    field: "x-hub-signature",
    form: SignatureForm::Whole("sha1="),
    method: Method::Hmac(Hash::Sha1),
    ..BODY_HEX
}];

/// The body itself is not signed.
pub(crate) const MAILGUN: &[Scheme] = &[Scheme {
    field: "signature",
    form: SignatureForm::Mailgun,
    signed: "{timestamp}{token}",
    time: Some(SignedTime {
        from: TimeFrom::Signature,
        unit: TimeUnit::Seconds,
        past_s: None,
        future_s: None,
    }),
    ..BODY_HEX
}];

pub(crate) const HUBSPOT: &[Scheme] = &[
    Scheme {
        field: "x-hubspot-signature-v3",
        signed: "{method}{url}{body}{timestamp}",
        spelling: UrlSpelling::HubSpot,
        time: Some(SignedTime {
            from: TimeFrom::Field("x-hubspot-request-timestamp"),
            unit: TimeUnit::Milliseconds,
            past_s: Some(300),
            future_s: None,
        }),
        ..BODY_BASE64
    },
    Scheme {
        field: "x-hubspot-signature",
        method: Method::Digest(Hash::Sha256),
        signed: "{secret}{method}{url}{body}",
        when: Some(("x-hubspot-signature-version", "v2")),
        ..BODY_HEX
    },
    Scheme {
        field: "x-hubspot-signature",
        method: Method::Digest(Hash::Sha256),
        signed: "{secret}{body}",
        when: Some(("x-hubspot-signature-version", "v1")),
        ..BODY_HEX
    },
];

pub(crate) const DROPBOX: &[Scheme] = &[Scheme { field: "x-dropbox-signature", ..BODY_HEX }];

pub(crate) const META: &[Scheme] = &[Scheme { field: "x-hub-signature-256", ..BODY_SHA256 }];

pub(crate) const TWITCH: &[Scheme] = &[Scheme {
    field: "twitch-eventsub-message-signature",
    signed: "{id}{timestamp}{body}",
    id: Some("twitch-eventsub-message-id"),
    time: Some(SignedTime {
        from: TimeFrom::Field("twitch-eventsub-message-timestamp"),
        unit: TimeUnit::Rfc3339,
        past_s: Some(600),
        future_s: None,
    }),
    ..BODY_SHA256
}];

pub(crate) const NOTION: &[Scheme] = &[Scheme { field: "x-notion-signature", ..BODY_SHA256 }];

pub(crate) const SENTRY: &[Scheme] = &[Scheme { field: "sentry-hook-signature", ..BODY_HEX }];

pub(crate) const VERCEL: &[Scheme] =
    &[Scheme { field: "x-vercel-signature", method: Method::Hmac(Hash::Sha1), ..BODY_HEX }];

/// During a rotation, each of the two secrets signs in a separate header.
pub(crate) const MOLLIE: &[Scheme] =
    &[Scheme { field: "x-mollie-signature", form: SignatureForm::Each("sha256="), ..BODY_HEX }];

pub(crate) const RAZORPAY: &[Scheme] = &[Scheme { field: "x-razorpay-signature", ..BODY_HEX }];

pub(crate) const WOOCOMMERCE: &[Scheme] =
    &[Scheme { field: "x-wc-webhook-signature", ..BODY_BASE64 }];

/// The key is the base64 text that DocuSign shows, not its decoded bytes.
pub(crate) const DOCUSIGN: &[Scheme] =
    &[Scheme { field: "x-docusign-signature-", form: SignatureForm::Numbered, ..BODY_BASE64 }];

pub(crate) const ADYEN: &[Scheme] = &[
    Scheme { field: "hmacsignature", key: KeyForm::Hex, ..BODY_BASE64 },
    Scheme {
        field: "additionaldata.hmacsignature",
        form: SignatureForm::AdyenItems,
        key: KeyForm::Hex,
        signed: "{item}",
        ..BODY_BASE64
    },
];

/// Rich notifications' tokens need Microsoft's keys, which Hookglass does not fetch.
pub(crate) const MICROSOFT_GRAPH: &[Scheme] = &[Scheme {
    field: "clientstate",
    form: SignatureForm::ClientState,
    method: Method::Token,
    signed: "",
    ..BODY_HEX
}];
