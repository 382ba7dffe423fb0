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
    attribute::{Attribute, Held, IntoAttributeValue, IntoProperty, Name},
    node::Node,
    reactive::NodeRef,
    standing::Standing,
    views::Views,
};

/// An element that is to stand in the page.
pub struct Element(Box<Parts>);

struct Parts {
    tag: &'static str,
    namespace: Option<&'static str>,
    attributes: Vec<Attribute>,
    children: Vec<Node>,
}

impl Element {
    /// An element that has nothing yet. `namespace` is that of HTML if there is none.
    pub(super) fn new(tag: &'static str, namespace: Option<&'static str>) -> Self {
        Self(Box::new(Parts { tag, namespace, attributes: Vec::new(), children: Vec::new() }))
    }

    /// With what stands in it, after what stands there already.
    #[must_use]
    pub fn child(mut self, views: impl Views) -> Self {
        views.put_into(&mut self.0.children);
        self
    }

    /// With an attribute of any name.
    #[must_use]
    pub fn attr(self, name: &'static str, value: impl IntoAttributeValue) -> Self {
        let name = Name { name, is_property: false };
        self.with(Attribute::Named(name, value.into_attribute_value()))
    }

    /// With a property of the object that stands for it. It is set in its turn, ahead of the
    /// children: what bounds it (`max`) is to be written before it.
    #[must_use]
    pub fn prop(self, name: &'static str, value: impl IntoProperty) -> Self {
        let name = Name { name, is_property: true };
        self.with(Attribute::Named(name, value.into_attribute_value()))
    }

    /// With what is done when an event reaches it.
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

    /// With what is to know of it.
    #[must_use]
    pub fn node_ref<E: 'static>(self, reference: NodeRef<E>) -> Self {
        self.with(Attribute::Reference(Box::new(move |element| reference.load(element))))
    }

    fn with(mut self, attribute: Attribute) -> Self {
        self.0.attributes.push(attribute);
        self
    }

    /// Makes it, outside of the page.
    pub(super) fn build(self) -> Made {
        let Parts { tag, namespace, attributes, children } = *self.0;
        let element = Rndr::create_element(tag, namespace);
        let attributes = attached(attributes, &element, false);
        let children = children
            .into_iter()
            .map(|child| {
                let mut child = child.built();
                child.mount(&element, None);
                child
            })
            .collect();
        Made { tag, element, attributes, children }
    }

    /// Finds it where the server has written it.
    pub(super) fn hydrate(self, cursor: &Cursor, position: &PositionState) -> Made {
        let Parts { tag, attributes, children, .. } = *self.0;
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let element = web_sys::Element::cast_from(cursor.current());
        let Some(element) = element else { astray(tag, &cursor.current()) };
        if cfg!(debug_assertions) && element.local_name() != tag {
            astray(tag, &element);
        }
        let attributes = attached(attributes, &element, true);
        position.set(Position::FirstChild);
        let children = if holds_views(tag) {
            children.into_iter().map(|child| child.hydrated(cursor, position)).collect()
        } else {
            Vec::new()
        };
        cursor.set(element.clone().into());
        position.set(Position::NextChild);
        Made { tag, element, attributes, children }
    }

    /// Takes the place of an element that is its like. The other is left alone if it is not.
    pub(super) fn rebuild(self, made: &mut Made) -> Result<(), Self> {
        let is_like = self.0.tag == made.tag
            && (self.0.children.len() == made.children.len() || !holds_views(made.tag))
            && self.0.attributes.len() == made.attributes.len()
            && self.0.attributes.iter().zip(&made.attributes).all(|(new, held)| new.fits(held));
        if !is_like {
            return Err(self);
        }
        for (new, held) in self.0.attributes.into_iter().zip(&mut made.attributes) {
            new.replace(&made.element, held);
        }
        for (new, child) in self.0.children.into_iter().zip(&mut made.children) {
            new.rebuilt(child);
        }
        Ok(())
    }
}

/// An element that was made or found.
pub struct Made {
    tag: &'static str,
    pub(super) element: web_sys::Element,
    attributes: Vec<Held>,
    children: Vec<Standing>,
}

/// Whether what stands in it is found as views: the text of some is written as it is.
fn holds_views(tag: &str) -> bool {
    tag != "textarea"
}

fn attached(attributes: Vec<Attribute>, element: &web_sys::Element, is_there: bool) -> Vec<Held> {
    attributes.into_iter().map(|attribute| attribute.attach(element, is_there)).collect()
}

/// Gives up where the page is not what the server should have written. With debug assertions it
/// says what was looked for.
pub(super) fn astray(sought: &str, found: &web_sys::Node) -> ! {
    if cfg!(debug_assertions) {
        unreachable!("hydration looked for <{sought}> and found {}", found.node_name());
    }
    unreachable!()
}
