//! Signals, memos, stored values and effects. Their values are boxed, so that Leptos' code is
//! compiled only once, for the box. They behave like Leptos' own of the same names.

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
