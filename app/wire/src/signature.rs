//! Signatures of captured requests, and the secrets that they are judged by.

use serde::{Deserialize, Serialize};

use crate::{Text, Timestamp};

/// What can be said of a request's signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Signature {
    /// By whose scheme, as in `/api/providers`: `stripe`.
    pub provider: String,
    /// `valid`, `invalid`, `unsigned` or `unknown`; a later version may say more.
    pub verdict: String,
    /// The secret that made the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_id: Option<String>,
    /// Why it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which known mistake explains it, and how to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The start of what had to be signed, where no known mistake explains the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Text>,
    /// The signature that came, beside `signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// The signature that the first secret makes, beside `signed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<String>,
}

/// A secret of an endpoint, without what is secret of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secret {
    /// A UUID.
    pub id: String,
    /// Whose secret it is, as in `/api/providers`.
    pub provider: String,
    /// What the owner calls it, if anything.
    pub name: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The secrets of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// Oldest first, may be empty.
    pub secrets: Vec<Secret>,
}

/// A sender whose signatures can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provider {
    /// Its stable name: `stripe`.
    pub id: String,
    /// Its name for people: `Stripe`.
    pub name: String,
    /// What its secret is and where the owner finds it.
    pub secret: String,
    /// Where its signatures stand: names of header fields, or of members of the body.
    pub fields: Vec<String>,
}

/// All senders whose signatures can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Providers {
    /// By name.
    pub providers: Vec<Provider>,
}
