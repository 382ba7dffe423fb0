//! What a header means, by its name, and whether its value is a credential.

use super::{http, senders};

/// What is known about a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderMeaning {
    pub(crate) about: &'static str,
    pub(crate) standard: &'static str,
}

/// Looks up a header by name, in any case.
pub(crate) fn known(name: &str) -> Option<HeaderMeaning> {
    let mut best: Option<(&str, HeaderMeaning)> = None;
    for &(listed, about, standard) in http::FIELDS.iter().chain(senders::FIELDS) {
        let fits = match listed.strip_suffix('*') {
            Some(start) => name.get(..start.len()).is_some_and(|begins| {
                begins.eq_ignore_ascii_case(start) && name.len() > start.len()
            }),
            None => listed.eq_ignore_ascii_case(name),
        };
        if fits && best.is_none_or(|(before, _)| is_better(listed, before)) {
            best = Some((listed, HeaderMeaning { about, standard }));
        }
    }
    best.map(|(_, known)| known)
}

/// A whole name beats a prefix, and a longer prefix beats a shorter one.
fn is_better(listed: &str, before: &str) -> bool {
    before.ends_with('*')
        && (!listed.ends_with('*') || listed.len() > before.len())
}

/// Headers whose value grants access.
const SECRETS: [&str; 14] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-key",
    "x-hook-secret",
    "x-amz-security-token",
    "x-goog-iam-authorization-token",
    "x-functions-key",
    "ocp-apim-subscription-key",
    "x-parse-rest-api-key",
];

/// Credentials that senders send instead of signing: anyone who reads one can impersonate the
/// sender.
const TOKENS: [&str; 4] = [
    "x-gitlab-token",
    "x-goog-channel-token",
    "x-telegram-bot-api-secret-token",
    "x-webhook-secret",
];

/// How the value of a header, query or form field is marked: `token` is masked until it is pressed,
/// `secret` only while secrets are hidden; empty for most.
pub(crate) fn secrecy(name: &str) -> &'static str {
    if TOKENS.iter().any(|token| token.eq_ignore_ascii_case(name)) {
        "secret token"
    } else if is_secret(name) {
        "secret"
    } else {
        ""
    }
}

/// Whether a value is hidden while others watch: credentials, never mere signatures.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = [
        "-token",
        "_token",
        "-secret",
        "_secret",
        "-password",
        "_password",
        "-api-key",
        "_api_key",
        "-access-key",
        "_access_key",
    ];
    let is_token = ends.iter().any(|end| name.ends_with(end))
        || matches!(
            name.as_str(),
            "token" | "secret" | "password" | "api_key" | "api-key" | "access_key" | "access-key"
        );
    // Identifies an event, not a person.
    let is_harmless = name == "i-twilio-idempotency-token";
    (SECRETS.contains(&name.as_str()) || is_token) && !is_harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_others_send_as_the_sender_is_a_token() {
        assert_eq!(secrecy("X-Gitlab-Token"), "secret token");
        for name in ["Authorization", "api_key", "X-Api-Key", "stripe_api_key", "client_secret"] {
            assert_eq!(secrecy(name), "secret", "{name}");
        }
        assert_eq!(secrecy("X-Hub-Signature-256"), "");
    }

    #[test]
    fn known_fields_are_explained_whatever_their_case() {
        let agent = known("User-AGENT").unwrap();
        assert_eq!(agent.standard, "RFC 9110 §10.1.5");
        assert_eq!(known("X-GitHub-Event").unwrap().standard, "GitHub");
        assert_eq!(known("x-made-up"), None);
    }

    #[test]
    fn a_whole_name_goes_before_its_start() {
        assert_eq!(known("sec-ch-ua").unwrap().about, "The browser's brands and versions.");
        assert!(known("Sec-CH-UA-Mobile").unwrap().about.contains("browser and device"));
        assert!(known("sec-ch-width").unwrap().about.contains("page is shown"));
        assert_eq!(known("sec-ch-"), None);
    }

    #[test]
    fn the_table_is_in_order() {
        let all = http::FIELDS.iter().chain(senders::FIELDS);
        let mut names: Vec<_> = all.clone().map(|(name, ..)| *name).collect();
        assert!(names.len() >= 200, "{}", names.len());
        for (name, about, standard) in all {
            assert_eq!(*name, name.to_ascii_lowercase());
            assert!(about.ends_with('.') && about.len() < 80 && !standard.is_empty(), "{name}");
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn credentials_are_secret_and_signatures_are_not() {
        for name in ["Authorization", "cookie", "X-Gitlab-Token", "x-shop-api-key", "X-Auth-Token"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["Stripe-Signature", "x-github-event", "tokens", "i-twilio-idempotency-token"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
