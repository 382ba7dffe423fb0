//! Secrets in memory: the pasted text, and the key that a scheme derives from it. Neither appears
//! in logs, and both are zeroized on drop.

use std::fmt;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use p256::pkcs8::DecodePublicKey as _;
use zeroize::Zeroizing;

use super::{
    rsa::{Certificate, PublicKey},
    scheme::{KeyForm, Scheme},
};

/// Base64 with or without its padding.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A secret as its owner pasted it.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<String>);

impl SigningSecret {
    /// Takes over the pasted text unchanged.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the text, only for signing and sealing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

/// A key that verifies signatures.
pub(super) enum VerifyingKey {
    /// The key of a scheme where both sides share it.
    Shared(Zeroizing<Vec<u8>>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    Rsa {
        key: Box<PublicKey>,
        webhook_id: String,
    },
}

/// Why a text is not a secret of a scheme: what to paste instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SecretError {
    #[error("it is more than white space")]
    Blank,
    #[error("it is more than zeros: anybody can sign with a key of these")]
    Zeros,
    #[error("it is the sender's own Ed25519 public key: for a weak one anybody can sign")]
    Weak,
    #[error("it begins with {0}")]
    Prefix(&'static str),
    #[error("it is base64")]
    Base64,
    #[error("it is an even number of hex digits")]
    Hex,
    #[error("it is an Ed25519 public key of 64 hex digits")]
    Ed25519Hex,
    #[error("it is {0} and the base64 of an Ed25519 public key")]
    Ed25519Base64(&'static str),
    #[error("it is a P-256 public key, as PEM or in base64")]
    P256,
    #[error(
        "it is the webhook's id on a line of its own, then PayPal's certificate as PEM \
         (-----BEGIN CERTIFICATE-----)"
    )]
    Certificate,
}

impl VerifyingKey {
    /// Derives a scheme's key from a secret.
    pub(super) fn of(scheme: &Scheme, secret: &str) -> Result<Self, SecretError> {
        match scheme.key {
            KeyForm::Text if secret.chars().all(is_blank) => Err(SecretError::Blank),
            KeyForm::Text => Ok(Self::shared(secret.as_bytes().to_vec())),
            KeyForm::Base64 { prefix, required } => {
                let secret = secret.trim();
                let text = match secret.strip_prefix(prefix) {
                    Some(text) => text,
                    None if required || is_of_another_kind(secret) => {
                        return Err(SecretError::Prefix(prefix));
                    }
                    None => secret,
                };
                let bytes = BASE64.decode(text.trim()).map_err(|_| SecretError::Base64)?;
                // Anybody can sign with an empty key.
                if bytes.is_empty() {
                    return Err(SecretError::Base64);
                }
                Self::random(bytes)
            }
            KeyForm::Hex => Self::random(unhex(secret.trim()).ok_or(SecretError::Hex)?),
            KeyForm::Ed25519Hex => {
                let bytes = unhex(secret.trim()).ok_or(SecretError::Ed25519Hex)?;
                ed25519(&bytes, SecretError::Ed25519Hex)
            }
            KeyForm::Ed25519Base64(prefix) => {
                let refused = SecretError::Ed25519Base64(prefix);
                let text = secret.trim().strip_prefix(prefix).ok_or(refused)?;
                ed25519(&BASE64.decode(text).map_err(|_| refused)?, refused)
            }
            KeyForm::P256 => p256(secret.trim()).ok_or(SecretError::P256),
            KeyForm::WebhookIdAndCertificate => {
                let Certificate { webhook_id, key } =
                    Certificate::read(secret).ok_or(SecretError::Certificate)?;
                Ok(Self::Rsa { key: Box::new(key), webhook_id })
            }
        }
    }

    /// Checks a key of random bytes. HMAC pads short keys with zeros, so a key of zeros is
    /// equivalent to an empty one (RFC 2104 §2).
    fn random(bytes: Vec<u8>) -> Result<Self, SecretError> {
        if bytes.iter().all(|&byte| byte == 0) {
            return Err(SecretError::Zeros);
        }
        Ok(Self::shared(bytes))
    }

    pub(super) fn shared(bytes: Vec<u8>) -> Self {
        Self::Shared(Zeroizing::new(bytes))
    }

    /// Returns the value of `{webhook_id}`.
    pub(super) fn webhook_id(&self) -> &str {
        match self {
            Self::Rsa { webhook_id, .. } => webhook_id,
            Self::Shared(_) | Self::Ed25519(_) | Self::P256(_) => "",
        }
    }
}

/// Whether the text is a Standard Webhooks key of another kind.
fn is_of_another_kind(secret: &str) -> bool {
    secret.starts_with("whpk_") || secret.starts_with("whsk_")
}

/// Whether a character is invisible.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn ed25519(bytes: &[u8], refused: SecretError) -> Result<VerifyingKey, SecretError> {
    let bytes = bytes.try_into().map_err(|_| refused)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| refused)?;
    if key.is_weak() {
        return Err(SecretError::Weak);
    }
    Ok(VerifyingKey::Ed25519(Box::new(key)))
}

fn p256(text: &str) -> Option<VerifyingKey> {
    let key = if text.starts_with("-----") {
        p256::ecdsa::VerifyingKey::from_public_key_pem(text).ok()?
    } else {
        p256::ecdsa::VerifyingKey::from_public_key_der(&BASE64.decode(text).ok()?).ok()?
    };
    Some(VerifyingKey::P256(Box::new(key)))
}

/// Decodes hex digits in either case.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || text.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?))
        .collect()
}

/// Encodes bytes as lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
