//! Reads the wire types out of JSON: a small reader for what our own server writes.
//!
//! `serde_json` reads anything and says precisely where it went wrong; generic over every type that
//! is read, that took a fifth of the browser half. What serde derives for a reader of our own was
//! still 8 kB of it, as it is made anew for each type. Here a type only says where its fields are;
//! the rest is there once. It knows the shapes that the wire types have, numbers being whole, and
//! says of anything else no more than that it could not be read.

mod reader;
mod record;
mod values;

pub(crate) use self::record::choice;
pub use self::{reader::Reader, record::record};

/// The text is not JSON, or not of the shape that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not have the form that this version of the page knows")]
pub struct Unreadable;

/// What can be read out of JSON, as serde would.
pub trait Readable {
    /// What it is while nothing of it was read, and where it may be missing and is.
    fn blank() -> Self
    where
        Self: Sized;

    /// Reads it over what it was.
    ///
    /// # Errors
    /// What comes next is not JSON, or not of its shape. Then it may be read in part.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable>;
}

/// Reads a value.
///
/// # Errors
/// The text is not JSON, or not of that shape.
pub fn read<T: Readable>(text: &str) -> Result<T, Unreadable> {
    let mut value = T::blank();
    read_into(&mut value, text)?;
    Ok(value)
}

/// Reads over a value.
///
/// # Errors
/// The text is not JSON, or not of that shape.
#[inline(never)]
pub fn read_into(value: &mut dyn Readable, text: &str) -> Result<(), Unreadable> {
    let mut reader = Reader::new(text);
    value.read(&mut reader)?;
    reader.end()
}

/// Reads the members of an object, see [`Reader::object`].
pub(crate) fn members(
    text: &str,
    needed: &str,
    spare: &str,
    slots: &mut [&mut dyn Readable],
) -> Result<(), Unreadable> {
    let mut reader = Reader::new(text);
    reader.object(needed, spare, slots)?;
    reader.end()
}

/// Writes text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.push('\\'),
            // Control characters are all below 0x20 (RFC 8259 §7).
            '\0'..='\x1f' => {
                quoted.push_str(if c < '\x10' { "\\u000" } else { "\\u001" });
                quoted.extend(char::from_digit(u32::from(c) % 16, 16));
                continue;
            }
            _ => {}
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
