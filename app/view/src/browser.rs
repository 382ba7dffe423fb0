//! The renderer and the signals for the browser.

mod attribute;
mod element;
mod node;
mod opaque;
mod reactive;
mod state;
pub(crate) mod tags;
mod views;

pub use self::{
    attribute::IntoAttributeValue,
    node::Node,
    opaque::component_view,
    reactive::{Effect, Memo, NodeRef, Ref, RwSignal, Signal, StoredValue},
    views::{Content, EraseEach, IntoRender, IntoView, View},
};
