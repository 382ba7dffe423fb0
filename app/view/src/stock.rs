//! Leptos' own views, under the names that differ. The server always uses them, and its HTML fits
//! either browser half.

use leptos::{
    children::{ChildrenOptContainer, ToChildren},
    html::ElementType,
    prelude::{AnyView, Get as _, GetUntracked as _, IntoAny as _, NodeRef as Inner},
    tachys::{html::node_ref::NodeRefContainer, renderer::types::Element, view::RenderHtml},
};
use wasm_bindgen::JsCast;

/// A view of any type.
pub type Erased = AnyView;

/// The content between the tags of a component: Leptos' `Children`, under the browser's name for
/// it. `{children.shown()}` puts it into a view.
pub struct Content(Box<dyn FnOnce() -> Erased + Send>);

impl Content {
    /// The view.
    #[must_use]
    pub fn shown(self) -> Erased {
        (self.0)()
    }
}

impl<F, V> ToChildren<F> for Content
where
    F: FnOnce() -> V + Send + 'static,
    V: RenderHtml + 'static,
{
    fn to_children(children: F) -> Self {
        Self(Box::new(move || children().erased()))
    }
}

impl<V: RenderHtml + 'static> ToChildren<ChildrenOptContainer<V>> for Content {
    fn to_children(children: ChildrenOptContainer<V>) -> Self {
        Self(Box::new(move || children.0.erased()))
    }
}

/// Erases a view's type.
pub trait Erase {
    /// The same view as any other.
    fn erased(self) -> Erased;
}

impl<T: RenderHtml + 'static> Erase for T {
    fn erased(self) -> Erased {
        self.into_any()
    }
}

/// Erases the type of each of many views.
pub trait EraseEach {
    /// The same views.
    fn each_erased(self) -> Vec<Erased>;
}

impl<I: Iterator<Item: RenderHtml + 'static>> EraseEach for I {
    fn each_erased(self) -> Vec<Erased> {
        self.map(Erase::erased).collect()
    }
}

/// An element, once it is in the page: Leptos' `NodeRef`, but reading it after its part of the page
/// is gone returns `None` and does not panic.
pub struct NodeRef<E: ElementType<Output: 'static>>(Inner<E>);

impl<E: ElementType<Output: 'static>> Clone for NodeRef<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: ElementType<Output: 'static>> Copy for NodeRef<E> {}

impl<E: ElementType<Output: 'static>> Default for NodeRef<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: ElementType<Output: 'static>> NodeRef<E> {
    /// An empty reference.
    #[must_use]
    pub fn new() -> Self {
        Self(Inner::new())
    }
}

impl<E: ElementType<Output: JsCast + Clone + 'static>> NodeRef<E> {
    /// The element, which is tracked; none after its part of the page is gone.
    #[must_use]
    pub fn get(self) -> Option<E::Output> {
        self.0.try_get().flatten()
    }

    /// The element as it is now; none after its part of the page is gone: timers and frames
    /// outlive it.
    #[must_use]
    pub fn get_untracked(self) -> Option<E::Output> {
        self.0.try_get_untracked().flatten()
    }
}

impl<E: ElementType<Output: JsCast + Clone + 'static>> NodeRefContainer<E> for NodeRef<E> {
    fn load(self, element: &Element) {
        self.0.load(element);
    }
}
