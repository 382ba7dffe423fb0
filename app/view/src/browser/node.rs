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
    foreign::Foreign,
    standing::{Followed, Standing},
};

/// A view of any kind. Attributes that are added to it from outside are lost.
pub struct Node(pub(super) Kind);

pub(super) enum Kind {
    /// Nothing, with a comment that marks the place.
    Nothing,
    Text(Cow<'static, str>),
    Element(Element),
    /// HTML without anything that moves.
    Inert(InertElement),
    /// Several side by side, always as many.
    Row(Vec<Node>),
    /// Any number side by side, with a comment that marks the end.
    List(Vec<Node>),
    /// Made anew when a signal changes that it read.
    Followed(Box<dyn FnMut() -> Node + Send>),
    /// One of Leptos' own.
    Foreign(Box<dyn Foreign>),
}

impl Node {
    /// Does nothing: Leptos' own views take names here, for reloading while one writes.
    #[must_use]
    pub fn with_view_marker(self, _: &str) -> Self {
        self
    }

    /// Makes it, outside of the page.
    pub(super) fn built(self) -> Standing {
        match self.0 {
            Kind::Nothing => Standing::Nothing(Rndr::create_placeholder()),
            Kind::Text(text) => Standing::Text(text.build()),
            Kind::Element(element) => Standing::Element(Box::new(element.build())),
            Kind::Inert(inert) => Standing::Inert(inert.build()),
            Kind::Row(nodes) => Standing::Row(nodes.into_iter().map(Self::built).collect()),
            Kind::List(nodes) => Standing::List(nodes.build()),
            Kind::Followed(make) => followed(make, None),
            Kind::Foreign(view) => Standing::Foreign(view.built()),
        }
    }

    /// Finds it where the server has written it.
    pub(super) fn hydrated(self, cursor: &Cursor, position: &PositionState) -> Standing {
        match self.0 {
            Kind::Nothing => Standing::Nothing(cursor.next_placeholder(position)),
            Kind::Text(text) => Standing::Text(text.hydrate::<true>(cursor, position)),
            Kind::Element(element) => {
                Standing::Element(Box::new(element.hydrate(cursor, position)))
            }
            Kind::Inert(inert) => Standing::Inert(inert.hydrate::<true>(cursor, position)),
            Kind::Row(nodes) => Standing::Row(
                nodes.into_iter().map(|node| node.hydrated(cursor, position)).collect(),
            ),
            Kind::List(nodes) => Standing::List(nodes.hydrate::<true>(cursor, position)),
            Kind::Followed(make) => followed(make, Some((cursor.clone(), position.clone()))),
            Kind::Foreign(view) => Standing::Foreign(view.hydrated(cursor, position)),
        }
    }

    /// Takes the place of what stands, and keeps of it what is alike: elements of one tag with the
    /// same names and as many children, wherever in the source they are written.
    pub(super) fn rebuilt(self, old: &mut Standing) {
        let new = match (self.0, &mut *old) {
            (Kind::Nothing, Standing::Nothing(_)) => return,
            (Kind::Text(text), Standing::Text(old)) => return text.rebuild(old),
            (Kind::Inert(inert), Standing::Inert(old)) => return inert.rebuild(old),
            (Kind::List(nodes), Standing::List(old)) => return nodes.rebuild(old),
            (Kind::Row(nodes), Standing::Row(old)) if nodes.len() == old.len() => {
                return nodes.into_iter().zip(old).for_each(|(node, old)| node.rebuilt(old));
            }
            (Kind::Foreign(view), Standing::Foreign(old)) => match old.take(view) {
                Ok(()) => return,
                Err(view) => Kind::Foreign(view),
            },
            (Kind::Element(element), Standing::Element(old)) => match element.rebuild(old) {
                Ok(()) => return,
                Err(element) => Kind::Element(element),
            },
            (new, _) => new,
        };
        old.give_way(Self(new).built());
    }
}

/// Runs `make` for what stands now, and again when a signal changes that it read. `there` is where
/// the server has written it.
fn followed(
    mut make: Box<dyn FnMut() -> Node + Send>,
    mut there: Option<(Cursor, PositionState)>,
) -> Standing {
    Standing::Followed(Followed(RenderEffect::new(move |last: Option<Standing>| {
        let node = make();
        match (last, there.take()) {
            (Some(mut standing), _) => {
                node.rebuilt(&mut standing);
                standing
            }
            (None, Some((cursor, position))) => node.hydrated(&cursor, &position),
            (None, None) => node.built(),
        }
    })))
}

impl Render for Node {
    type State = Standing;

    fn build(self) -> Standing {
        self.built()
    }

    fn rebuild(self, state: &mut Standing) {
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
    ) -> Standing {
        self.hydrated(cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}
