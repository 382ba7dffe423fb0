//! The limits that operators set: rates, and whose memory is counted.
pub(crate) mod holder;
pub(crate) mod rates;
