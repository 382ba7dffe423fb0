//! Secrets of senders as a store keeps them: sealed, so that it could not read them.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use super::EndpointId;

/// The name of a secret: random, so that it is known before the secret is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretId(Uuid);

impl SecretId {
    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// For binding what is sealed to it.
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

/// A secret to be kept. It comes sealed: the store could not read it.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// Whose signatures it judges.
    pub endpoint: EndpointId,
    /// Its name, to which it is bound.
    pub id: SecretId,
    /// The sender that has it too.
    pub provider: String,
    /// What the owner calls it.
    pub name: Option<String>,
    /// The secret.
    pub sealed: Vec<u8>,
    /// How many secrets the endpoint may have.
    pub max_secrets: u32,
}

/// A secret as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// Whose signatures it judges.
    pub endpoint: EndpointId,
    /// Its name, to which it is bound.
    pub id: SecretId,
    /// The sender that has it too.
    pub provider: String,
    /// What the owner calls it.
    pub name: Option<String>,
    /// When it was added, microseconds since the epoch.
    pub created_at: i64,
    /// The secret.
    pub sealed: Vec<u8>,
}
