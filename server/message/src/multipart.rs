//! Parses multipart bodies (RFC 2046 §5.1, RFC 7578). Malformed ones are parsed as far as possible,
//! and their faults are reported.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::{
    form, head,
    media_type::{MediaType, parameter},
};

/// The most parts that are shown.
const MAX_PARTS: usize = 100_000;

/// The longest boundary that is searched for, in bytes. RFC 2046 §5.1.1 allows 70.
const MAX_BOUNDARY_BYTES: usize = 200;

/// The most bytes of a part's headers that are parsed: parsing takes many times their length.
const MAX_NAMING_BYTES: usize = 16 * 1024;

/// A part as sent.
#[derive(Debug)]
pub struct PartContent<'a> {
    /// The name of its form field.
    pub name: Option<String>,
    /// The name of its file.
    pub file: Option<String>,
    /// Its type; the default if it has none.
    pub media: MediaType,
    /// Its content.
    pub body: &'a [u8],
}

/// The ranges of a body's parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Multipart {
    parts: Vec<PartRange>,
    /// The faults, in sentences.
    broken: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PartRange {
    fields: Range<usize>,
    body: Range<usize>,
}

/// The values of a part's headers.
struct PartHeaders {
    name: Option<String>,
    file: Option<String>,
    media: MediaType,
}

impl Multipart {
    /// Finds the parts between the boundaries of a body.
    pub fn of(media: &MediaType, bytes: &[u8]) -> Self {
        let mut parts = Self::default();
        let boundary = match media.parameter("boundary").filter(|boundary| !boundary.is_empty()) {
            Some(boundary) => boundary.into_bytes(),
            None => {
                parts
                    .broken
                    .push("Content-Type names no boundary: the first line is taken for it.");
                match guessed_boundary(bytes) {
                    Some(boundary) => boundary,
                    None => return parts,
                }
            }
        };
        if boundary.len() > MAX_BOUNDARY_BYTES {
            parts.broken.push("The boundary is longer than 200 bytes: it is not searched for.");
            return parts;
        }
        let delimiter = [b"\n--", boundary.as_slice()].concat();
        let delimiter = Finder::new(&delimiter);
        let Some(mut at) = next_delimiter(bytes, 0, &delimiter) else {
            parts.broken.push("The boundary that Content-Type names does not occur in the body.");
            return parts;
        };
        loop {
            let after = at.end;
            if bytes[after..].starts_with(b"--") {
                return parts;
            }
            let Some(line_end) = memchr::memchr(b'\n', &bytes[after..]) else {
                parts.broken.push("The body ends in the middle of a boundary.");
                return parts;
            };
            let start = after + line_end + 1;
            if parts.parts.len() >= MAX_PARTS {
                parts.broken.push("It is shown in part: there are more than 100,000 parts.");
                return parts;
            }
            let next = next_delimiter(bytes, start, &delimiter);
            let end = next.as_ref().map_or(bytes.len(), |next| next.start).max(start);
            let body = head_end(&bytes[start..end]).map(|length| start + length);
            if body.is_none() {
                parts.say("A part has no empty line between its headers and its content.");
            }
            let body = body.unwrap_or(end);
            if body - start > MAX_NAMING_BYTES {
                parts.say("The headers of a part are longer than 16 KiB and are read up to there.");
            }
            parts.parts.push(PartRange { fields: start..body, body: body..end });
            match next {
                Some(next) => at = next,
                None => {
                    parts.broken.push("The last boundary is missing: the body may be cut off.");
                    return parts;
                }
            }
        }
    }

    /// Returns how much memory it takes.
    pub const fn weight(&self) -> usize {
        self.parts.capacity() * size_of::<PartRange>()
    }

    /// Reports a fault, once.
    fn say(&mut self, broken: &'static str) {
        if !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    /// Iterates over the parts in order; each is parsed on demand.
    pub fn iter<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = PartContent<'a>> {
        self.parts.iter().map(|part| {
            let PartHeaders { name, file, media } = part_headers(&bytes[part.fields.clone()]);
            PartContent { name, file, media, body: &bytes[part.body.clone()] }
        })
    }

    /// Returns the faults, in sentences, each once.
    pub fn broken(&self) -> &[&'static str] {
        &self.broken
    }

    /// Returns the contents of the parts with a name that are not files, in order.
    pub fn values<'a>(&'a self, bytes: &'a [u8], name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.parts.iter().filter(move |part| {
            part.fields.len() <= MAX_NAMING_BYTES && {
                let headers = part_headers(&bytes[part.fields.clone()]);
                headers.file.is_none() && headers.name.as_deref() == Some(name)
            }
        });
        named.map(|part| &bytes[part.body.clone()])
    }

    /// Returns the content of a part and its file name, if it has one.
    pub fn part<'a>(&self, bytes: &'a [u8], number: usize) -> Option<(&'a [u8], Option<String>)> {
        let part = self.parts.get(number)?;
        let headers = part_headers(&bytes[part.fields.clone()]);
        Some((&bytes[part.body.clone()], headers.file.or(headers.name)))
    }
}

fn part_headers(fields: &[u8]) -> PartHeaders {
    let mut headers = PartHeaders { name: None, file: None, media: MediaType::default() };
    let fields = &fields[..fields.len().min(MAX_NAMING_BYTES)];
    for (name, value) in head::raw_fields(fields) {
        if name.eq_ignore_ascii_case(b"content-disposition") {
            let value = String::from_utf8_lossy(&value);
            headers.name = parameter(&value, "name").or(headers.name);
            // RFC 7578 §4.2 forbids the form of RFC 5987, but some senders use it.
            let plain = parameter(&value, "filename");
            let extended = || parameter(&value, "filename*").map(|file| unextended(&file));
            headers.file = plain.or_else(extended).or(headers.file);
        } else if name.eq_ignore_ascii_case(b"content-type") {
            headers.media = MediaType::of(&value);
        }
    }
    headers
}

/// Decodes a value such as `UTF-8''na%C3%AFve.txt`.
fn unextended(value: &str) -> String {
    let encoded = value.rsplit('\'').next().unwrap_or(value);
    String::from_utf8_lossy(&form::unpercent(encoded.as_bytes())).into_owned()
}

/// Returns where the content begins after the headers and the empty line. A part may have no
/// headers.
fn head_end(part: &[u8]) -> Option<usize> {
    if part.starts_with(b"\r\n") {
        return Some(2);
    }
    if part.starts_with(b"\n") {
        return Some(1);
    }
    let mut at = 0;
    while let Some(next) = memchr::memchr(b'\n', &part[at..]) {
        at += next + 1;
        if part[at..].starts_with(b"\r\n") {
            return Some(at + 2);
        }
        if part[at..].starts_with(b"\n") {
            return Some(at + 1);
        }
    }
    None
}

/// Returns the next delimiter at the start of a line, including the preceding line end, which
/// belongs to it. `delimiter` includes the line feed, so matches never overlap and each byte is
/// scanned once, whatever is sent.
fn next_delimiter(bytes: &[u8], from: usize, delimiter: &Finder<'_>) -> Option<Range<usize>> {
    let rest = bytes.get(from..)?;
    let bare = delimiter.needle().get(1..)?;
    // Right behind the previous delimiter, or at the very start, there is no separate line end.
    if rest.starts_with(bare) && is_whole(&rest[bare.len()..]) {
        return Some(from..from + bare.len());
    }
    let mut found = delimiter.find_iter(rest).map(|at| (at, at + 1 + bare.len()));
    let (at, end) = found.find(|&(_, end)| is_whole(&rest[end..]))?;
    let carriage_return = usize::from(rest[..at].ends_with(b"\r"));
    Some(from + at - carriage_return..from + end)
}

/// Whether a delimiter ends before `after`: a longer boundary with the same prefix is a different
/// one. The last delimiter has two more hyphens, and blanks may follow any (RFC 2046 §5.1.1).
fn is_whole(after: &[u8]) -> bool {
    let after = after.strip_prefix(b"--").unwrap_or(after);
    let end = after.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    matches!(end, None | Some(b'\r' | b'\n'))
}

/// Guesses the boundary from the first line.
fn guessed_boundary(bytes: &[u8]) -> Option<Vec<u8>> {
    let line = bytes.split(|&byte| byte == b'\n').next()?;
    let boundary = line.strip_suffix(b"\r").unwrap_or(line).strip_prefix(b"--")?;
    (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()).then(|| boundary.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn media() -> MediaType {
        MediaType::of(b"multipart/form-data; boundary=xx")
    }

    fn shown(bytes: &[u8]) -> (Vec<String>, Vec<&'static str>) {
        let parts = Multipart::of(&media(), bytes);
        let contents = parts.iter(bytes).map(|part| {
            let file = part.file.map_or_else(String::new, |file| format!(" file {file}"));
            let name = part.name.unwrap_or_default();
            format!("{name}={}{file}", String::from_utf8_lossy(part.body))
        });
        (contents.collect(), parts.broken().to_vec())
    }

    const SAMPLE: &[u8] = b"preamble\r\n--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--xx  \r\ncontent-disposition: form-data; name=f; filename=\"C:\\x\\p.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\0\r\n--xx\r\nContent-Disposition: form-data; name=e\r\n\r\n\r\n--xx--\r\nepilogue";

    #[test]
    fn parts_have_names_types_files_and_sizes() {
        let (fields, notes) = shown(SAMPLE);
        let expected = ["a=one\r\ntwo", "f=\u{fffd}PNG\0 file C:\\x\\p.png", "e="];
        assert_eq!((fields.as_slice(), notes.len()), (expected.map(str::to_owned).as_slice(), 0));
        let parts = Multipart::of(&media(), SAMPLE);
        let (bytes, file) = parts.part(SAMPLE, 1).unwrap();
        assert_eq!((bytes, file.as_deref()), (b"\x89PNG\0".as_slice(), Some("C:\\x\\p.png")));
        assert_eq!(parts.part(SAMPLE, 3), None);
        assert_eq!(parts.values(SAMPLE, "a").next(), Some(b"one\r\ntwo".as_slice()));
        assert_eq!(parts.values(SAMPLE, "f").next(), None, "a file is not a value");
    }

    #[test]
    fn bare_line_feeds_and_extended_names_are_read() {
        let (fields, notes) =
            shown(b"--xx\nContent-Disposition: form-data; name=a; filename*=UTF-8''na%C3%AFve\n\nx\n--xx--");
        assert_eq!(fields, ["a=x file naïve"]);
        assert!(notes.is_empty());
    }

    #[test]
    fn a_boundary_within_a_part_is_none() {
        let (fields, _) = shown(b"--xx\r\n\r\na --xx b\r\n--xxy\r\n--xx--");
        assert_eq!(fields, ["=a --xx b\r\n--xxy"]);
        for inner in ["xx-1", "xx-", "xx--1", "xx b"] {
            let inner = format!("--{inner}\r\n\r\na\r\n--{inner}\r\n\r\nb\r\n--{inner}--");
            let outer = format!("--xx\r\n\r\n{inner}\r\n--xx \t\r\n\r\nc\r\n--xx-- \r\n");
            let parts = Multipart::of(&media(), outer.as_bytes());
            assert_eq!((parts.parts.len(), &parts.broken), (2, &Vec::new()), "{outer}");
            assert_eq!(parts.part(outer.as_bytes(), 0), Some((inner.as_bytes(), None)));
        }
    }

    #[test]
    fn a_boundary_of_any_length_takes_no_time() {
        let parts = |boundary: &str, bytes: &[u8]| {
            Multipart::of(
                &MediaType::of(format!("multipart/x; boundary={boundary}").as_bytes()),
                bytes,
            )
        };
        let body = [b"x".as_slice(), &b"-".repeat(8 * 1024 * 1024)].concat();
        let long = parts(&"-".repeat(30_000), &body);
        assert!(long.broken[0].contains("longer than 200 bytes"), "{long:?}");
        let longest = "-".repeat(MAX_BOUNDARY_BYTES);
        assert!(parts(&longest, &body).broken[0].contains("does not occur"));
        let body = format!("--{longest}\r\n\r\na\r\n--{longest}--");
        assert_eq!(parts(&longest, body.as_bytes()).parts.len(), 1);
    }

    #[test]
    fn fields_of_a_part_are_read_only_so_far() {
        let early = "Content-Disposition: form-data; name=early\r\n";
        let late = "Content-Disposition: form-data; name=late\r\n";
        let filler = "a:b\n".repeat(MAX_NAMING_BYTES / 4);
        let body = format!("--xx\r\n{early}{filler}{late}\r\nvalue\r\n--xx--");
        let (fields, notes) = shown(body.as_bytes());
        assert_eq!(fields, ["early=value"]);
        assert!(notes[0].contains("longer than 16 KiB"), "{notes:?}");
    }

    #[test]
    fn what_is_broken_is_said_and_the_rest_is_read() {
        for (bytes, count, said) in [
            (b"--xx\r\n\r\na".as_slice(), 1, "The last boundary is missing"),
            (b"nothing", 0, "does not occur"),
            (b"--xx\r\nno empty line\r\n--xx--", 1, "no empty line"),
            (b"--xx", 0, "in the middle of a boundary"),
        ] {
            let (fields, notes) = shown(bytes);
            assert_eq!(fields.len(), count, "{said}");
            assert!(notes.iter().any(|note| note.contains(said)), "{notes:?}");
        }
        let none = MediaType::of(b"multipart/mixed");
        let parts = Multipart::of(&none, b"--q\r\n\r\na\r\n--q--");
        assert_eq!((parts.parts.len(), parts.broken.len()), (1, 1));
    }

    #[test]
    fn a_hundred_thousand_parts_are_enough() {
        let body = [b"--xx\r\n\r\na\r\n".repeat(100_001).as_slice(), b"--xx--"].concat();
        let (fields, notes) = shown(&body);
        assert_eq!(fields.len(), 100_000);
        assert!(notes[0].contains("more than 100,000"), "{notes:?}");
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(
            bytes: Vec<u8>,
            text in "(--xx|\r\n|\n|--|a|x|: |;|name=\"){0,30}",
            content_type in "multipart/x; boundary=(xx|\"x\")?|multipart/x",
        ) {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let parts = Multipart::of(&MediaType::of(content_type.as_bytes()), bytes);
                parts.iter(bytes).for_each(drop);
                for number in 0..3 {
                    parts.part(bytes, number);
                }
            }
        }
    }
}
