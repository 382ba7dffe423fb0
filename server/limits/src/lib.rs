//! Who may hold how much: client addresses as keys, and budgets of memory.

pub mod address;
pub mod budget;
pub mod keyed_limit;
