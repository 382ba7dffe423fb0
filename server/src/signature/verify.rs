//! What is signed, put together, and signatures held against it. Comparisons take the same time
//! wherever the first difference lies.

use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Verifier as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::{
    carried::Claim,
    message::Message,
    scheme::{Encoding, Hash, Method, Scheme},
    secret::{BASE64, Key, hex, unhex},
};
use base64::Engine as _;

/// What a secret in signed text is shown as.
const HIDDEN: &str = "[secret]";

/// Whether one of the claim's signatures is this key's.
pub(super) fn holds(
    scheme: &Scheme,
    message: &Message<'_>,
    claim: &Claim,
    key: &Key,
    secret: &str,
) -> bool {
    if scheme.method == Method::Token {
        return claim.signatures.iter().any(|token| is_equal(token.as_bytes(), secret.as_bytes()));
    }
    let urls = if scheme.signs_url() { message.urls.as_slice() } else { &[] };
    let mut spellings = urls.iter().map(String::as_str).collect::<Vec<_>>();
    if spellings.is_empty() {
        spellings.push("");
    }
    let given: Vec<Vec<u8>> =
        claim.signatures.iter().filter_map(|text| decode(scheme.encoding, text)).collect();
    spellings.into_iter().any(|url| {
        let content = content(scheme, message, claim, key, secret, url);
        is_signed(scheme.method, key, &content, &given)
    })
}

fn is_signed(method: Method, key: &Key, content: &[u8], given: &[Vec<u8>]) -> bool {
    match (method, key) {
        (Method::Hmac(_) | Method::Digest(_), Key::Shared(key)) => {
            let made = made(method, key, content);
            given.iter().any(|given| is_equal(given, &made))
        }
        (Method::Ed25519, Key::Ed25519(key)) => given.iter().any(|given| {
            ed25519_dalek::Signature::from_slice(given)
                .is_ok_and(|signature| key.verify_strict(content, &signature).is_ok())
        }),
        (Method::EcdsaP256, Key::P256(key)) => given.iter().any(|given| {
            p256::ecdsa::Signature::from_der(given)
                .is_ok_and(|signature| key.verify(content, &signature).is_ok())
        }),
        (Method::RsaSha256, Key::Rsa { key, .. }) => {
            given.iter().any(|given| key.verifies(content, given))
        }
        _ => false,
    }
}

/// The signature that the key makes of the content; empty for methods that need a private key.
pub(super) fn made(method: Method, key: &[u8], content: &[u8]) -> Vec<u8> {
    macro_rules! mac {
        ($hash:ty) => {
            match Hmac::<$hash>::new_from_slice(key) {
                Ok(mac) => mac.chain_update(content).finalize().into_bytes().to_vec(),
                // A key of HMAC may have any length.
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

/// Bytes as a scheme writes signatures.
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

/// What is signed, as a person may see it: a secret that is part of it is not shown.
pub(super) fn shown_content(
    scheme: &Scheme,
    message: &Message<'_>,
    claim: &Claim,
    key: &Key,
) -> Vec<u8> {
    let url = message.urls.first().map_or("", String::as_str);
    content(scheme, message, claim, key, HIDDEN, url)
}

/// What is signed, out of the scheme's template.
pub(super) fn content(
    scheme: &Scheme,
    message: &Message<'_>,
    claim: &Claim,
    key: &Key,
    secret: &str,
    url: &str,
) -> Vec<u8> {
    let mut content = Vec::with_capacity(message.body.len() + 256);
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
            "params" => content.extend_from_slice(&params(message)),
            _ => {}
        }
        rest = after;
    }
    content.extend_from_slice(rest.as_bytes());
    content
}

/// Twilio's form parameters: names and values without anything between them, sorted, each pair
/// once.
fn params(message: &Message<'_>) -> Vec<u8> {
    let mut pairs = message.form().unwrap_or_default();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| (name + &value).into_bytes()).collect()
}

/// For a Twilio request that is no form, whether the body is the one whose SHA-256 the URL gives.
pub(super) fn is_body_of_url(message: &Message<'_>) -> Option<bool> {
    let url = message.urls.first()?;
    let (_, query) = url.split_once('?')?;
    let given = query.split('&').find_map(|pair| pair.strip_prefix("bodySHA256="))?;
    let given = unhex(given).unwrap_or_default();
    Some(is_equal(&given, &Sha256::digest(&message.body)))
}
