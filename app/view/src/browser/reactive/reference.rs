//! References to elements in the page.

use std::marker::PhantomData;

use leptos::tachys::html::element::ElementType;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::signal::RwSignal;

/// An element, once it stands in the page; its place is followed.
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
    /// A reference to what is not there yet.
    #[must_use]
    pub fn new() -> Self {
        Self(RwSignal::new(None), PhantomData)
    }

    /// Takes the element.
    pub(in crate::browser) fn load(self, element: &Element) {
        self.0.set(Some(SendWrapper::new(element.clone())));
    }
}

impl<E: ElementType<Output: JsCast>> NodeRef<E> {
    /// The element, which is followed; none where its part of the page is gone, too.
    #[must_use]
    pub fn get(self) -> Option<E::Output> {
        cast(self.0.try_get())
    }

    /// The element as it is now; none where its part of the page is gone, too: timers and frames
    /// outlive what they were for.
    #[must_use]
    pub fn get_untracked(self) -> Option<E::Output> {
        cast(self.0.try_get_untracked())
    }
}

fn cast<T: JsCast>(element: Option<Option<SendWrapper<Element>>>) -> Option<T> {
    element.flatten().map(|element| element.take().unchecked_into())
}
