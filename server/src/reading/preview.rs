//! HTML and SVG as a document for a sandboxed frame: nothing of it runs, and nothing is loaded
//! from outside. What it would have loaded is counted.

use std::collections::BTreeMap;

use hookglass_app::wire::Note;

use super::{
    markup::{Scanner, Token},
    note,
};

/// The longest document that is shown.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The policy stands first in the document: what follows cannot loosen it, nor can anything stand
/// before it. The frame's empty `sandbox` forbids scripts and forms once more.
const POLICY: &str = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
    content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; \
    form-action 'none'; base-uri 'none'\"><meta name=\"referrer\" content=\"no-referrer\">";

/// The document, and what there is to know about it.
pub(crate) fn document(text: &[u8]) -> (String, Vec<Note>) {
    let mut notes = Vec::new();
    let end = super::pieces::char_boundary(text, MAX_BYTES);
    if end < text.len() {
        notes.push(note("warn", "It is shown in part: the first 2 MiB."));
    }
    let text = &text[..end];
    let outside = outside(text);
    let all: usize = outside.loads.values().sum();
    if all > 0 {
        let kinds: Vec<String> = outside
            .loads
            .iter()
            .map(|((one, many), count)| format!("{count} {}", if *count == 1 { one } else { many }))
            .collect();
        let text = format!("Not loaded from outside: {}.", kinds.join(", "));
        notes.push(note("info", &text));
    } else {
        notes.push(note("info", "It asks for nothing from outside."));
    }
    if outside.scripts > 0 {
        let text = format!("Not run: {} of its scripts and event handlers.", outside.scripts);
        notes.push(note("info", &text));
    }
    (format!("{POLICY}{}", String::from_utf8_lossy(text)), notes)
}

/// What one thing is called, and what several are.
type Names = (&'static str, &'static str);

/// What style sheets load.
const OF_STYLE: Names = ("file of a style sheet", "files of style sheets");

/// What a document would load and run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outside {
    /// By what one of them is called, and several.
    loads: BTreeMap<Names, usize>,
    scripts: usize,
}

fn outside(text: &[u8]) -> Outside {
    let mut outside = Outside::default();
    let mut tag: Vec<u8> = Vec::new();
    let mut scanner = Scanner::new(text, true);
    let mut attribute: Vec<u8> = Vec::new();
    while let Some((token, range)) = scanner.next_token() {
        let text = &text[range];
        match token {
            Token::Tag => {
                if text.starts_with(b"</") {
                    // What follows is no longer inside of what was opened.
                    tag.clear();
                    attribute.clear();
                } else if text.starts_with(b"<") {
                    let name = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
                    tag = name.map(u8::to_ascii_lowercase).collect();
                    attribute.clear();
                    outside.scripts += usize::from(tag == b"script");
                }
            }
            Token::Attribute => {
                attribute = text.to_ascii_lowercase();
                outside.scripts += usize::from(attribute.starts_with(b"on"));
            }
            Token::Value => {
                let value = text.trim_ascii_start();
                let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
                outside.attribute(&tag, &attribute, value);
            }
            // Style sheets are text to the scanner; elsewhere `url(` is a word like others.
            Token::Text if tag == b"style" => outside.urls(text),
            Token::Text | Token::Comment | Token::Entity => {}
        }
    }
    outside
}

impl Outside {
    fn attribute(&mut self, tag: &[u8], attribute: &[u8], value: &[u8]) {
        let starts = |start: &[u8]| {
            value.get(..start.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(start))
        };
        if attribute == b"style" {
            self.urls(value);
            return;
        }
        if starts(b"data:")
            || starts(b"#")
            || starts(b"cid:")
            || starts(b"about:")
            || value.is_empty()
        {
            return;
        }
        if starts(b"javascript:") {
            self.scripts += 1;
            return;
        }
        let what = match (tag, attribute) {
            (
                b"img" | b"image" | b"input" | b"picture",
                b"src" | b"srcset" | b"href" | b"xlinkhref",
            )
            | (b"image" | b"feimage", b"xlink:href")
            | (b"source", b"srcset")
            | (_, b"background" | b"poster") => ("image", "images"),
            (b"script", b"src" | b"href" | b"xlink:href") => ("script", "scripts"),
            (b"link", b"href") => ("style sheet or other link", "style sheets and other links"),
            (b"iframe" | b"frame" | b"embed" | b"portal", b"src") | (b"object", b"data") => {
                ("frame", "frames")
            }
            (b"audio" | b"video" | b"source" | b"track", b"src") => {
                ("film or sound", "films and sounds")
            }
            (b"use", b"href" | b"xlink:href") => ("other file", "other files"),
            _ => return,
        };
        *self.loads.entry(what).or_default() += 1;
    }

    /// Counts what CSS would load.
    fn urls(&mut self, css: &[u8]) {
        let css = css.to_ascii_lowercase();
        for at in memchr::memmem::find_iter(&css, b"url(") {
            let url = css[at + 4..].trim_ascii_start();
            let url = url.strip_prefix(b"\"").or(url.strip_prefix(b"'")).unwrap_or(url);
            if !url.starts_with(b"data:") && !url.starts_with(b"#") {
                *self.loads.entry(OF_STYLE).or_default() += 1;
            }
        }
        let imports = memchr::memmem::find_iter(&css, b"@import");
        let quoted = imports.filter(|&at| !css[at + 7..].trim_ascii_start().starts_with(b"url("));
        let quoted = quoted.count();
        if quoted > 0 {
            *self.loads.entry(OF_STYLE).or_default() += quoted;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_policy_stands_before_anything_of_the_senders() {
        let (document, _) =
            document(b"<meta http-equiv=Content-Security-Policy content='img-src *'>");
        assert!(document.starts_with(POLICY));
        assert!(POLICY.contains("default-src 'none'") && !POLICY.contains("script-src"));
    }

    #[test]
    fn what_would_be_loaded_is_counted() {
        let html = br#"<html><head><link rel=stylesheet href="https://x.test/a.css">
            <script src=//x.test/a.js></script><script>fetch("https://x.test")</script>
            <style>body { background: url(https://x.test/b.png) } i { background: URL('data:,') }
            @import "more.css";</style></head>
            <body onload=evil() background=bg.png><img src="https://x.test/pixel.gif"><img src='data:image/png;base64,'>
            <IFRAME SRC=https://x.test></IFRAME><a href="javascript:alert(1)">x</a><a href="https://x.test">fine</a>
            <p style="background:url(x.png)">url(no)</p><!-- <img src=x> --><video src=v.mp4>"#;
        let outside = outside(html);
        let loads: Vec<_> =
            outside.loads.into_iter().map(|((_, many), count)| (many, count)).collect();
        let expected = [
            ("files of style sheets", 3),
            ("films and sounds", 1),
            ("frames", 1),
            ("images", 2),
            ("scripts", 1),
            ("style sheets and other links", 1),
        ];
        assert_eq!((loads.as_slice(), outside.scripts), (expected.as_slice(), 4));
    }

    #[test]
    fn text_behind_a_style_sheet_is_none() {
        let html = b"<style>b { c: url(x) }</style>see url(http://x/y) and @import <i>url(z)</i>";
        let loads = outside(html).loads.into_values().collect::<Vec<_>>();
        assert_eq!(loads, [1]);
    }

    #[test]
    fn a_long_document_is_shown_in_part() {
        let (document, notes) = document(&b"<p>x".repeat(1024 * 1024));
        assert_eq!(document.len(), POLICY.len() + MAX_BYTES);
        assert!(notes[0].text.contains("in part"));
    }

    proptest! {
        #[test]
        fn no_document_is_too_strange(bytes: Vec<u8>, text in "(<|>|img|src=|\"|'|url\\(|style|script|/|!--|-->| ){0,40}") {
            document(&bytes);
            document(text.as_bytes());
        }
    }
}
