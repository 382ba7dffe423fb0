//! Ambiguous or lossy input is never valid: a signature of one reading would vouch for the other.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::{
    sender,
    signature::{
        scheme::{Hash, KeyForm, TimeFrom},
        secret::unhex,
        verify::made,
    },
};

/// Verifies a request with these headers, as bytes, with one secret.
fn judge_raw(
    vector: &Vector,
    target: &[u8],
    fields: &[(&str, Vec<u8>)],
    body: &[u8],
) -> Verification {
    let mut head = [vector.method.as_bytes(), b" ", target, b" HTTP/1.1\r\n"].concat();
    for (name, value) in fields {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    let origin = Some("https://hooks.example.com");
    let arrival = vector.received_at * 1_000_000;
    let message = SignedMessage::new(&vector.method, target, &head, body, arrival, origin);
    let known = [known("a", &vector.provider, &vector.secret)];
    verify(&message, vector.sender().and_then(sender::signing), &known, Depth::Explained).unwrap()
}

fn target(vector: &Vector) -> &[u8] {
    vector.url.strip_prefix("https://hooks.example.com").unwrap().as_bytes()
}

fn fields(vector: &Vector) -> Vec<(&str, Vec<u8>)> {
    let fields = vector.headers.iter();
    fields.map(|(name, value)| (name.as_str(), value.clone().into_bytes())).collect()
}

#[test]
fn a_newer_signature_that_cannot_be_read_is_not_mended_by_an_older_one() {
    let mut tried = BTreeSet::new();
    for vector in Vector::all() {
        let own = vector.scheme();
        let all = sender::signing_by_id(&vector.provider).unwrap().schemes;
        let newer = all.iter().take_while(|scheme| *scheme != own);
        for scheme in newer.filter(|scheme| scheme.field != own.field && !scheme.is_in_body()) {
            if VerifyingKey::of(scheme, &vector.secret).is_err() {
                continue;
            }
            for garbage in [&b"\xff"[..], b"sha256=\xff", b"v1,\xff\xfe", b"sha256=00\xc3"] {
                let mut sent = fields(&vector);
                sent.push((scheme.field, garbage.to_vec()));
                let verified = judge_raw(&vector, target(&vector), &sent, vector.body.as_bytes());
                assert_eq!(verified.verdict, Verdict::Invalid, "{}: {verified:?}", vector.source);
                assert!(verified.reason.unwrap().contains("is not UTF-8"), "{}", vector.source);
            }
            tried.insert(vector.provider.clone());
        }
    }
    for provider in ["adyen", "github", "hubspot"] {
        assert!(tried.contains(provider), "{tried:?}");
    }
}

#[test]
fn what_is_signed_beside_the_body_is_there_once_and_readable() {
    for vector in Vector::all() {
        let scheme = vector.scheme();
        let time = match scheme.time {
            Some(SignedTime { from: TimeFrom::Field(field), .. }) => Some(field),
            _ => None,
        };
        for field in [scheme.id, time].into_iter().flatten() {
            let own = vector.field(field).as_bytes().to_vec();
            let mut without = fields(&vector);
            without.retain(|(name, _)| !name.eq_ignore_ascii_case(field));
            for (values, says) in [
                (vec![own.clone(), b"1".to_vec()], "there twice"),
                (vec![b"1".to_vec(), own.clone()], "there twice"),
                (vec![own.clone(), own.clone()], "there twice"),
                (vec![[&own[..], b"\xff"].concat()], "not UTF-8"),
                (vec![own.clone(), b"\xff".to_vec()], "not UTF-8"),
            ] {
                let mut sent = without.clone();
                sent.extend(values.into_iter().map(|value| (field, value)));
                let verified = judge_raw(&vector, target(&vector), &sent, vector.body.as_bytes());
                assert_eq!(verified.verdict, Verdict::Invalid, "{field} of {}", vector.source);
                assert!(verified.reason.unwrap().contains(says), "{field} of {}", vector.source);
            }
        }
    }
    let stripe = Vector::of("stripe");
    let right = stripe.field("Stripe-Signature");
    for doubled in [format!("t=1,{right}"), format!("{right},t=1"), format!("{right},{right}")] {
        let verified = stripe.with("Stripe-Signature", &doubled).verify(&[&stripe.secret]);
        assert_eq!(verified.verdict, Verdict::Invalid, "{doubled}");
        assert!(verified.reason.unwrap().contains("two `t=`"), "{doubled}");
    }
}

#[test]
fn a_form_that_is_decoded_with_loss_is_neither_right_nor_wrong() {
    let vector = Vector::of("twilio");
    let verified = |body: &[u8], signed: &str| {
        let content = format!("{}{signed}", vector.url);
        let mac = made(Method::Hmac(Hash::Sha1), vector.secret.as_bytes(), content.as_bytes());
        let fields = [
            ("X-Twilio-Signature", STANDARD.encode(mac).into_bytes()),
            ("Content-Type", b"application/x-www-form-urlencoded".to_vec()),
        ];
        judge_raw(&vector, target(&vector), &fields, body)
    };
    for (body, signed) in [
        (&b"a=%FF"[..], "a\u{fffd}"),
        (b"a=\xff", "a\u{fffd}"),
        (b"%FF=a", "\u{fffd}a"),
        (b"a=%C3%28", "a\u{fffd}("),
        (b"a=%ED%A0%80", "a\u{fffd}\u{fffd}\u{fffd}"),
        (b"a=%zz", "a%zz"),
        (b"a=%", "a%"),
        (b"a=%4", "a%4"),
        (b"a=%4&b=1", "a%4b1"),
        (b"%=a", "%a"),
        (b"a=1%", "a1%"),
        (b"a=%+1", "a% 1"),
    ] {
        let verified = verified(body, signed);
        assert_eq!(verified.verdict, Verdict::Unknown, "{}: {verified:?}", body.escape_ascii());
        assert!(verified.reason.unwrap().contains("are not text"));
    }
    for (body, signed) in [
        (&b"a=%EF%BF%BD"[..], "a\u{fffd}"),
        (b"a=%25zz", "a%zz"),
        (b"a=b%25", "ab%"),
        (b"b=2+%2B&&a=1=2&c", "a1=2b2 +c"),
        ("a=\u{e4}".as_bytes(), "a\u{e4}"),
    ] {
        assert_eq!(verified(body, signed).verdict, Verdict::Valid, "{}", body.escape_ascii());
    }
    assert_eq!(verified(b"a=b\r\n", "ab").verdict, Verdict::Invalid, "a line end is text, too");
}

#[test]
fn a_url_that_is_decoded_with_loss_is_neither_right_nor_wrong() {
    for vector in Vector::all() {
        let scheme = vector.scheme();
        let Ok(VerifyingKey::Shared(key)) = VerifyingKey::of(scheme, &vector.secret) else {
            continue;
        };
        if !scheme.signs_url() || vector.is("bodySHA256") {
            continue;
        }
        let url = "https://hooks.example.com/abc/x?a=\u{fffd}";
        let own = fields(&vector);
        let mut head = b"POST / HTTP/1.1\r\n".to_vec();
        for (name, value) in &own {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let message =
            SignedMessage::new(&vector.method, b"/", &head, vector.body.as_bytes(), 0, Some(""));
        let claim = claims(scheme, &message).unwrap().remove(0);
        let own_key = VerifyingKey::of(scheme, &vector.secret).unwrap();
        let signed = content(scheme, &message, &claim, &own_key, &vector.secret, url);
        let signature = encode(scheme.encoding, &made(scheme.method, &key, &signed));
        let sent: Vec<_> = own
            .into_iter()
            .map(|(name, value)| {
                let is_signature = name.eq_ignore_ascii_case(scheme.field);
                (name, if is_signature { signature.clone().into_bytes() } else { value })
            })
            .collect();
        let body = vector.body.as_bytes();
        let exact = judge_raw(&vector, "/abc/x?a=\u{fffd}".as_bytes(), &sent, body);
        assert_eq!(exact.verdict, Verdict::Valid, "{}: {exact:?}", vector.source);
        let verified = judge_raw(&vector, b"/abc/x?a=\xff", &sent, body);
        assert_eq!(verified.verdict, Verdict::Unknown, "{}: {verified:?}", vector.source);
        assert!(verified.reason.unwrap().contains("target is not UTF-8"));
    }
}

#[test]
fn a_body_that_says_a_thing_twice_is_not_right() {
    let adyen = Vector::of("adyen");
    let graph = Vector::of("microsoft-graph");
    let mailgun = Vector::of("mailgun");
    for (vector, old, new) in [
        (&adyen, r#""value":1130"#, r#""value":1,"value":1130"#),
        (&adyen, r#""value":1130"#, r#""value":1130,"v\u0061lue":1130"#),
        (&adyen, r#""value":1130"#, r#""v\u0061lue":1,"value":1130"#),
        (&adyen, r#""currency":"EUR""#, r#""currency":"USD","currency":"EUR""#),
        (&adyen, r#""amount":{"#, r#""amount":{"value":1,"currency":"EUR"},"amount":{"#),
        (&adyen, r#""success":"true""#, r#""success":"false","success":"true""#),
        (&adyen, r#""reason":"""#, r#""reason":"a","reason":"""#),
        (&adyen, r#""operations":[]"#, r#""operations":[{"a":1,"a":2}]"#),
        (&adyen, r#""hmacSignature":"#, r#""hmacSignature":"AAAA","hmacSignature":"#),
        (&adyen, r#""additionalData":{"#, r#""additionalData":{"a":1,"a":2,"#),
        (&adyen, r#""live":"false""#, r#""live":"true","live":"false""#),
        (&adyen, r#""notificationItems":["#, r#""notificationItems":[],"notificationItems":["#),
        (&graph, r#""changeType":"#, r#""changeType":"deleted","changeType":"#),
        (&graph, r#""clientState":"#, r#""clientState":"x","clientState":"#),
        (&mailgun, r#""token":"#, r#""token":"x","token":"#),
        (&mailgun, r#""event":"opened""#, r#""event":"opened","event":"clicked""#),
    ] {
        let body = vector.body.replacen(old, new, 1);
        assert_ne!(body, vector.body, "{old}");
        let verified = Vector { body, ..vector.clone() }.verify(&[&vector.secret]);
        assert_eq!(verified.verdict, Verdict::Invalid, "{new}: {verified:?}");
        assert!(verified.reason.unwrap().contains("twice"), "{new}");
    }
    let forms: Vec<_> = Vector::all().into_iter().filter(|v| v.provider == "mailgun").collect();
    let part = "--xYz\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nx\r\n";
    for (vector, body, says) in [
        (&forms[1], format!("{}&token=x", forms[1].body), "`token` is there twice"),
        (&forms[1], format!("signature=00&{}", forms[1].body), "`signature` is there twice"),
        (&forms[1], format!("t%6Fken=x&{}", forms[1].body), "`token` is there twice"),
        (&forms[1], forms[1].body.replace("token=", "token=%zz"), "`token` is no text"),
        (&forms[1], forms[1].body.replace("token=", "token=%ff"), "`token` is no text"),
        (&forms[2], format!("{part}{}", forms[2].body), "`token` is there twice"),
    ] {
        let verified = Vector { body, ..vector.clone() }.verify(&[&vector.secret]);
        assert_eq!(verified.verdict, Verdict::Invalid, "{says}: {verified:?}");
        assert!(verified.reason.unwrap().contains(says), "{says}");
    }
    // The age depends on which of the two times counts.
    let linear = Vector::of("linear");
    let now = linear.received_at * 1_000;
    for body in [
        format!(r#"{{"webhookTimestamp":1,"webhookTimestamp":{now}}}"#),
        format!(r#"{{"webhookTimestamp":{now},"webhook\u0054imestamp":1}}"#),
    ] {
        let mac = made(Method::Hmac(Hash::Sha256), linear.secret.as_bytes(), body.as_bytes());
        let signed = linear.with("Linear-Signature", &encode(Encoding::Hex, &mac));
        let verified = Vector { body, ..signed }.verify(&[&linear.secret]);
        assert_eq!(verified.verdict, Verdict::Invalid, "{verified:?}");
        assert!(verified.reason.unwrap().contains("two of `webhookTimestamp`"));
    }
}

#[test]
fn a_number_that_is_read_as_another_one_is_not_right() {
    let adyen = Vector::of("adyen");
    let key = unhex(&adyen.secret).unwrap();
    let verified = |value: &str, signed: &str| {
        let item = format!(
            "7914073381342284::TestMerchant:TestPayment-1407325143704:{signed}:EUR:AUTHORISATION:true"
        );
        let mac = STANDARD.encode(made(Method::Hmac(Hash::Sha256), &key, item.as_bytes()));
        let body = adyen.body.replace(r#""value":1130"#, &format!(r#""value":{value}"#));
        let body = body.replace("coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=", &mac);
        Vector { body, ..adyen.clone() }.verify(&[&adyen.secret])
    };
    for value in ["0", "1130", "-5", "18446744073709551615", "-9223372036854775808"] {
        assert_eq!(verified(value, value).verdict, Verdict::Valid, "{value}");
    }
    assert_eq!(verified("null", "").verdict, Verdict::Valid);
    assert_eq!(verified("\"1130\"", "1130").verdict, Verdict::Valid);
    for (value, signed) in [
        ("18446744073709551616", "1.8446744073709552e19"),
        ("18446744073709551999", "1.8446744073709552e19"),
        ("1130.00000000000000001", "1130.0"),
        ("1130.0", "1130.0"),
        ("1.13e3", "1130.0"),
        ("-0", "-0.0"),
        ("[1130]", "[1130]"),
        (r#"{"a":1}"#, r#"{"a":1}"#),
    ] {
        let verified = verified(value, signed);
        assert_eq!(verified.verdict, Verdict::Invalid, "{value}: {verified:?}");
        assert!(verified.reason.unwrap().contains("whole number of 64 bits"), "{value}");
    }
}

/// Points of small order (similar to RFC 7748 §7): anybody can sign for these.
const WEAK: [&str; 5] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

#[test]
fn a_secret_that_anybody_has_is_refused_and_counts_for_nothing() {
    let refused = |provider: &str, secret: &str| {
        let signing = sender::signing_by_id(provider).unwrap();
        let refused = check_secret(signing, &SigningSecret::new(secret.to_owned()));
        refused.err().unwrap_or_else(|| panic!("{provider} takes {secret:?}"))
    };
    for signing in sender::signings() {
        for blank in [" ", "\n", "\t \r\n", "\u{a0}", "\u{3000}\u{2003}", "\u{feff}", "\u{200b} \0"]
        {
            let takes = refused(signing.id, blank);
            let is_text = signing.schemes.iter().any(|scheme| scheme.key == KeyForm::Text);
            assert!(!is_text || takes.contains("more than white space"), "{takes}");
        }
    }
    for weak in WEAK {
        assert!(refused("discord", weak).contains("weak"), "{weak}");
        let base64 = STANDARD.encode(unhex(weak).unwrap());
        for provider in ["standard-webhooks", "svix"] {
            assert!(refused(provider, &format!("whpk_{base64}")).contains("weak"), "{weak}");
        }
    }
    for zeros in ["whsec_AA==", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert!(refused("standard-webhooks", zeros).contains("zeros"), "{zeros}");
    }
    assert!(refused("adyen", "0000").contains("zeros"));

    // A secret stored before such secrets were refused validates nothing.
    let by_stored = |provider: &str, stored: &str, key: &[u8]| {
        let vector = Vector { secret: stored.to_owned(), ..Vector::of(provider) };
        let scheme = sender::signing_by_id(provider).unwrap().schemes.first().unwrap();
        let mut signed = vector.body.clone().into_bytes();
        if let Some(id) = scheme.id {
            let id = vector.field(id);
            let time = vector.field("webhook-timestamp");
            signed = [format!("{id}.{time}.").as_bytes(), &signed].concat();
        }
        let mac = encode(scheme.encoding, &made(scheme.method, key, &signed));
        let value = match scheme.form {
            SignatureForm::Whole(prefix) => format!("{prefix}{mac}"),
            _ => format!("v1,{mac}"),
        };
        vector.with(scheme.field, &value).verify(&[stored])
    };
    for (provider, stored, key) in [
        ("github", " ", &b" "[..]),
        ("gitea", "\n", b"\n"),
        ("shopify", "\u{feff}", "\u{feff}".as_bytes()),
        ("standard-webhooks", "whsec_AAAA", b""),
    ] {
        let verified = by_stored(provider, stored, key);
        assert_eq!(verified.verdict, Verdict::Unknown, "{provider}: {verified:?}");
    }
    let discord = Vector::of("discord");
    for weak in WEAK {
        // A signature that a lenient check accepts for such a key, whatever is signed.
        let forged = format!("{weak}{}", "00".repeat(32));
        let verified = discord.with("X-Signature-Ed25519", &forged).verify(&[weak]);
        assert_eq!(verified.verdict, Verdict::Unknown, "{weak}: {verified:?}");
    }
}
