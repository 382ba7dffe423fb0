//! What a request carries of a scheme: the signatures in it, and what goes into what they sign.
//! Reads bytes from anyone; never panics.

use hookglass_app::wire::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    message::Message,
    scheme::{Form, Scheme, TimeFrom, Unit},
};

/// Signatures that are read out of one request for one scheme; past that none is looked at.
const SIGNATURES: usize = 64;
/// Bodies above this are not searched for signatures, in bytes.
const SEARCHED_BYTES: usize = 1024 * 1024;

/// Something signed, and its signatures: one of them has to be right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Claim {
    /// As they were written, without prefixes.
    pub(super) signatures: Vec<String>,
    /// What stands for `{timestamp}`.
    pub(super) timestamp: String,
    /// What stands for `{id}`.
    pub(super) id: String,
    /// What stands for `{token}`.
    pub(super) token: String,
    /// What stands for `{item}`.
    pub(super) item: String,
}

/// Why nothing can be held against a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The request carries no signature of this scheme.
    Unsigned,
    /// It carries something that is none: what is wrong with it.
    Malformed(String),
}

/// Reads the claims of a scheme: all of them have to hold. Never empty.
pub(super) fn claims(scheme: &Scheme, message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    if scheme.when.is_some_and(|(field, value)| message.field(field) != Some(value)) {
        return Err(Trouble::Unsigned);
    }
    let mut claims = match scheme.form {
        Form::Whole(prefix) => whole(scheme, message, prefix)?,
        Form::Pairs { separator, time, signature } => {
            pairs(scheme, message, separator, time, signature)?
        }
        Form::Versions(version) => versions(scheme, message, version)?,
        Form::Numbered => numbered(scheme, message)?,
        Form::Mailgun => mailgun(message)?,
        Form::AdyenItems => adyen_items(message)?,
        Form::ClientState => client_state(message)?,
    };
    let time = scheme.time.map(|time| time.from);
    for claim in &mut claims {
        if let Some(TimeFrom::Field(field)) = time {
            claim.timestamp = needed(message, field)?;
        }
        if let Some(field) = scheme.id {
            claim.id = needed(message, field)?;
        }
    }
    Ok(claims)
}

/// When the request says that it was signed, in microseconds since the epoch.
///
/// # Errors
/// What it says cannot be read as a time.
pub(super) fn signed_at(
    scheme: &Scheme,
    claim: &Claim,
    message: &Message<'_>,
) -> Result<Option<i64>, String> {
    let Some(time) = scheme.time else { return Ok(None) };
    let text = match time.from {
        TimeFrom::Signature | TimeFrom::Field(_) => claim.timestamp.clone(),
        TimeFrom::Member(name) => {
            let body: Option<Value> = (message.body.len() <= SEARCHED_BYTES)
                .then(|| serde_json::from_slice(&message.body).ok())
                .flatten();
            match body.as_ref().and_then(|body| body.get(name)) {
                Some(member) => member.to_string(),
                None => return Err(format!("the body has no `{name}`")),
            }
        }
    };
    let read = match time.unit {
        Unit::Seconds => {
            text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000))
        }
        Unit::Milliseconds => text.parse::<i64>().ok().and_then(|ms| ms.checked_mul(1_000)),
        Unit::Rfc3339 => rfc3339_us(&text),
    };
    read.map(Some).ok_or_else(|| format!("its timestamp `{}` is no time", shortened(&text)))
}

fn rfc3339_us(text: &str) -> Option<i64> {
    let time: Timestamp = serde_json::from_value(Value::from(text)).ok()?;
    Some(time.as_micros())
}

fn needed(message: &Message<'_>, field: &str) -> Result<String, Trouble> {
    message
        .field(field)
        .map(str::to_owned)
        .ok_or_else(|| Trouble::Malformed(format!("the field `{field}` is missing")))
}

fn one(signature: impl Into<String>) -> Vec<Claim> {
    vec![Claim { signatures: vec![signature.into()], ..Claim::default() }]
}

fn whole(
    scheme: &Scheme,
    message: &Message<'_>,
    prefix: &'static str,
) -> Result<Vec<Claim>, Trouble> {
    let value = message.field(scheme.field).ok_or(Trouble::Unsigned)?;
    match value.strip_prefix(prefix) {
        Some(signature) if !signature.is_empty() => Ok(one(signature)),
        // Another scheme of the same field.
        None if value.split_once('=').is_some_and(|(name, _)| is_hash_name(name)) => {
            Err(Trouble::Unsigned)
        }
        None => Err(Trouble::Malformed(format!(
            "the field `{}` does not begin with `{prefix}`",
            scheme.field_name()
        ))),
        Some(_) => Err(Trouble::Malformed(format!("the field `{}` is empty", scheme.field_name()))),
    }
}

fn is_hash_name(name: &str) -> bool {
    matches!(name, "sha1" | "sha256" | "sha512")
}

fn pairs(
    scheme: &Scheme,
    message: &Message<'_>,
    separator: char,
    time: &str,
    signature: &str,
) -> Result<Vec<Claim>, Trouble> {
    let value = message.field(scheme.field).ok_or(Trouble::Unsigned)?;
    let mut claim = Claim::default();
    for (name, value) in value.split(separator).filter_map(|pair| pair.split_once('=')) {
        let name = name.trim();
        if name == time {
            value.trim().clone_into(&mut claim.timestamp);
        } else if name == signature && claim.signatures.len() < SIGNATURES {
            claim.signatures.push(value.trim().to_owned());
        }
    }
    let missing = |name: &str| {
        Trouble::Malformed(format!("the field `{}` has no `{name}=`", scheme.field_name()))
    };
    if claim.timestamp.is_empty() {
        return Err(missing(time));
    }
    if claim.signatures.is_empty() {
        return Err(missing(signature));
    }
    Ok(vec![claim])
}

fn versions(scheme: &Scheme, message: &Message<'_>, version: &str) -> Result<Vec<Claim>, Trouble> {
    let value = message.field(scheme.field).ok_or(Trouble::Unsigned)?;
    let parts: Vec<(&str, &str)> =
        value.split_ascii_whitespace().filter_map(|part| part.split_once(',')).collect();
    let signatures: Vec<String> = parts
        .iter()
        .filter(|(own, _)| *own == version)
        .map(|(_, signature)| (*signature).to_owned())
        .take(SIGNATURES)
        .collect();
    if !signatures.is_empty() {
        return Ok(vec![Claim { signatures, ..Claim::default() }]);
    }
    // Of another kind of key only: nothing is wrong with it.
    if parts.iter().any(|(own, _)| matches!(*own, "v1" | "v1a")) {
        return Err(Trouble::Unsigned);
    }
    Err(Trouble::Malformed(format!("the field `{}` has no `{version},…`", scheme.field_name())))
}

fn numbered(scheme: &Scheme, message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    let signatures: Vec<String> = message
        .fields
        .iter()
        .filter(|(name, _)| {
            name.strip_prefix(scheme.field).is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
        .map(|(_, value)| value.clone())
        .take(SIGNATURES)
        .collect();
    if signatures.is_empty() {
        return Err(Trouble::Unsigned);
    }
    Ok(vec![Claim { signatures, ..Claim::default() }])
}

/// A JSON body; `None` for what is none or too long to look into.
fn json<T: for<'de> Deserialize<'de>>(message: &Message<'_>) -> Option<T> {
    let body = message.body.trim_ascii_start();
    if body.first() != Some(&b'{') || body.len() > SEARCHED_BYTES {
        return None;
    }
    serde_json::from_slice(body).ok()
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

fn mailgun(message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    if let Some(Mailgun { signature }) = json(message) {
        let timestamp = match signature.timestamp {
            Value::String(text) => text,
            number => number.to_string(),
        };
        let signatures = vec![signature.signature];
        return Ok(vec![Claim {
            signatures,
            timestamp,
            token: signature.token,
            ..Claim::default()
        }]);
    }
    let form = message.form().ok_or(Trouble::Unsigned)?;
    let value =
        |name: &str| form.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let (Some(timestamp), Some(token), Some(signature)) =
        (value("timestamp"), value("token"), value("signature"))
    else {
        return Err(Trouble::Unsigned);
    };
    Ok(vec![Claim { signatures: vec![signature], timestamp, token, ..Claim::default() }])
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
    psp_reference: String,
    original_reference: String,
    merchant_account_code: String,
    merchant_reference: String,
    amount: AdyenAmount,
    event_code: String,
    /// `"true"` in JSON notifications.
    success: Value,
    additional_data: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AdyenAmount {
    value: Value,
    currency: String,
}

fn adyen_items(message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    let Some(Adyen { notification_items }) = json(message) else { return Err(Trouble::Unsigned) };
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut claims = Vec::new();
    for AdyenOuter { item } in notification_items.into_iter().take(SIGNATURES) {
        let signature = item
            .additional_data
            .get("hmacSignature")
            .and_then(Value::as_str)
            .ok_or(Trouble::Unsigned)?
            .to_owned();
        let signed = [
            item.psp_reference,
            item.original_reference,
            item.merchant_account_code,
            item.merchant_reference,
            plain(&item.amount.value),
            item.amount.currency,
            item.event_code,
            plain(&item.success),
        ]
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

fn client_state(message: &Message<'_>) -> Result<Vec<Claim>, Trouble> {
    let Some(Graph { value }) = json(message) else { return Err(Trouble::Unsigned) };
    if value.is_empty() || value.iter().any(|item| item.subscription_id.is_none()) {
        return Err(Trouble::Unsigned);
    }
    value
        .into_iter()
        .take(SIGNATURES)
        .map(|item| {
            let state = item.client_state.filter(|state| !state.is_empty());
            state
                .map(|state| Claim { signatures: vec![state], ..Claim::default() })
                .ok_or(Trouble::Unsigned)
        })
        .collect()
}

/// The start of a text from outside.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
