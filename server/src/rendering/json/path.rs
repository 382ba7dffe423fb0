//! The path of a JSON line, and its value exactly as sent.

use hookglass_message::json::token::{scalar_end, space_end, string_end};
use hookglass_wire::Value;

use super::{as_index, index::JsonIndex};
use crate::rendering::pieces::char_boundary;

/// The longest value that is returned.
const VALUE_BYTES: usize = 1024 * 1024;
/// The longest path.
const PATH_BYTES: usize = 64 * 1024;

/// Returns the path and value of a line; a closing line stands for its block. `None` if there is no
/// such line.
pub(crate) fn value(bytes: &[u8], index: &JsonIndex, line: usize) -> Option<Value> {
    if line >= index.lines() {
        return None;
    }
    // The blocks around the line, outermost first.
    let mut around: Vec<usize> = Vec::new();
    let number = u32::try_from(line).ok()?;
    let before = index.blocks.partition_point(|block| block.line < number);
    for (place, block) in index.blocks[..before].iter().enumerate() {
        if block.end > number {
            around.push(place);
        }
    }
    let mut line = line;
    if let Some(&inner) = around.last()
        && index.blocks[inner].closed
        && index.blocks[inner].end == number + 1
    {
        line = as_index(index.blocks[inner].line);
        around.pop();
    }
    let children =
        around.iter().skip(1).map(|&block| as_index(index.blocks[block].line)).chain([line]);
    let mut path = String::new();
    if index.documents > 1 {
        let first = around.first().map_or(line, |&block| as_index(index.blocks[block].line));
        step_into(&mut path, place(index, 0, first));
    }
    for (&parent, child) in around.iter().zip(children) {
        if path.len() > PATH_BYTES {
            path.push('…');
            break;
        }
        match key(bytes, index.start(child)) {
            Some(key) => name(&mut path, key),
            None => {
                let first = as_index(index.blocks[parent].line) + 1;
                step_into(&mut path, place(index, first, child));
            }
        }
    }
    let start = value_start(bytes, index.start(line));
    let end = match index.block_at(line).map(|block| index.blocks[block]) {
        Some(block) if block.closed => index.start(as_index(block.end) - 1) + 1,
        Some(block) => index.start(as_index(block.end)),
        None => match bytes.get(start) {
            Some(b'{' | b'[') => space_end(bytes, start + 1) + 1,
            _ => scalar_end(bytes, start).map_or(start, |(_, end)| end),
        },
    };
    let value = bytes.get(start..end).unwrap_or_default();
    let value = &value[..char_boundary(value, VALUE_BYTES)];
    Some(Value { path, value: String::from_utf8_lossy(value).into_owned() })
}

/// The number of siblings from `first` up to the line.
fn place(index: &JsonIndex, first: usize, line: usize) -> usize {
    let (mut at, mut place) = (first, 0);
    let mut next = index.blocks.partition_point(|block| as_index(block.line) < first);
    while at < line {
        match index.blocks.get(next).filter(|block| as_index(block.line) == at) {
            Some(block) => {
                at = as_index(block.end);
                next += index.blocks[next..].partition_point(|inner| inner.line < block.end);
            }
            None => at += 1,
        }
        place += 1;
    }
    place
}

fn step_into(path: &mut String, place: usize) {
    path.push('[');
    path.push_str(&place.to_string());
    path.push(']');
}

/// Appends a member name, quoted as sent unless it is a plain word.
fn name(path: &mut String, key: &[u8]) {
    let key = String::from_utf8_lossy(key);
    let word = key.trim_matches('"');
    let is_word_char = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let is_word = word.chars().all(is_word_char)
        && word.chars().next().is_some_and(|first| !first.is_numeric());
    if is_word {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(word);
    } else {
        path.push('[');
        path.push_str(&key);
        path.push(']');
    }
}

/// The quoted name at the start of a line, if any.
fn key(bytes: &[u8], start: usize) -> Option<&[u8]> {
    if bytes.get(start) != Some(&b'"') {
        return None;
    }
    let end = string_end(bytes, start).ok()?;
    (bytes.get(space_end(bytes, end)) == Some(&b':')).then(|| &bytes[start..end])
}

fn value_start(bytes: &[u8], start: usize) -> usize {
    match key(bytes, start) {
        Some(key) => space_end(bytes, space_end(bytes, start + key.len()) + 1),
        None => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(json: &str) -> Vec<(String, String)> {
        let index = JsonIndex::of(json.as_bytes());
        (0..index.lines())
            .map(|line| value(json.as_bytes(), &index, line).unwrap())
            .map(|value| (value.path, value.value))
            .collect()
    }

    #[test]
    fn each_line_has_a_path_and_its_value_as_sent() {
        let json =
            r#"{"repository":{"owner":{"full name":[1.50, {"x":"\u00e4"}]}},"$a":[[],[ ]], "0":0}"#;
        let values = values(json);
        let expected = [
            ("", json),
            ("repository", r#"{"owner":{"full name":[1.50, {"x":"\u00e4"}]}}"#),
            ("repository.owner", r#"{"full name":[1.50, {"x":"\u00e4"}]}"#),
            (r#"repository.owner["full name"]"#, r#"[1.50, {"x":"\u00e4"}]"#),
            (r#"repository.owner["full name"][0]"#, "1.50"),
            (r#"repository.owner["full name"][1]"#, r#"{"x":"\u00e4"}"#),
            (r#"repository.owner["full name"][1].x"#, r#""\u00e4""#),
            (r#"repository.owner["full name"][1]"#, r#"{"x":"\u00e4"}"#),
            (r#"repository.owner["full name"]"#, r#"[1.50, {"x":"\u00e4"}]"#),
            ("repository.owner", r#"{"full name":[1.50, {"x":"\u00e4"}]}"#),
            ("repository", r#"{"owner":{"full name":[1.50, {"x":"\u00e4"}]}}"#),
            ("$a", "[[],[ ]]"),
            ("$a[0]", "[]"),
            ("$a[1]", "[ ]"),
            ("$a", "[[],[ ]]"),
            (r#"["0"]"#, "0"),
            ("", json),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(values, expected);
    }

    #[test]
    fn documents_in_a_row_are_numbered() {
        let paths: Vec<_> =
            values("{\"a\":[2]}\n{\"b\":1}").into_iter().map(|value| value.0).collect();
        assert_eq!(paths, ["[0]", "[0].a", "[0].a[0]", "[0].a", "[0]", "[1]", "[1].b", "[1]"]);
    }

    #[test]
    fn an_array_that_was_cut_gives_what_there_is() {
        let values = values("[1, [2, 3");
        assert_eq!(values[2], ("[1]".to_owned(), "[2, 3".to_owned()));
    }
}
