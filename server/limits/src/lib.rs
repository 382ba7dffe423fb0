//! Limits per client: addresses as keys, and budgets of memory.
pub mod address;
pub mod budget;
