//! Types that can occur between tags, and their conversion to nodes.

use std::borrow::Cow;

use leptos::{
    children::{ChildrenOptContainer, ToChildren},
    either::Either,
    prelude::IntoView as LeptosView,
    tachys::html::InertElement,
};

use super::{
    element::Element,
    node::{Node, NodeKind},
    reactive::{Memo, RwSignal, Signal},
};

/// A type that can occur between tags: Leptos' trait of this name, but its result has one type.
pub trait IntoRender {
    /// Returns the node.
    fn into_render(self) -> Node;

    /// The same if the server erases the type, which changes only the HTML of `()`. Does not apply
    /// to `()` between the tags of a component, nor to a component that is empty itself.
    fn erased(self) -> Node
    where
        Self: Sized,
    {
        self.into_render()
    }
}

/// The type that a component returns: Leptos' trait of this name, for types that can also be nodes.
pub trait IntoView: LeptosView + IntoRender {}

impl<T: LeptosView + IntoRender> IntoView for T {}

impl IntoRender for Node {
    fn into_render(self) -> Node {
        self
    }
}

impl IntoRender for Element {
    fn into_render(self) -> Node {
        Node(NodeKind::Element(self))
    }
}

impl IntoRender for InertElement {
    fn into_render(self) -> Node {
        Node(NodeKind::Inert(self))
    }
}

impl IntoRender for &'static str {
    fn into_render(self) -> Node {
        Node(NodeKind::Text(Cow::Borrowed(self)))
    }
}

impl IntoRender for String {
    fn into_render(self) -> Node {
        Node(NodeKind::Text(Cow::Owned(self)))
    }
}

impl IntoRender for Cow<'static, str> {
    fn into_render(self) -> Node {
        Node(NodeKind::Text(self))
    }
}

impl IntoRender for () {
    fn into_render(self) -> Node {
        Node(NodeKind::Nothing)
    }

    /// Returns two comments: the one that marks the position, and the one of the erased type.
    fn erased(self) -> Node {
        View::new(((), ()))
    }
}

impl<T: IntoRender> IntoRender for Option<T> {
    fn into_render(self) -> Node {
        self.map_or(Node(NodeKind::Nothing), T::into_render)
    }
}

impl<A: IntoRender, B: IntoRender> IntoRender for Either<A, B> {
    fn into_render(self) -> Node {
        match self {
            Self::Left(view) => view.into_render(),
            Self::Right(view) => view.into_render(),
        }
    }
}

impl<T: IntoRender> IntoRender for Vec<T> {
    fn into_render(self) -> Node {
        Node(NodeKind::List(self.into_iter().map(T::into_render).collect()))
    }
}

impl<F, T> IntoRender for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoRender,
{
    fn into_render(mut self) -> Node {
        Node(NodeKind::Reactive(Box::new(move || self().into_render())))
    }
}

macro_rules! reactive {
    ($($signal:ident),*) => {
        $(impl<T: IntoRender + Clone + Send + Sync + 'static> IntoRender for $signal<T> {
            fn into_render(self) -> Node {
                (move || self.get()).into_render()
            }
        })*
    };
}
reactive!(Memo, RwSignal, Signal);

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl IntoRender for $number {
            fn into_render(self) -> Node {
                self.to_string().into_render()
            }
        })*
    };
}
numbers!(i64, u16, u32, u64, usize);

/// One view, or several side by side.
pub trait Views {
    /// Adds them to `nodes`.
    fn put_into(self, nodes: &mut Vec<Node>);
}

impl<T: IntoRender> Views for T {
    fn put_into(self, nodes: &mut Vec<Node>) {
        nodes.push(self.into_render());
    }
}

macro_rules! side_by_side {
    ($($view:ident)*) => {
        impl<$($view: Views),*> Views for ($($view,)*) {
            fn put_into(self, nodes: &mut Vec<Node>) {
                #[expect(non_snake_case, reason = "a variable for each type")]
                let ($($view,)*) = self;
                $($view.put_into(nodes);)*
            }
        }
    };
}
side_by_side!(A);
side_by_side!(A B);
side_by_side!(A B C);
side_by_side!(A B C D);
side_by_side!(A B C D E);
side_by_side!(A B C D E F);
side_by_side!(A B C D E F G);
side_by_side!(A B C D E F G H);
side_by_side!(A B C D E F G H I);
side_by_side!(A B C D E F G H I J);
side_by_side!(A B C D E F G H I J K);
side_by_side!(A B C D E F G H I J K L);
side_by_side!(A B C D E F G H I J K L M);
side_by_side!(A B C D E F G H I J K L M N);
side_by_side!(A B C D E F G H I J K L M N O);
side_by_side!(A B C D E F G H I J K L M N O P);

/// `view!` calls this with its content.
pub struct View;

impl View {
    /// Returns the views as one node.
    #[expect(clippy::new_ret_no_self, reason = "what `view!` calls")]
    pub fn new(views: impl Views) -> Node {
        let mut nodes = Vec::with_capacity(1);
        views.put_into(&mut nodes);
        match <[Node; 1]>::try_from(nodes) {
            Ok([node]) => node,
            Err(nodes) => Node(NodeKind::Row(nodes)),
        }
    }
}

/// The content between the tags of a component: Leptos' `Children`, but a node.
/// `{children.shown()}` puts it into a view.
pub struct Content(Box<dyn FnOnce() -> Node + Send>);

impl Content {
    /// The view.
    #[must_use]
    pub fn shown(self) -> Node {
        (self.0)()
    }
}

impl<F, V> ToChildren<F> for Content
where
    F: FnOnce() -> V + Send + 'static,
    V: Views,
{
    fn to_children(children: F) -> Self {
        Self(Box::new(move || View::new(children())))
    }
}

impl<V: Views + Send + 'static> ToChildren<ChildrenOptContainer<V>> for Content {
    fn to_children(children: ChildrenOptContainer<V>) -> Self {
        Self(Box::new(move || View::new(children.0)))
    }
}

/// Erases the type of each of many views.
pub trait EraseEach {
    /// The same views.
    fn each_erased(self) -> Vec<Node>;
}

impl<I: Iterator<Item: IntoRender>> EraseEach for I {
    fn each_erased(self) -> Vec<Node> {
        self.map(IntoRender::erased).collect()
    }
}
