//! Reads a few members of a JSON object in one pass, without building the rest of it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    Text(String),
    /// A whole number, as digits.
    Number(String),
}

/// Returns the first member at each of these paths (`event.type`) that is a string or an integer;
/// nothing if the body is not entirely valid JSON.
pub(super) fn members(body: &[u8], paths: &[&'static str]) -> Vec<(&'static str, Member)> {
    let mut found = Vec::new();
    let wanted: Vec<MemberPath> =
        paths.iter().map(|path| MemberPath { path, rest: path }).collect();
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = MemberValue { wanted, found: &mut found }.deserialize(&mut json);
    if read.is_err() || json.end().is_err() {
        return Vec::new();
    }
    found
}

/// A path and its remainder at this depth.
#[derive(Debug, Clone, Copy)]
struct MemberPath {
    path: &'static str,
    rest: &'static str,
}

impl MemberPath {
    /// Returns the remainder below this name.
    fn below(self, name: &str) -> Option<Self> {
        let rest = self.rest.strip_prefix(name)?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix('.')? };
        Some(Self { path: self.path, rest })
    }
}

/// A value on some of the paths.
struct MemberValue<'f> {
    wanted: Vec<MemberPath>,
    found: &'f mut Vec<(&'static str, Member)>,
}

impl MemberValue<'_> {
    fn take(self, member: &Member) {
        for wanted in self.wanted.iter().filter(|wanted| wanted.rest.is_empty()) {
            if !self.found.iter().any(|(path, _)| *path == wanted.path) {
                self.found.push((wanted.path, member.clone()));
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for MemberValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MemberValue<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.take(&Member::Text(text.to_owned()));
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.take(&Member::Number(number.to_string()));
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.take(&Member::Number(number.to_string()));
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(below) = members.next_key_seed(MemberName(&self.wanted))? {
            if below.is_empty() {
                members.next_value::<IgnoredAny>()?;
            } else {
                members.next_value_seed(MemberValue { wanted: below, found: self.found })?;
            }
        }
        Ok(())
    }
}

/// The name of a member: selects the paths that continue through it.
struct MemberName<'w>(&'w [MemberPath]);

impl<'de> DeserializeSeed<'de> for MemberName<'_> {
    type Value = Vec<MemberPath>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Vec<MemberPath>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName<'_> {
    type Value = Vec<MemberPath>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Vec<MemberPath>, E> {
        Ok(self.0.iter().filter_map(|wanted| wanted.below(name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Member {
        Member::Text(text.to_owned())
    }

    #[test]
    fn members_are_found_where_their_path_leads() {
        let body = br#"{"a":{"b":"in","c":[{"b":"no"}]},"a.b":"no","id":7,"b":"out","x":null}"#;
        let found = members(body, &["a.b", "b", "id", "x", "a"]);
        let expected =
            [("a.b", text("in")), ("id", Member::Number("7".to_owned())), ("b", text("out"))];
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_taken_of_what_breaks_off() {
        assert_eq!(members(br#"{"id":"a","#, &["id"]), []);
        assert_eq!(members(br#"{"id":"a"} x"#, &["id"]), []);
    }

    #[test]
    fn the_first_of_two_of_one_name_counts() {
        assert_eq!(members(br#"{"id":"a","id":"b"}"#, &["id"]), [("id", text("a"))]);
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(body: Vec<u8>, near in "[{}\":,ab.0\\[\\]\\\\]{0,40}") {
            members(&body, &["a", "a.b"]);
            members(near.as_bytes(), &["a", "a.b", "b.a.b"]);
        }
    }
}
