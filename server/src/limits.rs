//! The operator's limits: rates, and the owners of memory.
pub(crate) mod holder;
pub(crate) mod rates;
