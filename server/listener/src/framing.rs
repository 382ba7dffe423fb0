//! Parses a request head, its end and the framing of its body (RFC 9112), strictly: whatever two
//! readers could interpret differently is refused. Pure; knows no sockets.

use std::ops::Range;

use memchr::memchr;

use super::malformed::Malformed;

/// The largest accepted head, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The headers that decide on message framing, on the target host and on the connection.
pub(super) const ACTED_ON: [&[u8]; 5] =
    [b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"];
/// The most headers in a head.
pub(crate) const MAX_FIELDS: usize = 1_000;

/// How the body of a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes follow.
    Length(u64),
    /// Chunks follow (RFC 9112 §7.1).
    Chunked,
}

/// The versions whose heads have this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
}

/// A header line by its ranges in the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRange {
    pub name: Range<usize>,
    /// Without the white space around it; line ends within it are folds.
    pub value: Range<usize>,
    pub folded: bool,
}

/// A head by the ranges of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRanges {
    /// The method.
    pub method: Range<usize>,
    /// The request target.
    pub target: Range<usize>,
    /// The version.
    pub version: Version,
    /// In wire order.
    pub fields: Vec<FieldRange>,
    /// How the body is framed.
    pub framing: Framing,
}

/// Finds the end of a head while it arrives; scans each byte once.
#[derive(Debug, Default)]
pub(crate) struct HeadScanner {
    seen: usize,
    line_start: usize,
    lines: usize,
}

impl HeadScanner {
    /// Whether nothing of the head has been seen yet.
    pub(crate) const fn is_at_start(&self) -> bool {
        self.seen == 0
    }

    /// Returns the length of the head with its empty line once `input` holds all of it. Between
    /// calls, `input` may only grow.
    ///
    /// # Errors
    /// A line that ends in a bare LF; too many bytes or headers.
    pub(crate) fn advance(&mut self, input: &[u8]) -> Result<Option<usize>, Malformed> {
        while let Some(found) = memchr(b'\n', &input[self.seen..]) {
            let end = self.seen + found;
            if end == self.line_start || input[end - 1] != b'\r' {
                return Err(Malformed::BareLineFeed);
            }
            if end >= MAX_HEAD_BYTES {
                return Err(Malformed::HeadTooLarge);
            }
            self.seen = end + 1;
            if end - 1 == self.line_start {
                return Ok(Some(self.seen));
            }
            self.lines += 1;
            if self.lines > MAX_FIELDS + 1 {
                return Err(Malformed::TooManyFields);
            }
            self.line_start = self.seen;
        }
        self.seen = input.len();
        if input.len() > MAX_HEAD_BYTES { Err(Malformed::HeadTooLarge) } else { Ok(None) }
    }
}

impl HeadRanges {
    /// Parses a head from its request line through its empty line.
    ///
    /// # Errors
    /// Anything ambiguous.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (method, target, version, mut at) = request_line(bytes)?;
        let mut fields: Vec<FieldRange> = Vec::with_capacity(16);
        loop {
            let line = line(bytes, at)?;
            at = line.end + 2;
            match bytes[line.clone()].first() {
                None => break,
                Some(b' ' | b'\t') => {
                    let above = fields.last_mut().ok_or(Malformed::FieldName)?;
                    above.value = trimmed(bytes, above.value.start..line.end);
                    above.folded = true;
                }
                Some(_) => fields.push(field(bytes, line)?),
            }
            if fields.len() > MAX_FIELDS {
                return Err(Malformed::TooManyFields);
            }
        }
        let framing = framing(bytes, version, &fields)?;
        Ok(Self { method, target, version, fields, framing })
    }

    /// Returns what is wrong with a stored head, if anything.
    pub fn fault_of(bytes: &[u8]) -> Option<Malformed> {
        HeadScanner::default().advance(bytes).err().or_else(|| Self::read(bytes).err())
    }

    /// Returns the request target of a head that may be malformed elsewhere or still incomplete.
    pub fn target_of(bytes: &[u8]) -> Option<Range<usize>> {
        let line = memchr(b'\n', bytes).map_or(bytes, |end| &bytes[..end]);
        let start = memchr(b' ', line)? + 1;
        let end = start + memchr(b' ', &line[start..])?;
        (start < end && line[start..end].iter().all(|byte| is_visible(*byte))).then_some(start..end)
    }
}

type RequestLine = (Range<usize>, Range<usize>, Version, usize);

fn request_line(bytes: &[u8]) -> Result<RequestLine, Malformed> {
    let line = line(bytes, 0)?;
    let text = &bytes[line.clone()];
    let method = memchr(b' ', text).ok_or(Malformed::RequestLine)?;
    let target_length = memchr(b' ', &text[method + 1..]).ok_or(Malformed::RequestLine)?;
    let target = method + 1..method + 1 + target_length;
    let version = match &text[target.end + 1..] {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        other if other.starts_with(b"HTTP/") && !other.contains(&b' ') => {
            return Err(Malformed::Version);
        }
        _ => return Err(Malformed::RequestLine),
    };
    let is_method = method > 0 && text[..method].iter().all(|byte| is_token(*byte));
    let is_target = !target.is_empty() && text[target.clone()].iter().all(|byte| is_visible(*byte));
    if !is_method || !is_target {
        return Err(Malformed::RequestLine);
    }
    Ok((0..method, target, version, line.end + 2))
}

/// Returns the line that starts at `at`, without its CR LF.
fn line(bytes: &[u8], at: usize) -> Result<Range<usize>, Malformed> {
    let rest = bytes.get(at..).ok_or(Malformed::RequestLine)?;
    let end = memchr(b'\n', rest).ok_or(Malformed::RequestLine)?;
    match memchr(b'\r', &rest[..end]) {
        Some(carriage_return) if carriage_return + 1 == end => Ok(at..at + end - 1),
        Some(_) => Err(Malformed::BareCarriageReturn),
        None => Err(Malformed::BareLineFeed),
    }
}

fn field(bytes: &[u8], line: Range<usize>) -> Result<FieldRange, Malformed> {
    let length = memchr(b':', &bytes[line.clone()]).ok_or(Malformed::FieldName)?;
    let name = line.start..line.start + length;
    // White space before the colon enables request smuggling (RFC 9112 §5.1).
    if name.is_empty() || !bytes[name.clone()].iter().all(|byte| is_visible(*byte)) {
        return Err(Malformed::FieldName);
    }
    // Some readers strip characters around a name that it cannot contain, such as a no-break space.
    let bare = bare(&bytes[name.clone()]);
    if bare.len() < name.len() && is_acted_on(bare) {
        return Err(Malformed::FieldName);
    }
    let value = trimmed(bytes, name.end + 1..line.end);
    Ok(FieldRange { name, value, folded: false })
}

/// Returns the framing that the headers declare, if it is unambiguous (RFC 9112 §6.3).
fn framing(bytes: &[u8], version: Version, fields: &[FieldRange]) -> Result<Framing, Malformed> {
    let (mut length, mut chunked, mut hosts) = (None, false, 0);
    for field in fields {
        let name = &bytes[field.name.clone()];
        let value = &bytes[field.value.clone()];
        // Readers may join folded lines, end the value before them, or read them as separate
        // headers (RFC 9112 §5.2).
        if field.folded && is_acted_on(name) {
            return Err(Malformed::Folded);
        }
        if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                return Err(Malformed::LengthTwice);
            }
            length = Some(content_length(value).ok_or(Malformed::Length)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed::TransferEncoding);
            }
            if version == Version::Http10 {
                return Err(Malformed::TransferEncodingIn10);
            }
            chunked = true;
        }
    }
    if hosts > 1 {
        return Err(Malformed::HostTwice);
    }
    if hosts == 0 && version == Version::Http11 {
        return Err(Malformed::NoHost);
    }
    match (length, chunked) {
        (Some(_), true) => Err(Malformed::LengthAndTransferEncoding),
        (None, true) => Ok(Framing::Chunked),
        (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

/// Parses digits only, as RFC 9110 §8.6 requires: no sign, no list, nothing above `i64::MAX`.
fn content_length(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|length| i64::try_from(*length).is_ok())
}

/// Whether a header has one of the names of [`ACTED_ON`].
fn is_acted_on(name: &[u8]) -> bool {
    ACTED_ON.iter().any(|acted_on| name.eq_ignore_ascii_case(acted_on))
}

/// Trims the characters at both ends of a name that a name cannot contain.
fn bare(name: &[u8]) -> &[u8] {
    let is_odd = |byte: &&u8| !is_token(**byte);
    let before = name.iter().take_while(is_odd).count();
    let after = name[before..].iter().rev().take_while(is_odd).count();
    &name[before..name.len() - after]
}

fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let text = &bytes[range.clone()];
    let before = text.iter().take_while(|byte| is_space(byte)).count();
    let after = text[before..].iter().rev().take_while(|byte| is_space(byte)).count();
    range.start + before..range.end - after
}

/// Whether a byte may be part of a token (RFC 9110 §5.6.2).
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Whether a byte is neither white space nor a control; bytes above ASCII are visible.
const fn is_visible(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(head: &str) -> Result<HeadRanges, Malformed> {
        HeadRanges::read(head.as_bytes())
    }

    fn with(fields: &str) -> Result<HeadRanges, Malformed> {
        read(&format!("POST /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
    }

    #[test]
    fn the_parts_are_found_where_they_stand() {
        let bytes = b"pOsT /a%zz?<\xff> HTTP/1.1\r\nHoSt:a\r\nX-\xe9: \t b c \r\nEmpty:\r\n\r\n";
        let head = HeadRanges::read(bytes).unwrap();
        assert_eq!(&bytes[head.method.clone()], b"pOsT");
        assert_eq!(&bytes[head.target.clone()], b"/a%zz?<\xff>");
        let fields: Vec<_> = head
            .fields
            .iter()
            .map(|field| (&bytes[field.name.clone()], &bytes[field.value.clone()]))
            .collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"HoSt", b"a"), (b"X-\xe9", b"b c"), (b"Empty", b"")];
        assert_eq!(fields, expected);
        assert_eq!(head.framing, Framing::Length(0));
    }

    #[test]
    fn a_folded_line_belongs_to_the_field_above() {
        let head = with("X: a\r\n \tb\r\n").unwrap();
        assert!(head.fields[1].folded);
        assert_eq!(read("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), Err(Malformed::FieldName));
    }

    #[test]
    fn what_is_acted_on_stands_on_one_line() {
        for name in ["Content-Length", "transfer-encoding", "CONNECTION", "Expect", "Host"] {
            let value = match name {
                "Content-Length" => "3",
                "transfer-encoding" => "chunked",
                _ => "x",
            };
            for fields in [
                format!("{name}:\r\n {value}\r\n"),
                format!("{name}: {value}\r\n \r\n"),
                format!("{name}: {value}\r\n\t{value}\r\n"),
                format!("{name}: \r\n \r\n\t{value}\r\n"),
            ] {
                let head = format!("POST / HTTP/1.1\r\n{fields}X: y\r\n\r\n");
                assert_eq!(read(&head), Err(Malformed::Folded), "{head:?}");
            }
            for odd in ["\u{a0}", "\"", "(", "\u{feff}", ";", "\u{85}"] {
                for name in [format!("{name}{odd}"), format!("{odd}{name}{odd}")] {
                    let fields = format!("{name}: {value}\r\n");
                    assert_eq!(with(&fields), Err(Malformed::FieldName), "{fields:?}");
                }
            }
        }
        assert!(with("Content-Length-X: 1\r\n 2\r\n\u{a0}Length: 3\r\n").is_ok());
    }

    #[test]
    fn framing_is_taken_only_where_it_leaves_no_doubt() {
        assert_eq!(with("Content-Length: 12\r\n").unwrap().framing, Framing::Length(12));
        assert_eq!(with("transfer-ENCODING: Chunked\r\n").unwrap().framing, Framing::Chunked);
        for (fields, expected) in [
            (
                "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                Malformed::LengthAndTransferEncoding,
            ),
            ("Content-Length: 1\r\nContent-Length: 1\r\n", Malformed::LengthTwice),
            ("Content-Length: 1, 1\r\n", Malformed::Length),
            ("Content-Length: +1\r\n", Malformed::Length),
            ("Content-Length: -1\r\n", Malformed::Length),
            ("Content-Length: 0x1\r\n", Malformed::Length),
            ("Content-Length:\r\n", Malformed::Length),
            ("Content-Length: 99999999999999999999\r\n", Malformed::Length),
            ("Content-Length: 9223372036854775808\r\n", Malformed::Length),
            ("Transfer-Encoding: xchunked\r\n", Malformed::TransferEncoding),
            ("Transfer-Encoding: gzip, chunked\r\n", Malformed::TransferEncoding),
            (
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                Malformed::TransferEncoding,
            ),
            ("Transfer-Encoding: identity\r\n", Malformed::TransferEncoding),
            ("Transfer-Encoding : chunked\r\n", Malformed::FieldName),
            ("Transfer-Encoding\x0b: chunked\r\n", Malformed::FieldName),
            ("Host: b\r\n", Malformed::HostTwice),
            ("no colon\r\n", Malformed::FieldName),
            (": nothing\r\n", Malformed::FieldName),
            ("X: a\rb\r\n", Malformed::BareCarriageReturn),
            ("X: a\nY: b\r\n", Malformed::BareLineFeed),
        ] {
            assert_eq!(with(fields), Err(expected), "{fields:?}");
        }
        assert_eq!(read("GET / HTTP/1.1\r\n\r\n"), Err(Malformed::NoHost));
        assert!(read("GET / HTTP/1.0\r\n\r\n").is_ok());
        let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(read(old), Err(Malformed::TransferEncodingIn10));
    }

    #[test]
    fn a_request_line_has_three_parts_and_a_known_version() {
        for (line, expected) in [
            ("GET /a b HTTP/1.1", Malformed::RequestLine),
            ("GET  / HTTP/1.1", Malformed::RequestLine),
            ("GET / HTTP/1.1 ", Malformed::RequestLine),
            (" GET / HTTP/1.1", Malformed::RequestLine),
            ("G(T / HTTP/1.1", Malformed::RequestLine),
            ("GET /\t HTTP/1.1", Malformed::RequestLine),
            ("GET /", Malformed::RequestLine),
            ("GET / http/1.1", Malformed::RequestLine),
            ("GET / HTTP/1.2", Malformed::Version),
            ("GET / HTTP/2.0", Malformed::Version),
            ("GET / HTTP/0.9", Malformed::Version),
        ] {
            assert_eq!(read(&format!("{line}\r\nHost: a\r\n\r\n")), Err(expected), "{line}");
        }
    }

    #[test]
    fn limits_hold_while_the_head_arrives() {
        let mut long = b"GET / HTTP/1.1\r\nX: ".to_vec();
        long.resize(MAX_HEAD_BYTES + 1, b'a');
        assert_eq!(HeadScanner::default().advance(&long), Err(Malformed::HeadTooLarge));
        assert_eq!(HeadScanner::default().advance(&long[..MAX_HEAD_BYTES]), Ok(None));
        let many = format!("GET / HTTP/1.1\r\n{}", "a:b\r\n".repeat(MAX_FIELDS + 1));
        assert_eq!(HeadScanner::default().advance(many.as_bytes()), Err(Malformed::TooManyFields));
        let most = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a:b\r\n".repeat(MAX_FIELDS - 1));
        assert_eq!(HeadScanner::default().advance(most.as_bytes()), Ok(Some(most.len())));
        assert_eq!(read(&most).unwrap().fields.len(), MAX_FIELDS);
        assert_eq!(
            HeadScanner::default().advance(b"GET / HTTP/1.1\n"),
            Err(Malformed::BareLineFeed)
        );
    }

    proptest! {
        #[test]
        fn the_end_is_found_however_the_head_is_cut(
            lines in proptest::collection::vec("[ -~]{1,20}", 1..8),
            cuts in proptest::collection::vec(0usize..200, 0..6),
            rest in proptest::collection::vec(any::<u8>(), 0..8),
        ) {
            let mut bytes = lines.join("\r\n").into_bytes();
            bytes.extend(b"\r\n\r\n");
            let end = bytes.len();
            bytes.extend(&rest);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(end - 1)).collect();
            cuts.sort_unstable();
            let mut scan = HeadScanner::default();
            for cut in cuts {
                prop_assert_eq!(scan.advance(&bytes[..cut]), Ok(None));
            }
            prop_assert_eq!(scan.advance(&bytes), Ok(Some(end)));
        }

        #[test]
        fn reading_never_panics(bytes: Vec<u8>) {
            let _ = HeadRanges::read(&bytes);
            let _ = HeadRanges::target_of(&bytes);
            let _ = HeadScanner::default().advance(&bytes);
        }
    }
}
