//! Signals, memos, stored values and effects. Their values are boxed, so that Leptos' own are compiled
//! once, for the box. They behave as Leptos' own of the same names.

mod boxed;
mod derived;
mod effect;
mod memo;
mod reference;
mod signal;
mod stored;

pub use self::{
    boxed::Ref, derived::Signal, effect::Effect, memo::Memo, reference::NodeRef, signal::RwSignal,
    stored::StoredValue,
};
