//! Extracts a scheme's signatures from a request, and the values that they sign. Reads untrusted
//! bytes; never panics.

mod bodies;

use self::bodies::{adyen_items, client_state, mailgun};
use super::{
    message::SignedMessage,
    scheme::{Scheme, SignatureForm, TimeFrom},
};

/// The most signatures of one scheme that are checked in a request.
const SIGNATURES: usize = 64;
/// The same for public keys, where each check hashes the body again.
const PUBLIC_SIGNATURES: usize = 4;
/// Larger bodies are not parsed as JSON, in bytes.
pub(super) const SEARCHED_BYTES: usize = 1024 * 1024;
/// The one header that several senders use, each with another hash.
const SHARED_FIELD: &str = "x-hub-signature";

/// A signed content and its signatures, one of which must be valid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Claim {
    /// As written, without prefixes.
    pub(super) signatures: Vec<String>,
    /// The value of `{timestamp}`.
    pub(super) timestamp: String,
    /// The value of `{id}`.
    pub(super) id: String,
    /// The value of `{token}`.
    pub(super) token: String,
    /// The value of `{item}`.
    pub(super) item: String,
    /// The value of `{params}`.
    pub(super) params: Vec<u8>,
    /// Whether the request carries more signatures than these.
    pub(super) is_cut: bool,
}

/// Why there is nothing to verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum UnusableSignature {
    /// The request carries no signature of this scheme.
    Unsigned,
    /// It carries a malformed one: what is wrong with it.
    Malformed(String),
    /// It may carry one that is not read: why not.
    Unread(String),
}

/// Extracts the claims of a scheme: all of them must hold. Never empty.
pub(super) fn claims(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
) -> Result<Vec<Claim>, UnusableSignature> {
    if scheme.when.is_some_and(|(field, value)| message.field(field) != Some(value)) {
        return Err(UnusableSignature::Unsigned);
    }
    // The header is present: an older one must not count instead.
    if let Some(name) = message.unreadable.iter().find(|name| carries(scheme, name)) {
        return Err(UnusableSignature::Malformed(format!("the field `{name}` is not UTF-8")));
    }
    let mut claims = match scheme.form {
        SignatureForm::Whole(prefix) => whole(scheme, message, prefix)?,
        SignatureForm::Each(prefix) => each(scheme, message, prefix)?,
        SignatureForm::Pairs { separator, time, signature } => {
            pairs(scheme, message, separator, time, signature)?
        }
        SignatureForm::Versions(version) => versions(scheme, message, version)?,
        SignatureForm::Numbered => numbered(scheme, message)?,
        SignatureForm::Mailgun => mailgun(message)?,
        SignatureForm::AdyenItems => adyen_items(message)?,
        SignatureForm::ClientState => client_state(message)?,
    };
    if scheme.signs_url() && !message.is_target_text {
        let reason = "its target is not UTF-8, and the URL is signed as text";
        return Err(UnusableSignature::Unread(reason.to_owned()));
    }
    let time = scheme.time.map(|time| time.from);
    let most = if scheme.method.is_public() { PUBLIC_SIGNATURES } else { SIGNATURES };
    if scheme.signs_params() && message.is_long_form() {
        let reason = "its form is longer than 1 MiB and not read, and what it holds is signed";
        return Err(UnusableSignature::Unread(reason.to_owned()));
    }
    let params = if scheme.signs_params() { params(message)? } else { Vec::new() };
    for claim in &mut claims {
        claim.is_cut = claim.signatures.len() > most;
        claim.signatures.truncate(most);
        claim.params.clone_from(&params);
        if let Some(TimeFrom::Field(field)) = time {
            claim.timestamp = needed(message, field)?;
        }
        if let Some(field) = scheme.id {
            claim.id = needed(message, field)?;
        }
    }
    Ok(claims)
}

/// Returns the value of a header that is part of the signed content.
fn needed(message: &SignedMessage<'_>, field: &str) -> Result<String, UnusableSignature> {
    let malformed =
        |what: &str| UnusableSignature::Malformed(format!("the field `{field}` is {what}"));
    if message.unreadable.iter().any(|name| name == field) {
        return Err(malformed("not UTF-8"));
    }
    let mut values = message.values(field);
    match (values.next(), values.next()) {
        (None, _) => Err(malformed("missing")),
        (Some(value), None) => Ok(value.to_owned()),
        // Only one of them is signed, and readers differ on which one counts.
        (Some(_), Some(_)) => Err(malformed("there twice")),
    }
}

/// Whether a header carries signatures of the scheme.
fn carries(scheme: &Scheme, name: &str) -> bool {
    match scheme.form {
        SignatureForm::Whole(_)
        | SignatureForm::Each(_)
        | SignatureForm::Pairs { .. }
        | SignatureForm::Versions(_) => name == scheme.field,
        SignatureForm::Numbered => name.strip_prefix(scheme.field).is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        }),
        SignatureForm::Mailgun | SignatureForm::AdyenItems | SignatureForm::ClientState => false,
    }
}

fn one(signature: impl Into<String>) -> Vec<Claim> {
    vec![Claim { signatures: vec![signature.into()], ..Claim::default() }]
}

fn whole(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    prefix: &'static str,
) -> Result<Vec<Claim>, UnusableSignature> {
    let value = message.field(scheme.field).ok_or(UnusableSignature::Unsigned)?;
    match value.strip_prefix(prefix) {
        Some(signature) if !signature.is_empty() => Ok(one(signature)),
        None if scheme.field == SHARED_FIELD
            && value.split_once('=').is_some_and(|(name, _)| is_hash_name(name)) =>
        {
            Err(UnusableSignature::Unsigned)
        }
        None => Err(UnusableSignature::Malformed(format!(
            "the field `{}` does not begin with `{prefix}`",
            scheme.field_name()
        ))),
        Some(_) => Err(UnusableSignature::Malformed(format!(
            "the field `{}` is empty",
            scheme.field_name()
        ))),
    }
}

/// Reads signatures from every header of the name, each with or without its prefix.
fn each(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    prefix: &str,
) -> Result<Vec<Claim>, UnusableSignature> {
    let values = || message.values(scheme.field);
    let signatures: Vec<String> = values()
        .map(|value| value.strip_prefix(prefix).unwrap_or(value).to_owned())
        .filter(|signature| !signature.is_empty())
        .take(SIGNATURES + 1)
        .collect();
    if !signatures.is_empty() {
        return Ok(vec![Claim { signatures, ..Claim::default() }]);
    }
    values().next().ok_or(UnusableSignature::Unsigned)?;
    Err(UnusableSignature::Malformed(format!("the field `{}` is empty", scheme.field_name())))
}

fn is_hash_name(name: &str) -> bool {
    matches!(name, "sha1" | "sha256" | "sha512")
}

fn pairs(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    separator: char,
    time: &str,
    signature: &str,
) -> Result<Vec<Claim>, UnusableSignature> {
    let value = message.field(scheme.field).ok_or(UnusableSignature::Unsigned)?;
    let mut claim = Claim::default();
    for (name, value) in value.split(separator).filter_map(|pair| pair.split_once('=')) {
        let name = name.trim();
        if name == time {
            if !claim.timestamp.is_empty() {
                let field = scheme.field_name();
                return Err(UnusableSignature::Malformed(format!(
                    "the field `{field}` has two `{time}=`"
                )));
            }
            value.trim().clone_into(&mut claim.timestamp);
        } else if name == signature && claim.signatures.len() <= SIGNATURES {
            claim.signatures.push(value.trim().to_owned());
        }
    }
    let missing = |name: &str| {
        UnusableSignature::Malformed(format!(
            "the field `{}` has no `{name}=`",
            scheme.field_name()
        ))
    };
    if claim.timestamp.is_empty() {
        return Err(missing(time));
    }
    if claim.signatures.is_empty() {
        return Err(missing(signature));
    }
    Ok(vec![claim])
}

fn versions(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    version: &str,
) -> Result<Vec<Claim>, UnusableSignature> {
    message.field(scheme.field).ok_or(UnusableSignature::Unsigned)?;
    // Several headers of a name are one list (RFC 9110 §5.3).
    let parts: Vec<(&str, &str)> = message
        .values(scheme.field)
        .flat_map(str::split_ascii_whitespace)
        .filter_map(|part| part.split_once(','))
        .collect();
    let signatures: Vec<String> = parts
        .iter()
        .filter(|(own, _)| *own == version)
        .map(|(_, signature)| (*signature).to_owned())
        .take(SIGNATURES + 1)
        .collect();
    if !signatures.is_empty() {
        return Ok(vec![Claim { signatures, ..Claim::default() }]);
    }
    // Only signatures for another kind of key: nothing is wrong with them.
    if parts.iter().any(|(own, _)| matches!(*own, "v1" | "v1a")) {
        return Err(UnusableSignature::Unsigned);
    }
    Err(UnusableSignature::Malformed(format!(
        "the field `{}` has no `{version},…`",
        scheme.field_name()
    )))
}

fn numbered(scheme: &Scheme, message: &SignedMessage<'_>) -> Result<Vec<Claim>, UnusableSignature> {
    let signatures: Vec<String> = message
        .fields
        .iter()
        .filter(|(name, _)| carries(scheme, name))
        .map(|(_, value)| value.clone())
        .take(SIGNATURES + 1)
        .collect();
    if signatures.is_empty() {
        return Err(UnusableSignature::Unsigned);
    }
    Ok(vec![Claim { signatures, ..Claim::default() }])
}

/// Returns Twilio's form parameters: names and values without separators, sorted, each pair once.
fn params(message: &SignedMessage<'_>) -> Result<Vec<u8>, UnusableSignature> {
    let mut pairs = message.form().ok_or_else(|| {
        let reason = "its form holds bytes or percent signs that are not text, and what it \
                      holds is signed as text";
        UnusableSignature::Unread(reason.to_owned())
    })?;
    pairs.sort();
    pairs.dedup();
    Ok(pairs.into_iter().flat_map(|(name, value)| (name + &value).into_bytes()).collect())
}
