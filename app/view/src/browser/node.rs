//! Views of any kind as values of one type.

use std::borrow::Cow;

use leptos::{
    prelude::RenderEffect,
    tachys::{
        html::{InertElement, attribute::Attribute, attribute::any_attribute::AnyAttribute},
        hydration::Cursor,
        renderer::Rndr,
        view::{Position, PositionState, Render, RenderHtml, add_attr::AddAnyAttr},
    },
};

use super::{
    element::Element,
    opaque::Opaque,
    state::{NodeState, Reactive},
};

/// A view of any kind. Attributes cannot be added to it from outside.
pub struct Node(pub(super) NodeKind);

pub(super) enum NodeKind {
    /// Nothing; a comment marks its position.
    Nothing,
    Text(Cow<'static, str>),
    Element(Element),
    /// Static HTML.
    Inert(InertElement),
    /// A fixed number of siblings.
    Row(Vec<Node>),
    /// Any number of siblings; a comment marks the end.
    List(Vec<Node>),
    /// Runs again when a signal that it read changes.
    Reactive(Box<dyn FnMut() -> Node + Send>),
    /// One of Leptos' own views.
    Opaque(Box<dyn Opaque>),
}

/// An attribute on a component. No type implements this: stock Leptos adds such attributes to the
/// component's elements, and nothing would add them here.
#[diagnostic::on_unimplemented(
    message = "the browser's views take no attributes on components",
    note = "make it a property of the component"
)]
pub trait ComponentAttribute {}

impl Node {
    /// Does nothing: in Leptos this names the view for hot reloading.
    #[must_use]
    pub fn with_view_marker(self, _: &str) -> Self {
        self
    }

    /// Does not compile: `view!` calls this for attributes on a component.
    #[must_use]
    pub fn add_any_attr(self, _: impl ComponentAttribute) -> Self {
        self
    }

    /// Builds it, outside of the page.
    pub(super) fn built(self) -> NodeState {
        match self.0 {
            NodeKind::Nothing => NodeState::Nothing(Rndr::create_placeholder()),
            NodeKind::Text(text) => NodeState::Text(text.build()),
            NodeKind::Element(element) => NodeState::Element(Box::new(element.build())),
            NodeKind::Inert(inert) => NodeState::Inert(inert.build()),
            NodeKind::Row(nodes) => NodeState::Row(nodes.into_iter().map(Self::built).collect()),
            NodeKind::List(nodes) => NodeState::List(nodes.build()),
            NodeKind::Reactive(make) => reactive(make, None),
            NodeKind::Opaque(view) => NodeState::Opaque(view.built()),
        }
    }

    /// Finds it in the server's HTML.
    pub(super) fn hydrated(self, cursor: &Cursor, position: &PositionState) -> NodeState {
        match self.0 {
            NodeKind::Nothing => NodeState::Nothing(cursor.next_placeholder(position)),
            NodeKind::Text(text) => NodeState::Text(text.hydrate::<true>(cursor, position)),
            NodeKind::Element(element) => {
                NodeState::Element(Box::new(element.hydrate(cursor, position)))
            }
            NodeKind::Inert(inert) => NodeState::Inert(inert.hydrate::<true>(cursor, position)),
            NodeKind::Row(nodes) => NodeState::Row(
                nodes.into_iter().map(|node| node.hydrated(cursor, position)).collect(),
            ),
            NodeKind::List(nodes) => NodeState::List(nodes.hydrate::<true>(cursor, position)),
            NodeKind::Reactive(make) => reactive(make, Some((cursor.clone(), position.clone()))),
            NodeKind::Opaque(view) => NodeState::Opaque(view.hydrated(cursor, position)),
        }
    }

    /// Replaces `old`, and reuses matching parts: elements with the same tag, attribute names and
    /// number of children, wherever they are written in the source.
    pub(super) fn rebuilt(self, old: &mut NodeState) {
        let new = match (self.0, &mut *old) {
            (NodeKind::Nothing, NodeState::Nothing(_)) => return,
            (NodeKind::Text(text), NodeState::Text(old)) => return text.rebuild(old),
            (NodeKind::Inert(inert), NodeState::Inert(old)) => return inert.rebuild(old),
            (NodeKind::List(nodes), NodeState::List(old)) => return nodes.rebuild(old),
            (NodeKind::Row(nodes), NodeState::Row(old)) if nodes.len() == old.len() => {
                return nodes.into_iter().zip(old).for_each(|(node, old)| node.rebuilt(old));
            }
            (NodeKind::Opaque(view), NodeState::Opaque(old)) => match old.take(view) {
                Ok(()) => return,
                Err(view) => NodeKind::Opaque(view),
            },
            (NodeKind::Element(element), NodeState::Element(old)) => match element.rebuild(old) {
                Ok(()) => return,
                Err(element) => NodeKind::Element(element),
            },
            (new, _) => new,
        };
        old.replace_with(Self(new).built());
    }
}

/// Runs `make` now, and again when a signal that it read changes. `there` is the position of the
/// first view in the server's HTML, if any.
fn reactive(
    mut make: Box<dyn FnMut() -> Node + Send>,
    mut there: Option<(Cursor, PositionState)>,
) -> NodeState {
    NodeState::Reactive(Reactive(RenderEffect::new(move |last: Option<NodeState>| {
        let node = make();
        match (last, there.take()) {
            (Some(mut state), _) => {
                node.rebuilt(&mut state);
                state
            }
            (None, Some((cursor, position))) => node.hydrated(&cursor, &position),
            (None, None) => node.built(),
        }
    })))
}

impl Render for Node {
    type State = NodeState;

    fn build(self) -> NodeState {
        self.built()
    }

    fn rebuild(self, state: &mut NodeState) {
        self.rebuilt(state);
    }
}

impl AddAnyAttr for Node {
    type Output<NewAttr: Attribute> = Self;

    fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Self {
        self
    }
}

impl RenderHtml for Node {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    fn resolve(self) -> impl Future<Output = Self> + Send {
        std::future::ready(self)
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
    ) -> NodeState {
        self.hydrated(cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}
