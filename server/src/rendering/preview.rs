//! HTML and SVG as a document for a sandboxed frame: no scripts run, nothing is loaded from
//! outside, and no host is looked up or connected to. Counts the loads that were removed.

mod allowed;
mod css;
mod sanitizer;
mod tokenizer;

use hookglass_wire::Note;

use self::sanitizer::{Sanitized, sanitize};
use super::note;

/// The longest document that is shown.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The policy comes first in the document, so that nothing after it can loosen it. The frame's
/// empty `sandbox` also forbids scripts and forms.
const HEAD: &str = "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" \
    content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; \
    form-action 'none'; base-uri 'none'\"><meta name=\"referrer\" content=\"no-referrer\">\
    <meta http-equiv=\"x-dns-prefetch-control\" content=\"off\">";

/// Returns the document, and notes on it.
pub(crate) fn document(text: &[u8]) -> (String, Vec<Note>) {
    let mut notes = Vec::new();
    let end = super::pieces::char_boundary(text, MAX_BYTES);
    let sent = String::from_utf8_lossy(&text[..end]);
    let Sanitized { html, outside, is_cut } = sanitize(&sent, MAX_BYTES);
    if is_cut || end < text.len() {
        notes.push(note("warn", "It is shown in part: the first 2 MiB."));
    }
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
    (format!("{HEAD}{html}"), notes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The sanitized document, without our head.
    fn left(html: &str) -> String {
        let (document, _) = document(html.as_bytes());
        document.strip_prefix(HEAD).unwrap().to_owned()
    }

    #[test]
    fn the_policy_stands_before_anything_of_the_senders() {
        assert!(HEAD.contains("default-src 'none'") && !HEAD.contains("script-src"));
        assert_eq!(left("<meta http-equiv=Content-Security-Policy content='img-src *'>"), "");
    }

    #[test]
    fn nothing_that_contacts_a_host_reaches_the_frame() {
        for (sent, expected) in [
            // Link elements, and other ways to write them.
            ("<link rel=preconnect href=//x.test>", ""),
            ("<LINK\nREL = 'dns-prefetch'\tHREF\n=\n\"//x.test\"/>", ""),
            ("<link rel=preload as=image href=//x.test>a", "a"),
            ("a<link rel=preconnect href=//x.test", "a"),
            (
                "<svg><link xmlns='http://www.w3.org/1999/xhtml' rel=preconnect href=//x.test></svg>",
                "<svg></svg>",
            ),
            (
                "<svg><style><link rel=preconnect href=//x.test></style></svg>",
                "<svg><style>\\3c link rel=preconnect href=//x.test></style></svg>",
            ),
            (
                "<svg><style><p><link rel=preconnect href=//x.test></style></svg>",
                "<svg><style>\\3c p>\\3c link rel=preconnect href=//x.test></style></svg>",
            ),
            ("<svg><style>a</style/><link href=//x.test></svg>", "<svg><style>a</style></svg>"),
            ("<svg><style/><link href=//x.test></svg>", "<svg></svg>"),
            (
                "<svg><desc><link rel=preconnect href=//x.test></desc></svg>",
                "<svg><desc></desc></svg>",
            ),
            (
                "<svg><![CDATA[<link rel=preconnect href=//x.test>]]></svg>",
                "<svg>&lt;link rel=preconnect href=//x.test&gt;</svg>",
            ),
            ("<math><mtext><link rel=preconnect href=//x.test></mtext></math>", ""),
            ("<template><link rel=preconnect href=//x.test></template>a", "a"),
            ("<template><template></template><link href=//x.test></template>a", "a"),
            ("<noscript><link rel=preconnect href=//x.test></noscript>", ""),
            (
                "<textarea><link rel=preconnect href=//x.test></textarea>",
                "<textarea>&lt;link rel=preconnect href=//x.test&gt;</textarea>",
            ),
            ("<title><link rel=preconnect href=//x.test></title>", ""),
            (
                "<xmp><link rel=preconnect href=//x.test>&lt;</xmp>",
                "<pre>&lt;link rel=preconnect href=//x.test&gt;&amp;lt;</pre>",
            ),
            ("<plaintext><link rel=preconnect href=//x.test>", ""),
            ("<select><link rel=preconnect href=//x.test></select>", "<select></select>"),
            ("<!--><link rel=preconnect href=//x.test>-->", "--&gt;"),
            ("<!-- --!><link rel=preconnect href=//x.test>", ""),
            ("<!--[if mso]><link rel=preconnect href=//x.test><![endif]-->", ""),
            ("<!--[if !mso]><!--><p>a<!--<![endif]-->", "<p>a"),
            ("<![if x]><link rel=preconnect href=//x.test><![endif]>", ""),
            (
                "&lt;link rel=preconnect href=//x.test&gt;",
                "&lt;link rel=preconnect href=//x.test&gt;",
            ),
            ("<<link rel=preconnect href=//x.test>", "&lt;"),
            (
                "<p title='<link rel=preconnect href=//x.test>'>",
                "<p title=\"&lt;link rel=preconnect href=//x.test&gt;\">",
            ),
            ("<p title=\"a'><link href=//x.test>", ""),
            ("<p title=a\"><link href=//x.test>", "<p title=\"a&quot;\">"),
            ("<p/title='\">'<link href=//x.test>", "<p title=\"&quot;&gt;\">"),
            ("<o:link rel=preconnect href=//x.test>a</o:link>", "a"),
            ("<link\0 rel=preconnect href=//x.test>", ""),
            // Metadata of the document.
            ("<meta http-equiv=refresh content='0;url=//x.test'>", ""),
            ("<meta http-equiv=x-dns-prefetch-control content=on>", ""),
            ("<META HTTP-EQUIV=Link CONTENT='<//x.test>; rel=preconnect'>", ""),
            (
                "<meta name=viewport content='width=1'><meta name=twitter:image content=//x.test>",
                "",
            ),
            ("<base href=//x.test><base target=_top>", ""),
            (
                "<html manifest=//x.test><body background=//x.test bgcolor=red>",
                "<html><body bgcolor=\"red\">",
            ),
            // Hyperlinks.
            (
                "<a href=//x.test ping=//y.test target=_top rel=prerender>a</a>",
                "<u title=\"//x.test\">a</u>",
            ),
            ("<A HREF='http://x.test/&quot;&amp;' TITLE=b>a</A>", "<u title=\"b\">a</u>"),
            ("<a href='http://x.test/\"'>a</a>", "<u title=\"http://x.test/&quot;\">a</u>"),
            (
                "<a name=b>c</a><a href=//x.test>d<a>e</a>f</a>g</a>",
                "<a name=\"b\">c</a><u title=\"//x.test\">d<a>e</a>f</u>g</a>",
            ),
            (
                "<svg><a xlink:href=//x.test><text>a</text></a></svg>",
                "<svg><a><text>a</text></a></svg>",
            ),
            ("<area href=//x.test><map name=a></map>", ""),
            (
                "<form action=//x.test><button formaction=//x.test>a</button></form>",
                "<form><button>a</button></form>",
            ),
            ("<blockquote cite=//x.test>a</blockquote>", "<blockquote>a</blockquote>"),
            // Scripts, and elements that run them.
            (
                "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"//x.test\"]}]}</script>",
                "",
            ),
            ("<script src=//x.test></script><script>a</script >b", "b"),
            ("<svg><script href=//x.test /></svg>", "<svg></svg>"),
            ("<p onclick=a() onpointerover=b()>c", "<p>c"),
            // Elements that load files.
            (
                "<img src=//x.test alt=a width=1 attributionsrc=//y.test>",
                "<img src=\"data:,\" alt=\"a\" width=\"1\">",
            ),
            (
                "<img src='data:image/gif;base64,R0' src=//x.test>",
                "<img src=\"data:image/gif;base64,R0\">",
            ),
            ("<img src=//x.test src=data:,a>", "<img src=\"data:,\">"),
            ("<img srcset='//x.test 1x, //y.test 2x' sizes=1px>", "<img>"),
            (
                "<img src=d&#97;ta:,a><img src=' data:,a'>",
                "<img src=\"data:,\"><img src=\"data:,\">",
            ),
            ("<image src=//x.test href=//x.test>", "<image>"),
            (
                "<picture><source srcset=//x.test><img src=a lowsrc=b dynsrc=c></picture>",
                "<img src=\"data:,\">",
            ),
            ("<video src=//x.test poster=//y.test><track src=z>a</video>b", "b"),
            ("<audio src=//x.test><a href=//y.test>a</a></audio>b", "b"),
            ("<object data=//x.test codebase=//y.test>a<param name=b></object>", "a"),
            ("<embed src=//x.test><applet archive=//x.test>a</applet>", "a"),
            ("<iframe srcdoc='<link rel=preconnect href=//x.test>'><link href=a></iframe>", ""),
            ("<frameset><frame src=//x.test></frameset>", ""),
            ("<fencedframe src=//x.test></fencedframe><portal src=//x.test></portal>", ""),
            ("<input type=image src=//x.test>", "<input type=\"image\">"),
            (
                "<table background=//x.test><td background='data:,a'>",
                "<table><td background=\"data:,a\">",
            ),
            (
                "<svg><image href=//x.test /><use xlink:href=//x.test#a /><use href=#a /></svg>",
                "<svg><image/><use/><use href=\"#a\"/></svg>",
            ),
            (
                "<svg><filter><feImage href=//x.test /></filter></svg>",
                "<svg><filter></filter></svg>",
            ),
            (
                "<svg><set attributeName=href to=//x.test /><animate attributeName=href values=//x.test /></svg>",
                "<svg></svg>",
            ),
            (
                "<svg><rect fill='url(//x.test#a)' filter='url(#b)'/></svg>",
                "<svg><rect fill=\"none\" filter=\"url(#b)\"/></svg>",
            ),
            (
                "<svg xml:base=//x.test xmlns:xlink=//x.test viewBox='0 0 1 1'>",
                "<svg viewbox=\"0 0 1 1\">",
            ),
            // Styles.
            (
                "<p style='color:red;background:url(//x.test)'>",
                "<p style=\"color:red;background:none\">",
            ),
            (
                "<p style='background:ur&#108;(&quot;//x.test&quot;)'>",
                "<p style=\"background:none\">",
            ),
            (
                "<p style='background:url&lpar;//x.test)'>",
                "<p style=\"background:url&amp;lpar;//x.test)\">",
            ),
            ("<p style='background:u\\72 l(//x.test)'>", "<p style=\"\">"),
            ("<style>@import '//x.test';a{b:url(//y.test)}</style>", "<style> a{b:none}</style>"),
            ("<style><!-- a > b{c:d} --></style>", "<style>  a > b{c:d}  </style>"),
            (
                "<svg><style><![CDATA[a{b:url&#40;//x.test)}]]></style></svg>",
                "<svg><style> a{b:url& #40;//x.test)} </style></svg>",
            ),
            ("<style>a{b:url(//x.test)}", "<style>a{b:none}</style>"),
            ("<style>a</style><link rel=preconnect href=//x.test>", "<style>a</style>"),
            ("<style>a</style <link rel=preconnect href=//x.test>b", "<style>a</style>b"),
            (
                "<style media='print' nonce=a>@media (1px <= width){}</style>",
                "<style media=\"print\">@media (1px <= width){}</style>",
            ),
        ] {
            assert_eq!(left(sent), expected, "{sent}");
        }
    }

    #[test]
    fn what_is_only_shown_stays_as_it_is() {
        for html in [
            "<table width=\"600\" cellpadding=\"0\" align=\"center\"><tr><td style=\"padding: 0 &quot;\">a</td></tr></table>",
            "<h1 class=\"a b\" id=\"c\" dir=\"rtl\" lang=\"he\">\u{5d0} &amp; &copy; &#x201c;</h1>",
            "<style>a { color: red } q::before { content: '\\201C' }</style><p>a<br>b</p>",
            "<svg viewbox=\"0 0 1 1\"><path d=\"M0 0\" fill=\"#fff\" stroke-width=\"2\"/></svg>",
            "<ol start=\"3\" reversed=\"\"><li value=\"7\">a</li></ol><details open=\"\"><summary>b</summary></details>",
        ] {
            assert_eq!(left(html), html);
        }
    }

    #[test]
    fn what_would_be_loaded_is_counted() {
        let html = r#"<html><head><link rel=stylesheet href="https://x.test/a.css">
            <script src=//x.test/a.js></script><script>fetch("https://x.test")</script>
            <style>body { background: url(https://x.test/b.png) } i { background: URL('data:,') }
            @import "more.css";</style></head>
            <body onload=evil() background=bg.png><img src="https://x.test/pixel.gif"><img src='data:image/png;base64,'>
            <IFRAME SRC=https://x.test></IFRAME><a href="javascript:alert(1)">x</a><a href="https://x.test">fine</a>
            <p style="background:url(x.png)">url(no)</p><!-- <img src=x> --><video src=v.mp4>"#;
        let outside = sanitize(html, MAX_BYTES).outside;
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
        let html = "<style>b { c: url(x) }</style>see url(http://x/y) and @import <i>url(z)</i>";
        let loads = sanitize(html, MAX_BYTES).outside.loads.into_values().collect::<Vec<_>>();
        assert_eq!(loads, [1]);
    }

    #[test]
    fn a_long_document_is_shown_in_part() {
        let tag = format!("<p title=\"{}\">", "<".repeat(MAX_BYTES / 2));
        let style = format!("<style>{}</style>", "<a".repeat(MAX_BYTES / 2));
        for (long, least) in [
            ("<p>x".repeat(1024 * 1024), MAX_BYTES - 4),
            ("<".repeat(MAX_BYTES), MAX_BYTES - 4),
            ("x".repeat(MAX_BYTES + 1), MAX_BYTES),
            ("\u{e4}".repeat(MAX_BYTES), MAX_BYTES - 1),
            ("\0".repeat(MAX_BYTES + 1), MAX_BYTES),
            (tag, 0),
            (style, 0),
        ] {
            let (document, notes) = document(long.as_bytes());
            assert!((least..=MAX_BYTES).contains(&(document.len() - HEAD.len())));
            assert!(notes[0].text.contains("in part"));
        }
    }

    proptest! {
        #[test]
        fn no_document_is_too_strange(bytes: Vec<u8>, text in "(<|>|img|src=|\"|'|url\\(|style|script|/|!--|-->| ){0,40}") {
            document(&bytes);
            document(text.as_bytes());
        }

        /// However a browser parses the result, it has no tags except those of the list.
        #[test]
        fn each_tag_that_is_left_is_a_known_one(html in "(<|</|>|/|link|style|svg|p|textarea|xmp|title|desc|!--|--|!|\\[CDATA\\[|]]>|=|\"|'|&lt;|&| |a|template|video){0,50}") {
            let left = left(&html);
            for (at, _) in left.match_indices('<') {
                let begins = |c: char| c.is_ascii_alphabetic() || "/!?".contains(c);
                if left[at + 1..].starts_with(begins) {
                    let name = left[at + 1..].trim_start_matches('/');
                    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
                    let name = &name[..end.unwrap_or(name.len())];
                    let is_known = ["style", "textarea", "pre"].contains(&name);
                    prop_assert!(is_known || allowed::is_element(name), "{left}");
                }
            }
        }
    }
}
