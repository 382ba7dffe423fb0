//! Signatures of captured requests, and the secrets that verify them.

use serde::{Deserialize, Serialize};

use crate::{Text, Timestamp};

/// The verdict on a request's signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signature {
    /// The provider whose scheme applies, as in `/api/providers`: `stripe`.
    pub provider: String,
    /// `valid`, `invalid`, `unsigned` or `unknown`; later versions may add values.
    pub verdict: String,
    /// The secret that matches the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_id: Option<String>,
    /// Why it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The known mistake that explains it, and how to fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The start of the signed content, if no known mistake explains the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Text>,
    /// The received signature; comes with `signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// The signature that the first secret produces; comes with `signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<String>,
}

/// A secret of an endpoint, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secret {
    /// A UUID.
    pub id: String,
    /// Its provider, as in `/api/providers`.
    pub provider: String,
    /// The owner's name for it, if any.
    pub name: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The secrets of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// Oldest first; may be empty.
    pub secrets: Vec<Secret>,
}

/// A sender whose signatures can be verified.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provider {
    /// Its stable id: `stripe`.
    pub id: String,
    /// Its name for people: `Stripe`.
    pub name: String,
    /// What its secret is and where its owner finds it.
    pub secret: String,
    /// Where its signatures are: names of headers or of members of the body.
    pub fields: Vec<String>,
}

/// All senders whose signatures can be verified.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Providers {
    /// Sorted by name.
    pub providers: Vec<Provider>,
}
