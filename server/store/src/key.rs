//! Workspace keys: generation, detection and hashing. Independent of HTTP and the store.

use std::{fmt, ops::Range, str::FromStr, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use memchr::memmem::{Finder, rfind};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The prefix of every key, which makes keys findable in received requests, to be redacted.
const PREFIX: &str = "hgk_";
/// Finds the prefix; each request is searched several times.
static PREFIXES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(PREFIX));
/// The random part of a key, before base64url.
const SECRET_BYTES: usize = 32;
/// The base64url characters after the prefix.
const SECRET_CHARS: usize = 43;

/// The secret key of a workspace: `hgk_` and 43 base64url characters.
#[derive(Clone)]
pub struct Key(String);

/// The stored form of a key: its SHA-256. The key has 256 random bits, so no salt is needed.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; SECRET_BYTES]);

/// A text that is not a valid key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is `hgk_` and 43 characters of A-Z, a-z, 0-9, - and _")]
pub struct KeyError;

impl Key {
    /// Generates a key from the operating system's random numbers.
    ///
    /// # Errors
    /// The operating system provides none.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Ok(Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret))))
    }

    /// Returns the stored form of the key.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Returns an identifier by which the tabs of a browser recognize that they have the same key.
    /// It reveals nothing about the key.
    #[must_use]
    pub fn tag(&self) -> String {
        let digest = Sha256::digest(self.hash().as_bytes());
        URL_SAFE_NO_PAD.encode(digest.first_chunk::<8>().unwrap_or(&[0; 8]))
    }

    /// Returns the key itself, for the cookie or the response that issues it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let secret = text.strip_prefix(PREFIX).ok_or(KeyError)?;
        if secret.len() == SECRET_CHARS && secret.bytes().all(is_base64url) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError)
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

impl KeyHash {
    /// Returns the bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares this hash with stored bytes in constant time.
    #[must_use]
    pub fn matches(&self, kept: &[u8]) -> bool {
        self.0.ct_eq(kept).into()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash([redacted])")
    }
}

/// Whether `bytes` contains a key.
pub fn has_key(bytes: &[u8]) -> bool {
    !find_keys(bytes).is_empty()
}

/// Finds keys in `bytes`: every run of base64url characters after `hgk_` that is at least as long
/// as a key's.
pub fn find_keys(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = PREFIXES.find(&bytes[from..]) {
        let start = from + at;
        let secret = start + PREFIX.len();
        let chars = bytes[secret..].iter().take_while(|&&b| is_base64url(b)).count();
        if chars >= SECRET_CHARS {
            found.push(start..secret + chars);
            from = secret + chars;
        } else {
            from = secret;
        }
    }
    found
}

/// Finds a partial key at the end of `bytes`, where they may have been cut off.
pub fn find_cut_key(bytes: &[u8]) -> Option<Range<usize>> {
    let start = rfind(bytes, PREFIX.as_bytes())?;
    let secret = &bytes[start + PREFIX.len()..];
    let is_half = !secret.is_empty() && secret.iter().all(|&byte| is_base64url(byte));
    is_half.then_some(start..bytes.len())
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_two_differ() {
        let key = Key::random().unwrap();
        assert_eq!(key.reveal().len(), 47);
        let again: Key = key.reveal().parse().unwrap();
        assert!(again.hash().matches(key.hash().as_bytes()));
        assert!(!Key::random().unwrap().hash().matches(key.hash().as_bytes()));
    }

    #[test]
    fn debug_output_shows_no_key() {
        let key = Key::random().unwrap();
        let debug = format!("{key:?} {:?}", key.hash());
        assert!(!debug.contains(&key.reveal()[4..]));
    }

    #[test]
    fn keys_are_found_wherever_they_stand() {
        let key = Key::random().unwrap();
        let text = format!("a=hgk_hgk_{k}; b=\"{}\"", key.reveal(), k = &key.reveal()[4..]);
        let found = find_keys(text.as_bytes());
        assert_eq!(found.len(), 2);
        assert!(find_keys(b"hgk_tooshort").is_empty());
        assert_eq!(&text[found[1].clone()], key.reveal());
    }
}
