//! Why a store could not do what was asked.

use std::sync::Arc;

use hookglass_wire::GoneReason;

/// Why a store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such endpoint or request, or it is another workspace's.
    #[error("not found")]
    NotFound,
    /// The endpoint is no more.
    #[error("the endpoint is gone")]
    Gone(GoneReason),
    /// The name is or was another endpoint's.
    #[error("the name is taken")]
    SlugTaken,
    /// The workspace has as many endpoints as it may have.
    #[error("the workspace has {0} endpoints already")]
    TooManyEndpoints(u32),
    /// The installation has as many endpoints as it may have.
    #[error("there are {0} endpoints already")]
    TooManyEndpointsInAll(u32),
    /// No more is taken for this endpoint until something else goes: it refuses at its limit, or
    /// there is nothing that may be dropped for it.
    #[error("{limit} is {value}")]
    Full {
        /// The limit's name, `max-requests` or `max-storage`.
        limit: &'static str,
        /// The limit's value, requests or bytes.
        value: u64,
    },
    /// The endpoint has as many pinned requests as it may have.
    #[error("{0} requests are pinned already")]
    TooManyPins(u32),
    /// What is pinned would take more of the storage than it may.
    #[error("what is pinned takes up to {0} bytes")]
    PinsTooLarge(u64),
    /// How its endpoints answer would take more of the storage than it may.
    #[error("how endpoints answer takes up to {0} bytes")]
    AnswersTooLarge(u64),
    /// The endpoint has as many secrets as it may have.
    #[error("the endpoint has {0} secrets already")]
    TooManySecrets(u32),
    /// It was changed by another meanwhile: read it again.
    #[error("changed meanwhile")]
    Outdated,
    /// The queue of the writer is full.
    #[error("the write queue is full")]
    Busy,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The transaction that held the change failed; whether it was kept is not known. The store
    /// has logged why.
    #[error("the transaction failed")]
    Aborted,
    /// The engine failed to read.
    #[error("the storage engine failed")]
    Engine(#[source] Arc<dyn std::error::Error + Send + Sync>),
}
