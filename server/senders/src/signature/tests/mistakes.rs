//! Known mistakes: each is made and must be named.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::signature::{
    scheme::{Encoding, Hash},
    verify::{encode, made},
};

/// Signs `content` with SHA-256 and encodes the result as hex.
fn hex_mac(key: &[u8], content: &str) -> String {
    encode(Encoding::Hex, &made(Method::Hmac(Hash::Sha256), key, content.as_bytes()))
}

fn base64_mac(key: &[u8], content: &str) -> String {
    encode(Encoding::Base64, &made(Method::Hmac(Hash::Sha256), key, content.as_bytes()))
}

#[track_caller]
fn assert_hint(verified: &Verification, expected: &str) {
    assert_eq!(verified.verdict, Verdict::Invalid, "{verified:?}");
    let hint = verified.hint.as_deref().unwrap_or_default();
    assert!(hint.contains(expected), "`{expected}` in {verified:?}");
    assert_eq!(verified.comparison, None, "the hint says it all");
}

#[test]
fn a_secret_with_white_space_around_it() {
    for vector in ["stripe", "github", "shopify", "slack"].map(Vector::of) {
        let verified = vector.verify(&[&format!("{}\n", vector.secret)]);
        assert_hint(&verified, "white space around it");
    }
}

#[test]
fn a_secret_in_quotation_marks() {
    let vector = Vector::of("github");
    assert_hint(&vector.verify(&[&format!("\"{}\"", vector.secret)]), "quotation marks");
}

#[test]
fn a_secret_whose_sender_kept_the_line_break_of_a_file() {
    let vector = Vector::of("dropbox");
    let sent = vector.with("X-Dropbox-Signature", &hex_mac(b"own secret\n", &vector.body));
    assert_hint(&sent.verify(&["own secret"]), "ends with a line break");
}

#[test]
fn a_secret_without_its_prefix() {
    let vector = Vector::of("stripe");
    let bare = vector.secret.strip_prefix("whsec_").unwrap();
    assert_hint(&vector.verify(&[bare]), "lacks its `whsec_`");
}

#[test]
fn a_sender_that_leaves_the_prefix_out() {
    let vector = Vector::of("stripe");
    let bare = vector.secret.strip_prefix("whsec_").unwrap();
    let signature = hex_mac(bare.as_bytes(), &format!("1795262587.{}", vector.body));
    let sent = vector.with("Stripe-Signature", &format!("t=1795262587,v1={signature}"));
    assert_hint(&sent.verify(&[&vector.secret]), "leaves `whsec_` out");
}

#[test]
fn a_secret_that_should_have_been_decoded() {
    let vector = Vector::of("svix");
    let content = format!("msg_2.1795262587.{}", vector.body);
    for (key, hint) in [
        (vector.secret.as_str(), "decode the secret from base64"),
        (vector.secret.strip_prefix("whsec_").unwrap(), "decode that from base64"),
    ] {
        let signature = format!("v1,{}", base64_mac(key.as_bytes(), &content));
        assert_hint(&vector.with("svix-signature", &signature).verify(&[&vector.secret]), hint);
    }
}

#[test]
fn a_secret_that_should_not_have_been_decoded() {
    let vector = Vector::of("shopify");
    let (secret, hex) = (STANDARD.encode(b"a secret of theirs"), "00ff10a0");
    let signature = base64_mac(b"a secret of theirs", &vector.body);
    let sent = vector.with("X-Shopify-Hmac-Sha256", &signature);
    assert_hint(&sent.verify(&[&secret]), "decodes the secret from base64");
    let signature = base64_mac(&[0, 0xff, 0x10, 0xa0], &vector.body);
    let sent = vector.with("X-Shopify-Hmac-Sha256", &signature);
    assert_hint(&sent.verify(&[hex]), "decodes the secret from hex");
}

#[test]
fn hex_for_base64_and_base64_for_hex() {
    let shopify = Vector::of("shopify");
    let sent =
        shopify.with("X-Shopify-Hmac-Sha256", &hex_mac(shopify.secret.as_bytes(), &shopify.body));
    assert_hint(&sent.verify(&[&shopify.secret]), "hex digits instead of base64");
    let dropbox = Vector::of("dropbox");
    let sent =
        dropbox.with("X-Dropbox-Signature", &base64_mac(dropbox.secret.as_bytes(), &dropbox.body));
    assert_hint(&sent.verify(&[&dropbox.secret]), "base64 instead of hex digits");
}

#[test]
fn sha1_for_sha256_and_the_other_way_round() {
    let (dropbox, vercel) = (Vector::of("dropbox"), Vector::of("vercel"));
    let sha1 = made(Method::Hmac(Hash::Sha1), dropbox.secret.as_bytes(), dropbox.body.as_bytes());
    let sent = dropbox.with("X-Dropbox-Signature", &encode(Encoding::Hex, &sha1));
    assert_hint(&sent.verify(&[&dropbox.secret]), "SHA-1 instead of SHA-256");
    let sent = vercel.with("x-vercel-signature", &hex_mac(vercel.secret.as_bytes(), &vercel.body));
    assert_hint(&sent.verify(&[&vercel.secret]), "SHA-256 instead of SHA-1");
}

#[test]
fn another_url_than_the_one_that_was_called() {
    let vector = Vector::of("square");
    for (signed, what) in [
        ("http://hooks.example.com/abc/square", "http"),
        ("https://tunnel.example.net/abc/square", "host"),
        ("https://hooks.example.com:8443/abc/square", "port"),
        ("https://hooks.example.com/abc/square/", "path: trailing slash"),
        ("https://hooks.example.com/abc", "path: the endpoint alone"),
    ] {
        let signature = base64_mac(vector.secret.as_bytes(), &format!("{signed}{}", vector.body));
        let sent = vector
            .with("x-square-hmacsha256-signature", &signature)
            .with("X-Forwarded-Host", "tunnel.example.net")
            .with("X-Forwarded-Port", "8443");
        let verified = sent.verify(&[&vector.secret]);
        assert_hint(&verified, &format!("signed the URL `{signed}`, not `{}`", vector.url));
        let has_option = verified.hint.unwrap().contains("--public-url");
        assert_eq!(has_option, !what.starts_with("path"), "{what}: an origin cannot fix a path");
    }
}

#[test]
fn a_line_break_at_the_end_of_the_body_more_or_less() {
    let vector = Vector::of("github");
    let sign = |body: &str| format!("sha256={}", hex_mac(vector.secret.as_bytes(), body));
    let more = Vector { body: format!("{}\n", vector.body), ..vector.clone() };
    assert_hint(&more.verify(&[&vector.secret]), "without the line break at its end");
    let less = vector.with("X-Hub-Signature-256", &sign(&format!("{}\n", vector.body)));
    assert_hint(&less.verify(&[&vector.secret]), "line break at its end that did not arrive");
}

#[test]
fn json_that_was_written_anew() {
    let mut vector = Vector::of("github");
    vector.body = r#"{"b":[1,2.50],"a":"Grüße/x"}"#.to_owned();
    let sign = |body: &str| {
        let signature = format!("sha256={}", hex_mac(vector.secret.as_bytes(), body));
        vector.with("X-Hub-Signature-256", &signature).verify(&[&vector.secret])
    };
    for (signed, how) in [
        (r#"{"b": [1, 2.50], "a": "Grüße/x"}"#, "json.dumps"),
        (r#"{"b":[1,2.50],"a":"Gr\u00fc\u00dfe/x"}"#, "\\u escapes"),
        (r#"{"b":[1,2.50],"a":"Grüße\/x"}"#, "json_encode"),
        ("{\n  \"b\": [\n    1,\n    2.50\n  ],\n  \"a\": \"Grüße/x\"\n}", "two spaces"),
        (r#"{"a":"Grüße/x","b":[1,2.5]}"#, "sorted"),
    ] {
        assert_hint(&sign(signed), how);
    }
}

#[test]
fn a_secret_that_is_another_senders() {
    let vector = Vector::of("stripe");
    let mut other = known("other", "github", &vector.secret);
    other.name = Some("Shop".to_owned());
    let secrets = [known("own", "stripe", "whsec_wrong"), other];
    let verified = vector.judge_by(vector.body.as_bytes(), &secrets).unwrap();
    assert_hint(&verified, "the secret \"Shop\" that is set here for GitHub");
}

#[test]
fn a_timestamp_out_of_tolerance() {
    let vector = Vector::of("stripe");
    let late = Vector { received_at: vector.received_at + 3_598, ..vector.clone() };
    let verified = late.verify(&[&vector.secret]);
    assert_hint(&verified, "sign each attempt again");
    let reason = verified.reason.unwrap();
    assert!(reason.contains("3600 s before the arrival; Stripe takes 300 s"), "{reason}");
    assert_eq!(verified.secret_id.as_deref(), Some("0"));
}

#[test]
fn a_signature_of_something_else() {
    let stripe = Vector::of("stripe");
    let alone = hex_mac(stripe.secret.as_bytes(), &stripe.body);
    let sent = stripe.with("Stripe-Signature", &format!("t=1795262587,v1={alone}"));
    assert_hint(&sent.verify(&[&stripe.secret]), "signs the body alone");
    let github = Vector::of("github");
    let empty = format!("sha256={}", hex_mac(github.secret.as_bytes(), ""));
    let sent = github.with("X-Hub-Signature-256", &empty);
    assert_hint(&sent.verify(&[&github.secret]), "that of an empty body");
}

#[test]
fn a_signature_without_its_prefix() {
    let vector = Vector::of("meta");
    let bare = vector.field("x-hub-signature-256").strip_prefix("sha256=").unwrap();
    let verified = vector.with("X-Hub-Signature-256", bare).verify(&[&vector.secret]);
    assert_hint(&verified, "put `sha256=` before it");
}

#[test]
fn a_timestamp_in_another_unit() {
    for (provider, field, time, sent, due) in [
        ("svix", "svix-timestamp", "1795262587000", "milliseconds", "seconds"),
        ("hubspot", "X-HubSpot-Request-Timestamp", "1795262587", "seconds", "milliseconds"),
    ] {
        let vector = Vector::of(provider);
        let signature = match provider {
            "svix" => {
                let key = vector.secret.strip_prefix("whsec_").unwrap();
                let content = format!("{}.{time}.{}", vector.field("svix-id"), vector.body);
                format!("v1,{}", base64_mac(&STANDARD.decode(key).unwrap(), &content))
            }
            _ => {
                let content = format!("POST{}{}{time}", vector.url, vector.body);
                base64_mac(vector.secret.as_bytes(), &content)
            }
        };
        let signed = vector.with(vector.scheme().field, &signature).with(field, time);
        let verified = signed.verify(&[&vector.secret]);
        assert_hint(&verified, &format!("sign the time in {due}"));
        assert!(!verified.hint.unwrap().contains("clock"));
        let reason = verified.reason.unwrap();
        assert!(reason.contains(&format!("is in {sent}")), "{reason}");
    }
}

#[test]
fn a_prefix_too_much_or_in_upper_case() {
    for (provider, field) in [("shopify", "X-Shopify-Hmac-Sha256"), ("gitea", "X-Gitea-Signature")]
    {
        let vector = Vector::of(provider);
        let sent = vector.with(field, &format!("sha256={}", vector.field(field)));
        assert_hint(&sent.verify(&[&vector.secret]), "leave out the `sha256=`");
    }
    let github = Vector::of("github");
    let upper = github.field("X-Hub-Signature-256").replace("sha256", "SHA256");
    let sent = github.with("X-Hub-Signature-256", &upper).without("X-Hub-Signature");
    assert_hint(&sent.verify(&[&github.secret]), "write `sha256=` before it, not `SHA256=`");
}

#[test]
fn another_hash_in_the_field_of_one() {
    let meta = Vector::of("meta");
    let sha1 = made(Method::Hmac(Hash::Sha1), meta.secret.as_bytes(), meta.body.as_bytes());
    let sent = meta.with("X-Hub-Signature-256", &format!("sha1={}", encode(Encoding::Hex, &sha1)));
    assert_hint(&sent.verify(&[&meta.secret]), "but for its hash, which `sha1=` names");
}

#[test]
fn a_signature_without_its_version() {
    let vector = Vector::of("svix");
    let bare = vector.field("svix-signature").strip_prefix("v1,").unwrap();
    let sent = vector.with("svix-signature", bare);
    assert_hint(&sent.verify(&[&vector.secret]), "put `v1,` before it");
}

#[test]
fn a_form_that_is_left_out_of_what_is_signed() {
    let vector = Vector::of("twilio");
    let mac = made(Method::Hmac(Hash::Sha1), vector.secret.as_bytes(), vector.url.as_bytes());
    let sent = vector.with("X-Twilio-Signature", &encode(Encoding::Base64, &mac));
    assert_hint(&sent.verify(&[&vector.secret]), "parameters of its form have to be signed");
}
