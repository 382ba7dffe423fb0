//! Rewrites a document from what is allowed: known elements and attributes, text, and style sheets
//! that load nothing. Counts what it leaves out.

use std::collections::BTreeMap;

use super::{
    allowed::{self, AttributeRule},
    css,
    tokenizer::{HtmlToken, Tag, Tokenizer},
};

/// Replaces an external image: same size, same alternative text.
const NO_IMAGE: &str = "data:,";

/// Replaces a link, underlined like one. A style sheet cannot do that: the page's policy, which the
/// frame inherits, forbids them.
const LINK: &str = "u";

/// The singular and plural name of a kind of load.
pub(super) type LoadName = (&'static str, &'static str);

/// Loads of style sheets.
const OF_STYLE: LoadName = ("file of a style sheet", "files of style sheets");

/// What a document would load and run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outside {
    /// The number of loads of each kind.
    pub(super) loads: BTreeMap<LoadName, usize>,
    pub(super) scripts: usize,
}

/// A document that loads nothing and connects to no host.
#[derive(Debug, Default)]
pub(super) struct Sanitized {
    pub(super) html: String,
    pub(super) outside: Outside,
    /// Whether the limit cut it.
    pub(super) is_cut: bool,
}

/// Rewrites a document in at most `limit` bytes.
///
/// No `<` of the sender's is written, except inside style sheets where it starts no tag: each tag
/// is made of names in `allowed`, wherever the browser sees the start or end of another.
pub(super) fn sanitize(html: &str, limit: usize) -> Sanitized {
    let mut sanitizer = Sanitizer {
        tokenizer: Tokenizer::new(html),
        done: Sanitized::default(),
        limit,
        drawings: 0,
        hidden: None,
        links: Vec::new(),
    };
    while !sanitizer.done.is_cut
        && let Some(token) = sanitizer.tokenizer.next_token()
    {
        match token {
            HtmlToken::Text(text) if sanitizer.hidden.is_none() => sanitizer.text(text),
            HtmlToken::Text(_) => {}
            HtmlToken::Start(tag) => sanitizer.start(&tag),
            HtmlToken::End(name) => sanitizer.end(&name),
        }
    }
    sanitizer.done
}

struct Sanitizer<'a> {
    tokenizer: Tokenizer<'a>,
    done: Sanitized,
    limit: usize,
    /// The number of open SVG elements.
    drawings: usize,
    /// The element that is left out with its content, and how many of its name are open.
    hidden: Option<(String, usize)>,
    /// Whether each open `a` is a link.
    links: Vec<bool>,
}

impl Sanitizer<'_> {
    fn start(&mut self, tag: &Tag) {
        let name = tag.name.as_str();
        self.done.outside.tag(tag);
        let is_empty = tag.closes_itself && self.drawings > 0;
        match name {
            "script" | "style" | "title" | "textarea" | "xmp" | "iframe" | "noembed"
            | "noframes" => {
                let content = if is_empty { "" } else { self.tokenizer.content(name) };
                if self.hidden.is_none() && !is_empty {
                    self.content(tag, content);
                }
                return;
            }
            "svg" if !tag.closes_itself => {
                self.drawings += 1;
                self.tokenizer.is_foreign = true;
            }
            _ => {}
        }
        match &mut self.hidden {
            Some((hidden, open)) => {
                *open += usize::from(hidden == name && !is_empty);
                return;
            }
            // Their content is not shown, or only as a fallback.
            hidden if matches!(name, "audio" | "template" | "video") => {
                *hidden = (!is_empty).then(|| (name.to_owned(), 1));
                return;
            }
            _ => {}
        }
        if allowed::is_element(name) {
            let is_link = name == "a"
                && self.drawings == 0
                && tag.attributes.iter().any(|(name, _)| name.eq_ignore_ascii_case("href"));
            if name == "a" {
                self.links.push(is_link);
            }
            self.write(|html, outside| {
                write_start(html, if is_link { LINK } else { name }, tag, outside);
                if tag.closes_itself {
                    html.push('/');
                }
                html.push('>');
            });
        }
    }

    fn end(&mut self, name: &str) {
        if name == "svg" {
            self.drawings = self.drawings.saturating_sub(1);
            self.tokenizer.is_foreign = self.drawings > 0;
        }
        if let Some((hidden, open)) = &mut self.hidden {
            if hidden == name {
                *open -= 1;
                if *open == 0 {
                    self.hidden = None;
                }
            }
        } else if allowed::is_element(name) && !allowed::is_void(name) {
            let is_link = name == "a" && self.links.pop() == Some(true);
            let name = if is_link { LINK } else { name };
            self.write(|html, _| {
                html.push_str("</");
                html.push_str(name);
                html.push('>');
            });
        }
    }

    /// Writes a raw text element, if it is shown.
    fn content(&mut self, tag: &Tag, content: &str) {
        match tag.name.as_str() {
            "style" => self.write(|html, outside| {
                write_start(html, "style", tag, outside);
                html.push('>');
                let css = css::clean(&without_marks(content));
                outside.add(OF_STYLE, css.loads);
                write_sheet(html, &css.text);
                html.push_str("</style>");
            }),
            "textarea" => self.write(|html, outside| {
                write_start(html, "textarea", tag, outside);
                html.push('>');
                escape(html, content);
                html.push_str("</textarea>");
            }),
            "xmp" => self.write(|html, _| {
                html.push_str("<pre>");
                // Character references are not decoded in it.
                escape(html, &content.replace('&', "&amp;"));
                html.push_str("</pre>");
            }),
            _ => {}
        }
    }

    /// Writes text, up to the limit.
    fn text(&mut self, text: &str) {
        let mut room = self.limit - self.done.html.len();
        for part in text.split_inclusive(['<', '>']) {
            let most = super::super::pieces::char_boundary(part.as_bytes(), room);
            // The closing bracket takes four bytes.
            if most < part.len() || room < part.len() + 3 {
                self.done.html.push_str(part[..most].trim_end_matches(['<', '>']));
                self.done.is_cut = true;
                return;
            }
            escape(&mut self.done.html, part);
            room = self.limit - self.done.html.len();
        }
    }

    /// Runs `write`, and undoes it if it exceeds the limit.
    fn write(&mut self, write: impl FnOnce(&mut String, &mut Outside)) {
        let before = self.done.html.len();
        write(&mut self.done.html, &mut self.done.outside);
        if self.done.html.len() > self.limit {
            self.done.html.truncate(before);
            self.done.is_cut = true;
        }
    }
}

/// Writes a start tag named `name` with its allowed attributes, without the closing bracket.
fn write_start(html: &mut String, name: &str, tag: &Tag, outside: &mut Outside) {
    html.push('<');
    html.push_str(name);
    let mut written: Vec<String> = Vec::new();
    let mut link = None;
    for (name, value) in &tag.attributes {
        let name = name.to_ascii_lowercase();
        if written.contains(&name) {
            continue;
        }
        let value = match allowed::rule(&tag.name, &name) {
            AttributeRule::Plain => (*value).to_owned(),
            AttributeRule::Style => {
                let css = css::clean(&unescaped(value));
                outside.add(OF_STYLE, css.loads);
                css.text.replace('&', "&amp;")
            }
            AttributeRule::Image if starts(value, "data:") => (*value).to_owned(),
            AttributeRule::Image if name == "src" => NO_IMAGE.to_owned(),
            AttributeRule::Place if value.starts_with('#') => (*value).to_owned(),
            AttributeRule::Drop if tag.name == "a" && name == "href" => {
                link = Some(*value);
                continue;
            }
            AttributeRule::Image | AttributeRule::Place | AttributeRule::Drop => continue,
        };
        write_attribute(html, &name, &value);
        written.push(name);
    }
    // Browsers resolve the hosts of links: this one only shows its target.
    if let Some(link) = link
        && !written.iter().any(|name| name == "title")
    {
        write_attribute(html, "title", link);
    }
}

fn write_attribute(html: &mut String, name: &str, value: &str) {
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    escape(html, &value.replace('"', "&quot;"));
    html.push('"');
}

/// Writes text. Character references stay.
fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            c => html.push(c),
        }
    }
}

/// Writes a style sheet so that nothing in it is a tag or a reference, even where the browser
/// parses it as markup, as in SVG.
fn write_sheet(html: &mut String, css: &str) {
    let mut chars = css.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '<' if next.is_ascii_alphabetic() || "/!?".contains(next) => html.push_str("\\3c "),
            '&' if next.is_ascii_alphanumeric() || next == '#' => html.push_str("& "),
            c => html.push(c),
        }
    }
    // A mark at the very end must not join the end tag.
    if css.ends_with(['<', '&']) {
        html.push(' ');
    }
}

/// Strips the comment and CDATA marks that older documents put around style sheets.
fn without_marks(css: &str) -> String {
    ["<!--", "-->", "<![CDATA[", "]]>"].into_iter().fold(css.to_owned(), |css, mark| {
        if css.contains(mark) { css.replace(mark, " ") } else { css }
    })
}

/// Decodes the character references that occur in style sheets; others stay as text.
fn unescaped(value: &str) -> String {
    const NAMED: [(&str, char); 6] = [
        ("amp;", '&'),
        ("quot;", '"'),
        ("apos;", '\''),
        ("lt;", '<'),
        ("gt;", '>'),
        ("nbsp;", '\u{a0}'),
    ];
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let named = NAMED.into_iter().find_map(|(name, c)| Some((c, after.strip_prefix(name)?)));
        if let Some((c, behind)) = named.or_else(|| numbered(after)) {
            plain.push(c);
            rest = behind;
        } else {
            plain.push('&');
            rest = after;
        }
    }
    plain.push_str(rest);
    plain
}

/// Decodes a numeric reference after its `&`; returns the character and the rest.
fn numbered(after: &str) -> Option<(char, &str)> {
    let number = after.strip_prefix('#')?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let c = char::from_u32(u32::from_str_radix(&digits[..end], radix).ok()?)?;
    let behind = &digits[end..];
    Some((c, behind.strip_prefix(';').unwrap_or(behind)))
}

/// Whether `value` starts with `start`, in any case.
fn starts(value: &str, start: &str) -> bool {
    value.get(..start.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(start))
}

impl Outside {
    fn tag(&mut self, tag: &Tag) {
        self.scripts += usize::from(tag.name == "script");
        for (name, value) in &tag.attributes {
            self.attribute(&tag.name, &name.to_ascii_lowercase(), value.trim_ascii_start());
        }
    }

    fn attribute(&mut self, tag: &str, attribute: &str, value: &str) {
        self.scripts += usize::from(attribute.starts_with("on"));
        let is_within = ["data:", "#", "cid:", "about:"].iter().any(|start| starts(value, start));
        if is_within || value.is_empty() {
            return;
        }
        if starts(value, "javascript:") {
            self.scripts += 1;
            return;
        }
        let what = match (tag, attribute) {
            ("img" | "image" | "input" | "picture", "src" | "srcset" | "href" | "xlink:href")
            | ("feimage", "href" | "xlink:href")
            | ("source", "srcset")
            | (_, "background" | "poster") => ("image", "images"),
            ("script", "src" | "href" | "xlink:href") => ("script", "scripts"),
            ("link", "href") => ("style sheet or other link", "style sheets and other links"),
            ("iframe" | "frame" | "embed" | "portal", "src")
            | ("iframe", "srcdoc")
            | ("object", "data") => ("frame", "frames"),
            ("audio" | "video" | "source" | "track", "src") => {
                ("film or sound", "films and sounds")
            }
            ("use", "href" | "xlink:href") => ("other file", "other files"),
            _ => return,
        };
        self.add(what, 1);
    }

    fn add(&mut self, what: LoadName, times: usize) {
        if times > 0 {
            *self.loads.entry(what).or_default() += times;
        }
    }
}
