//! The delivery that a captured request is an attempt of.

use serde::{Deserialize, Serialize};

/// What the ids of deliveries that are only guessed begin with; no sender's does.
pub const GUESSED: &str = "like-";

/// One try of a delivery, an event as its sender names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delivery {
    /// The sender's own name for it (`X-GitHub-Delivery`, `webhook-id`, …); where `guessed`, `like-`
    /// and the `seq` of the first.
    pub id: String,
    /// Which try this is, from 1: as they came, or as the sender counts, where that is more.
    pub attempt: u32,
    /// All tries that are kept, oldest first, at most 1,000, this one among them.
    pub attempts: Vec<Attempt>,
    /// Whether they are taken for one delivery only because their bodies are equal.
    #[serde(default)]
    pub guessed: bool,
}

/// One of the tries of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// The captured request.
    pub seq: i64,
    /// Which try it is, from 1.
    #[serde(default)]
    pub attempt: u32,
    /// When it came.
    pub received_at: crate::Timestamp,
    /// What it was answered, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}
