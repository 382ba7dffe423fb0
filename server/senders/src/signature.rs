//! Verifies a captured request's signature by its sender's scheme, with the secrets of the
//! endpoint's owner. Pure: bytes and secrets in, a verdict out. Knows nothing of the store or the
//! web.

mod carried;
mod message;
mod rsa;
mod scheme;
pub(crate) mod schemes;
mod secret;
mod spelling;
mod time;
mod verify;
mod why;

#[cfg(test)]
mod tests;

use self::{
    carried::{Claim, UnusableSignature, claims},
    secret::{SecretError, VerifyingKey},
    time::untimely,
    verify::{HashBudget, content, encode, holds, is_body_of_url, made, shown_content},
};
pub use self::{
    message::SignedMessage,
    scheme::{Encoding, Hash, Scheme},
    secret::SigningSecret,
};

/// The most bytes of the signed content that a verification shows.
const SHOWN_BYTES: usize = 2_000;

/// Returns the HMAC of `content` (RFC 2104) as text.
pub fn hmac(hash: Hash, encoding: Encoding, key: &[u8], content: &[u8]) -> String {
    encode(encoding, &made(scheme::Method::Hmac(hash), key, content))
}

/// An owner's secret and its use.
#[derive(Debug, Clone)]
pub struct KnownSecret {
    /// The secret's id.
    pub id: String,
    /// The owner's name for it.
    pub name: Option<String>,
    /// The sender that shares the secret.
    pub signing: &'static Signing,
    /// The secret itself.
    pub secret: SigningSecret,
}

/// The verdict on a request's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The sender made it.
    Valid,
    /// It is wrong or too old.
    Invalid,
    /// There is no signature.
    Unsigned,
    /// It cannot be verified.
    Unknown,
}

impl Verdict {
    /// Returns the form in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unsigned => "unsigned",
            Self::Unknown => "unknown",
        }
    }
}

/// A verdict and its grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The sender whose scheme was applied.
    pub signing: &'static Signing,
    /// The verdict.
    pub verdict: Verdict,
    /// The secret that made the signature.
    pub secret_id: Option<String>,
    /// Why it is not valid, in a sentence.
    pub reason: Option<String>,
    /// The known mistake that explains it and how to fix it, in a sentence or two.
    pub hint: Option<String>,
    /// The expected signature, if no mistake explains the received one.
    pub comparison: Option<SignatureComparison>,
}

/// The received signature beside the expected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureComparison {
    /// The start of the signed content.
    pub signed: Vec<u8>,
    /// The received signature.
    pub received: String,
    /// The signature that the secret makes of it.
    pub computed: String,
}

/// Whether to explain a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Only compute the verdict.
    Verdict,
    /// Also try known mistakes.
    Explained,
}

/// Verifies a request with the secrets of its endpoint. `recognised` is how its sender signs, if
/// the sender was recognized. `None` if no signature is expected.
pub fn verify(
    message: &SignedMessage<'_>,
    recognised: Option<&'static Signing>,
    secrets: &[KnownSecret],
    depth: Depth,
) -> Option<Verification> {
    let mut best: Option<Verification> = None;
    let mut asked: Vec<&'static Signing> = Vec::new();
    for known in secrets {
        if asked.iter().any(|signing| signing.id == known.signing.id) {
            continue;
        }
        asked.push(known.signing);
        let verified = judge_by(message, known.signing, secrets, depth);
        let rank = |judgement: &Verification| {
            let is_senders = recognised.is_some_and(|own| own.id == judgement.signing.id);
            (weight(judgement.verdict), is_senders)
        };
        if best.as_ref().is_none_or(|best| rank(&verified) > rank(best)) {
            best = Some(verified);
        }
    }
    // It may come from a sender without a secret here, even if its headers have the same names.
    let is_anothers = |best: &Verification| match best.verdict {
        Verdict::Unsigned => true,
        Verdict::Invalid | Verdict::Unknown => {
            recognised.is_some_and(|own| !own.has_shared_marks())
        }
        Verdict::Valid => false,
    };
    if let Some(recognised) = recognised
        && best.as_ref().is_none_or(is_anothers)
        && !asked.iter().any(|signing| signing.id == recognised.id)
        && let Some(verified) = without_secret(message, recognised)
    {
        return Some(verified);
    }
    best
}

/// Ranks verdicts by how much they tell.
const fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Valid => 3,
        Verdict::Invalid => 2,
        Verdict::Unknown => 1,
        Verdict::Unsigned => 0,
    }
}

/// Checks that a text can be a secret of this sender.
///
/// # Errors
/// What it takes instead, in words.
pub fn check_secret(signing: &Signing, secret: &SigningSecret) -> Result<(), String> {
    let mut refused = None;
    for scheme in signing.schemes {
        match VerifyingKey::of(scheme, secret.reveal()) {
            Ok(_) => return Ok(()),
            // It has the form of this scheme, and only its value is wrong.
            Err(error @ (SecretError::Blank | SecretError::Zeros | SecretError::Weak)) => {
                refused = Some(error);
            }
            // The first scheme is the usual one.
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.map_or_else(String::new, |error: SecretError| error.to_string()))
}

fn without_secret(message: &SignedMessage<'_>, signing: &'static Signing) -> Option<Verification> {
    let carried = signing.schemes.iter().any(|scheme| claims(scheme, message).is_ok());
    carried.then(|| {
        let reason = format!("no secret of {} is set here to judge it by", signing.name);
        Verification::new(signing, Verdict::Unknown, Some(reason))
    })
}

/// Verifies with the schemes and secrets of one sender.
fn judge_by(
    message: &SignedMessage<'_>,
    signing: &'static Signing,
    secrets: &[KnownSecret],
    depth: Depth,
) -> Verification {
    let own = || secrets.iter().filter(|known| known.signing.id == signing.id);
    let is_any_for =
        |scheme| own().any(|known| VerifyingKey::of(scheme, known.secret.reveal()).is_ok());
    let malformed_by = |scheme, what| {
        let mut verified = Verification::new(signing, Verdict::Invalid, Some(what));
        if depth == Depth::Explained {
            verified.hint = why::malformed(scheme, message, own());
        }
        verified
    };
    let mut malformed = None;
    let mut unread = None;
    let mut fits_none = None;
    for scheme in signing.schemes {
        let claims = match claims(scheme, message) {
            Ok(claims) => claims,
            Err(UnusableSignature::Unsigned) => continue,
            // A valid signature of an older scheme does not make up for it.
            Err(UnusableSignature::Malformed(what)) if is_any_for(scheme) => {
                return malformed_by(scheme, what);
            }
            Err(UnusableSignature::Malformed(what)) => {
                malformed = malformed.or(Some((scheme, what)));
                continue;
            }
            Err(UnusableSignature::Unread(what)) => {
                unread = unread.or(Some(what));
                continue;
            }
        };
        let keys: Vec<(&KnownSecret, VerifyingKey)> = own()
            .filter_map(|known| {
                VerifyingKey::of(scheme, known.secret.reveal()).ok().map(|key| (known, key))
            })
            .collect();
        if keys.is_empty() {
            fits_none = fits_none.or(Some(scheme));
            continue;
        }
        let case = SignedRequest { scheme, message, claims: &claims, signing };
        return case.verify(&keys, secrets, depth);
    }
    if let Some((scheme, what)) = malformed {
        return malformed_by(scheme, what);
    }
    if unread.is_some() {
        return Verification::new(signing, Verdict::Unknown, unread);
    }
    if let Some(scheme) = fits_none {
        let reason = format!(
            "`{}` carries a kind of signature that none of the secrets here is for",
            scheme.field_name()
        );
        return Verification::new(signing, Verdict::Unknown, Some(reason));
    }
    let fields = signing.fields().join(" or ");
    let reason = format!("it carries no signature of {}: {fields} is missing", signing.name);
    Verification::new(signing, Verdict::Unsigned, Some(reason))
}

/// A request with the signature of a scheme.
struct SignedRequest<'a> {
    scheme: &'static Scheme,
    message: &'a SignedMessage<'a>,
    claims: &'a [Claim],
    signing: &'static Signing,
}

impl SignedRequest<'_> {
    fn verify(
        &self,
        keys: &[(&KnownSecret, VerifyingKey)],
        secrets: &[KnownSecret],
        depth: Depth,
    ) -> Verification {
        let Self { scheme, message, claims, signing } = *self;
        let work = HashBudget::new();
        let maker = keys.iter().find(|(known, key)| {
            let secret = known.secret.reveal();
            claims.iter().all(|claim| holds(scheme, message, claim, key, secret, &work))
        });
        let Some((known, _)) = maker else {
            if let Some(reason) = self.untried(&work) {
                return Verification::new(signing, Verdict::Unknown, Some(reason));
            }
            let mut verified =
                Verification::new(signing, Verdict::Invalid, Some(self.mismatch(keys.len())));
            if depth == Depth::Explained {
                verified.hint = why::mismatch(scheme, message, claims, keys, secrets);
                if verified.hint.is_none() {
                    verified.comparison = self.comparison(keys);
                }
            }
            return verified;
        };
        if let Some((reason, hint)) = self.unsigned_body() {
            let mut verified =
                Verification::new(signing, Verdict::Invalid, Some(reason.to_owned()));
            verified.hint = hint.map(str::to_owned);
            return verified;
        }
        let mut verified = Verification::new(signing, Verdict::Valid, None);
        verified.secret_id = Some(known.id.clone());
        let untimely =
            claims.first().and_then(|claim| untimely(scheme, claim, message, signing.name));
        if let Some(untimely) = untimely {
            verified.verdict = untimely.verdict;
            verified.reason = Some(untimely.reason);
            verified.hint = untimely.hint;
        }
        verified
    }

    /// Returns why a signature may be valid although none was found to be.
    fn untried(&self, work: &HashBudget) -> Option<String> {
        if self.claims.iter().any(|claim| claim.is_cut) {
            return Some("it carries more signatures than are checked".to_owned());
        }
        work.is_short().then(|| {
            "its body is too long to check all of its signatures with all secrets set here"
                .to_owned()
        })
    }

    /// Returns what is wrong with a body that a valid signature of the URL does not cover, and what
    /// to do.
    fn unsigned_body(&self) -> Option<(&'static str, Option<&'static str>)> {
        let Self { scheme, message, .. } = *self;
        if !scheme.signs_params() {
            return None;
        }
        match is_body_of_url(message) {
            Some(true) => None,
            Some(false) => {
                Some(("the URL is signed, but its `bodySHA256` is not that of the body", None))
            }
            None if message.body.is_empty() || message.is_form() => None,
            None => Some((
                "the URL is signed, but nothing signs the body: it is not a form, and the URL has \
                 no `bodySHA256`",
                Some(
                    "Let the sender send its parameters as application/x-www-form-urlencoded, or \
                     add the body's SHA-256 to the URL as `bodySHA256` before it signs it.",
                ),
            )),
        }
    }

    fn mismatch(&self, keys: usize) -> String {
        let which = match keys {
            1 => "the secret set here".to_owned(),
            more => format!("any of the {more} secrets set here"),
        };
        let what = match self.scheme.method {
            scheme::Method::Token => "the token is not",
            _ => "the signature was not made with",
        };
        format!("{what} {which}, or what it signs was changed")
    }

    /// Compares the received signature with that of the first secret.
    fn comparison(&self, keys: &[(&KnownSecret, VerifyingKey)]) -> Option<SignatureComparison> {
        let (known, key) = keys.first()?;
        let VerifyingKey::Shared(bytes) = key else { return None };
        let claim = self.claims.first()?;
        if self.scheme.method == scheme::Method::Token {
            return None;
        }
        let url = self.message.urls.first().map_or("", String::as_str);
        let secret = known.secret.reveal();
        let signed = content(self.scheme, self.message, claim, key, secret, url);
        let computed = encode(self.scheme.encoding, &made(self.scheme.method, bytes, &signed));
        let mut signed = shown_content(self.scheme, self.message, claim, key);
        signed.truncate(SHOWN_BYTES);
        let received = claim.signatures.first().map(|text| text.chars().take(200).collect())?;
        Some(SignatureComparison { signed, received, computed })
    }
}

impl Verification {
    fn new(signing: &'static Signing, verdict: Verdict, reason: Option<String>) -> Self {
        let (secret_id, hint, comparison) = (None, None, None);
        Self { signing, verdict, secret_id, reason, hint, comparison }
    }

    /// Whether the verdict may only be due to the missing rest of the body.
    pub fn rests_on_the_body(&self) -> bool {
        match self.verdict {
            Verdict::Invalid => true,
            Verdict::Unsigned => self.signing.schemes.iter().any(Scheme::is_in_body),
            Verdict::Valid | Verdict::Unknown => false,
        }
    }
}

/// How a service signs its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signing {
    /// Its stable id in the API, such as `stripe`.
    pub id: &'static str,
    /// Its display name.
    pub name: &'static str,
    /// What its secret is and where the owner finds it.
    pub secret: &'static str,
    /// Its schemes; if a request carries several, the first one with a fitting secret counts.
    pub(crate) schemes: &'static [Scheme],
}

/// Senders recognized by headers that others send too, under other ids in the API.
const SHARED_MARKS: [&str; 3] = ["meta", "standard-webhooks", "svix"];

impl Signing {
    /// Whether the headers of this sender may be another's.
    fn has_shared_marks(&self) -> bool {
        SHARED_MARKS.contains(&self.id)
    }

    /// Returns the headers that carry its signatures.
    pub fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = Vec::new();
        for name in self.schemes.iter().map(Scheme::field_name) {
            if !fields.contains(&name) {
                fields.push(name);
            }
        }
        fields
    }
}
