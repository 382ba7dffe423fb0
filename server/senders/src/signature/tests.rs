//! Genuine requests of each sender, most of them made or accepted by the sender's own library
//! (`source` in `vectors.json` says which), and their verdicts after each kind of change.

mod ambiguous;
mod limits;
mod mistakes;
mod parsers;

use std::collections::BTreeSet;

use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::*;
use crate::{
    sender,
    signature::scheme::{Method, SignatureForm, SignedTime},
};

/// A request with the secret that signed it.
#[derive(Debug, Clone, Deserialize)]
struct Vector {
    provider: String,
    source: String,
    secret: String,
    /// A secret of the same form that did not sign it; by default the secret with one more
    /// character.
    wrong: Option<String>,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    /// Seconds.
    received_at: i64,
    case: Option<String>,
}

impl Vector {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("vectors.json")).unwrap()
    }

    fn of(provider: &str) -> Self {
        Self::all().into_iter().find(|vector| vector.provider == provider).unwrap()
    }

    fn wrong(&self) -> String {
        self.wrong.clone().unwrap_or_else(|| format!("{}x", self.secret))
    }

    fn is(&self, case: &str) -> bool {
        self.case.as_deref() == Some(case)
    }

    fn without(&self, field: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(field));
        other
    }

    fn with(&self, field: &str, value: &str) -> Self {
        let mut other = self.without(field);
        other.headers.push((field.to_owned(), value.to_owned()));
        other
    }

    fn field(&self, field: &str) -> &str {
        let found = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(field));
        found.map(|(_, value)| value.as_str()).unwrap()
    }

    fn sender(&self) -> Option<&'static str> {
        let headers = self.headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::try_from(value.as_str()).unwrap())
        });
        sender::sender(&headers.collect())
    }

    fn verify(&self, secrets: &[&str]) -> Verification {
        self.judge_bytes(self.body.as_bytes(), secrets)
    }

    fn judge_bytes(&self, body: &[u8], secrets: &[&str]) -> Verification {
        let known: Vec<KnownSecret> = secrets
            .iter()
            .enumerate()
            .map(|(at, secret)| known(&at.to_string(), &self.provider, secret))
            .collect();
        self.judge_by(body, &known).unwrap()
    }

    fn judge_by(&self, body: &[u8], known: &[KnownSecret]) -> Option<Verification> {
        let (origin, target) = self.url.split_at(self.url.find(".com").unwrap() + 4);
        let mut head = format!("{} {target} HTTP/1.1\r\nHost: hooks.example.com\r\n", self.method);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let message = SignedMessage::new(
            &self.method,
            target.as_bytes(),
            head.as_bytes(),
            body,
            self.received_at * 1_000_000,
            Some(origin),
        );
        verify(&message, self.sender().and_then(sender::signing), known, Depth::Explained)
    }

    /// Returns the scheme that applies to it.
    fn scheme(&self) -> &'static Scheme {
        let signing = sender::signing_by_id(&self.provider).unwrap();
        let body = self.body.as_bytes();
        let mut head = format!("{} / HTTP/1.1\r\n", self.method);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let message = SignedMessage::new(&self.method, b"/", head.as_bytes(), body, 0, None);
        signing
            .schemes
            .iter()
            .find(|scheme| {
                claims(scheme, &message).is_ok() && VerifyingKey::of(scheme, &self.secret).is_ok()
            })
            .unwrap()
    }
}

fn known(id: &str, provider: &str, secret: &str) -> KnownSecret {
    KnownSecret {
        id: id.to_owned(),
        name: None,
        signing: sender::signing_by_id(provider).unwrap(),
        secret: SigningSecret::new(secret.to_owned()),
    }
}

#[test]
fn genuine_requests_of_every_sender_are_valid() {
    let mut providers = BTreeSet::new();
    for vector in Vector::all() {
        let verified = vector.verify(&[&vector.secret]);
        assert_eq!(verified.verdict, Verdict::Valid, "{}: {verified:?}", vector.source);
        assert_eq!(verified.signing.id, vector.provider);
        assert_eq!(verified.secret_id.as_deref(), Some("0"), "{}", vector.source);
        assert_eq!((verified.reason, verified.hint, verified.comparison), (None, None, None));
        providers.insert(vector.provider);
    }
    let known: BTreeSet<String> = sender::signings().map(|signing| signing.id.to_owned()).collect();
    assert_eq!(providers, known, "each sender has a vector");
}

#[test]
fn one_flipped_bit_of_the_body_is_noticed() {
    for vector in Vector::all() {
        // These sign only what they carry in the body.
        if vector.is("in the body") || vector.is("token") {
            continue;
        }
        for at in [0, vector.body.len() / 2, vector.body.len() - 1] {
            let mut body = vector.body.clone().into_bytes();
            body[at] ^= 1;
            let verified = vector.judge_bytes(&body, &[&vector.secret]);
            assert_eq!(verified.verdict, Verdict::Invalid, "{} at {at}", vector.source);
            assert!(verified.reason.is_some());
        }
    }
    let mut adyen = Vector::of("adyen");
    adyen.body = adyen.body.replace("1130", "1131");
    assert_eq!(adyen.verify(&[&adyen.secret]).verdict, Verdict::Invalid);
    let mut mailgun = Vector::of("mailgun");
    mailgun.body = mailgun.body.replace("bbbb", "bbba");
    assert_eq!(mailgun.verify(&[&mailgun.secret]).verdict, Verdict::Invalid);
    let mut graph = Vector::of("microsoft-graph");
    graph.body = graph.body.replacen("client_state", "client-state", 1);
    assert_eq!(graph.verify(&[&graph.secret]).verdict, Verdict::Invalid, "one of two");
}

#[test]
fn a_wrong_secret_is_noticed_and_a_right_one_beside_it_found() {
    for vector in Vector::all() {
        let (right, wrong) = (vector.secret.as_str(), vector.wrong());
        let verified = vector.verify(&[&wrong]);
        assert_eq!(verified.verdict, Verdict::Invalid, "{}: {verified:?}", vector.source);
        assert_eq!(verified.secret_id, None);
        for (secrets, id) in [([wrong.as_str(), right], "1"), ([right, wrong.as_str()], "0")] {
            let verified = vector.verify(&secrets);
            assert_eq!(verified.verdict, Verdict::Valid, "{}: {verified:?}", vector.source);
            assert_eq!(verified.secret_id.as_deref(), Some(id), "{}", vector.source);
        }
    }
}

#[test]
fn a_request_without_its_signature_is_unsigned_and_one_without_the_rest_is_invalid() {
    for vector in Vector::all() {
        let scheme = vector.scheme();
        let bare = match scheme.form {
            SignatureForm::Whole(_)
            | SignatureForm::Each(_)
            | SignatureForm::Pairs { .. }
            | SignatureForm::Versions(_) => {
                // GitHub's older header would replace the newer one.
                vector.without(scheme.field).without("x-hub-signature")
            }
            SignatureForm::Numbered => {
                vector.without("X-DocuSign-Signature-1").without("X-DocuSign-Signature-2")
            }
            SignatureForm::Mailgun | SignatureForm::AdyenItems | SignatureForm::ClientState => {
                Vector { body: r#"{"some":"thing"}"#.to_owned(), ..vector.clone() }
            }
        };
        let verified = bare.verify(&[&vector.secret]);
        assert_eq!(verified.verdict, Verdict::Unsigned, "{}: {verified:?}", vector.source);
        assert!(verified.reason.unwrap().contains("is missing"));
        let others = [
            scheme.id,
            match scheme.time {
                Some(SignedTime { from: scheme::TimeFrom::Field(field), .. }) => Some(field),
                _ => None,
            },
        ];
        for field in others.into_iter().flatten() {
            let verified = vector.without(field).verify(&[&vector.secret]);
            assert_eq!(verified.verdict, Verdict::Invalid, "{}", vector.source);
            assert!(verified.reason.unwrap().contains(field), "{}", vector.source);
        }
    }
}

#[test]
fn timestamps_are_held_against_the_arrival_as_the_sender_does() {
    let mut judged_by_time = BTreeSet::new();
    for vector in Vector::all() {
        let Some(time) = vector.scheme().time else { continue };
        let at = |seconds: i64| {
            let moved = Vector { received_at: vector.received_at + seconds, ..vector.clone() };
            moved.verify(&[&vector.secret])
        };
        for (tolerance, sign) in [(time.past_s, 1), (time.future_s, -1)] {
            match tolerance {
                Some(seconds) => {
                    let seconds = i64::from(seconds);
                    let near = at(sign * (seconds - 5));
                    assert_eq!(near.verdict, Verdict::Valid, "{}: {near:?}", vector.source);
                    let far = at(sign * (seconds + 10));
                    assert_eq!(far.verdict, Verdict::Invalid, "{}", vector.source);
                    let reason = far.reason.unwrap();
                    assert!(reason.contains("the signature is right"), "{reason}");
                    assert!(reason.contains(&format!("takes {seconds} s")), "{reason}");
                    assert!(far.hint.is_some());
                    judged_by_time.insert(vector.provider.clone());
                }
                // The age is not checked.
                None => assert_eq!(at(sign * 100_000).verdict, Verdict::Valid, "{}", vector.source),
            }
        }
    }
    let expected = [
        "clerk",
        "gitlab",
        "hubspot",
        "linear",
        "paddle",
        "resend",
        "slack",
        "standard-webhooks",
        "stripe",
        "svix",
        "twitch",
    ];
    assert!(judged_by_time.iter().eq(expected.iter()), "{judged_by_time:?}");
}

#[test]
fn a_signed_text_that_is_not_the_senders_is_told_beside_what_was_expected() {
    let vector = Vector::of("slack");
    let verified = vector.verify(&["another secret altogether"]);
    let comparison = verified.comparison.unwrap();
    assert_eq!(verified.hint, None);
    assert!(comparison.signed.starts_with(b"v0:1795262587:{\"id\":\"evt_1\""));
    assert_eq!(format!("v0={}", comparison.received), vector.field("x-slack-signature"));
    assert_eq!(comparison.computed.len(), 64);
    assert_ne!(comparison.computed, comparison.received);
}

#[test]
fn what_is_shown_never_holds_a_secret() {
    for vector in Vector::all() {
        for secret in [vector.secret.clone(), vector.wrong(), format!(" {}", vector.secret)] {
            let verified = vector.verify(&[&secret]);
            let shown = format!("{verified:?}");
            let is_public = matches!(vector.scheme().method, Method::EcdsaP256 | Method::Ed25519);
            assert!(is_public || !shown.contains(vector.secret.as_str()), "{shown}");
            let signed =
                verified.comparison.map(|comparison| comparison.signed).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&signed).contains(vector.secret.as_str()));
        }
    }
}

#[test]
fn without_a_secret_a_signed_request_cannot_be_judged() {
    for vector in Vector::all() {
        let verified = vector.judge_by(vector.body.as_bytes(), &[]);
        let Some(signing) = vector.sender().and_then(sender::signing) else {
            assert_eq!(verified, None, "{}", vector.source);
            continue;
        };
        let verified = verified.unwrap();
        assert_eq!((verified.verdict, verified.signing.id), (Verdict::Unknown, signing.id));
    }
}

#[test]
fn of_several_senders_secrets_the_one_that_is_carried_counts() {
    let stripe = Vector::of("stripe");
    let secrets = [
        known("slack", "slack", "x"),
        known("stripe", "stripe", &stripe.secret),
        known("meta", "meta", "y"),
    ];
    let verified = stripe.judge_by(stripe.body.as_bytes(), &secrets).unwrap();
    assert_eq!((verified.verdict, verified.signing.id), (Verdict::Valid, "stripe"));
    // GitHub's header is also Meta's: GitHub's other headers decide.
    let github = Vector::of("github");
    let secrets = [known("meta", "meta", "y"), known("github", "github", "wrong")];
    let verified = github.judge_by(github.body.as_bytes(), &secrets).unwrap();
    assert_eq!((verified.verdict, verified.signing.id), (Verdict::Invalid, "github"));
    // Another sender's signature does not count as a missing one.
    let verified = github.judge_by(github.body.as_bytes(), &secrets[..0]).unwrap();
    assert_eq!(verified.verdict, Verdict::Unknown);
    let secrets = [known("meta", "meta", "y")];
    let verified = github.judge_by(github.body.as_bytes(), &secrets).unwrap();
    assert_eq!((verified.verdict, verified.signing.id), (Verdict::Unknown, "github"));
    // Svix's headers are those of everyone who sends through it.
    let clerk = Vector::of("clerk");
    let verified = clerk.verify(&[&clerk.wrong()]);
    assert_eq!((verified.verdict, verified.signing.id), (Verdict::Invalid, "clerk"));
    let secrets = [known("stripe", "stripe", "x")];
    let verified = github.judge_by(github.body.as_bytes(), &secrets).unwrap();
    assert_eq!((verified.verdict, verified.signing.id), (Verdict::Unknown, "github"));
}

#[test]
fn a_newer_signature_that_is_wrong_is_not_mended_by_an_older_one() {
    let github = Vector::of("github");
    assert!(github.is("two fields"));
    let forged = github.with("X-Hub-Signature-256", &format!("sha256={}", "0".repeat(64)));
    assert_eq!(forged.verify(&[&github.secret]).verdict, Verdict::Invalid);
    let old = github.without("X-Hub-Signature-256");
    assert_eq!(old.verify(&[&github.secret]).verdict, Verdict::Valid);
}

#[test]
fn a_newer_signature_that_is_none_is_not_mended_by_an_older_one() {
    let github = Vector::of("github");
    for garbage in ["garbage", "", "sha256="] {
        let forged = github.with("X-Hub-Signature-256", garbage);
        assert_eq!(forged.verify(&[&github.secret]).verdict, Verdict::Invalid, "{garbage}");
    }
    let is_old = |vector: &Vector| !vector.headers.iter().any(|(name, _)| name.ends_with("-v3"));
    let old = Vector::all().into_iter().find(|v| v.provider == "hubspot" && is_old(v)).unwrap();
    let forged = old.with("X-HubSpot-Signature-v3", "garbage");
    let verified = forged.verify(&[&old.secret]);
    assert_eq!(verified.verdict, Verdict::Invalid, "{verified:?}");
    assert!(verified.reason.unwrap().contains("is missing"));
}

#[test]
fn what_no_secret_is_for_leaves_the_other_kind_to_be_judged() {
    let is_plain = |v: &Vector| v.provider == "gitlab" && !v.secret.starts_with("whsec_");
    let plain = Vector::all().into_iter().find(is_plain).unwrap();
    let both = plain.with("webhook-signature", "garbage");
    assert_eq!(both.verify(&[&plain.secret]).verdict, Verdict::Valid);
}

#[test]
fn a_secret_of_the_wrong_form_is_refused_with_what_it_takes() {
    let refused = |provider: &str, secret: &str| {
        let signing = sender::signing_by_id(provider).unwrap();
        check_secret(signing, &SigningSecret::new(secret.to_owned())).unwrap_err()
    };
    assert!(refused("discord", "abc").contains("64 hex digits"));
    assert!(refused("sendgrid", "MFkw").contains("P-256"));
    assert!(refused("standard-webhooks", "whsec_%%%").contains("base64"));
    assert!(refused("standard-webhooks", "whpk_AAAA").contains("whsec_"));
    for empty in ["whsec_", "whsec_ ", " whsec_\n"] {
        assert!(refused("standard-webhooks", empty).contains("base64"), "{empty:?}");
    }
    assert!(refused("adyen", "xyz").contains("hex digits"));
    assert!(refused("paypal", "8PT597110X687430LKGECATA").contains("certificate"));
    for vector in Vector::all() {
        let signing = sender::signing_by_id(&vector.provider).unwrap();
        for secret in [vector.secret.clone(), vector.wrong()] {
            assert_eq!(
                check_secret(signing, &SigningSecret::new(secret)),
                Ok(()),
                "{}",
                vector.source
            );
        }
    }
}
