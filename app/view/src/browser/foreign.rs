//! Leptos' own views among the values: routes, keyed lists, what waits for what is loaded.

use std::any::{Any, TypeId};

use leptos::{
    component::ComponentConstructor,
    tachys::{
        hydration::Cursor,
        renderer::types::{Element, Node as DomNode},
        view::{Mountable, PositionState, Render, RenderHtml},
    },
};

use super::node::{Kind, Node};

/// What is done with a view whose type is not known.
pub(super) trait Foreign: Send {
    fn kind(&self) -> TypeId;
    fn built(self: Box<Self>) -> Shown;
    fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Shown;
    /// Takes the place of what came from a view of the same type, of which there is `kept`.
    fn rebuilt(self: Box<Self>, kept: &mut dyn Any);
}

impl<T: RenderHtml + 'static> Foreign for T {
    fn kind(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn built(self: Box<Self>) -> Shown {
        Shown { view: TypeId::of::<T>(), kept: Box::new(Render::build(*self)) }
    }

    fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Shown {
        let kept = RenderHtml::hydrate::<true>(*self, cursor, position);
        Shown { view: TypeId::of::<T>(), kept: Box::new(kept) }
    }

    fn rebuilt(self: Box<Self>, kept: &mut dyn Any) {
        if let Some(state) = kept.downcast_mut() {
            Render::rebuild(*self, state);
        }
    }
}

/// What is done with what a view left in the page.
trait Kept: Any {
    fn remove(&mut self);
    fn place(&mut self, parent: &Element, marker: Option<&DomNode>);
    fn put_before(&self, child: &mut dyn Mountable) -> bool;
}

impl<T: Mountable + 'static> Kept for T {
    fn remove(&mut self) {
        Mountable::unmount(self);
    }

    fn place(&mut self, parent: &Element, marker: Option<&DomNode>) {
        Mountable::mount(self, parent, marker);
    }

    fn put_before(&self, child: &mut dyn Mountable) -> bool {
        Mountable::insert_before_this(self, child)
    }
}

/// One of Leptos' own views as it stands in the page.
pub struct Shown {
    /// The type of the view.
    view: TypeId,
    kept: Box<dyn Kept>,
}

impl Shown {
    /// Gives way to a view of the same type; any other comes back.
    pub(super) fn take(&mut self, view: Box<dyn Foreign>) -> Result<(), Box<dyn Foreign>> {
        if view.kind() != self.view {
            return Err(view);
        }
        view.rebuilt(&mut *self.kept);
        Ok(())
    }
}

impl Mountable for Shown {
    fn unmount(&mut self) {
        self.kept.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&DomNode>) {
        self.kept.place(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.kept.put_before(child)
    }

    fn elements(&self) -> Vec<Element> {
        Vec::new()
    }
}

/// Takes any of Leptos' views for a value. One that is a [`Node`] behind `impl IntoView` is itself
/// again: the compiler knows which.
pub(super) fn taken(view: impl RenderHtml + 'static) -> Node {
    let mut view = Some(view);
    let node = (&mut view as &mut dyn Any).downcast_mut::<Option<Node>>().and_then(Option::take);
    match (node, view) {
        (Some(node), _) => node,
        (None, Some(view)) => Node(Kind::Foreign(Box::new(view))),
        (None, None) => Node(Kind::Nothing),
    }
}

/// Calls a component: Leptos' function of this name, but what comes out has one type.
pub fn component_view<P, T: RenderHtml + 'static>(
    component: impl ComponentConstructor<P, T>,
    props: P,
) -> Node {
    taken(component.construct(props))
}
