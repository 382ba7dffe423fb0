//! Signatures that stand in the body.

use serde::Deserialize;
use serde_json::Value;

use super::{Claim, SEARCHED_BYTES, Trouble};
use crate::{
    reading::{form, media::Media, multipart::Parts},
    signature::message::Message,
};

/// Notifications that are looked at in one request. Senders put far fewer together.
const ITEMS: usize = 1_000;

/// A JSON body.
///
/// # Errors
/// It is none, or is too long to look into.
fn json<T: for<'de> Deserialize<'de>>(message: &Message<'_>) -> Result<T, Trouble> {
    let body = message.body.trim_ascii_start();
    if body.first() != Some(&b'{') {
        return Err(Trouble::Unsigned);
    }
    if body.len() > SEARCHED_BYTES {
        let reason = "JSON of more than 1 MiB is not searched for a signature";
        return Err(Trouble::Unread(reason.to_owned()));
    }
    serde_json::from_slice(body).map_err(|_| Trouble::Unsigned)
}

/// Says that there are more notifications than are looked at.
fn bounded<T>(items: &[T]) -> Result<(), Trouble> {
    if items.len() <= ITEMS {
        return Ok(());
    }
    let reason = format!("of its {} notifications no more than {ITEMS} are looked at", items.len());
    Err(Trouble::Unread(reason))
}

#[derive(Deserialize)]
struct Mailgun {
    signature: MailgunSignature,
}

#[derive(Deserialize)]
struct MailgunSignature {
    timestamp: Value,
    token: String,
    signature: String,
}

pub(super) fn mailgun(message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    let claim = |timestamp, token, signature| {
        vec![Claim { signatures: vec![signature], timestamp, token, ..Claim::default() }]
    };
    let kind = Media::of(message.field("content-type").unwrap_or_default().as_bytes());
    // Mails come as forms of any length, with their attachments in parts.
    let is_form = kind.is_form() || kind.essence == "multipart/form-data";
    match json(message) {
        Ok(Mailgun { signature }) => {
            let timestamp = match signature.timestamp {
                Value::String(text) => text,
                number => number.to_string(),
            };
            return Ok(claim(timestamp, signature.token, signature.signature));
        }
        Err(trouble) if !is_form || matches!(trouble, Trouble::Unread(_)) => return Err(trouble),
        Err(_) => {}
    }
    let parts = kind.is_multipart().then(|| Parts::of(&kind, &message.body));
    let value = |name: &str| {
        let value = match &parts {
            Some(parts) => parts.value(&message.body, name).map(<[u8]>::to_vec),
            None => form::value(&message.body, name),
        };
        value.and_then(|value| String::from_utf8(value).ok()).ok_or(Trouble::Unsigned)
    };
    Ok(claim(value("timestamp")?, value("token")?, value("signature")?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Adyen {
    notification_items: Vec<AdyenOuter>,
}

#[derive(Deserialize)]
struct AdyenOuter {
    #[serde(rename = "NotificationRequestItem")]
    item: AdyenItem,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AdyenItem {
    psp_reference: Value,
    original_reference: Value,
    merchant_account_code: Value,
    merchant_reference: Value,
    amount: Value,
    event_code: Value,
    /// `"true"` in JSON notifications.
    success: Value,
    additional_data: Value,
}

pub(super) fn adyen_items(message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    let Adyen { notification_items } = json(message)?;
    bounded(&notification_items)?;
    // What is null is signed as what is missing.
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut claims = Vec::new();
    for AdyenOuter { item } in notification_items {
        let signature = item
            .additional_data
            .get("hmacSignature")
            .and_then(Value::as_str)
            .ok_or(Trouble::Unsigned)?
            .to_owned();
        let signed = [
            &item.psp_reference,
            &item.original_reference,
            &item.merchant_account_code,
            &item.merchant_reference,
            item.amount.get("value").unwrap_or(&Value::Null),
            item.amount.get("currency").unwrap_or(&Value::Null),
            &item.event_code,
            &item.success,
        ]
        .map(plain)
        .join(":");
        claims.push(Claim { signatures: vec![signature], item: signed, ..Claim::default() });
    }
    if claims.is_empty() { Err(Trouble::Unsigned) } else { Ok(claims) }
}

#[derive(Deserialize)]
struct Graph {
    value: Vec<GraphItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphItem {
    #[serde(default)]
    subscription_id: Option<String>,
    #[serde(default)]
    client_state: Option<String>,
}

pub(super) fn client_state(message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    let Graph { value } = json(message)?;
    if value.is_empty() || value.iter().any(|item| item.subscription_id.is_none()) {
        return Err(Trouble::Unsigned);
    }
    bounded(&value)?;
    value
        .into_iter()
        .map(|item| {
            let state = item.client_state.filter(|state| !state.is_empty());
            state
                .map(|state| Claim { signatures: vec![state], ..Claim::default() })
                .ok_or(Trouble::Unsigned)
        })
        .collect()
}
