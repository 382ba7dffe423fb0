//! Why a store operation failed.

use std::sync::Arc;

use hookglass_wire::GoneReason;

/// Why a store operation failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such endpoint or request, or it belongs to another workspace.
    #[error("not found")]
    NotFound,
    /// The endpoint is gone.
    #[error("the endpoint is gone")]
    Gone(GoneReason),
    /// Another endpoint has or had the name.
    #[error("the name is taken")]
    SlugTaken,
    /// The workspace has the maximum number of endpoints.
    #[error("the workspace has {0} endpoints already")]
    TooManyEndpoints(u32),
    /// The installation has the maximum number of endpoints.
    #[error("there are {0} endpoints already")]
    TooManyEndpointsInAll(u32),
    /// The endpoint accepts no more until something else is deleted: it refuses at its limit, or
    /// nothing can be evicted for it.
    #[error("{limit} is {value}")]
    Full {
        /// The limit's name, `max-requests` or `max-storage`.
        limit: &'static str,
        /// The limit's value, requests or bytes.
        value: u64,
    },
    /// The endpoint has the maximum number of pinned requests.
    #[error("{0} requests are pinned already")]
    TooManyPins(u32),
    /// Pinned requests would exceed their part of the storage.
    #[error("pinned requests take up to {0} bytes")]
    PinsTooLarge(u64),
    /// Response settings would exceed their part of the storage.
    #[error("response settings take up to {0} bytes")]
    AnswersTooLarge(u64),
    /// The endpoint has the maximum number of secrets.
    #[error("the endpoint has {0} secrets already")]
    TooManySecrets(u32),
    /// Someone else changed it in the meantime: read it again.
    #[error("changed in the meantime")]
    Outdated,
    /// The writer's queue is full.
    #[error("the write queue is full")]
    Busy,
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// The transaction with the change failed; whether it was committed is unknown. The store has
    /// logged the cause.
    #[error("the transaction failed")]
    Aborted,
    /// A read failed.
    #[error("the storage engine failed")]
    Engine(#[source] Arc<dyn std::error::Error + Send + Sync>),
}
