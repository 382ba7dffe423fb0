//! Headers and bodies that anyone may send: parsers never panic, and read what was written.

use proptest::prelude::*;

use super::*;
use crate::{
    sender,
    signature::{
        scheme::{KeyForm, TimeFrom, TimeUnit},
        time::signed_at,
        verify::encode,
    },
};

fn schemes() -> impl Iterator<Item = (&'static str, &'static Scheme)> {
    sender::signings()
        .flat_map(|signing| signing.schemes.iter().map(move |scheme| (signing.id, scheme)))
}

/// A request that carries `value` at every place of a scheme.
fn message<'a>(scheme: &Scheme, value: &str, other: &str, body: &'a [u8]) -> SignedMessage<'a> {
    let mut fields = vec![("content-type".to_owned(), other.to_owned())];
    let field = if scheme.form == SignatureForm::Numbered {
        format!("{}1", scheme.field)
    } else {
        scheme.field.to_owned()
    };
    fields.push((field, value.to_owned()));
    if let Some(SignedTime { from: TimeFrom::Field(field), .. }) = scheme.time {
        fields.push((field.to_owned(), other.to_owned()));
    }
    fields.extend(scheme.id.map(|field| (field.to_owned(), other.to_owned())));
    fields.extend(scheme.when.map(|(field, value)| (field.to_owned(), value.to_owned())));
    let urls = vec!["https://h.test/a".to_owned()];
    SignedMessage {
        method: "POST",
        fields,
        unreadable: Vec::new(),
        body: body.into(),
        urls,
        is_target_text: true,
        received_at: 0,
    }
}

#[test]
fn every_template_names_only_what_can_be_filled_in() {
    let names = [
        "body",
        "timestamp",
        "id",
        "method",
        "url",
        "token",
        "params",
        "item",
        "crc32",
        "secret",
        "webhook_id",
    ];
    for (id, scheme) in schemes() {
        for part in scheme.signed.split('{').skip(1) {
            let (name, _) = part.split_once('}').unwrap();
            assert!(names.contains(&name), "{id}: {name}");
        }
        assert_eq!(scheme.field, scheme.field.to_ascii_lowercase(), "{id}");
        assert_eq!(scheme.signed.contains("{id}"), scheme.id.is_some(), "{id}");
    }
}

#[test]
fn each_sender_has_one_name_in_the_api() {
    let mut ids: Vec<&str> = sender::signings().map(|signing| signing.id).collect();
    assert!(ids.len() >= 24, "{}", ids.len());
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for id in ids {
        assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{id}");
    }
}

proptest! {
    // Each case runs all schemes.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn reading_what_anyone_sends_never_panics(
        value in "(v1,|t=[0-9]{0,30},?|sha256=|v0=)?\\PC*",
        other in "\\PC{0,40}|[0-9]{1,30}|application/x-www-form-urlencoded|multipart/form-data; boundary=x",
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "\\{\"signature\":\\{\"timestamp\":.{0,9},\"token\":\".{0,9}\",\"signature\":\".{0,9}\"\\}\\}"
                .prop_map(String::into_bytes),
            "\\{\"value\":\\[\\{\"subscriptionId\":\"\",\"clientState\":\".{0,9}\"\\}\\]\\}"
                .prop_map(String::into_bytes),
        ],
    ) {
        for (id, scheme) in schemes() {
            let message = message(scheme, &value, &other, &body);
            if let Ok(claims) = claims(scheme, &message) {
                prop_assert!(!claims.is_empty());
                for claim in &claims {
                    drop(signed_at(scheme, claim, &message));
                }
            }
            let known = [known("a", id, &value), known("b", id, "00")];
            verify(&message, None, &known, Depth::Explained);
        }
    }

    #[test]
    fn keys_of_anything_never_panic(text in "(whsec_|whpk_|-----BEGIN PUBLIC KEY-----\n|id\n-----BEGIN CERTIFICATE-----)?(.|\n){0,80}") {
        for (_, scheme) in schemes() {
            drop(VerifyingKey::of(scheme, &text));
        }
    }

    #[test]
    fn what_a_scheme_signs_is_valid_by_it(
        key in proptest::collection::vec(any::<u8>(), 1..40),
        body in proptest::collection::vec(any::<u8>(), 0..300),
        id in "[a-z0-9_-]{1,20}",
        seconds in 1_i64..4_000_000_000,
        decoys in 0_usize..3,
    ) {
        // Such a key is equivalent to none, and refused.
        prop_assume!(key.iter().any(|&byte| byte != 0));
        for (provider, scheme) in schemes() {
            let is_hashed = matches!(scheme.method, Method::Hmac(_) | Method::Digest(_));
            let in_field = matches!(
                scheme.form,
                SignatureForm::Whole(_)
                    | SignatureForm::Each(_)
                    | SignatureForm::Pairs { .. }
                    | SignatureForm::Versions(_)
                    | SignatureForm::Numbered
            );
            // These have their time in the body.
            let is_elsewhere = scheme.time.is_some_and(|time| matches!(time.from, TimeFrom::Member(_)));
            if !is_hashed || !in_field || is_elsewhere {
                continue;
            }
            let secret = match scheme.key {
                KeyForm::Base64 { prefix, .. } => {
                    format!("{prefix}{}", encode(scheme::Encoding::Base64, &key))
                }
                _ => encode(scheme::Encoding::Hex, &key),
            };
            let timestamp = match scheme.time.map(|time| time.unit) {
                Some(TimeUnit::Milliseconds) => (seconds * 1000).to_string(),
                Some(TimeUnit::Rfc3339) => {
                    hookglass_wire::Timestamp::from_micros(seconds * 1_000_000).to_string()
                }
                _ => seconds.to_string(),
            };
            let claim = Claim { timestamp: timestamp.clone(), id: id.clone(), ..Claim::default() };
            // A body that is not a form is only signed by its hash in the URL.
            let body: &[u8] = if scheme.signs_params() { b"" } else { &body };
            let mut message = message(scheme, "", &timestamp, body);
            message.received_at = seconds * 1_000_000;
            if let Some(field) = scheme.id {
                message.fields.retain(|(name, _)| name != field);
                message.fields.push((field.to_owned(), id.clone()));
            }
            let own = VerifyingKey::of(scheme, &secret).unwrap();
            let VerifyingKey::Shared(bytes) = &own else { continue };
            let signed = content(scheme, &message, &claim, &own, &secret, &message.urls[0]);
            let signature = encode(scheme.encoding, &made(scheme.method, bytes, &signed));
            let value = match scheme.form {
                SignatureForm::Whole(prefix) => format!("{prefix}{signature}"),
                SignatureForm::Pairs { separator, time, signature: name } => {
                    let mut value = format!("{time}={timestamp}");
                    for _ in 0..decoys {
                        value.push_str(&format!("{separator}{name}=00"));
                    }
                    format!("{value}{separator}{name}={signature}")
                }
                SignatureForm::Versions(version) => {
                    format!("{}{version},{signature}", format!("{version},AAAA ").repeat(decoys))
                }
                _ => signature,
            };
            let carrying = |(name, _): &&mut (String, String)| name.starts_with(scheme.field);
            message.fields.iter_mut().find(carrying).unwrap().1 = value;
            let verified = verify(&message, None, &[known("k", provider, &secret)], Depth::Verdict);
            let verified = verified.unwrap();
            prop_assert_eq!(verified.verdict, Verdict::Valid, "{}: {:?}", provider, verified);
        }
    }
}
