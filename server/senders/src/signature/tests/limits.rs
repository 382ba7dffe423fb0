//! Input beyond a limit is neither valid nor invalid, and a signature does not vouch for content
//! that it does not cover.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::*;
use crate::signature::{scheme::Hash, verify::made};

/// A Twilio request whose signature covers only its URL.
fn twilio(url: &str, kind: Option<&str>, body: &str) -> Verification {
    let vector = Vector { url: url.to_owned(), ..Vector::of("twilio") };
    let mac = made(Method::Hmac(Hash::Sha1), vector.secret.as_bytes(), url.as_bytes());
    let sent = vector.with("X-Twilio-Signature", &STANDARD.encode(mac)).without("Content-Type");
    let sent = kind.map_or(sent.clone(), |kind| sent.with("Content-Type", kind));
    sent.judge_bytes(body.as_bytes(), &[&vector.secret])
}

#[test]
fn a_signed_url_vouches_for_no_body_that_it_does_not_name() {
    let url = "https://hooks.example.com/abc/x";
    for (kind, body) in [
        (Some("application/json"), r#"{"forged":true}"#),
        (None, "CallSid=forged"),
        (Some("multipart/form-data; boundary=b"), "--b\r\n\r\nforged\r\n--b--"),
    ] {
        let verified = twilio(url, kind, body);
        assert_eq!(verified.verdict, Verdict::Invalid, "{kind:?}: {verified:?}");
        assert!(verified.reason.unwrap().contains("nothing signs the body"));
        assert!(verified.hint.unwrap().contains("bodySHA256"));
    }
    assert_eq!(twilio(url, None, "").verdict, Verdict::Valid, "there is nothing to sign");
    let forged = twilio(&format!("{url}?bodySHA256=00"), Some("application/json"), "{}");
    assert!(forged.reason.unwrap().contains("is not that of the body"));
}

#[test]
fn a_form_that_is_too_long_to_be_read_is_neither_right_nor_wrong() {
    let form = Some("application/x-www-form-urlencoded");
    let body = format!("CallSid=forged&pad={}", "a".repeat(1024 * 1024));
    let verified = twilio("https://hooks.example.com/abc/x", form, &body);
    assert_eq!(verified.verdict, Verdict::Unknown, "{verified:?}");
    assert!(verified.reason.unwrap().contains("longer than 1 MiB"));
}

#[test]
fn a_called_port_may_be_left_out_of_what_twilio_signs() {
    let vector = Vector::of("twilio");
    let head = |signature: &str| {
        format!(
            "GET /x HTTP/1.1\r\nHost: H.test:8443\r\nX-Forwarded-Proto: https\r\n\
             X-Twilio-Signature: {signature}\r\n\r\n"
        )
    };
    for (signed, verdict) in [
        ("https://H.test:8443/x", Verdict::Valid),
        ("https://h.test:8443/x", Verdict::Valid),
        ("https://h.test/x", Verdict::Valid),
        ("https://h.test:443/x", Verdict::Invalid),
        ("http://h.test/x", Verdict::Invalid),
    ] {
        let mac = made(Method::Hmac(Hash::Sha1), vector.secret.as_bytes(), signed.as_bytes());
        let head = head(&STANDARD.encode(mac));
        let message = SignedMessage::new("GET", b"/x", head.as_bytes(), &b""[..], 0, None);
        let secrets = [known("a", "twilio", &vector.secret)];
        let verified = verify(&message, None, &secrets, Depth::Verdict).unwrap();
        assert_eq!(verified.verdict, verdict, "{signed}");
    }
}

/// `items` of Adyen's items, the last one with another signature.
fn adyen(items: usize, last: &str) -> Verification {
    let vector = Vector::of("adyen");
    let mut body: Value = serde_json::from_str(&vector.body).unwrap();
    let list = body["notificationItems"].as_array_mut().unwrap();
    list.resize(items, list[0].clone());
    list[items - 1]["NotificationRequestItem"]["additionalData"] = json!({"hmacSignature": last});
    Vector { body: body.to_string(), ..vector.clone() }.verify(&[&vector.secret])
}

#[test]
fn every_notification_of_a_request_is_looked_at() {
    let right = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=";
    for items in [1, 64, 65, 1_000] {
        assert_eq!(adyen(items, right).verdict, Verdict::Valid, "{items}");
        assert_eq!(adyen(items, "AAAA").verdict, Verdict::Invalid, "{items}");
    }
    let verified = adyen(1_001, right);
    assert_eq!(verified.verdict, Verdict::Unknown, "{verified:?}");
    assert!(verified.reason.unwrap().contains("1001 notifications"));
    let graph = Vector::of("microsoft-graph");
    for (items, last, verdict) in [
        (65, "client_state_value", Verdict::Valid),
        (65, "x", Verdict::Invalid),
        (1_001, "x", Verdict::Unknown),
    ] {
        let mut list = vec![json!({"subscriptionId": "s", "clientState": graph.secret}); items];
        list[items - 1]["clientState"] = json!(last);
        let sent = Vector { body: json!({ "value": list }).to_string(), ..graph.clone() };
        assert_eq!(sent.verify(&[&graph.secret]).verdict, verdict, "{items} {last}");
    }
}

#[test]
fn what_is_null_in_a_notification_is_signed_as_what_is_missing() {
    let adyen = Vector::of("adyen");
    let null = adyen.body.replace(r#""originalReference":"""#, r#""originalReference":null"#);
    assert_ne!(null, adyen.body);
    let sent = Vector { body: null, ..adyen.clone() };
    assert_eq!(sent.verify(&[&adyen.secret]).verdict, Verdict::Valid);
}

#[test]
fn what_is_unsigned_rests_on_the_body_where_that_is_signed_within() {
    for vector in Vector::all() {
        let verified = Vector { headers: Vec::new(), ..vector.clone() };
        let verified = verified.judge_bytes(b"{", &[&vector.secret]);
        assert_eq!(verified.verdict, Verdict::Unsigned, "{}", vector.source);
        let is_within = ["adyen", "microsoft-graph", "mailgun"].contains(&&*vector.provider);
        assert_eq!(verified.rests_on_the_body(), is_within, "{}", vector.source);
    }
}

#[test]
fn bodies_that_are_too_long_to_be_searched_are_not_called_unsigned() {
    let pad = "a".repeat(1024 * 1024);
    for provider in ["adyen", "microsoft-graph", "mailgun"] {
        let vector = Vector::of(provider);
        let body = format!("{{\"pad\":\"{pad}\",{}", &vector.body[1..]);
        let verified = vector.judge_bytes(body.as_bytes(), &[&vector.secret]);
        assert_eq!(verified.verdict, Verdict::Unknown, "{provider}");
        assert!(verified.reason.unwrap().contains("1 MiB"), "{provider}");
    }
    let form = Vector::all().into_iter().filter(|vector| vector.provider == "mailgun").nth(1);
    let form = form.unwrap();
    let body = format!("body-plain={pad}&{}", form.body);
    let verified = form.judge_bytes(body.as_bytes(), &[&form.secret]);
    assert_eq!(verified.verdict, Verdict::Valid, "a mail may be long");
}

#[test]
fn a_time_in_a_body_that_is_too_long_is_not_called_missing() {
    let linear = Vector::of("linear");
    let sent = |body: String| {
        let mac = made(Method::Hmac(Hash::Sha256), linear.secret.as_bytes(), body.as_bytes());
        let signature = encode(Encoding::Hex, &mac);
        Vector { body, ..linear.with("Linear-Signature", &signature) }.verify(&[&linear.secret])
    };
    let verified = sent(json!({"webhookTimestamp": 1, "pad": "a".repeat(1024 * 1024)}).to_string());
    assert_eq!(verified.verdict, Verdict::Unknown, "{verified:?}");
    assert!(verified.reason.unwrap().contains("a body of more than 1 MiB"));
    let verified = sent(r#"{"webhookTimestamp":1795262587000.0}"#.to_owned());
    assert_eq!(verified.verdict, Verdict::Valid, "{verified:?}");
}

#[test]
fn more_signatures_than_are_looked_at_leave_it_open() {
    let vector = Vector::of("stripe");
    let right = vector.field("Stripe-Signature").to_owned();
    let (time, signature) = right.split_once(',').unwrap();
    for (decoys, verdict) in [(63, Verdict::Valid), (64, Verdict::Unknown)] {
        let value = format!("{time}{},{signature}", ",v1=00".repeat(decoys));
        let verified = vector.with("Stripe-Signature", &value).verify(&[&vector.secret]);
        assert_eq!(verified.verdict, verdict, "{verified:?}");
    }
    let mut public = Vector::all()
        .into_iter()
        .filter(|vector| vector.scheme().form == SignatureForm::Versions("v1a"));
    let public = public.next().unwrap();
    let field = public.scheme().field;
    let right = public.field(field).split(' ').find(|part| part.starts_with("v1a,")).unwrap();
    for (decoys, verdict) in [(3, Verdict::Valid), (4, Verdict::Unknown)] {
        let value =
            format!("{}{right}", format!("v1a,{} ", STANDARD.encode([0; 64])).repeat(decoys));
        let verified = public.with(field, &value).verify(&[&public.secret]);
        assert_eq!(verified.verdict, verdict, "{verified:?}");
    }
}

#[test]
fn a_long_body_is_not_hashed_without_end() {
    let vector = Vector::of("discord");
    let (right, wrong) = (vector.secret.as_str(), vector.wrong());
    let body = vec![b'a'; 30 * 1024 * 1024];
    let verify = |secrets: usize| {
        vector.judge_bytes(&body, &[vec![wrong.as_str(); secrets - 1], vec![right]].concat())
    };
    assert_eq!(verify(2).verdict, Verdict::Invalid);
    let verified = verify(20);
    assert_eq!(verified.verdict, Verdict::Unknown, "{verified:?}");
    assert!(verified.reason.unwrap().contains("too long to check"));
}
