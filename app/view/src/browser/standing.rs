//! Views as they stand in the page.

use std::borrow::Cow;

use leptos::{
    prelude::RenderEffect,
    tachys::{
        html::InertElement,
        renderer::types::{Element, Node as DomNode, Placeholder},
        view::{Mountable, Render},
    },
};

use super::{element::Made, foreign::Shown, node::Node};

/// A view of any kind as it stands in the page: one for each kind of [`Node`].
pub enum Standing {
    Nothing(Placeholder),
    Text(<Cow<'static, str> as Render>::State),
    Element(Box<Made>),
    Inert(<InertElement as Render>::State),
    Row(Vec<Standing>),
    List(<Vec<Node> as Render>::State),
    Followed(Followed),
    Foreign(Shown),
}

/// What is made anew when a signal changes.
pub struct Followed(pub(super) RenderEffect<Standing>);

impl Drop for Followed {
    /// What stands goes at once, though the effect may be waiting for its turn and live on.
    fn drop(&mut self) {
        drop(self.0.take_value());
    }
}

impl Standing {
    /// Puts another in its place.
    pub(super) fn give_way(&mut self, mut new: Self) {
        self.insert_before_this(&mut new);
        self.unmount();
        *self = new;
    }
}

impl Mountable for Standing {
    fn unmount(&mut self) {
        match self {
            Self::Nothing(place) => place.unmount(),
            Self::Text(text) => text.unmount(),
            Self::Element(made) => made.element.unmount(),
            Self::Inert(inert) => inert.unmount(),
            Self::Row(row) => row.iter_mut().for_each(Self::unmount),
            Self::List(list) => list.unmount(),
            Self::Followed(followed) => followed.0.unmount(),
            Self::Foreign(shown) => shown.unmount(),
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
            Self::Followed(followed) => followed.0.mount(parent, marker),
            Self::Foreign(shown) => shown.mount(parent, marker),
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
            Self::Followed(followed) => followed.0.insert_before_this(child),
            Self::Foreign(shown) => shown.insert_before_this(child),
        }
    }

    /// None: these are for attributes from outside, which are lost.
    fn elements(&self) -> Vec<Element> {
        Vec::new()
    }
}
