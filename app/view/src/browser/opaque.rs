//! Leptos' own views as nodes: keyed lists, `<Show>` and the like.

use std::any::{Any, TypeId};

use leptos::{
    component::ComponentConstructor,
    tachys::{
        hydration::Cursor,
        renderer::types::{Element, Node as DomNode},
        view::{Mountable, PositionState, Render, RenderHtml},
    },
};

use super::node::{Node, NodeKind};

/// A view of any type.
pub(super) trait Opaque: Send {
    fn kind(&self) -> TypeId;
    fn built(self: Box<Self>) -> OpaqueState;
    fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> OpaqueState;
    /// Replaces a view of the same type, whose state is `state`.
    fn rebuilt(self: Box<Self>, state: &mut dyn Any);
}

impl<T: RenderHtml + 'static> Opaque for T {
    fn kind(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn built(self: Box<Self>) -> OpaqueState {
        OpaqueState { view: TypeId::of::<T>(), state: Box::new(Render::build(*self)) }
    }

    fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> OpaqueState {
        let state = RenderHtml::hydrate::<true>(*self, cursor, position);
        OpaqueState { view: TypeId::of::<T>(), state: Box::new(state) }
    }

    fn rebuilt(self: Box<Self>, state: &mut dyn Any) {
        if let Some(old) = state.downcast_mut() {
            Render::rebuild(*self, old);
        }
    }
}

/// The state of a view of any type.
trait AnyState: Any {
    fn remove(&mut self);
    fn place(&mut self, parent: &Element, marker: Option<&DomNode>);
    fn put_before(&self, child: &mut dyn Mountable) -> bool;
}

impl<T: Mountable + 'static> AnyState for T {
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

/// One of Leptos' own views in the page.
pub struct OpaqueState {
    /// The type of the view.
    view: TypeId,
    state: Box<dyn AnyState>,
}

impl OpaqueState {
    /// Replaces the view with another one of the same type.
    ///
    /// # Errors
    /// Returns a view of another type.
    pub(super) fn take(&mut self, view: Box<dyn Opaque>) -> Result<(), Box<dyn Opaque>> {
        if view.kind() != self.view {
            return Err(view);
        }
        view.rebuilt(&mut *self.state);
        Ok(())
    }
}

impl Mountable for OpaqueState {
    fn unmount(&mut self) {
        self.state.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&DomNode>) {
        self.state.place(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.state.put_before(child)
    }

    fn elements(&self) -> Vec<Element> {
        Vec::new()
    }
}

/// Makes a node of any view. A [`Node`] behind `impl IntoView` is returned unchanged.
pub(super) fn into_node(view: impl RenderHtml + 'static) -> Node {
    let mut view = Some(view);
    let node = (&mut view as &mut dyn Any).downcast_mut::<Option<Node>>().and_then(Option::take);
    match (node, view) {
        (Some(node), _) => node,
        (None, Some(view)) => Node(NodeKind::Opaque(Box::new(view))),
        (None, None) => Node(NodeKind::Nothing),
    }
}

/// Calls a component: Leptos' function of this name, but its result has one type.
pub fn component_view<P, T: RenderHtml + 'static>(
    component: impl ComponentConstructor<P, T>,
    props: P,
) -> Node {
    into_node(component.construct(props))
}
