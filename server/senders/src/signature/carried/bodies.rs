//! Signatures in the body.

use std::{collections::HashSet, fmt};

use hookglass_message::{media_type::MediaType, multipart::Multipart};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{Claim, SEARCHED_BYTES, UnusableSignature};
use crate::signature::message::{SignedMessage, decoded, pairs};

/// The most notifications that are checked in a request. Senders batch far fewer.
const ITEMS: usize = 1_000;

/// Parses a JSON body.
///
/// # Errors
/// It is not JSON, is too long to parse, or has a member twice.
fn json<T: for<'de> Deserialize<'de>>(message: &SignedMessage<'_>) -> Result<T, UnusableSignature> {
    let body = message.body.trim_ascii_start();
    if body.first() != Some(&b'{') {
        return Err(UnusableSignature::Unsigned);
    }
    if body.len() > SEARCHED_BYTES {
        let reason = "JSON of more than 1 MiB is not searched for a signature";
        return Err(UnusableSignature::Unread(reason.to_owned()));
    }
    let twice = || {
        let reason = "its body has a member twice, and readers differ on which one counts";
        UnusableSignature::Malformed(reason.to_owned())
    };
    let read = serde_json::from_slice(body).map_err(|error| {
        // serde's error for a known member.
        let is_doubled = error.to_string().starts_with("duplicate field");
        if is_doubled { twice() } else { UnusableSignature::Unsigned }
    })?;
    // Unknown members are checked too: they may contain duplicates.
    match serde_json::from_slice::<Undoubled>(body) {
        Ok(Undoubled) => Ok(read),
        Err(error) if error.is_data() => Err(twice()),
        Err(_) => Err(UnusableSignature::Unread("its JSON is nested too deep to check".to_owned())),
    }
}

/// Any JSON in which no object has two members with one name.
struct Undoubled;

impl<'de> Deserialize<'de> for Undoubled {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Undoubled {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without doubled members")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a doubled member"));
            }
            members.next_value::<Self>()?;
        }
        Ok(self)
    }
}

/// Returns a member as it is signed: null like a missing one, and numbers by their digits.
///
/// # Errors
/// Other JSON values can be written in many ways, and numbers above 64 bits or with a point would
/// be parsed as a nearby number.
fn plain(name: &str, value: &Value) -> Result<String, UnusableSignature> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        Value::Bool(is_so) => Ok(is_so.to_string()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(UnusableSignature::Malformed(
            format!("its `{name}` is neither a text nor a whole number of 64 bits"),
        )),
    }
}

/// Fails if there are more notifications than are checked.
fn bounded<T>(items: &[T]) -> Result<(), UnusableSignature> {
    if items.len() <= ITEMS {
        return Ok(());
    }
    let reason =
        format!("it has {} notifications, of which at most {ITEMS} are checked", items.len());
    Err(UnusableSignature::Unread(reason))
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

pub(super) fn mailgun(message: &SignedMessage<'_>) -> Result<Vec<Claim>, UnusableSignature> {
    let claim = |timestamp, token, signature| {
        vec![Claim { signatures: vec![signature], timestamp, token, ..Claim::default() }]
    };
    let kind = MediaType::of(message.field("content-type").unwrap_or_default().as_bytes());
    // Mails come as forms of any length, with their attachments in parts.
    let is_form = kind.is_form() || kind.essence == "multipart/form-data";
    match json(message) {
        Ok(Mailgun { signature }) => {
            let timestamp = plain("timestamp", &signature.timestamp)?;
            return Ok(claim(timestamp, signature.token, signature.signature));
        }
        Err(trouble) if !is_form || trouble != UnusableSignature::Unsigned => return Err(trouble),
        Err(_) => {}
    }
    let parts = kind.is_multipart().then(|| Multipart::of(&kind, &message.body));
    let value = |name: &str| {
        let malformed =
            |what: &str| UnusableSignature::Malformed(format!("its `{name}` is {what}"));
        let mut values: Vec<Option<String>> = match &parts {
            Some(parts) => {
                let values = parts.values(&message.body, name).take(2);
                values.map(|value| String::from_utf8(value.to_vec()).ok()).collect()
            }
            None => {
                // Line ends behind a form are not part of its last value.
                let named = pairs(message.body.trim_ascii_end())
                    .filter(|(sent, _)| decoded(sent).is_some_and(|sent| sent == name));
                named.take(2).map(|(_, value)| decoded(value)).collect()
            }
        };
        match (values.len(), values.pop()) {
            (1, Some(Some(value))) => Ok(value),
            (1, Some(None)) => Err(malformed("no text")),
            (_, Some(_)) => Err(malformed("there twice")),
            (_, None) => Err(UnusableSignature::Unsigned),
        }
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

pub(super) fn adyen_items(message: &SignedMessage<'_>) -> Result<Vec<Claim>, UnusableSignature> {
    let Adyen { notification_items } = json(message)?;
    bounded(&notification_items)?;
    let mut claims = Vec::new();
    for AdyenOuter { item } in notification_items {
        let signature = item
            .additional_data
            .get("hmacSignature")
            .and_then(Value::as_str)
            .ok_or(UnusableSignature::Unsigned)?
            .to_owned();
        let of_amount = |name: &str| item.amount.get(name).unwrap_or(&Value::Null);
        let signed = [
            ("pspReference", &item.psp_reference),
            ("originalReference", &item.original_reference),
            ("merchantAccountCode", &item.merchant_account_code),
            ("merchantReference", &item.merchant_reference),
            ("value", of_amount("value")),
            ("currency", of_amount("currency")),
            ("eventCode", &item.event_code),
            ("success", &item.success),
        ];
        let signed: Result<Vec<String>, UnusableSignature> =
            signed.into_iter().map(|(name, value)| plain(name, value)).collect();
        let item = signed?.join(":");
        claims.push(Claim { signatures: vec![signature], item, ..Claim::default() });
    }
    if claims.is_empty() { Err(UnusableSignature::Unsigned) } else { Ok(claims) }
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

pub(super) fn client_state(message: &SignedMessage<'_>) -> Result<Vec<Claim>, UnusableSignature> {
    let Graph { value } = json(message)?;
    if value.is_empty() || value.iter().any(|item| item.subscription_id.is_none()) {
        return Err(UnusableSignature::Unsigned);
    }
    bounded(&value)?;
    value
        .into_iter()
        .map(|item| {
            let state = item.client_state.filter(|state| !state.is_empty());
            state
                .map(|state| Claim { signatures: vec![state], ..Claim::default() })
                .ok_or(UnusableSignature::Unsigned)
        })
        .collect()
}
