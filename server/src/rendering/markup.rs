//! XML and HTML as coloured rows. Text without line breaks is formatted first.

mod scanner;

use hookglass_wire::Row;

use self::scanner::ScannerState;
pub(crate) use self::scanner::{MarkupToken, Scanner};
use super::{
    find::Highlighter,
    lines::{LineRange, Lines},
    pieces::SpanBuilder,
    row_source::{RowSource, number},
};

/// Text with longer lines on average is formatted.
const LONG_LINE_BYTES: usize = 300;
/// Deeper elements are not indented further.
const DEEPEST: usize = 40;
/// The limit of formatted text, as a multiple of the original.
const GROWTH: usize = 3;
/// The scanner's state is stored for every 64th row.
const EVERY: usize = 64;

/// Markup prepared for rows.
#[derive(Debug)]
pub(crate) struct Markup {
    /// The text with line breaks between its tags, if it had too few.
    pub(crate) set_out: Option<Vec<u8>>,
    lines: Lines,
    /// The scanner's state at the first of every `EVERY` rows.
    states: Vec<ScannerState>,
    is_html: bool,
}

impl Markup {
    pub(crate) fn of(text: &[u8], is_html: bool) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text).count();
        let is_long = text.len() / (breaks + 1) > LONG_LINE_BYTES;
        let set_out = (is_long && !is_html).then(|| set_out(text)).flatten();
        let shown = set_out.as_deref().unwrap_or(text);
        let lines = Lines::of(shown);
        let mut states = Vec::with_capacity(lines.rows() / EVERY + 1);
        let mut scanner = Scanner::new(shown, is_html);
        let mut starts = lines.from(shown, 0).step_by(EVERY).map(|span| span.bytes.start);
        let mut start = starts.next();
        let mut before = ScannerState::Text;
        while let Some((_, range)) = scanner.next_token() {
            while let Some(at) = start.filter(|&at| at < range.end) {
                states.push(if at == range.start { before } else { scanner.inside });
                start = starts.next();
            }
            before = scanner.state;
        }
        drop(starts);
        Self { lines, states, is_html, set_out }
    }

    /// The memory use.
    pub(crate) fn weight(&self) -> usize {
        self.set_out.as_ref().map_or(0, Vec::capacity)
            + self.lines.weight()
            + self.states.capacity() * size_of::<ScannerState>()
    }

    /// Returns the rows of the text from which it was made.
    pub(crate) fn sheet<'a>(&'a self, text: &'a [u8]) -> MarkupRows<'a> {
        MarkupRows { bytes: self.set_out.as_deref().unwrap_or(text), markup: self }
    }
}

/// Markup as rows.
pub(crate) struct MarkupRows<'a> {
    bytes: &'a [u8],
    markup: &'a Markup,
}

impl RowSource for MarkupRows<'_> {
    fn total(&self) -> usize {
        self.markup.lines.rows()
    }

    fn row(&self, at: usize) -> Option<Row> {
        self.rows(at, 1).pop()
    }

    fn rows(&self, from: usize, limit: usize) -> Vec<Row> {
        let block = from / EVERY;
        let Some(&state) = self.markup.states.get(block) else { return Vec::new() };
        let spans = self.markup.lines.from(self.bytes, block * EVERY);
        let spans: Vec<LineRange> = spans.take((from % EVERY).saturating_add(limit)).collect();
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Vec::new() };
        let end = last.bytes.end;
        let mut pieces: Vec<SpanBuilder> = spans.iter().map(|_| SpanBuilder::default()).collect();
        let mut scanner =
            Scanner::resume(self.bytes, first.bytes.start, state, self.markup.is_html);
        let mut row = 0;
        while let Some((token, range)) = scanner.next_token() {
            let mut at = range.start;
            while at < range.end.min(end) {
                while spans[row].bytes.end <= at {
                    row += 1;
                }
                let until = spans[row].bytes.end.min(range.end);
                let text = without_line_end(&self.bytes[at..until], until == spans[row].bytes.end);
                pieces[row].push_bytes(kind(token), text);
                at = until;
            }
            if range.end >= end {
                break;
            }
        }
        let rows = spans.iter().zip(pieces).enumerate().skip(from % EVERY);
        rows.map(|(place, (span, pieces))| Row {
            line: number(block * EVERY + place),
            margin: span.is_first.then(|| span.line.to_string()),
            pieces: pieces.done(),
            ..Row::default()
        })
        .collect()
    }

    fn find(&self, needle: &Highlighter) -> Vec<usize> {
        self.markup.lines.find(self.bytes, needle)
    }
}

const fn kind(token: MarkupToken) -> &'static str {
    match token {
        MarkupToken::Tag => "tag",
        MarkupToken::Attribute => "attribute",
        MarkupToken::Value => "string",
        MarkupToken::Text => "",
        MarkupToken::Comment => "comment",
        MarkupToken::Entity => "literal",
    }
}

fn without_line_end(text: &[u8], ends_row: bool) -> &[u8] {
    if ends_row { super::lines::without_end(text) } else { text }
}

/// Adds line breaks and indentation between adjacent tags. Returns `None` if the result would be
/// too long.
fn set_out(text: &[u8]) -> Option<Vec<u8>> {
    let limit = text.len().saturating_mul(GROWTH).saturating_add(4096);
    let mut out: Vec<u8> = Vec::with_capacity(text.len() + text.len() / 4);
    let mut scanner = Scanner::new(text, false);
    let mut depth = 0_usize;
    // The kind of the current tag.
    let mut tag = TagKind::Other;
    let mut follows_tag = false;
    while let Some((token, range)) = scanner.next_token() {
        let sent = &text[range];
        let begins =
            token == MarkupToken::Comment || token == MarkupToken::Tag && sent.starts_with(b"<");
        if begins {
            let before = std::mem::replace(&mut tag, TagKind::of(token, sent));
            if tag == TagKind::Close {
                depth = depth.saturating_sub(1);
            }
            let is_empty = before == TagKind::Open && tag == TagKind::Close;
            if follows_tag && !is_empty && sent != b"<![CDATA[" {
                out.push(b'\n');
                out.extend(std::iter::repeat_n(b' ', 2 * depth.min(DEEPEST)));
            }
        }
        out.extend_from_slice(sent);
        if out.len() > limit {
            return None;
        }
        let ends =
            token == MarkupToken::Comment || token == MarkupToken::Tag && sent.ends_with(b">");
        if ends {
            if sent == b"/>" && tag == TagKind::Open {
                tag = TagKind::Other;
            }
            if tag == TagKind::Open {
                depth += 1;
            }
        }
        let in_tag = !matches!(scanner.state, ScannerState::Text);
        follows_tag = ends || in_tag && follows_tag;
        if token == MarkupToken::Text && !in_tag && !ends {
            follows_tag = false;
        }
    }
    Some(out)
}

/// The kind of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TagKind {
    Open,
    Close,
    Other,
}

impl TagKind {
    fn of(token: MarkupToken, sent: &[u8]) -> Self {
        match sent {
            _ if token == MarkupToken::Comment => Self::Other,
            [b'<', b'/', ..] => Self::Close,
            [b'<', b'!' | b'?', ..] => Self::Other,
            _ => Self::Open,
        }
    }
}

/// What the body looks like: HTML (true), other markup (false), or neither.
pub(crate) fn looks_like(text: &[u8]) -> Option<bool> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let start = text[..text.len().min(64)].to_ascii_lowercase();
    let begins = |mark: &[u8]| start.starts_with(mark);
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some(true);
    }
    (begins(b"<?xml") || begins(b"<svg") || begins(b"<soap") || begins(b"<!doctype"))
        .then_some(false)
}

/// Whether the text is an SVG image.
pub(crate) fn is_svg(text: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&text[..text.len().min(2048)]).to_ascii_lowercase();
    start.contains("<svg")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, is_html: bool) -> Vec<String> {
        let markup = Markup::of(text.as_bytes(), is_html);
        let rows = markup.sheet(text.as_bytes()).rows(0, usize::MAX);
        rows.iter().map(|row| row.pieces.iter().map(|piece| piece.0.as_str()).collect()).collect()
    }

    #[test]
    fn lines_keep_their_colours_across_rows() {
        let text = "<a\n b='1\n2'><!-- x\ny --></a>";
        let markup = Markup::of(text.as_bytes(), false);
        let rows = markup.sheet(text.as_bytes()).rows(0, 9);
        let kinds: Vec<Vec<_>> = rows
            .iter()
            .map(|row| row.pieces.iter().map(|p| (p.0.as_str(), p.1.as_str())).collect())
            .collect();
        assert_eq!(kinds[0], [("<a", "tag")]);
        assert_eq!(kinds[1], [(" ", ""), ("b", "attribute"), ("=", ""), ("'1", "string")]);
        assert_eq!(kinds[2], [("2'", "string"), (">", "tag"), ("<!-- x", "comment")]);
        assert_eq!(kinds[3], [("y -->", "comment"), ("</a>", "tag")]);
    }

    #[test]
    fn what_has_no_line_breaks_is_set_out() {
        let long = "x".repeat(400);
        let text = format!("<?xml?><a><b k='v'>{long}</b><c/><d></d><e>t<f/></e><!--c--></a>");
        let expected = [
            "<?xml?>",
            "<a>",
            &format!("  <b k='v'>{long}</b>"),
            "  <c/>",
            "  <d></d>",
            "  <e>t<f/>",
            "  </e>",
            "  <!--c-->",
            "</a>",
        ];
        assert_eq!(shown(&text, false), expected);
    }

    #[test]
    fn kinds_are_told_by_their_looks() {
        assert_eq!(looks_like(b" <!DOCTYPE html><p>"), Some(true));
        assert_eq!(looks_like(b"\xef\xbb\xbf<?xml version='1.0'?>"), Some(false));
        assert_eq!(looks_like(b"hello <b>"), None);
        assert!(is_svg(b"<?xml?><SVG onload=x>"));
    }

    proptest! {
        #[test]
        fn any_row_reads_as_it_does_among_all(text in "(<a|>|</a>|=|\"|'| |<!--|-->|\n|\n\n\n|<script>|</script>){0,300}", from in 0_usize..200, is_html: bool) {
            let markup = Markup::of(text.as_bytes(), is_html);
            let sheet = markup.sheet(text.as_bytes());
            let all = sheet.rows(0, usize::MAX);
            prop_assert_eq!(all.len(), sheet.total());
            let later = sheet.rows(from, 5);
            let expected = all.get(from..).unwrap_or_default();
            prop_assert_eq!(&later[..], &expected[..expected.len().min(5)]);
        }

        #[test]
        fn setting_out_only_adds_space(text in "(<a|>|</a>|<b/>|t|=|\"|<!--|-->|<!\\[CDATA\\[|]]>){0,60}") {
            let out = set_out(text.as_bytes()).unwrap();
            let without = |bytes: &[u8]| {
                bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<_>>()
            };
            prop_assert_eq!(without(&out), without(text.as_bytes()));
        }
    }
}
