//! An `http` command of `HTTPie` 3 in a POSIX shell.

use super::{
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest, sends},
    notes::Notes,
    shell,
};

/// Characters that end the name of an item, unless a backslash precedes them. Tokens have none of
/// them.
const SEPARATORS: &[u8] = b":;=@";

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    if !message.method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        notes.first("HTTPie sends only methods of capital letters.".to_owned());
        return notes.written("#");
    }
    let url = url(message, &mut notes);
    let body = body(message, &mut notes);
    let mut arguments = Vec::new();
    if message.framing() == BodyFraming::Chunked && body.is_some() {
        arguments.push("--chunked".to_owned());
    }
    let (mut before, mut after) = (String::new(), String::new());
    match body {
        Some(HttpieBody::Text(word)) => arguments.push(format!("--ignore-stdin --raw {word}")),
        Some(HttpieBody::File(name)) => after = format!(" < {name}"),
        Some(HttpieBody::Written(command)) => before = format!("{command} |\n  "),
        None => arguments.push("--ignore-stdin".to_owned()),
    }
    arguments.push(message.method.clone());
    arguments.push(shell::word(url.as_bytes()).unwrap_or_default());
    let fields = message.fields(&mut notes, refused);
    for field in &fields {
        arguments.push(shell::word(&item(field)).unwrap_or_default());
    }
    let has_body = message.body_bytes() > 0 || message.framing() != BodyFraming::None;
    let defaults =
        [("Accept", true), ("Connection", true), ("Content-Type", has_body), ("User-Agent", true)];
    for (name, is_sent) in defaults {
        if is_sent && !sends(&fields, name) {
            // Without a value it removes HTTPie's own header.
            arguments.push(format!("{name}:"));
        }
    }
    for name in ["Accept-Encoding", "User-Agent"] {
        if !sends(&fields, name) {
            notes.say(&["without ", name, ": HTTPie adds it"]);
        }
    }
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    let command = arguments.join(" \\\n  ");
    [&notes.written("#"), &before, "http ", &command, &after, "\n"].concat()
}

/// How `HTTPie` reads the body.
enum HttpieBody {
    Text(String),
    File(String),
    Written(String),
}

fn body(message: &SnippetRequest, notes: &mut Notes) -> Option<HttpieBody> {
    let framing = message.framing();
    if message.body_bytes() == 0 {
        let has_length = !["GET", "HEAD"].contains(&message.method.as_str());
        match (framing, has_length) {
            (BodyFraming::None, true) => notes.say(&["without Content-Length: HTTPie adds it"]),
            (BodyFraming::Length, false) => notes.say(&["the word that the body is empty"]),
            (BodyFraming::Chunked, _) => {
                notes.say(&["Transfer-Encoding: chunked - it says Content-Length if anything"]);
            }
            _ => {}
        }
        return None;
    }
    if framing == BodyFraming::None {
        notes.say(&["without Content-Length: HTTPie adds it"]);
    }
    Some(match &message.body {
        SnippetBody::File(_) => HttpieBody::File(message.file()),
        SnippetBody::Inline(bytes) => match shell::text_word(bytes).filter(|_| bytes[0] != b'-') {
            Some(word) => HttpieBody::Text(word),
            None => HttpieBody::Written(shell::writes(bytes)),
        },
    })
}

/// Returns the URL. `HTTPie` decodes what need not be encoded, and upper-cases the other escapes.
fn url(message: &SnippetRequest, notes: &mut Notes) -> String {
    let url = message.url(notes);
    let is_kept = |escape: &[u8]| {
        let byte =
            std::str::from_utf8(escape).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let is_needed =
            byte.is_some_and(|byte| !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte));
        is_needed && !escape.iter().any(u8::is_ascii_lowercase)
    };
    let bytes = url.as_bytes();
    let escapes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let are_kept = escapes.map(|(at, _)| &bytes[at + 1..(at + 3).min(bytes.len())]).all(is_kept);
    if !are_kept && message.exact_url().is_some() {
        notes.say(&["the target as it was: ", &notes.shown(&message.target)]);
    }
    url
}

/// Returns an item for a header. The space after the colon keeps it from being `:=` or `:@`.
fn item(field: &SnippetHeader<'_>) -> Vec<u8> {
    let sign: &[u8] = if field.value.is_empty() { b";" } else { b": " };
    [field.name, sign, field.value].concat()
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    let is_space = |char: char| char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char);
    let Ok(text) = str::from_utf8(field.value) else {
        return Some("HTTPie takes only UTF-8");
    };
    let is_escape = |pair: &[u8]| pair[0] == b'\\' && SEPARATORS.contains(&pair[1]);
    if text.contains('\0') {
        Some("an argument holds no NUL")
    } else if !field.has_token() || field.name.starts_with(b"-") {
        Some("it is no name for HTTPie")
    } else if text.starts_with(is_space) || text.ends_with(is_space) {
        Some("HTTPie trims it")
    } else if field.value.windows(2).any(is_escape) {
        Some("HTTPie takes the backslash for its own")
    } else {
        None
    }
}
