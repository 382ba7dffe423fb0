//! The browser's half.

mod attribute;
mod element;
mod foreign;
mod node;
mod reactive;
mod standing;
pub(crate) mod tags;
mod views;

pub use self::{
    attribute::IntoAttributeValue,
    foreign::component_view,
    node::Node,
    reactive::{Effect, Memo, NodeRef, Ref, RwSignal, Signal, StoredValue},
    views::{Content, EraseEach, IntoRender, IntoView, View},
};
