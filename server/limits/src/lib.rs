//! Limits per client: addresses as keys, counts and budgets of memory.

pub mod address;
pub mod budget;
pub mod keyed_limit;
