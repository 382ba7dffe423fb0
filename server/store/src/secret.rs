//! Senders' secrets as stored: sealed, so that the store cannot read them.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use super::EndpointId;

/// The id of a secret: random, so that it is known before the secret is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretId(Uuid);

impl SecretId {
    /// Generates an id.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Returns the bytes that bind the sealed secret to its id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SecretId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A secret to store. It is already sealed: the store cannot read it.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The endpoint whose signatures it verifies.
    pub endpoint: EndpointId,
    /// The id, to which it is bound.
    pub id: SecretId,
    /// The sender that shares the secret.
    pub provider: String,
    /// The owner's name for it.
    pub name: Option<String>,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// The maximum number of secrets of the endpoint.
    pub max_secrets: u32,
}

/// A secret as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// The endpoint whose signatures it verifies.
    pub endpoint: EndpointId,
    /// The id, to which it is bound.
    pub id: SecretId,
    /// The sender that shares the secret.
    pub provider: String,
    /// The owner's name for it.
    pub name: Option<String>,
    /// When it was added, microseconds since the epoch.
    pub created_at: i64,
    /// The sealed secret.
    pub sealed: Vec<u8>,
}
