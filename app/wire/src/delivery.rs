//! The delivery that a captured request is an attempt of.

use serde::{Deserialize, Serialize};

/// The prefix of the ids of guessed deliveries; no sender uses it.
pub const GUESSED: &str = "like-";

/// An attempt of a delivery. A delivery is one event, as its sender identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delivery {
    /// The sender's own id (`X-GitHub-Delivery`, `webhook-id`, …); if `guessed`, `like-` and the
    /// `seq` of the first attempt.
    pub id: String,
    /// The number of this attempt, from 1: counted in order of arrival, or the sender's own count
    /// if that is higher.
    pub attempt: u32,
    /// All attempts that are kept, this one included, oldest first, at most 1,000.
    pub attempts: Vec<Attempt>,
    /// Whether the attempts are grouped only because their bodies are equal.
    #[serde(default)]
    pub guessed: bool,
}

/// An attempt of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// The captured request.
    pub seq: i64,
    /// The number of the attempt, from 1.
    #[serde(default)]
    pub attempt: u32,
    /// When it arrived.
    pub received_at: crate::Timestamp,
    /// The status of its response, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}
