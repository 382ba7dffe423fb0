//! An index of the lines of formatted JSON: one member, element or closing bracket per line. Built
//! in one pass, without recursion and without decoding values.

use hookglass_message::json::token::{TokenError, scalar_end, space_end, string_end};

use crate::rendering::lines::Lines;

/// The most formatted lines; the rest is shown as text. An index of this size takes about 30 MiB.
const MAX_LINES: usize = 3_000_000;

/// A non-empty array or object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// The line that opens it.
    pub(super) line: u32,
    /// The line after its closing line, or after the last line if it is not closed.
    pub(super) end: u32,
    /// The number of members or elements.
    pub(super) members: u32,
    /// Whether its bracket was closed.
    pub(super) closed: bool,
}

/// The lines of a text.
#[derive(Debug, Default)]
pub(crate) struct JsonIndex {
    /// The first byte of each line.
    pub(super) starts: Vec<u32>,
    /// The depth of each line; deeper lines saturate.
    pub(super) depths: Vec<u16>,
    /// The blocks, in the order of their opening lines.
    pub(super) blocks: Vec<Block>,
    /// The number of consecutive documents.
    pub(crate) documents: usize,
    /// The syntax error that ended the index early.
    pub(crate) error: Option<TokenError>,
    /// Whether the line limit ended the index.
    pub(crate) is_full: bool,
    /// Where the unformatted rest starts.
    pub(super) rest: usize,
    /// The lines of the rest.
    pub(super) rest_lines: Lines,
}

impl JsonIndex {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::with(bytes, MAX_LINES)
    }

    fn with(bytes: &[u8], max_lines: usize) -> Self {
        // A byte order mark may be ignored (RFC 8259 §8.1).
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let index = Self { rest: bytes.len(), ..Self::default() };
        let mut parser = IndexParser { bytes, at, index, open: Vec::new(), max_lines, whole: true };
        let ended = parser.documents();
        let whole = parser.whole;
        let mut index = parser.index;
        match ended {
            Ok(()) => {}
            Err(IndexEnd::Full) => {
                index.is_full = true;
                index.rest = space_end(bytes, parser.at);
            }
            Err(IndexEnd::Invalid(error)) => {
                index.error = Some(error);
                index.rest = error.at;
                // An incomplete line is part of the rest.
                if !whole && let Some(start) = index.starts.pop() {
                    index.depths.pop();
                    index.rest = usize::try_from(start).unwrap_or(error.at);
                }
            }
        }
        let lines = u32::try_from(index.starts.len()).unwrap_or(u32::MAX);
        for block in &mut index.blocks {
            if !block.closed {
                block.end = lines;
            }
        }
        index.rest_lines = Lines::of(bytes.get(index.rest..).unwrap_or_default());
        index.starts.shrink_to_fit();
        index.depths.shrink_to_fit();
        index.blocks.shrink_to_fit();
        index
    }

    /// The number of formatted lines.
    pub(crate) const fn lines(&self) -> usize {
        self.starts.len()
    }

    /// The memory use.
    pub(crate) const fn weight(&self) -> usize {
        self.starts.capacity() * size_of::<u32>()
            + self.depths.capacity() * size_of::<u16>()
            + self.blocks.capacity() * size_of::<Block>()
            + self.rest_lines.weight()
    }

    /// The first byte of a line; the start of the rest if there is no such line.
    pub(super) fn start(&self, line: usize) -> usize {
        let start = self.starts.get(line).map(|&start| usize::try_from(start));
        start.and_then(Result::ok).unwrap_or(self.rest)
    }

    /// The block that a line opens, if any.
    pub(super) fn block_at(&self, line: usize) -> Option<usize> {
        let line = u32::try_from(line).ok()?;
        self.blocks.binary_search_by_key(&line, |block| block.line).ok()
    }
}

enum IndexEnd {
    Invalid(TokenError),
    Full,
}

impl From<TokenError> for IndexEnd {
    fn from(error: TokenError) -> Self {
        Self::Invalid(error)
    }
}

struct IndexParser<'a> {
    bytes: &'a [u8],
    at: usize,
    index: JsonIndex,
    /// The open blocks, and whether each is an object. A stack instead of recursion, which would
    /// overflow.
    open: Vec<(usize, bool)>,
    max_lines: usize,
    /// Whether the last line is complete.
    whole: bool,
}

impl IndexParser<'_> {
    fn documents(&mut self) -> Result<(), IndexEnd> {
        loop {
            self.space();
            if self.at == self.bytes.len() && self.index.documents > 0 {
                return Ok(());
            }
            if self.index.documents > 0
                && !matches!(
                    self.peek(),
                    Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
                )
            {
                return Err(TokenError { at: self.at, expected: "the end" }.into());
            }
            self.line()?;
            self.document()?;
            self.index.documents += 1;
        }
    }

    fn document(&mut self) -> Result<(), IndexEnd> {
        loop {
            // A value starts here; its line started here or at its key.
            if let Some(bracket @ (b'{' | b'[')) = self.peek() {
                self.at += 1;
                self.space();
                let is_object = bracket == b'{';
                if self.peek() == Some(if is_object { b'}' } else { b']' }) {
                    self.at += 1;
                } else {
                    self.begin(is_object)?;
                    continue;
                }
            } else {
                self.at = scalar_end(self.bytes, self.at)?.1;
            }
            self.whole = true;
            // A value ended here, and perhaps the blocks around it.
            loop {
                let Some(&(block, is_object)) = self.open.last() else { return Ok(()) };
                self.index.blocks[block].members += 1;
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        self.space();
                        self.line()?;
                        self.key(is_object)?;
                        break;
                    }
                    Some(b'}') if is_object => self.end()?,
                    Some(b']') if !is_object => self.end()?,
                    _ => {
                        let expected = if is_object { "a comma or }" } else { "a comma or ]" };
                        return Err(TokenError { at: self.at, expected }.into());
                    }
                }
            }
        }
    }

    fn begin(&mut self, is_object: bool) -> Result<(), IndexEnd> {
        self.whole = true;
        let line = self.number(self.index.starts.len() - 1);
        self.open.push((self.index.blocks.len(), is_object));
        self.index.blocks.push(Block { line, end: 0, members: 0, closed: false });
        self.line()?;
        self.key(is_object)
    }

    fn end(&mut self) -> Result<(), IndexEnd> {
        let Some((block, _)) = self.open.pop() else { return Ok(()) };
        self.line()?;
        self.at += 1;
        self.whole = true;
        let end = self.number(self.index.starts.len());
        let block = &mut self.index.blocks[block];
        (block.end, block.closed) = (end, true);
        Ok(())
    }

    fn key(&mut self, is_object: bool) -> Result<(), IndexEnd> {
        if !is_object {
            return Ok(());
        }
        if self.peek() != Some(b'"') {
            return Err(TokenError { at: self.at, expected: "a name in quotes" }.into());
        }
        self.at = space_end(self.bytes, string_end(self.bytes, self.at)?);
        if self.peek() != Some(b':') {
            return Err(TokenError { at: self.at, expected: "a colon" }.into());
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Starts a line at the current position.
    fn line(&mut self) -> Result<(), IndexEnd> {
        let Ok(start) = u32::try_from(self.at) else { return Err(IndexEnd::Full) };
        if self.index.starts.len() >= self.max_lines {
            return Err(IndexEnd::Full);
        }
        self.index.starts.push(start);
        self.index.depths.push(u16::try_from(self.open.len()).unwrap_or(u16::MAX));
        self.whole = false;
        Ok(())
    }

    fn number(&self, line: usize) -> u32 {
        // There are fewer than `MAX_LINES`.
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        self.at = space_end(self.bytes, self.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> (Vec<(&str, u16)>, String) {
        let index = JsonIndex::of(text.as_bytes());
        let lines = (0..index.lines())
            .map(|line| {
                (text[index.start(line)..index.start(line + 1)].trim_end(), index.depths[line])
            })
            .collect();
        (lines, text[index.rest..].to_owned())
    }

    #[test]
    fn each_member_and_bracket_begins_a_line() {
        let (lines, rest) = lines("{\"a\": [1, [ ] ,{}],\"b\" : {\"c\":-1.50e+3}}\n");
        let expected = [
            ("{", 0),
            ("\"a\": [", 1),
            ("1,", 2),
            ("[ ] ,", 2),
            ("{}", 2),
            ("],", 1),
            ("\"b\" : {", 1),
            ("\"c\":-1.50e+3", 2),
            ("}", 1),
            ("}", 0),
        ];
        assert_eq!((lines.as_slice(), rest.as_str()), (expected.as_slice(), ""));
    }

    #[test]
    fn blocks_know_their_ends_and_members() {
        let index = JsonIndex::of(b"[1,[2,3],{\"a\":[]}]");
        let blocks: Vec<_> =
            index.blocks.iter().map(|b| (b.line, b.end, b.members, b.closed)).collect();
        assert_eq!(blocks, [(0, 10, 3, true), (2, 6, 2, true), (6, 9, 1, true)]);
    }

    #[test]
    fn what_is_no_json_begins_where_its_line_does() {
        for (text, whole, rest, at, expected) in [
            ("{\"a\":1,\"b\":tru}", 2, "\"b\":tru}", 11, "a value"),
            ("[1 2]", 2, "2]", 3, "a comma or ]"),
            ("[1,]", 2, "]", 3, "a value"),
            ("{\"a\":1} x", 3, "x", 8, "the end"),
            ("{a:1}", 1, "a:1}", 1, "a name in quotes"),
            ("[\"abc", 1, "\"abc", 5, "a closing quote"),
            ("[01]", 1, "01]", 1, "a number without leading zeros"),
            ("[\"\\x\"]", 1, "\"\\x\"]", 2, "a known escape"),
            ("nonsense", 0, "nonsense", 0, "a value"),
            ("  ", 0, "", 2, "a value"),
            ("[1", 2, "", 2, "a comma or ]"),
            ("[1}", 2, "}", 2, "a comma or ]"),
        ] {
            let index = JsonIndex::of(text.as_bytes());
            assert_eq!(index.lines(), whole, "{text}");
            assert_eq!(&text[index.rest..], rest, "{text}");
            assert_eq!(index.error, Some(TokenError { at, expected }), "{text}");
        }
    }

    #[test]
    fn documents_may_follow_one_another() {
        let index = JsonIndex::of(b"{\"a\":1}\n{\"a\":2}\n[]");
        assert_eq!((index.documents, index.lines(), index.error), (3, 7, None));
    }

    #[test]
    fn what_is_too_long_is_set_out_in_part() {
        let text = format!("[{}1]", "1,".repeat(100));
        let index = JsonIndex::with(text.as_bytes(), 50);
        assert_eq!((index.lines(), index.is_full, index.error), (50, true, None));
        assert_eq!(index.blocks[0].end, 50);
        assert!(text[index.rest..].starts_with("1,1,"));
    }

    #[test]
    fn a_hundred_thousand_levels_are_no_problem() {
        let text = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let index = JsonIndex::of(text.as_bytes());
        assert_eq!((index.lines(), index.error), (200_001, None));
        let cut = &text[..100_000];
        assert_eq!(JsonIndex::of(cut.as_bytes()).blocks.len(), 100_000);
    }
}
