//! Views whose type is forgotten, for less code.
//!
//! Leptos' own `AnyView` keeps, for each view that it hides, every way in which any page could
//! want it: hydrating as a future that waits for lazily loaded routes, attributes added from
//! outside, its elements as a list. Nobody here wants these, but what points to them keeps them in
//! the browser half. There, what hides a view is a box that can build, rebuild and hydrate it. The
//! server, which weighs nothing, has Leptos' own.

#[cfg(not(feature = "ssr"))]
use self::browser as half;
use leptos::{
    children::{ChildrenOptContainer, ToChildren},
    tachys::view::RenderHtml,
};

pub(crate) use self::half::Erased;
#[cfg(feature = "ssr")]
use self::server as half;

/// What is between the tags of a component: Leptos' `Children`, but erased as everything here is.
/// `{children.shown()}` puts it into a view.
pub(crate) struct Children(Box<dyn FnOnce() -> Erased + Send>);

impl Children {
    /// The view.
    pub(crate) fn shown(self) -> Erased {
        (self.0)()
    }
}

impl<F, V> ToChildren<F> for Children
where
    F: FnOnce() -> V + Send + 'static,
    V: RenderHtml + 'static,
{
    fn to_children(children: F) -> Self {
        Self(Box::new(move || children().erased()))
    }
}

impl<V: RenderHtml + 'static> ToChildren<ChildrenOptContainer<V>> for Children {
    fn to_children(children: ChildrenOptContainer<V>) -> Self {
        Self(Box::new(move || children.0.erased()))
    }
}

/// Forgets a view's type.
pub(crate) trait Erase {
    /// The same view as any other.
    fn erased(self) -> Erased;
}

/// Forgets the type of each of many views: what is done with a list of them is compiled once for all
/// lists, instead of once for each.
pub(crate) trait EraseEach {
    /// The same views.
    fn each_erased(self) -> Vec<Erased>;
}

impl<I: Iterator<Item: RenderHtml + 'static>> EraseEach for I {
    fn each_erased(self) -> Vec<Erased> {
        self.map(Erase::erased).collect()
    }
}

#[cfg(feature = "ssr")]
mod server {
    use leptos::{
        prelude::{AnyView, IntoAny as _},
        tachys::view::RenderHtml,
    };

    /// A view of any type.
    pub(crate) type Erased = AnyView;

    impl<T: RenderHtml + 'static> super::Erase for T {
        fn erased(self) -> Erased {
            self.into_any()
        }
    }
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use std::{
        any::{Any, TypeId},
        future::{Future, ready},
    };

    use leptos::tachys::{
        html::attribute::{Attribute, any_attribute::AnyAttribute},
        hydration::Cursor,
        renderer::{
            Rndr,
            types::{Element, Node, Placeholder},
        },
        view::{Mountable, Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    };

    /// A view of any type. Attributes that are added to it from outside are lost.
    pub(crate) struct Erased(Box<dyn View>);

    impl<T: RenderHtml + 'static> super::Erase for T {
        fn erased(self) -> Erased {
            Erased(Box::new(self))
        }
    }

    /// What is done with a view whose type is not known.
    trait View: Send {
        fn kind(&self) -> TypeId;
        fn built(self: Box<Self>) -> Shown;
        fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Shown;
        /// Of `kept` that came from a view of the same type.
        fn rebuilt(self: Box<Self>, kept: &mut dyn Any);
    }

    impl<T: RenderHtml + 'static> View for T {
        fn kind(&self) -> TypeId {
            TypeId::of::<T>()
        }

        fn built(self: Box<Self>) -> Shown {
            let kept = Box::new(Render::build(*self));
            let placeholder = (!T::EXISTS).then(Rndr::create_placeholder);
            Shown { view: TypeId::of::<T>(), kept, placeholder }
        }

        fn hydrated(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Shown {
            let kept = Box::new(RenderHtml::hydrate::<true>(*self, cursor, position));
            let placeholder = (!T::EXISTS).then(|| cursor.next_placeholder(position));
            Shown { view: TypeId::of::<T>(), kept, placeholder }
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
        fn place(&mut self, parent: &Element, marker: Option<&Node>);
        fn put_before(&self, child: &mut dyn Mountable) -> bool;
    }

    impl<T: Mountable + 'static> Kept for T {
        fn remove(&mut self) {
            Mountable::unmount(self);
        }

        fn place(&mut self, parent: &Element, marker: Option<&Node>) {
            Mountable::mount(self, parent, marker);
        }

        fn put_before(&self, child: &mut dyn Mountable) -> bool {
            Mountable::insert_before_this(self, child)
        }
    }

    /// A view of any type as it stands in the page.
    pub(crate) struct Shown {
        /// The type of the view.
        view: TypeId,
        kept: Box<dyn Kept>,
        /// Marks the place of a view that shows nothing.
        placeholder: Option<Placeholder>,
    }

    impl Mountable for Shown {
        fn unmount(&mut self) {
            self.kept.remove();
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.unmount();
            }
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.kept.place(parent, marker);
            if let Some(placeholder) = &mut self.placeholder {
                placeholder.mount(parent, marker);
            }
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.kept.put_before(child)
                || self
                    .placeholder
                    .as_ref()
                    .is_some_and(|placeholder| placeholder.insert_before_this(child))
        }

        fn elements(&self) -> Vec<Element> {
            Vec::new()
        }
    }

    impl Render for Erased {
        type State = Shown;

        fn build(self) -> Shown {
            self.0.built()
        }

        fn rebuild(self, state: &mut Shown) {
            if self.0.kind() == state.view {
                self.0.rebuilt(&mut *state.kept);
                return;
            }
            let mut new = self.0.built();
            Mountable::insert_before_this(state, &mut new);
            Mountable::unmount(state);
            *state = new;
        }
    }

    impl AddAnyAttr for Erased {
        type Output<NewAttr: Attribute> = Self;

        fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Self {
            self
        }
    }

    impl RenderHtml for Erased {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        fn resolve(self) -> impl Future<Output = Self> + Send {
            ready(self)
        }

        /// Writes nothing: only the server writes HTML.
        fn to_html_with_buf(
            self,
            _: &mut String,
            _: &mut Position,
            _: bool,
            _: bool,
            _: Vec<AnyAttribute>,
        ) {
        }

        fn hydrate<const FROM_SERVER: bool>(
            self,
            cursor: &Cursor,
            position: &PositionState,
        ) -> Shown {
            self.0.hydrated(cursor, position)
        }

        fn into_owned(self) -> Self {
            self
        }
    }
}
