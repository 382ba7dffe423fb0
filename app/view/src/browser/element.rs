//! Elements as values.

use leptos::{
    prelude::Mountable as _,
    tachys::{
        html::event::EventDescriptor,
        hydration::Cursor,
        renderer::{CastFrom as _, Rndr},
        view::{Position, PositionState},
    },
};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};

use super::{
    attribute::{Attribute, AttributeName, AttributeState, IntoAttributeValue, IntoProperty},
    node::Node,
    reactive::NodeRef,
    state::NodeState,
    views::Views,
};

/// An element that is not in the page yet.
pub struct Element(Box<Parts>);

struct Parts {
    tag: &'static str,
    namespace: Option<&'static str>,
    attributes: Vec<Attribute>,
    children: Vec<Node>,
}

impl Element {
    /// An empty element. Without `namespace` it is HTML.
    pub(super) fn new(tag: &'static str, namespace: Option<&'static str>) -> Self {
        Self(Box::new(Parts { tag, namespace, attributes: Vec::new(), children: Vec::new() }))
    }

    /// Appends children.
    #[must_use]
    pub fn child(mut self, views: impl Views) -> Self {
        views.put_into(&mut self.0.children);
        self
    }

    /// Adds an attribute of any name.
    #[must_use]
    pub fn attr(self, name: &'static str, value: impl IntoAttributeValue) -> Self {
        let name = AttributeName { name, is_property: false };
        self.with(Attribute::Named(name, value.into_attribute_value()))
    }

    /// Adds a property of the DOM object. Properties and attributes are set in source order, before
    /// the children: write what limits a value (`max`) before it.
    #[must_use]
    pub fn prop(self, name: &'static str, value: impl IntoProperty) -> Self {
        let name = AttributeName { name, is_property: true };
        self.with(Attribute::Named(name, value.into_attribute_value()))
    }

    /// Adds an event handler.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "as `view!` passes it")]
    pub fn on<E>(self, event: E, mut handle: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        const { assert!(!E::CAPTURE, "handlers of the capture phase are Leptos' own only") };
        let handle: Box<dyn FnMut(JsValue)> = Box::new(move |event| handle(event.unchecked_into()));
        self.with(Attribute::Handler { event: event.name(), handle: SendWrapper::new(handle) })
    }

    /// Adds a reference, which gets the element.
    #[must_use]
    pub fn node_ref<E: 'static>(self, reference: NodeRef<E>) -> Self {
        self.with(Attribute::Reference(Box::new(move |element| reference.load(element))))
    }

    fn with(mut self, attribute: Attribute) -> Self {
        self.0.attributes.push(attribute);
        self
    }

    /// Creates it, outside of the page.
    pub(super) fn build(self) -> ElementState {
        let Parts { tag, namespace, attributes, children } = *self.0;
        let element = Rndr::create_element(tag, namespace);
        let attributes = attach_all(attributes, &element, false);
        let children = children
            .into_iter()
            .map(|child| {
                let mut child = child.built();
                child.mount(&element, None);
                child
            })
            .collect();
        ElementState { tag, element, attributes, children }
    }

    /// Finds it in the server's HTML.
    pub(super) fn hydrate(self, cursor: &Cursor, position: &PositionState) -> ElementState {
        let Parts { tag, attributes, children, .. } = *self.0;
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let element = web_sys::Element::cast_from(cursor.current());
        let Some(element) = element else { hydration_mismatch(tag, &cursor.current()) };
        if cfg!(debug_assertions) && element.local_name() != tag {
            hydration_mismatch(tag, &element);
        }
        let attributes = attach_all(attributes, &element, true);
        position.set(Position::FirstChild);
        let children = if has_views(tag) {
            children.into_iter().map(|child| child.hydrated(cursor, position)).collect()
        } else {
            Vec::new()
        };
        cursor.set(element.clone().into());
        position.set(Position::NextChild);
        ElementState { tag, element, attributes, children }
    }

    /// Updates an element with the same tag, number of children, and kinds and names of attributes.
    ///
    /// # Errors
    /// Returns itself if the other element differs in these, and leaves that one alone.
    pub(super) fn rebuild(self, made: &mut ElementState) -> Result<(), Self> {
        let is_alike = self.0.tag == made.tag
            && (self.0.children.len() == made.children.len() || !has_views(made.tag))
            && self.0.attributes.len() == made.attributes.len()
            && self.0.attributes.iter().zip(&made.attributes).all(|(new, state)| new.fits(state));
        if !is_alike {
            return Err(self);
        }
        for (new, state) in self.0.attributes.into_iter().zip(&mut made.attributes) {
            new.replace(&made.element, state);
        }
        for (new, child) in self.0.children.into_iter().zip(&mut made.children) {
            new.rebuilt(child);
        }
        Ok(())
    }
}

/// An element in the page.
pub struct ElementState {
    tag: &'static str,
    pub(super) element: web_sys::Element,
    attributes: Vec<AttributeState>,
    children: Vec<NodeState>,
}

/// Whether its children are hydrated: a `<textarea>` has its text alone, without Leptos' comments.
fn has_views(tag: &str) -> bool {
    tag != "textarea"
}

fn attach_all(
    attributes: Vec<Attribute>,
    element: &web_sys::Element,
    is_there: bool,
) -> Vec<AttributeState> {
    attributes.into_iter().map(|attribute| attribute.attach(element, is_there)).collect()
}

/// Panics because the page is not what the server should have written. With debug assertions, the
/// message says what was expected.
pub(super) fn hydration_mismatch(expected: &str, found: &web_sys::Node) -> ! {
    if cfg!(debug_assertions) {
        unreachable!("hydration expected <{expected}> and found {}", found.node_name());
    }
    unreachable!()
}
