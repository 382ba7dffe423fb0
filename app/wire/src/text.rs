//! Text from senders that may not be UTF-8.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
    ser::SerializeMap,
};

use crate::json::{Readable, Reader, Unreadable};

/// Bytes of a head that are usually text: a JSON string if they are UTF-8, else `{"base64": "…"}`
/// (RFC 4648 §4, padded).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    /// UTF-8 text, unchanged.
    Utf8(String),
    /// The base64 of bytes that are not UTF-8.
    Base64(String),
}

impl Default for Text {
    fn default() -> Self {
        Self::Utf8(String::new())
    }
}

impl Text {
    /// Returns the text for display, or a placeholder that says it is not UTF-8.
    #[must_use]
    pub fn display(&self) -> Cow<'_, str> {
        match self {
            Self::Utf8(text) => Cow::Borrowed(text),
            Self::Base64(encoded) => Cow::Owned(format!("(not UTF-8) base64:{encoded}")),
        }
    }

    /// Returns the text if it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Utf8(text) => Some(text),
            Self::Base64(_) => None,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Utf8(text.to_owned())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Utf8(text) => serializer.serialize_str(text),
            Self::Base64(encoded) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", encoded)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object with a base64 member")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::Utf8(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Text, E> {
        Ok(Text::Utf8(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        let mut encoded = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "base64" {
                encoded = Some(map.next_value::<String>()?);
            } else {
                map.next_value::<de::IgnoredAny>()?;
            }
        }
        encoded.map(Text::Base64).ok_or_else(|| de::Error::missing_field("base64"))
    }
}

impl Readable for Text {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        let mut text = String::new();
        *self = if reader.peek() == Some(b'{') {
            reader.object("base64", "", &mut [&mut text])?;
            Self::Base64(text)
        } else {
            text.read(reader)?;
            Self::Utf8(text)
        };
        Ok(())
    }
}
