//! The server's half: Leptos' own views. It weighs nothing, and writes what the browser's half finds.

use leptos::{
    children::{ChildrenOptContainer, ToChildren},
    prelude::{AnyView, IntoAny as _},
    tachys::view::RenderHtml,
};

/// A view of any type.
pub type Erased = AnyView;

/// What is between the tags of a component: Leptos' `Children`, under the name of the browser's.
/// `{children.shown()}` puts it into a view.
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

/// Forgets a view's type.
pub trait Erase {
    /// The same view as any other.
    fn erased(self) -> Erased;
}

impl<T: RenderHtml + 'static> Erase for T {
    fn erased(self) -> Erased {
        self.into_any()
    }
}

/// Forgets the type of each of many views.
pub trait EraseEach {
    /// The same views.
    fn each_erased(self) -> Vec<Erased>;
}

impl<I: Iterator<Item: RenderHtml + 'static>> EraseEach for I {
    fn each_erased(self) -> Vec<Erased> {
        self.map(Erase::erased).collect()
    }
}
