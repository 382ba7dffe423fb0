//! Attributes, properties, event handlers and references of an element.

use std::borrow::Cow;

use leptos::{
    prelude::{Owner, RenderEffect},
    tachys::renderer::{RemoveEventHandler, Rndr},
};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::reactive::{Memo, RwSignal, Signal};

/// The value of an attribute; `None` where it is absent.
pub(super) type AttributeText = Option<Cow<'static, str>>;

/// The destination of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct AttributeName {
    pub(super) name: &'static str,
    pub(super) is_property: bool,
}

impl AttributeName {
    fn set(self, element: &Element, text: Option<&str>) {
        match text {
            _ if self.is_property => {
                let text = text.map_or(JsValue::NULL, JsValue::from_str);
                Rndr::set_property(element, self.name, &text);
            }
            Some(text) => Rndr::set_attribute(element, self.name, text),
            None => Rndr::remove_attribute(element, self.name),
        }
    }
}

/// The value of an attribute: a text, or a closure that returns one.
pub enum AttributeValue {
    /// Stays until the view is rebuilt.
    Fixed(AttributeText),
    /// Runs again when a signal that it read changes.
    Reactive(Box<dyn FnMut() -> AttributeText + Send>),
}

impl AttributeValue {
    fn now(self) -> AttributeText {
        match self {
            Self::Fixed(text) => text,
            Self::Reactive(mut make) => make(),
        }
    }
}

/// A type that an attribute can be set to: Leptos' trait of this name, but its result has one type.
pub trait IntoAttributeValue {
    /// Returns the value. A flag that is set is an empty text, as in HTML.
    fn into_attribute_value(self) -> AttributeValue;
}

impl IntoAttributeValue for AttributeValue {
    fn into_attribute_value(self) -> AttributeValue {
        self
    }
}

impl IntoAttributeValue for &'static str {
    fn into_attribute_value(self) -> AttributeValue {
        AttributeValue::Fixed(Some(Cow::Borrowed(self)))
    }
}

impl IntoAttributeValue for String {
    fn into_attribute_value(self) -> AttributeValue {
        AttributeValue::Fixed(Some(Cow::Owned(self)))
    }
}

impl IntoAttributeValue for Cow<'static, str> {
    fn into_attribute_value(self) -> AttributeValue {
        AttributeValue::Fixed(Some(self))
    }
}

impl IntoAttributeValue for bool {
    fn into_attribute_value(self) -> AttributeValue {
        AttributeValue::Fixed(self.then_some(Cow::Borrowed("")))
    }
}

impl<T: IntoAttributeValue> IntoAttributeValue for Option<T> {
    fn into_attribute_value(self) -> AttributeValue {
        self.map_or(AttributeValue::Fixed(None), T::into_attribute_value)
    }
}

impl<F, T> IntoAttributeValue for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoAttributeValue,
{
    fn into_attribute_value(mut self) -> AttributeValue {
        AttributeValue::Reactive(Box::new(move || self().into_attribute_value().now()))
    }
}

/// A type that a property can be set to: a text. Not a flag, since an empty text is false in
/// JavaScript.
pub trait IntoProperty: IntoAttributeValue {}

impl IntoProperty for &'static str {}
impl IntoProperty for String {}
impl<T: IntoProperty> IntoProperty for Option<T> {}
impl<F, T> IntoProperty for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoProperty,
{
}

macro_rules! reactive {
    ($($signal:ident),*) => {
        $(impl<T: IntoAttributeValue + Clone + Send + Sync + 'static> IntoAttributeValue for $signal<T> {
            fn into_attribute_value(self) -> AttributeValue {
                (move || self.get()).into_attribute_value()
            }
        })*
    };
}
reactive!(Memo, RwSignal, Signal);

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl IntoAttributeValue for $number {
            fn into_attribute_value(self) -> AttributeValue {
                self.to_string().into_attribute_value()
            }
        })*
    };
}
numbers!(i64, u16, u32, u64, usize);

/// An attribute, an event handler or a reference of an element.
pub(super) enum Attribute {
    /// An attribute or a property.
    Named(AttributeName, AttributeValue),
    /// Runs when an event reaches the element.
    Handler { event: Cow<'static, str>, handle: SendWrapper<Box<dyn FnMut(JsValue)>> },
    /// Gets the element once it exists.
    Reference(Box<dyn FnOnce(&Element) + Send>),
}

/// The same on an element in the page.
pub(super) enum AttributeState {
    Fixed(AttributeName, AttributeText),
    Reactive(AttributeName, RenderEffect<AttributeText>),
    Handler { _remove: RemoveEventHandler<Element> },
    Reference,
}

impl Attribute {
    /// Attaches it to an element. `is_there`: the server has already written its attributes.
    pub(super) fn attach(self, element: &Element, is_there: bool) -> AttributeState {
        match self {
            Self::Named(name, value) => {
                let previous = if is_there && !name.is_property {
                    Previous::FromServer
                } else {
                    Previous::Absent
                };
                set_and_track(element, name, value, previous)
            }
            Self::Handler { event, handle } => {
                let (owner, mut handle) = (Owner::current().unwrap_or_default(), handle.take());
                let handle = Box::new(move |event| owner.with(|| handle(event)));
                AttributeState::Handler {
                    _remove: Rndr::add_event_listener(element, &event, handle),
                }
            }
            Self::Reference(take) => {
                take(element);
                AttributeState::Reference
            }
        }
    }

    /// Replaces `state` on the element.
    pub(super) fn replace(self, element: &Element, state: &mut AttributeState) {
        let previous = match &*state {
            AttributeState::Fixed(_, text) => Previous::Known(text.clone()),
            AttributeState::Reactive(_, effect) => {
                effect.take_value().map_or(Previous::Absent, Previous::Known)
            }
            AttributeState::Handler { .. } | AttributeState::Reference => Previous::Absent,
        };
        *state = match self {
            Self::Named(name, value) => set_and_track(element, name, value, previous),
            new => new.attach(element, false),
        };
    }

    /// Returns whether it can replace `state`.
    pub(super) fn fits(&self, state: &AttributeState) -> bool {
        match (self, state) {
            (
                Self::Named(name, _),
                AttributeState::Fixed(state, _) | AttributeState::Reactive(state, _),
            ) => name == state,
            (Self::Handler { .. }, AttributeState::Handler { .. })
            | (Self::Reference(_), AttributeState::Reference) => true,
            _ => false,
        }
    }
}

/// The value of an attribute or a property before it is set.
enum Previous {
    /// None, or unknown.
    Absent,
    /// The server has written it: the same as the new value, whatever that is.
    FromServer,
    Known(AttributeText),
}

impl Previous {
    fn is(&self, text: &AttributeText) -> bool {
        match self {
            Self::Absent => text.is_none(),
            Self::FromServer => true,
            Self::Known(known) => known == text,
        }
    }
}

/// Sets a value and keeps it up to date. Always sets a property: the viewer may have changed it.
fn set_and_track(
    element: &Element,
    name: AttributeName,
    value: AttributeValue,
    mut previous: Previous,
) -> AttributeState {
    match value {
        AttributeValue::Fixed(text) => {
            if name.is_property || !previous.is(&text) {
                name.set(element, text.as_deref());
            }
            AttributeState::Fixed(name, text)
        }
        AttributeValue::Reactive(mut make) => {
            let element = element.clone();
            AttributeState::Reactive(
                name,
                RenderEffect::new(move |last: Option<AttributeText>| {
                    if let Some(last) = last {
                        previous = Previous::Known(last);
                    }
                    let text = make();
                    if name.is_property || !previous.is(&text) {
                        name.set(&element, text.as_deref());
                    }
                    text
                }),
            )
        }
    }
}
