//! What an element has besides its children: attributes and properties, fixed or followed, handlers
//! of events, and references to it.

use std::borrow::Cow;

use leptos::{
    prelude::{Owner, RenderEffect},
    tachys::renderer::{RemoveEventHandler, Rndr},
};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::reactive::{Memo, RwSignal, Signal};

/// What an attribute says; `None` where it is absent.
pub(super) type Text = Option<Cow<'static, str>>;

/// Where a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) name: &'static str,
    pub(super) is_property: bool,
}

impl Name {
    fn put(self, element: &Element, text: Option<&str>) {
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

/// What an attribute is given: a text, or what makes it anew.
pub enum Value {
    /// Stays until the view is made anew.
    Fixed(Text),
    /// Followed: runs again when a signal changes that it read.
    Followed(Box<dyn FnMut() -> Text + Send>),
}

impl Value {
    fn now(self) -> Text {
        match self {
            Self::Fixed(text) => text,
            Self::Followed(mut make) => make(),
        }
    }
}

/// What an attribute can be given: Leptos' trait of this name, but its result has one type.
pub trait IntoAttributeValue {
    /// The value. A flag that is set is an empty text, as HTML has it.
    fn into_attribute_value(self) -> Value;
}

impl IntoAttributeValue for Value {
    fn into_attribute_value(self) -> Value {
        self
    }
}

impl IntoAttributeValue for &'static str {
    fn into_attribute_value(self) -> Value {
        Value::Fixed(Some(Cow::Borrowed(self)))
    }
}

impl IntoAttributeValue for String {
    fn into_attribute_value(self) -> Value {
        Value::Fixed(Some(Cow::Owned(self)))
    }
}

impl IntoAttributeValue for Cow<'static, str> {
    fn into_attribute_value(self) -> Value {
        Value::Fixed(Some(self))
    }
}

impl IntoAttributeValue for bool {
    fn into_attribute_value(self) -> Value {
        Value::Fixed(self.then_some(Cow::Borrowed("")))
    }
}

impl<T: IntoAttributeValue> IntoAttributeValue for Option<T> {
    fn into_attribute_value(self) -> Value {
        self.map_or(Value::Fixed(None), T::into_attribute_value)
    }
}

impl<F, T> IntoAttributeValue for F
where
    F: FnMut() -> T + Send + 'static,
    T: IntoAttributeValue,
{
    fn into_attribute_value(mut self) -> Value {
        Value::Followed(Box::new(move || self().into_attribute_value().now()))
    }
}

/// What a property can be given: a text. A flag is none, as an empty text is no flag in JavaScript.
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

macro_rules! followed {
    ($($signal:ident),*) => {
        $(impl<T: IntoAttributeValue + Clone + Send + Sync + 'static> IntoAttributeValue for $signal<T> {
            fn into_attribute_value(self) -> Value {
                (move || self.get()).into_attribute_value()
            }
        })*
    };
}
followed!(Memo, RwSignal, Signal);

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl IntoAttributeValue for $number {
            fn into_attribute_value(self) -> Value {
                self.to_string().into_attribute_value()
            }
        })*
    };
}
numbers!(i64, u16, u32, u64, usize);

/// One thing that an element has.
pub(super) enum Attribute {
    /// An attribute or a property.
    Named(Name, Value),
    /// What is done when an event reaches it.
    Handler { event: Cow<'static, str>, handle: SendWrapper<Box<dyn FnMut(JsValue)>> },
    /// Takes the element when it is there.
    Reference(Box<dyn FnOnce(&Element) + Send>),
}

/// The same on an element in the page.
pub(super) enum Held {
    Fixed(Name, Text),
    Followed(Name, RenderEffect<Text>),
    Handler { _remove: RemoveEventHandler<Element> },
    Reference,
}

impl Attribute {
    /// Puts it on an element, which may have it from the server.
    pub(super) fn attach(self, element: &Element, is_there: bool) -> Held {
        match self {
            Self::Named(name, value) => {
                let before =
                    if is_there && !name.is_property { Before::Right } else { Before::Bare };
                hold(element, name, value, before)
            }
            Self::Handler { event, handle } => {
                let (owner, mut handle) = (Owner::current().unwrap_or_default(), handle.take());
                let handle = Box::new(move |event| owner.with(|| handle(event)));
                Held::Handler { _remove: Rndr::add_event_listener(element, &event, handle) }
            }
            Self::Reference(take) => {
                take(element);
                Held::Reference
            }
        }
    }

    /// Takes the place of what the element has.
    pub(super) fn replace(self, element: &Element, held: &mut Held) {
        let before = match &*held {
            Held::Fixed(_, text) => Before::Known(text.clone()),
            Held::Followed(_, effect) => effect.take_value().map_or(Before::Bare, Before::Known),
            Held::Handler { .. } | Held::Reference => Before::Bare,
        };
        *held = match self {
            Self::Named(name, value) => hold(element, name, value, before),
            new => new.attach(element, false),
        };
    }

    /// Whether it can take the place of `held`.
    pub(super) fn fits(&self, held: &Held) -> bool {
        match (self, held) {
            (Self::Named(name, _), Held::Fixed(held, _) | Held::Followed(held, _)) => name == held,
            (Self::Handler { .. }, Held::Handler { .. })
            | (Self::Reference(_), Held::Reference) => true,
            _ => false,
        }
    }
}

/// What an element says under a name before a value is put there.
enum Before {
    /// Nothing, or nobody knows.
    Bare,
    /// What the value says, whatever that is: the server has written it.
    Right,
    Known(Text),
}

impl Before {
    fn is(&self, text: &Text) -> bool {
        match self {
            Self::Bare => text.is_none(),
            Self::Right => true,
            Self::Known(known) => known == text,
        }
    }
}

/// Puts a value on an element and keeps it there. A property is put whatever was put before: what
/// it says now may be the viewer's doing.
fn hold(element: &Element, name: Name, value: Value, mut before: Before) -> Held {
    match value {
        Value::Fixed(text) => {
            if name.is_property || !before.is(&text) {
                name.put(element, text.as_deref());
            }
            Held::Fixed(name, text)
        }
        Value::Followed(mut make) => {
            let element = element.clone();
            Held::Followed(
                name,
                RenderEffect::new(move |last: Option<Text>| {
                    if let Some(last) = last {
                        before = Before::Known(last);
                    }
                    let text = make();
                    if name.is_property || !before.is(&text) {
                        name.put(&element, text.as_deref());
                    }
                    text
                }),
            )
        }
    }
}
