//! The time of signing, and whether it is too far from the arrival.

use std::fmt;

use hookglass_wire::Timestamp;
use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    Verdict,
    carried::{Claim, SEARCHED_BYTES},
    message::SignedMessage,
    scheme::{Scheme, TimeFrom, TimeUnit},
};

/// A time that was read in the wrong unit is this near the arrival when read in the right one.
const NEAR_US: i64 = 365 * 24 * 3_600 * 1_000_000;

/// What is wrong with the time of signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Untimely {
    pub(super) verdict: Verdict,
    pub(super) reason: String,
    /// How to fix it.
    pub(super) hint: Option<String>,
}

/// Why the time is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoTime {
    /// There is none.
    Missing(String),
    /// Its place is not read.
    Unread(String),
}

/// Returns what is wrong with the time of a valid signature. `name` is the sender's.
pub(super) fn untimely(
    scheme: &Scheme,
    claim: &Claim,
    message: &SignedMessage<'_>,
    name: &str,
) -> Option<Untimely> {
    let time = scheme.time?;
    if time.past_s.is_none() && time.future_s.is_none() {
        return None;
    }
    let invalid = |reason: String, hint: &str| {
        Some(Untimely { verdict: Verdict::Invalid, reason, hint: Some(hint.to_owned()) })
    };
    let signed_at = match signed_at(scheme, claim, message) {
        Ok(signed_at) => signed_at?,
        Err(NoTime::Missing(what)) => {
            let hint = "Let the sender send the time at which it signs.";
            return invalid(format!("the signature is right, but {what}"), hint);
        }
        Err(NoTime::Unread(what)) => {
            let reason = format!("the signature is right, but its age cannot be checked: {what}");
            return Some(Untimely { verdict: Verdict::Unknown, reason, hint: None });
        }
    };
    let late_s = message.received_at.saturating_sub(signed_at) / 1_000_000;
    let (off_s, taken_s, side) = if late_s >= 0 {
        (late_s, time.past_s?, "before")
    } else {
        (late_s.saturating_neg(), time.future_s?, "after")
    };
    if off_s <= i64::from(taken_s) {
        return None;
    }
    if let Some((sent, due)) = mistaken_unit(time.unit, signed_at, message.received_at) {
        let reason = format!(
            "the signature is right, but its timestamp is in {sent}, and {name} takes {due}"
        );
        return invalid(reason, &format!("Let the sender write and sign the time in {due}."));
    }
    let reason = format!(
        "the signature is right, but its timestamp lies {off_s} s {side} the arrival; {name} takes \
         {taken_s} s"
    );
    let hint = if side == "before" {
        "The request was sent late or once more: let the sender sign each attempt again, or set \
         its clock."
    } else {
        "The sender's clock, or this server's, is wrong: set it."
    };
    invalid(reason, hint)
}

/// Returns the unit that a time is written in, and the expected one, if the time is only plausible
/// in the former.
fn mistaken_unit(
    unit: TimeUnit,
    signed_at: i64,
    received_at: i64,
) -> Option<(&'static str, &'static str)> {
    let (meant, sent, due) = match unit {
        TimeUnit::Seconds => (signed_at / 1_000, "milliseconds", "seconds"),
        TimeUnit::Milliseconds => (signed_at.checked_mul(1_000)?, "seconds", "milliseconds"),
        TimeUnit::Rfc3339 => return None,
    };
    (received_at.saturating_sub(meant).saturating_abs() <= NEAR_US).then_some((sent, due))
}

/// Returns when the request states that it was signed, in microseconds since the epoch.
///
/// # Errors
/// The value is not a time, or its place is not read.
pub(super) fn signed_at(
    scheme: &Scheme,
    claim: &Claim,
    message: &SignedMessage<'_>,
) -> Result<Option<i64>, NoTime> {
    let Some(time) = scheme.time else { return Ok(None) };
    let text = match time.from {
        TimeFrom::Signature | TimeFrom::Field(_) => claim.timestamp.clone(),
        TimeFrom::Member(name) => member(message, name)?,
    };
    let read = match time.unit {
        TimeUnit::Seconds => {
            text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000))
        }
        TimeUnit::Milliseconds => text.parse::<i64>().ok().and_then(|ms| ms.checked_mul(1_000)),
        TimeUnit::Rfc3339 => rfc3339_us(&text),
    };
    read.map(Some).ok_or_else(|| {
        NoTime::Missing(format!("its timestamp `{}` is not a time", shortened(&text)))
    })
}

/// Returns a member of a JSON body as text.
fn member(message: &SignedMessage<'_>, name: &str) -> Result<String, NoTime> {
    if message.body.len() > SEARCHED_BYTES {
        let reason = format!("`{name}` is not searched for in a body of more than 1 MiB");
        return Err(NoTime::Unread(reason));
    }
    let wrong = |what: &str| NoTime::Missing(format!("the body has {what} `{name}`"));
    let mut body = serde_json::Deserializer::from_slice(&message.body);
    let found = JsonMembers(name).deserialize(&mut body).ok().filter(|_| body.end().is_ok());
    let text = match found.as_deref() {
        Some([value]) => value.to_string(),
        Some([_, _, ..]) => return Err(wrong("two of")),
        Some([]) | None => return Err(wrong("no")),
    };
    // An integer may be written with a point.
    Ok(text.strip_suffix(".0").map(str::to_owned).unwrap_or(text))
}

fn rfc3339_us(text: &str) -> Option<i64> {
    let time: Timestamp = serde_json::from_value(Value::from(text)).ok()?;
    Some(time.as_micros())
}

/// The members of a JSON object with this name.
#[derive(Clone, Copy)]
struct JsonMembers<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for JsonMembers<'_> {
    type Value = Vec<Value>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for JsonMembers<'_> {
    type Value = Vec<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == self.0 {
                found.push(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Returns the start of an untrusted text.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
