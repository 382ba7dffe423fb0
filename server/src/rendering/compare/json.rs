//! Compares JSON by structure: members by key, elements by the smallest set of changes, numbers as
//! sent.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::{Duration, Instant},
};

use serde::de::IgnoredAny;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::rows::ComparedRows;
use crate::rendering::pieces::char_boundary;

/// Values that nest deeper are compared as text: the parser and the comparison are recursive.
const MAX_DEPTH: usize = 128;

/// How long the walk through both values may continue after the time limit of the diff.
const WALK: Duration = Duration::from_secs(2);
/// The limits of keys in paths, and of paths before their start is left out: keys may be as long as
/// bodies, and each row has a path.
const KEY_BYTES: usize = 100;
const PATH_BYTES: usize = 400;

/// A value and its text as sent, at most `MAX_DEPTH` deep.
#[derive(Debug)]
pub(super) enum JsonNode<'a> {
    /// As sent.
    Scalar(&'a [u8]),
    /// Keys as sent, with their quotes.
    Object(Vec<(&'a [u8], JsonNode<'a>)>),
    Array(Vec<JsonNode<'a>>),
}

impl<'a> JsonNode<'a> {
    /// Parses a whole text; `None` if it is not a single JSON value, or nests too deep.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
        NodeParser { bytes, at: 0 }.value(MAX_DEPTH)
    }

    /// Equal for equivalent values: white space, the order of members and escapes make no
    /// difference; the notation of a number does.
    fn hash(&self, hasher: &mut DefaultHasher) {
        match self {
            Self::Scalar(raw) => decoded(raw).hash(hasher),
            Self::Array(elements) => {
                b'['.hash(hasher);
                elements.len().hash(hasher);
                elements.iter().for_each(|element| element.hash(hasher));
            }
            Self::Object(members) => {
                b'{'.hash(hasher);
                members.len().hash(hasher);
                let each = members.iter().map(|(key, value)| {
                    let mut hasher = DefaultHasher::new();
                    decoded(key).hash(&mut hasher);
                    value.hash(&mut hasher);
                    hasher.finish()
                });
                each.fold(0_u64, u64::wrapping_add).hash(hasher);
            }
        }
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Writes the value as sent, without white space between tokens.
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Scalar(raw) => out.extend_from_slice(raw),
            Self::Array(elements) => {
                out.push(b'[');
                for (place, element) in elements.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    element.write(out);
                }
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (place, (key, value)) in members.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(key);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    fn written(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

/// Decodes a string; returns anything else as sent.
fn decoded(raw: &[u8]) -> Vec<u8> {
    let string =
        raw.starts_with(b"\"").then(|| serde_json::from_slice::<String>(raw).ok()).flatten();
    string.map_or_else(|| raw.to_vec(), |string| [b"\"", string.as_bytes()].concat())
}

/// Compares two values and returns the number of differences.
pub(super) fn compare(
    old: &JsonNode<'_>,
    new: &JsonNode<'_>,
    deadline: Instant,
    rows: &mut ComparedRows,
) -> usize {
    let mut comparison = JsonComparison { rows, deadline, differences: 0, is_late: false };
    comparison.values("", old, new);
    if comparison.is_late {
        comparison.rows.say("same", "… the rest is not compared, it takes too long");
        comparison.differences += 1;
    }
    comparison.differences
}

struct JsonComparison<'a> {
    rows: &'a mut ComparedRows,
    deadline: Instant,
    differences: usize,
    is_late: bool,
}

impl JsonComparison<'_> {
    fn values(&mut self, path: &str, old: &JsonNode<'_>, new: &JsonNode<'_>) {
        if self.is_late || Instant::now() > self.deadline + WALK {
            self.is_late = true;
            return;
        }
        match (old, new) {
            (JsonNode::Object(old), JsonNode::Object(new))
                if !old.is_empty() && !new.is_empty() =>
            {
                self.objects(path, old, new);
            }
            (JsonNode::Array(old), JsonNode::Array(new)) if !old.is_empty() && !new.is_empty() => {
                self.arrays(path, old, new);
            }
            (JsonNode::Scalar(old), JsonNode::Scalar(new)) if decoded(old) == decoded(new) => {
                self.rows.same(path, new);
            }
            (old, new) => {
                let (old, new) = (old.written(), new.written());
                if old == new {
                    self.rows.same(path, &new);
                } else {
                    self.differences += 1;
                    self.rows.changed(path, &old, &new);
                }
            }
        }
    }

    /// Compares members in the order of `new`; those that only `old` has come last. Repeated keys
    /// are paired in order.
    fn objects(
        &mut self,
        path: &str,
        old: &[(&[u8], JsonNode<'_>)],
        new: &[(&[u8], JsonNode<'_>)],
    ) {
        let mut by_key: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (place, (key, _)) in old.iter().enumerate().rev() {
            by_key.entry(decoded(key)).or_default().push(place);
        }
        for (key, value) in new {
            let path = below(path, key);
            match by_key.get_mut(&decoded(key)).and_then(Vec::pop) {
                Some(place) => self.values(&path, &old[place].1, value),
                None => self.added(&path, value),
            }
        }
        let mut rest: Vec<usize> = by_key.into_values().flatten().collect();
        rest.sort_unstable();
        for place in rest {
            let (key, value) = &old[place];
            self.removed(&below(path, key), value);
        }
    }

    fn arrays(&mut self, path: &str, old: &[JsonNode<'_>], new: &[JsonNode<'_>]) {
        let digests =
            |nodes: &[JsonNode<'_>]| nodes.iter().map(JsonNode::digest).collect::<Vec<_>>();
        let (old_digests, new_digests) = (digests(old), digests(new));
        let ops = capture_diff_slices_deadline(
            Algorithm::Myers,
            &old_digests,
            &new_digests,
            Some(self.deadline),
        );
        let path = if path.len() > PATH_BYTES { "…" } else { path };
        let at = |index: usize| format!("{path}[{index}]");
        for op in ops {
            // Equal elements are compared too: they are shown value by value.
            let (old_range, new_range) = (op.old_range(), op.new_range());
            let pairs = if matches!(op, DiffOp::Delete { .. } | DiffOp::Insert { .. }) {
                0
            } else {
                old_range.len().min(new_range.len())
            };
            for place in 0..pairs {
                let (before, after) = (old_range.start + place, new_range.start + place);
                self.values(&at(after), &old[before], &new[after]);
            }
            for before in old_range.skip(pairs) {
                self.removed(&at(before), &old[before]);
            }
            for after in new_range.skip(pairs) {
                self.added(&at(after), &new[after]);
            }
        }
    }

    fn added(&mut self, path: &str, value: &JsonNode<'_>) {
        self.differences += 1;
        self.rows.added(path, &value.written());
    }

    fn removed(&mut self, path: &str, value: &JsonNode<'_>) {
        self.differences += 1;
        self.rows.removed(path, &value.written());
    }
}

/// The path of a member: `a.b`, or `a["full name"]` if the key is not a plain word.
fn below(path: &str, key: &[u8]) -> String {
    let word = &key[1..key.len() - 1];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let is_plain = !word.is_empty() && word.iter().all(is_word) && !word[0].is_ascii_digit();
    let key = if is_plain { word } else { key };
    let mut shown = String::from_utf8_lossy(&key[..char_boundary(key, KEY_BYTES)]).into_owned();
    if key.len() > KEY_BYTES {
        shown.push('…');
    }
    let key = shown;
    let path = if path.len() > PATH_BYTES { "…" } else { path };
    match (path, is_plain) {
        ("", true) => key,
        (path, true) => format!("{path}.{key}"),
        (path, false) => format!("{path}[{key}]"),
    }
}

/// Parses text that is known to be valid JSON.
struct NodeParser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> NodeParser<'a> {
    /// Parses the next value; `None` if it nests deeper than `depth`.
    fn value(&mut self, depth: usize) -> Option<JsonNode<'a>> {
        let below = depth.checked_sub(1);
        Some(match self.peek() {
            Some(b'{') => {
                let mut members = Vec::new();
                while self.goes_on(b'}') {
                    let key = self.scalar();
                    // Skip the colon.
                    self.peek();
                    self.at += 1;
                    members.push((key, self.value(below?)?));
                }
                JsonNode::Object(members)
            }
            Some(b'[') => {
                let mut elements = Vec::new();
                while self.goes_on(b']') {
                    elements.push(self.value(below?)?);
                }
                JsonNode::Array(elements)
            }
            _ => JsonNode::Scalar(self.scalar()),
        })
    }

    /// Skips the opening bracket or a comma and returns true, or skips the closing bracket and
    /// returns false.
    fn goes_on(&mut self, close: u8) -> bool {
        let is_closed = |byte: Option<u8>| byte.is_none_or(|byte| byte == close);
        if is_closed(self.peek()) {
            self.at += 1;
            return false;
        }
        self.at += 1;
        // An empty one closes right away.
        if is_closed(self.peek()) {
            self.at += 1;
            return false;
        }
        true
    }

    fn scalar(&mut self) -> &'a [u8] {
        self.peek();
        let start = self.at;
        let rest = &self.bytes[start.min(self.bytes.len())..];
        let length = if rest.first() == Some(&b'"') {
            let mut end = 1;
            while end < rest.len() && rest[end] != b'"' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            (end + 1).min(rest.len())
        } else {
            let is_end = |byte: &u8| b",]} \t\r\n:".contains(byte);
            rest.iter().position(is_end).unwrap_or(rest.len())
        };
        self.at = start + length;
        &rest[..length]
    }

    /// Returns the next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !b" \t\r\n".contains(byte) {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn differences(old: &str, new: &str) -> Vec<String> {
        let (old, new) =
            (JsonNode::of(old.as_bytes()).unwrap(), JsonNode::of(new.as_bytes()).unwrap());
        let mut rows = ComparedRows::new();
        let deadline = Instant::now() + std::time::Duration::from_secs(5);
        let count = compare(&old, &new, deadline, &mut rows);
        let rows: Vec<String> = rows
            .done()
            .into_iter()
            .filter_map(|row| {
                let mark = row.mark.filter(|mark| mark != "same")?;
                let text: String = row.pieces.iter().map(|piece| piece.0.as_str()).collect();
                Some(format!("{mark} {text}"))
            })
            .collect();
        assert_eq!(rows.len(), count);
        rows
    }

    #[test]
    fn members_are_matched_by_key_and_numbers_compared_as_sent() {
        let old =
            r#"{"a":1,"b":{"c":[1,2],"full name":"x"},"gone":{"x": [ ]},"n":12345678901234567890}"#;
        let new =
            r#"{"n":12345678901234567891,"b":{"full name":"y","c":[1,2]},"a":1.0,"new":null}"#;
        assert_eq!(
            differences(old, new),
            [
                "changed n: 12345678901234567890 → 12345678901234567891",
                "changed b[\"full name\"]: \"x\" → \"y\"",
                "changed a: 1 → 1.0",
                "added new: null",
                "removed gone: {\"x\":[]}",
            ]
        );
    }

    #[test]
    fn what_is_only_written_differently_is_the_same() {
        let old = r#"{"a":"\u00e4","b":[{"x":1,"y":2}]}"#;
        let new = "{ \"b\": [ {\"y\": 2, \"x\": 1} ],\n \"a\": \"\u{e4}\" }";
        assert_eq!(differences(old, new), [""; 0]);
    }

    #[test]
    fn an_element_put_in_between_is_one_difference() {
        let old = r#"[{"id":1},{"id":2},{"id":3}]"#;
        let new = r#"[{"id":1},{"id":9},{"id":2},{"id":3,"x":true}]"#;
        assert_eq!(differences(old, new), ["added [1]: {\"id\":9}", "added [3].x: true"]);
    }

    #[test]
    fn repeated_keys_and_other_kinds_are_compared_too() {
        assert_eq!(
            differences(r#"{"a":1,"a":2,"b":[]}"#, r#"{"a":1,"a":3,"a":4,"b":{}}"#),
            ["changed a: 2 → 3", "added a: 4", "changed b: [] → {}"]
        );
        assert_eq!(differences("1", "\"1\""), ["changed 1 → \"1\""]);
    }

    #[test]
    fn long_names_are_cut_in_paths() {
        let long = "k".repeat(300_000);
        let body = |last: u8| format!("{{\"{long}\":[{}{last}]}}", "1,".repeat(20_000));
        let found = differences(&body(1), &body(2));
        assert_eq!(found, [format!("changed {}…[20000]: 1 → 2", "k".repeat(100))]);
    }

    #[test]
    fn what_is_not_one_value_is_no_json() {
        for text in ["", "{", "1 2", "{}\n{}", "nul", "[1,]"] {
            assert!(JsonNode::of(text.as_bytes()).is_none(), "{text}");
        }
        assert!(JsonNode::of("[".repeat(100_000).as_bytes()).is_none());
        assert!(JsonNode::of(("[".repeat(128) + &"]".repeat(128)).as_bytes()).is_some());
        assert!(JsonNode::of(("[".repeat(100_000) + &"]".repeat(100_000)).as_bytes()).is_none());
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<Option<bool>>().prop_map(serde_json::Value::from),
            any::<i32>().prop_map(serde_json::Value::from),
            "[a-c\"\\\\\u{e4}]{0,3}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
                proptest::collection::btree_map("[a-d\"]{0,2}", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_differ_just_where_they_are_not_equal(old in json(), new in json()) {
            let pretty = serde_json::to_string_pretty(&old).unwrap();
            prop_assert_eq!(differences(&old.to_string(), &pretty), [""; 0]);
            let found = differences(&pretty, &new.to_string());
            prop_assert_eq!(found.is_empty(), old == new, "{:?}", found);
        }

        #[test]
        fn what_is_read_is_written_again(value in json()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let written = JsonNode::of(text.as_bytes()).unwrap().written();
            prop_assert_eq!(String::from_utf8(written).unwrap(), value.to_string());
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let _ = JsonNode::of(&bytes);
        }
    }
}
