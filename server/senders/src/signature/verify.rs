//! Assembles the signed content and compares signatures with it. Comparisons run in constant time.

use std::cell::Cell;

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Verifier as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::{
    carried::Claim,
    message::SignedMessage,
    scheme::{Encoding, Hash, Method, Scheme},
    secret::{BASE64, VerifyingKey, hex, unhex},
    spelling::spellings,
};

/// How much is hashed to verify one request, in bytes: all secrets of an endpoint times a body of
/// 25 MiB, which takes about a second. Beyond that nothing more is tried.
const HASHED_BYTES: u64 = 512 * 1024 * 1024;
/// The cost of the signed content besides the body, and of a check besides hashing, in bytes that
/// could be hashed in that time.
const EACH_BYTES: u64 = 4 * 1024;
/// The placeholder for a secret in signed text.
const HIDDEN: &str = "[secret]";

/// How much may still be hashed for one request.
#[derive(Debug)]
pub(super) struct HashBudget {
    left: Cell<u64>,
    is_short: Cell<bool>,
}

impl HashBudget {
    pub(super) const fn new() -> Self {
        Self { left: Cell::new(HASHED_BYTES), is_short: Cell::new(false) }
    }

    /// Whether something was left untried.
    pub(super) const fn is_short(&self) -> bool {
        self.is_short.get()
    }

    /// Whether anything may still be tried; a refusal counts as something left untried.
    fn has_left(&self) -> bool {
        let has_left = self.left.get() > 0;
        self.is_short.set(self.is_short.get() || !has_left);
        has_left
    }

    /// Takes the cost of hashing `bytes`. The last one may exceed the rest of the budget.
    fn takes(&self, bytes: usize) -> bool {
        let cost = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(EACH_BYTES);
        let has_left = self.has_left();
        self.left.set(self.left.get().saturating_sub(cost));
        has_left
    }
}

/// Whether this key made one of the claim's signatures. False once the budget is spent.
pub(super) fn holds(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    claim: &Claim,
    key: &VerifyingKey,
    secret: &str,
    work: &HashBudget,
) -> bool {
    if scheme.method == Method::Token {
        return claim.signatures.iter().any(|token| is_equal(token.as_bytes(), secret.as_bytes()));
    }
    let given: Vec<Vec<u8>> =
        claim.signatures.iter().filter_map(|text| decode(scheme.encoding, text)).collect();
    // An empty signature equals nothing.
    if given.is_empty() {
        return false;
    }
    spellings(scheme, message).iter().any(|url| {
        work.has_left() && {
            let content = content(scheme, message, claim, key, secret, url);
            is_signed(scheme.method, key, &content, &given, work)
        }
    })
}

fn is_signed(
    method: Method,
    key: &VerifyingKey,
    content: &[u8],
    given: &[Vec<u8>],
    work: &HashBudget,
) -> bool {
    let takes = || work.takes(content.len());
    match (method, key) {
        // Computed once, however many signatures it is compared with.
        (Method::Hmac(_) | Method::Digest(_), VerifyingKey::Shared(key)) if takes() => {
            let made = made(method, key, content);
            given.iter().any(|given| is_equal(given, &made))
        }
        (Method::Ed25519, VerifyingKey::Ed25519(key)) => given.iter().any(|given| {
            ed25519_dalek::Signature::from_slice(given)
                .is_ok_and(|signature| takes() && key.verify_strict(content, &signature).is_ok())
        }),
        (Method::EcdsaP256, VerifyingKey::P256(key)) => given.iter().any(|given| {
            p256::ecdsa::Signature::from_der(given)
                .is_ok_and(|signature| takes() && key.verify(content, &signature).is_ok())
        }),
        (Method::RsaSha256, VerifyingKey::Rsa { key, .. }) => {
            given.iter().any(|given| takes() && key.verifies(content, given))
        }
        _ => false,
    }
}

/// Returns the key's signature of the content; empty for methods that need a private key.
pub(super) fn made(method: Method, key: &[u8], content: &[u8]) -> Vec<u8> {
    macro_rules! mac {
        ($hash:ty) => {
            match Hmac::<$hash>::new_from_slice(key) {
                Ok(mac) => mac.chain_update(content).finalize().into_bytes().to_vec(),
                // HMAC accepts keys of any length.
                Err(_) => Vec::new(),
            }
        };
    }
    match method {
        Method::Hmac(Hash::Sha1) => mac!(Sha1),
        Method::Hmac(Hash::Sha256) => mac!(Sha256),
        Method::Hmac(Hash::Sha512) => mac!(Sha512),
        Method::Digest(Hash::Sha1) => Sha1::digest(content).to_vec(),
        Method::Digest(Hash::Sha256) => Sha256::digest(content).to_vec(),
        Method::Digest(Hash::Sha512) => Sha512::digest(content).to_vec(),
        Method::Ed25519 | Method::EcdsaP256 | Method::RsaSha256 | Method::Token => Vec::new(),
    }
}

/// Encodes bytes as a scheme writes signatures.
pub(super) fn encode(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex(bytes),
        Encoding::Base64 => BASE64.encode(bytes),
    }
}

pub(super) fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => unhex(text),
        Encoding::Base64 => BASE64.decode(text).ok(),
    }
}

fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Returns the signed content for display: a secret in it is hidden.
pub(super) fn shown_content(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    claim: &Claim,
    key: &VerifyingKey,
) -> Vec<u8> {
    let url = message.urls.first().map_or("", String::as_str);
    content(scheme, message, claim, key, HIDDEN, url)
}

/// Fills the scheme's template of the signed content.
pub(super) fn content(
    scheme: &Scheme,
    message: &SignedMessage<'_>,
    claim: &Claim,
    key: &VerifyingKey,
    secret: &str,
    url: &str,
) -> Vec<u8> {
    let body_bytes = if scheme.signed.contains("{body}") { message.body.len() } else { 0 };
    let mut content = Vec::with_capacity(body_bytes + 256);
    let mut rest = scheme.signed;
    while let Some((before, after)) = rest.split_once('{') {
        content.extend_from_slice(before.as_bytes());
        let Some((name, after)) = after.split_once('}') else { break };
        match name {
            "body" => content.extend_from_slice(&message.body),
            "timestamp" => content.extend_from_slice(claim.timestamp.as_bytes()),
            "id" => content.extend_from_slice(claim.id.as_bytes()),
            "token" => content.extend_from_slice(claim.token.as_bytes()),
            "item" => content.extend_from_slice(claim.item.as_bytes()),
            "method" => content.extend_from_slice(message.method.as_bytes()),
            "url" => content.extend_from_slice(url.as_bytes()),
            "secret" => content.extend_from_slice(secret.as_bytes()),
            "webhook_id" => content.extend_from_slice(key.webhook_id().as_bytes()),
            "crc32" => {
                content.extend_from_slice(crc32fast::hash(&message.body).to_string().as_bytes());
            }
            "params" => content.extend_from_slice(&claim.params),
            _ => {}
        }
        rest = after;
    }
    content.extend_from_slice(rest.as_bytes());
    content
}

/// Whether a Twilio URL's SHA-256 is that of the body; `None` if the URL has none.
pub(super) fn is_body_of_url(message: &SignedMessage<'_>) -> Option<bool> {
    let url = message.urls.first()?;
    let (_, query) = url.split_once('?')?;
    let given = query.split('&').find_map(|pair| pair.strip_prefix("bodySHA256="))?;
    let given = unhex(given).unwrap_or_default();
    Some(is_equal(&given, &Sha256::digest(&message.body)))
}
