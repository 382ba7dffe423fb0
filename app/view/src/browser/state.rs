//! Views in the page.

use std::borrow::Cow;

use leptos::{
    prelude::RenderEffect,
    tachys::{
        html::InertElement,
        renderer::types::{Element, Node as DomNode, Placeholder},
        view::{Mountable, Render},
    },
};

use super::{element::ElementState, node::Node, opaque::OpaqueState};

/// A view in the page: a variant for each kind of [`Node`].
pub enum NodeState {
    Nothing(Placeholder),
    Text(<Cow<'static, str> as Render>::State),
    Element(Box<ElementState>),
    Inert(<InertElement as Render>::State),
    Row(Vec<NodeState>),
    List(<Vec<Node> as Render>::State),
    Reactive(Reactive),
    Opaque(OpaqueState),
}

/// A view that is rebuilt when a signal changes.
pub struct Reactive(pub(super) RenderEffect<NodeState>);

impl Drop for Reactive {
    /// Drops the view at once, even if the effect is scheduled and lives on.
    fn drop(&mut self) {
        drop(self.0.take_value());
    }
}

impl NodeState {
    /// Replaces it in the page.
    pub(super) fn replace_with(&mut self, mut new: Self) {
        self.insert_before_this(&mut new);
        self.unmount();
        *self = new;
    }
}

impl Mountable for NodeState {
    fn unmount(&mut self) {
        match self {
            Self::Nothing(place) => place.unmount(),
            Self::Text(text) => text.unmount(),
            Self::Element(made) => made.element.unmount(),
            Self::Inert(inert) => inert.unmount(),
            Self::Row(row) => row.iter_mut().for_each(Self::unmount),
            Self::List(list) => list.unmount(),
            Self::Reactive(reactive) => reactive.0.unmount(),
            Self::Opaque(shown) => shown.unmount(),
        }
    }

    fn mount(&mut self, parent: &Element, marker: Option<&DomNode>) {
        match self {
            Self::Nothing(place) => place.mount(parent, marker),
            Self::Text(text) => text.mount(parent, marker),
            Self::Element(made) => made.element.mount(parent, marker),
            Self::Inert(inert) => inert.mount(parent, marker),
            Self::Row(row) => row.iter_mut().for_each(|one| one.mount(parent, marker)),
            Self::List(list) => list.mount(parent, marker),
            Self::Reactive(reactive) => reactive.0.mount(parent, marker),
            Self::Opaque(shown) => shown.mount(parent, marker),
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self {
            Self::Nothing(place) => place.insert_before_this(child),
            Self::Text(text) => text.insert_before_this(child),
            Self::Element(made) => made.element.insert_before_this(child),
            Self::Inert(inert) => inert.insert_before_this(child),
            Self::Row(row) => row.iter().any(|one| one.insert_before_this(child)),
            Self::List(list) => list.insert_before_this(child),
            Self::Reactive(reactive) => reactive.0.insert_before_this(child),
            Self::Opaque(shown) => shown.insert_before_this(child),
        }
    }

    /// Returns none: these are for attributes from outside, and there are none.
    fn elements(&self) -> Vec<Element> {
        Vec::new()
    }
}
