//! Signals, memos, stored values and effects of one type each: what they hold is boxed, and Leptos'
//! own are compiled once, for the box. They do what Leptos' own of the same name do.

mod derived;
mod effect;
mod held;
mod memo;
mod reference;
mod signal;
mod stored;

pub use self::{
    derived::Signal, effect::Effect, held::Ref, memo::Memo, reference::NodeRef, signal::RwSignal,
    stored::StoredValue,
};
