//! Reads the wire types out of JSON: a small reader for what our own server writes.
//!
//! `serde_json` reads anything and says precisely where it went wrong; generic over every type that
//! is read, that took a fifth of the browser half. This one knows the shapes that the wire types
//! have, numbers being whole, and says of anything else no more than that it could not be read.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer as _,
    de::{self, DeserializeOwned, DeserializeSeed, Expected, Unexpected, Visitor},
    forward_to_deserialize_any,
};

/// How deep values may nest: far deeper than any wire type.
const DEEPEST: u32 = 128;

/// The text is not JSON, or not of the shape that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not have the form that this version of the page knows")]
pub struct Unreadable;

/// Reads a value.
///
/// # Errors
/// The text is not JSON, or not of that shape.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(Unreadable),
    }
}

// Each of these is told values to print; not to look at them keeps the printing out of the browser.
impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

struct Reader<'t> {
    text: &'t str,
    /// How many bytes of it were read, always at the start of a character.
    at: usize,
    depth: u32,
}

enum Number {
    Signed(i64),
    Unsigned(u64),
}

// None of these is generic, so that each is there once.
impl<'t> Reader<'t> {
    /// The next byte that is not white space, unread.
    #[inline(never)]
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blank = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        let blank = blank.count();
        self.at += blank;
        rest.get(blank).copied()
    }

    /// Reads `byte` if it is what comes next.
    #[inline(never)]
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline(never)]
    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.eat(byte) { Ok(()) } else { Err(Unreadable) }
    }

    /// Reads `word` if it is what comes next.
    #[inline(never)]
    fn eat_word(&mut self, word: &str) -> bool {
        self.peek();
        let is_next = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    #[inline(never)]
    fn boolean(&mut self) -> Result<bool, Unreadable> {
        if self.eat_word("true") {
            Ok(true)
        } else if self.eat_word("false") {
            Ok(false)
        } else {
            Err(Unreadable)
        }
    }

    #[inline(never)]
    fn number(&mut self) -> Result<Number, Unreadable> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at_checked(end).ok_or(Unreadable)?;
        // A fraction or exponent: no wire type has one.
        if rest.starts_with(['.', 'e', 'E']) {
            return Err(Unreadable);
        }
        self.at += end;
        match digits.parse() {
            Ok(number) => Ok(Number::Signed(number)),
            Err(_) => digits.parse().map(Number::Unsigned).map_err(|_| Unreadable),
        }
    }

    #[inline(never)]
    fn string(&mut self) -> Result<Cow<'t, str>, Unreadable> {
        self.expect(b'"')?;
        let mut whole = String::new();
        loop {
            let rest = self.text.get(self.at..).ok_or(Unreadable)?;
            let end = rest.find(['"', '\\']).ok_or(Unreadable)?;
            let (plain, rest) = rest.split_at_checked(end).ok_or(Unreadable)?;
            self.at += end + 1;
            if rest.starts_with('"') {
                if whole.is_empty() {
                    return Ok(Cow::Borrowed(plain));
                }
                whole.push_str(plain);
                return Ok(Cow::Owned(whole));
            }
            whole.push_str(plain);
            whole.push(self.escape()?);
        }
    }

    /// What stands for a character behind a backslash.
    #[inline(never)]
    fn escape(&mut self) -> Result<char, Unreadable> {
        let byte = self.text.as_bytes().get(self.at).ok_or(Unreadable)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                // The first half of a pair needs the second (RFC 8259 §7).
                let code = if first & 0xfc00 == 0xd800 {
                    if !self.eat_word("\\u") {
                        return Err(Unreadable);
                    }
                    let second = self.unit()?;
                    if second & 0xfc00 != 0xdc00 {
                        return Err(Unreadable);
                    }
                    0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff)
                } else {
                    first
                };
                char::from_u32(code).ok_or(Unreadable)?
            }
            _ => return Err(Unreadable),
        })
    }

    /// Four hex digits.
    fn unit(&mut self) -> Result<u32, Unreadable> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(Unreadable)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| Unreadable)
    }

    #[inline(never)]
    fn enter(&mut self, open: u8) -> Result<(), Unreadable> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > DEEPEST { Err(Unreadable) } else { Ok(()) }
    }

    /// Whether there is another member before `close`, which is read if not.
    #[inline(never)]
    fn another(&mut self, is_first: &mut bool, close: u8) -> Result<bool, Unreadable> {
        let was_first = std::mem::replace(is_first, false);
        if self.eat(close) {
            self.depth -= 1;
            return Ok(false);
        }
        if !was_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// Reads a value for which nobody has a use.
    #[inline(never)]
    fn skip(&mut self) -> Result<(), Unreadable> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(open @ (b'{' | b'[')) => {
                let close = open + 2;
                let mut is_first = true;
                self.enter(open)?;
                while self.another(&mut is_first, close)? {
                    if open == b'{' {
                        self.string()?;
                        self.expect(b':')?;
                    }
                    self.skip()?;
                }
                Ok(())
            }
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') => self.eat_word("null").then_some(()).ok_or(Unreadable),
            // Newer servers may have numbers of a kind that this version has no use for.
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let is_number =
                    |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
                let length = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
                self.at += length;
                if length > 0 { Ok(()) } else { Err(Unreadable) }
            }
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.peek() {
            Some(b'"') => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Some(b'{') => {
                self.enter(b'{')?;
                visitor.visit_map(Members { reader: self, is_first: true, close: b'}' })
            }
            Some(b'[') => {
                self.enter(b'[')?;
                visitor.visit_seq(Members { reader: self, is_first: true, close: b']' })
            }
            Some(b't' | b'f') => visitor.visit_bool(self.boolean()?),
            Some(b'n') if self.eat_word("null") => visitor.visit_unit(),
            _ => match self.number()? {
                Number::Signed(number) => visitor.visit_i64(number),
                Number::Unsigned(number) => visitor.visit_u64(number),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.number()? {
            Number::Signed(number) => visitor.visit_i64(number),
            Number::Unsigned(number) => visitor.visit_u64(number),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_string(self.string()?.into_owned())
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.eat_word("null") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.enter(b'[')?;
        visitor.visit_seq(Members { reader: self, is_first: true, close: b']' })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.enter(b'[')?;
        let value = visitor.visit_seq(Members { reader: self, is_first: true, close: b']' })?;
        // Who wants so many members does not ask for one more: the end is still unread.
        self.expect(b']')?;
        self.depth -= 1;
        Ok(value)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.enter(b'{')?;
        visitor.visit_map(Members { reader: self, is_first: true, close: b'}' })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let has_content = self.eat(b'{');
        let value = visitor.visit_enum(Variant { reader: self, has_content })?;
        if has_content {
            self.expect(b'}')?;
        }
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char bytes byte_buf unit unit_struct
    }
}

/// What an array or object holds.
struct Members<'r, 't> {
    reader: &'r mut Reader<'t>,
    is_first: bool,
    close: u8,
}

impl<'t> de::SeqAccess<'t> for Members<'_, 't> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'t>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        if self.reader.another(&mut self.is_first, self.close)? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<'t> de::MapAccess<'t> for Members<'_, 't> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        if self.reader.another(&mut self.is_first, self.close)? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        self.reader.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// One of several things: a name alone, or a name and what it holds.
struct Variant<'r, 't> {
    reader: &'r mut Reader<'t>,
    has_content: bool,
}

impl<'t> de::EnumAccess<'t> for Variant<'_, 't> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'t>>(self, seed: V) -> Result<(V::Value, Self), Unreadable> {
        let name = seed.deserialize(&mut *self.reader)?;
        if self.has_content {
            self.reader.expect(b':')?;
        }
        Ok((name, self))
    }
}

impl<'t> de::VariantAccess<'t> for Variant<'_, 't> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        if self.has_content { Err(Unreadable) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'t>>(self, seed: T) -> Result<T::Value, Unreadable> {
        if self.has_content { seed.deserialize(self.reader) } else { Err(Unreadable) }
    }

    fn tuple_variant<V: Visitor<'t>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.reader.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'t>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.reader.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests;
