//! Explains signatures that do not match: tries the known mistakes of senders and owners on the
//! stored bytes. The first match is reported in a sentence that says how to fix it.

mod bodies;
mod forms;
mod json;
mod keys;
mod urls;

use std::borrow::Cow;

use self::{
    bodies::other_bodies,
    forms::{other_forms, other_templates},
    keys::other_keys,
    urls::other_urls,
};
use super::{
    KnownSecret,
    carried::{Claim, claims},
    message::SignedMessage,
    scheme::{Hash, Method, Scheme, SignatureForm, UrlSpelling},
    secret::VerifyingKey,
    verify::{HashBudget, holds},
};

/// Longer bodies are not tried: each mistake hashes them again.
const TRIED_BYTES: usize = 1024 * 1024;

/// A possible mistake, as the request would be correct with it.
struct Guess<'a> {
    scheme: Scheme,
    message: Cow<'a, SignedMessage<'a>>,
    /// A key other than the secret's.
    key: Option<Vec<u8>>,
    hint: Cow<'static, str>,
}

/// Finds the mistake that explains a signature that no secret made.
pub(super) fn mismatch(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    claims: &[Claim],
    keys: &[(&KnownSecret, VerifyingKey)],
    secrets: &[KnownSecret],
) -> Option<String> {
    if message.body.len() > TRIED_BYTES {
        return None;
    }
    let work = &HashBudget::new();
    if let Some(hint) = other_secret(scheme, message, claims, keys, secrets, work)
        .or_else(|| prefix_too_much(scheme, message, claims, keys, work))
    {
        return Some(hint);
    }
    keys.iter()
        .find_map(|(known, key)| {
            let mut tried = guesses(scheme, message, known, key).take_while(|_| !work.is_short());
            tried.find(|guess| {
                let key = match (&guess.key, key) {
                    (Some(bytes), _) => &VerifyingKey::shared(bytes.clone()),
                    (None, key) => key,
                };
                let secret = guess.key.as_deref().map(String::from_utf8_lossy);
                let secret = secret.as_deref().unwrap_or_else(|| known.secret.reveal());
                // Combinations of two mistakes are not tried.
                let scheme = Scheme { spelling: UrlSpelling::Called, ..guess.scheme };
                claims.iter().all(|claim| holds(&scheme, &guess.message, claim, key, secret, work))
            })
        })
        .map(|guess| guess.hint.into_owned())
}

/// Finds the mistake in a header that cannot be parsed.
pub(super) fn malformed<'k>(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    secrets: impl Iterator<Item = &'k KnownSecret>,
) -> Option<String> {
    let prefix = match scheme.form {
        SignatureForm::Whole(prefix) if !prefix.is_empty() => Cow::Borrowed(prefix),
        SignatureForm::Versions(version) => Cow::Owned(format!("{version},")),
        _ => return None,
    };
    if message.body.len() > TRIED_BYTES {
        return None;
    }
    let bare = Scheme { form: SignatureForm::Whole(""), ..*scheme };
    let mut claims = claims(&bare, message).ok()?;
    let sent = claims.iter_mut().find_map(without_prefix);
    let sent_hash = sent.as_deref().and_then(hash_of);
    let bare = match (scheme.method, sent_hash) {
        (Method::Hmac(_), Some(hash)) => Scheme { method: Method::Hmac(hash), ..bare },
        _ => bare,
    };
    let work = &HashBudget::new();
    let mut secrets = secrets;
    let matches = secrets.any(|known| {
        let secret = known.secret.reveal();
        VerifyingKey::of(&bare, secret).is_ok_and(|key| {
            claims.iter().all(|claim| holds(&bare, message, claim, &key, secret, work))
        })
    });
    matches.then(|| match sent {
        None => format!("The signature itself is right: let the sender put `{prefix}` before it."),
        Some(sent) if bare.method != scheme.method => format!(
            "The signature is right but for its hash, which `{sent}` names: let the sender use \
             the one of `{prefix}`."
        ),
        Some(sent) => format!(
            "The signature itself is right: let the sender write `{prefix}` before it, not \
             `{sent}`."
        ),
    })
}

/// Strips the name of a hash from each signature: returns the last one, if any.
fn without_prefix(claim: &mut Claim) -> Option<String> {
    let mut taken = None;
    for signature in &mut claim.signatures {
        let Some((name, rest)) = signature.split_once('=') else { continue };
        let prefix = format!("{name}=");
        if hash_of(&prefix).is_some() {
            *signature = rest.trim_start().to_owned();
            taken = Some(prefix);
        }
    }
    taken
}

/// Returns the hash that a prefix such as `sha256=` names, in any case.
fn hash_of(prefix: &str) -> Option<Hash> {
    let hashes = [("sha1=", Hash::Sha1), ("sha256=", Hash::Sha256), ("sha512=", Hash::Sha512)];
    hashes.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(prefix)).map(|(_, hash)| hash)
}

/// Returns a hint if the only mistake is a hash's name before the signature.
fn prefix_too_much(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    claims: &[Claim],
    keys: &[(&KnownSecret, VerifyingKey)],
    work: &HashBudget,
) -> Option<String> {
    if !matches!(scheme.form, SignatureForm::Whole("") | SignatureForm::Numbered) {
        return None;
    }
    let mut bare = claims.to_vec();
    let prefix = bare.iter_mut().filter_map(without_prefix).last()?;
    let matches = keys.iter().any(|(known, key)| {
        let secret = known.secret.reveal();
        bare.iter().all(|claim| holds(scheme, message, claim, key, secret, work))
    });
    matches.then(|| {
        format!("The signature itself is right: let the sender leave out the `{prefix}` before it.")
    })
}

/// Returns a hint if the signature was made with a secret for something else.
fn other_secret(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    claims: &[Claim],
    keys: &[(&KnownSecret, VerifyingKey)],
    secrets: &[KnownSecret],
    work: &HashBudget,
) -> Option<String> {
    let tried = |known: &KnownSecret| keys.iter().any(|(own, _)| own.id == known.id);
    secrets
        .iter()
        .filter(|known| !tried(known))
        .find(|known| {
            let secret = known.secret.reveal();
            VerifyingKey::of(scheme, secret).is_ok_and(|key| {
                claims.iter().all(|claim| holds(scheme, message, claim, &key, secret, work))
            })
        })
        .map(|known| {
            let name = known.name.as_deref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
            format!(
                "It was made with the secret{name} that is set here for {}: add that secret for \
                 this sender as well.",
                known.signing.name
            )
        })
}

/// Tries guesses one after the other: each may hold a separate body.
fn guesses<'a>(
    scheme: &'a Scheme,
    message: &'a SignedMessage<'a>,
    known: &'a KnownSecret,
    key: &VerifyingKey,
) -> impl Iterator<Item = Guess<'a>> {
    let as_it_came = move |scheme: Scheme, key, hint: String| {
        let message = Cow::Borrowed(message);
        Guess { scheme, message, key, hint: hint.into() }
    };
    let (mut keys, mut forms, mut urls) = (Vec::new(), Vec::new(), Vec::new());
    if matches!(key, VerifyingKey::Shared(_)) {
        keys = other_keys(scheme, known.secret.reveal());
        forms = other_forms(scheme);
    }
    forms.extend(other_templates(scheme));
    if scheme.signs_url() {
        urls = other_urls(message);
    }
    let has_body = scheme.signed.contains("{body}") || scheme.signed.contains("{crc32}");
    let bodies = has_body.then(|| other_bodies(&message.body)).into_iter().flatten();
    let keys = keys.into_iter().map(move |(key, hint)| as_it_came(*scheme, Some(key), hint));
    let forms = forms.into_iter().map(move |(other, hint)| as_it_came(other, None, hint));
    let urls = urls.into_iter().map(move |(url, hint)| {
        let message = message.with(vec![url], Cow::Borrowed(&*message.body));
        Guess { scheme: *scheme, message: Cow::Owned(message), key: None, hint: hint.into() }
    });
    let bodies = bodies.map(move |(body, hint)| {
        let message = message.with(message.urls.clone(), body);
        Guess { scheme: *scheme, message: Cow::Owned(message), key: None, hint }
    });
    keys.chain(forms).chain(urls).chain(bodies)
}
