//! Reads the wire types from JSON: a small reader for the JSON of our own server.
//!
//! `serde_json` reads any JSON and reports precisely where it failed, but it is generic over every
//! type that is read, and that took a fifth of the browser half. Serde's derived code for our own
//! reader still took 8 kB, because it is instantiated for each type. Here a type only lists its
//! fields; everything else exists once. This reader supports the shapes of the wire types, with
//! whole numbers only, and reports any other input as unreadable, without details.

mod reader;
mod record;
mod values;

pub(crate) use self::record::choice;
pub use self::{reader::Reader, record::record};

/// The text is not JSON, or not of the expected shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not have the form that this version of the page knows")]
pub struct Unreadable;

/// A type that can be read from JSON, as serde would read it.
pub trait Readable {
    /// The value before anything is read, and of an optional member that is missing.
    fn blank() -> Self
    where
        Self: Sized;

    /// Reads a value into `self` and overwrites it.
    ///
    /// # Errors
    /// The next value is not JSON, or not of the expected shape. `self` may then be partly
    /// overwritten.
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

/// Reads a value into an existing one.
///
/// # Errors
/// The text is not JSON, or not of that shape.
#[inline(never)]
pub fn read_into(value: &mut dyn Readable, text: &str) -> Result<(), Unreadable> {
    let mut reader = Reader::new(text);
    value.read(&mut reader)?;
    reader.end()
}

/// Reads the members of an object; see [`Reader::object`].
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
