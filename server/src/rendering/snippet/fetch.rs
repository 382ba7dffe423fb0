//! A call of `fetch` in JavaScript, for browsers and Node (WHATWG Fetch).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    literal::{Literal, Odd},
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest},
    notes::Notes,
};

/// Headers that scripts may not set (WHATWG Fetch §2.2.2, "forbidden request-header").
const FORBIDDEN: [&str; 18] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "upgrade",
];
const FORBIDDEN_TOO: [&str; 4] =
    ["via", "x-http-method", "x-http-method-override", "x-method-override"];
const FORBIDDEN_PREFIXES: [&str; 2] = ["proxy-", "sec-"];

/// Text.
const TEXT: Literal = Literal { quote: '\'', backslashed: "", unicode: true, odd: Odd::Braces };
/// Bytes as characters of the same numbers, as headers are given.
const BYTES: Literal = Literal { quote: '\'', backslashed: "", unicode: false, odd: Odd::Bytes };

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    if let Some(reason) = impossible(message) {
        notes.first(reason);
        return notes.written("//");
    }
    let url = message.url(&mut notes);
    let mut lines = vec![format!("  method: {},", TEXT.of(message.method.as_bytes()))];
    let fields = message.fields(&mut notes, refused);
    let body = body(message, fields.iter().any(|field| field.is("content-type")));
    if !fields.is_empty() {
        lines.push("  headers: [".to_owned());
        for field in &fields {
            lines.push(format!("    [{}, {}],", TEXT.of(field.name), BYTES.of(field.value)));
        }
        lines.push("  ],".to_owned());
    }
    if let Some(body) = body {
        lines.push(format!("  body: {body},"));
        match message.framing() {
            BodyFraming::Chunked => {
                notes.say(&["Transfer-Encoding: chunked - it says Content-Length"])
            }
            BodyFraming::None => notes.say(&["without Content-Length: fetch adds it"]),
            BodyFraming::Length => {}
        }
    } else {
        match (message.framing(), is_post(&message.method)) {
            (BodyFraming::Chunked, _) => {
                notes.say(&["Transfer-Encoding: chunked - it says Content-Length if anything"]);
            }
            (BodyFraming::Length, false) => notes.say(&["the word that the body is empty"]),
            (BodyFraming::None, true) => notes.say(&["without Content-Length: fetch adds it"]),
            (BodyFraming::Length, true) | (BodyFraming::None, false) => {}
        }
    }
    lines.push("  credentials: 'omit',".to_owned());
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    notes.first(
        "fetch writes names in lower case and adds fields of its own, such as User-Agent."
            .to_owned(),
    );
    let mut text = notes.written("//");
    if matches!(message.body, SnippetBody::File(_)) {
        // Only Node can read files.
        text.push_str("import { readFile } from 'node:fs/promises';\n\n");
    }
    let url = TEXT.of(url.as_bytes());
    text.push_str(&format!("const response = await fetch({url}, {{\n"));
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("});\nconsole.log(response.status, await response.text());\n");
    text
}

/// Why fetch cannot send this request at all.
fn impossible(message: &SnippetRequest) -> Option<String> {
    let method = message.method.to_ascii_uppercase();
    if ["CONNECT", "TRACE", "TRACK"].contains(&method.as_str()) {
        return Some(format!("fetch does not send {method}."));
    }
    if ["GET", "HEAD"].contains(&method.as_str()) && message.body_bytes() > 0 {
        return Some(format!("fetch sends no body with {method}."));
    }
    // fetch upper-cases these (WHATWG Fetch §2.2.1, "normalize").
    let is_changed = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].contains(&method.as_str())
        && method != message.method;
    is_changed.then(|| format!("fetch sends {method} in capitals only."))
}

/// Whether an empty body sends `Content-Length: 0` (WHATWG Fetch §4.6).
fn is_post(method: &str) -> bool {
    ["POST", "PUT"].contains(&method)
}

fn body(message: &SnippetRequest, has_type: bool) -> Option<String> {
    let bytes = match &message.body {
        SnippetBody::File(_) => return Some(format!("await readFile('{}')", message.file())),
        SnippetBody::Inline(bytes) if bytes.is_empty() => return None,
        SnippetBody::Inline(bytes) => bytes,
    };
    let text = str::from_utf8(bytes).ok().map(|_| TEXT.of(bytes).replace("</", r"<\/"));
    Some(match text {
        Some(text) if has_type => text,
        // A string would add a content type.
        Some(text) => format!("new TextEncoder().encode({text})"),
        None => {
            let base64 = STANDARD.encode(bytes);
            format!("Uint8Array.from(atob('{base64}'), (char) => char.charCodeAt(0))")
        }
    })
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
    if !field.has_token() {
        Some("fetch takes only tokens as names")
    } else if FORBIDDEN.contains(&name.as_str())
        || FORBIDDEN_TOO.contains(&name.as_str())
        || FORBIDDEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    {
        Some("fetch leaves it to the browser")
    } else if field.is_repeated {
        Some("fetch sends no name twice")
    } else if field.has_controls() {
        Some("fetch takes no control characters")
    } else {
        None
    }
}
