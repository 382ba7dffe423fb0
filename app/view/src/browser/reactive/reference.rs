//! References to elements in the page.

use std::marker::PhantomData;

use leptos::tachys::html::element::ElementType;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::signal::RwSignal;

/// An element, once it is in the page.
pub struct NodeRef<E>(RwSignal<Option<SendWrapper<Element>>>, PhantomData<fn() -> E>);

impl<E> Clone for NodeRef<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for NodeRef<E> {}

impl<E> Default for NodeRef<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> NodeRef<E> {
    /// An empty reference.
    #[must_use]
    pub fn new() -> Self {
        Self(RwSignal::new(None), PhantomData)
    }

    /// Sets the element.
    pub(in crate::browser) fn load(self, element: &Element) {
        self.0.set(Some(SendWrapper::new(element.clone())));
    }
}

impl<E: ElementType<Output: JsCast>> NodeRef<E> {
    /// The element, which is tracked; none after its part of the page is gone.
    #[must_use]
    pub fn get(self) -> Option<E::Output> {
        cast(self.0.try_get())
    }

    /// The element as it is now; none after its part of the page is gone: timers and frames
    /// outlive it.
    #[must_use]
    pub fn get_untracked(self) -> Option<E::Output> {
        cast(self.0.try_get_untracked())
    }
}

fn cast<T: JsCast>(element: Option<Option<SendWrapper<Element>>>) -> Option<T> {
    element.flatten().map(|element| element.take().unchecked_into())
}
