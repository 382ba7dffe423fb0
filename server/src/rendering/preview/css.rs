//! Removes loads from style sheets. The document's policy already tells browsers not to load them;
//! this makes sure that they do not even look up or connect to a host.

/// A style sheet, or the declarations of one element.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CleanCss {
    pub(super) text: String,
    /// How many files it would have loaded.
    pub(super) loads: usize,
}

/// Functions that take a URL as a string.
const BY_STRING: [&str; 3] = ["image-set", "image", "src"];

/// Removes `@import`, and every URL except `data:` and references within the document.
pub(super) fn clean(css: &str) -> CleanCss {
    // It has the same length as the original: only ASCII changes.
    let lower = css.to_ascii_lowercase();
    if css.contains('\\') && names(&unescaped(&lower)) > names(&lower) {
        // Escapes in these names are only used to hide them.
        return CleanCss { text: String::new(), loads: 1 };
    }
    let mut clean = CleanCss { text: String::with_capacity(css.len()), loads: 0 };
    // The end of the copied text, and where to search on.
    let (mut done, mut from) = (0, 0);
    while let Some(found) = memchr::memchr2(b'@', b'(', &lower.as_bytes()[from..]) {
        let at = from + found;
        from = at + 1;
        let before = &lower[done..at];
        if lower[at..].starts_with("@import") {
            clean.text.push_str(&css[done..at]);
            // A space, so that the text around it is not joined.
            clean.text.push(' ');
            clean.loads += 1;
            let end = memchr::memchr2(b';', b'}', &lower.as_bytes()[at..]);
            done = end.map_or(lower.len(), |end| at + end + 1);
            from = done;
        } else if lower[at..].starts_with('(') && before.ends_with("url") {
            let (address, end) = address(&lower, at + 1);
            if address.is_some_and(is_within) {
                clean.text.push_str(&css[done..end]);
            } else {
                clean.text.push_str(&css[done..at - "url".len()]);
                clean.text.push_str("none");
                clean.loads += usize::from(address.is_none_or(|address| !address.is_empty()));
            }
            done = end;
            from = done;
        } else if lower[at..].starts_with('(')
            && let Some(name) = BY_STRING.into_iter().find(|name| before.ends_with(name))
        {
            clean.text.push_str(&css[done..at - name.len()]);
            clean.text.push_str("x-");
            clean.text.push_str(&css[at - name.len()..at]);
            clean.loads += 1;
            done = at;
        }
    }
    clean.text.push_str(&css[done..]);
    clean
}

/// Returns the URL in `url(…)`, from after its bracket, and its end; `None` if it is not plainly a
/// URL.
fn address(css: &str, start: usize) -> (Option<&str>, usize) {
    let rest = &css[start..];
    let inner = rest.trim_ascii_start();
    let skipped = rest.len() - inner.len();
    let (inner, before) = match inner.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => {
            let Some(length) = memchr::memchr(*quote, &inner.as_bytes()[1..]) else {
                return (None, css.len());
            };
            (Some(&inner[1..=length]), skipped + length + 2)
        }
        _ => (None, skipped),
    };
    let Some(bracket) = memchr::memchr(b')', &rest.as_bytes()[before..]) else {
        return (None, css.len());
    };
    let between = rest[before..before + bracket].trim_ascii();
    let address = match inner {
        Some(inner) => between.is_empty().then_some(inner),
        None => Some(between),
    };
    (address, start + before + bracket + 1)
}

/// Whether a URL is `data:`, or refers to a place in the document. It contains nothing that could
/// be another URL to a browser that sees its start or end elsewhere.
fn is_within(address: &str) -> bool {
    (address.starts_with("data:") || address.starts_with('#'))
        && !address.contains(['(', ')', '@', '\\', '\n', '\r', '\x0c'])
}

/// Counts names that load something.
fn names(lower: &str) -> usize {
    let at = memchr::memchr2_iter(b'@', b'(', lower.as_bytes());
    at.filter(|&at| {
        let before = &lower[..at];
        if lower[at..].starts_with('@') {
            lower[at..].starts_with("@import")
        } else {
            before.ends_with("url") || BY_STRING.iter().any(|name| before.ends_with(name))
        }
    })
    .count()
}

/// Decodes escapes (CSS Syntax §4.3.7) and converts to lower case.
fn unescaped(css: &str) -> String {
    let mut plain = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = after.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let (code, behind) = after.split_at(digits);
        rest = if digits == 0 {
            let mut chars = after.chars();
            plain.extend(chars.next());
            chars.as_str()
        } else {
            plain.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
            let behind = behind.strip_prefix('\r').unwrap_or(behind);
            behind.strip_prefix([' ', '\t', '\n', '\x0c']).unwrap_or(behind)
        };
    }
    plain.push_str(rest);
    plain.make_ascii_lowercase();
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_others_are_taken_out() {
        for (css, expected, loads) in [
            ("a { color: red }", "a { color: red }", 0),
            ("b{background:url(//x.test/a)}", "b{background:none}", 1),
            ("b{background:URL( 'x;y' ) top}", "b{background:none top}", 1),
            ("b{background:url(\n\"x\")}", "b{background:none}", 1),
            ("b{background:url()}", "b{background:none}", 0),
            (
                "b{background:url(data:image/gif;base64,R0)}",
                "b{background:url(data:image/gif;base64,R0)}",
                0,
            ),
            ("b{fill:url('#a') red}", "b{fill:url('#a') red}", 0),
            ("b{background:url(x", "b{background:none", 1),
            ("b{background:url('x", "b{background:none", 1),
            ("@import \"//x.test/a.css\";i{top:0}", " i{top:0}", 1),
            ("@IMPORT url(//x.test) print;i{top:0}", " i{top:0}", 1),
            ("@import '//x.test'", " ", 1),
            ("b{background:image-set('x' 1x)}", "b{background:x-image-set('x' 1x)}", 1),
            (
                "b{background:-webkit-image-set(url(x) 1x)}",
                "b{background:-webkit-x-image-set(none 1x)}",
                2,
            ),
            ("@font-face{src:url(x) format('woff')}", "@font-face{src:none format('woff')}", 1),
            ("q{content:'\\201C'}", "q{content:'\\201C'}", 0),
            // Attempts to get past the filter.
            ("b{background:u\\72l(//x.test)}", "", 1),
            ("b{background:\\000055 RL(//x.test)}", "", 1),
            ("@\\69mport '//x.test'", "", 1),
            ("u@import x;rl(//x.test)", "u rl(//x.test)", 1),
            ("uurl(x)rl(//x.test)", "unonerl(//x.test)", 1),
            ("q{content:'url(data:' url(//x.test) '}", "q{content:'none '}", 1),
            ("q{content:'url(\"data:' url(//x.test) '\")'}", "q{content:'none'}", 1),
            ("q{content:'url(\"data:' @import \"//x.test\"; '\")'}", "q{content:'none'}", 1),
            ("b{background:url('data:,' url(//x.test))}", "b{background:none)}", 1),
            ("b{background:url(#a\\)url(//x.test))}", "b{background:nonenone)}", 2),
        ] {
            let clean = clean(css);
            assert_eq!((clean.text.as_str(), clean.loads), (expected, loads), "{css}");
        }
    }

    #[test]
    fn a_long_sheet_takes_no_time() {
        for piece in ["url(", "url(#)", "url('", "@import", "@import;", "src(", "\\"] {
            clean(&piece.repeat(2 * 1024 * 1024 / piece.len()));
        }
    }

    proptest! {
        #[test]
        fn what_is_left_loads_nothing(css in "(url\\(|u|rl\\(|@import|@im|port|image-set\\(|data:|#|'|\"|\\)|;|\\{|\\}| |x|ä|\\\\|\\\\72|\n){0,40}") {
            let left = clean(&css).text.to_ascii_lowercase();
            prop_assert!(!left.contains("@import"), "{left}");
            for (at, _) in left.match_indices("url(") {
                let inner = left[at + 4..].trim_ascii_start().trim_start_matches(['\'', '"']);
                prop_assert!(inner.starts_with("data:") || inner.starts_with('#'), "{left}");
            }
        }
    }
}
