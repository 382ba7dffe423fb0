//! A request in a `.http` file for the HTTP clients of VS Code and `JetBrains`: the message itself,
//! with the URL in its first line. Avoids everything that those clients would interpret.

use super::{
    literal::is_plain,
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest},
    notes::Notes,
};

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    if message.method.starts_with('#') {
        notes.first("Such a file takes a method that begins with # for a comment.".to_owned());
        return notes.written("#");
    }
    let url = message.url(&mut notes);
    let fields = message.fields(&mut notes, refused);
    match message.framing() {
        BodyFraming::Chunked if message.body_bytes() > 0 => {
            notes.say(&["Transfer-Encoding: chunked - it says Content-Length"]);
        }
        BodyFraming::Chunked => notes.say(&["Transfer-Encoding: chunked - there is no body"]),
        BodyFraming::None if message.body_bytes() > 0 => {
            notes.say(&["without Content-Length: it is added"]);
        }
        BodyFraming::Length | BodyFraming::None => {}
    }
    let mut text = format!("{} {url} HTTP/1.1\n", message.method);
    for field in fields {
        text.push_str(&String::from_utf8_lossy(field.name));
        text.push_str(": ");
        text.push_str(&String::from_utf8_lossy(field.value));
        text.push('\n');
    }
    if message.body_bytes() == 0 && message.framing() == BodyFraming::Length {
        text.push_str("Content-Length: 0\n");
    }
    match &message.body {
        SnippetBody::File(_) => text.push_str(&format!("\n< ./{}\n", message.file())),
        SnippetBody::Inline(bytes) if bytes.is_empty() => {}
        SnippetBody::Inline(bytes) => {
            match str::from_utf8(bytes).ok().filter(|body| is_inert(body)) {
                Some(body) => text.push_str(&["\n", body, "\n"].concat()),
                None => {
                    let file = SnippetRequest {
                        body: SnippetBody::File(message.body_bytes()),
                        ..message.clone()
                    };
                    file.note_file(&mut notes);
                    text.push_str(&format!("\n< ./{}\n", message.file()));
                }
            }
        }
    }
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    [&notes.written("#"), text.as_str()].concat()
}

/// Whether clients send this body unchanged: plain lines that are not taken for a separator,
/// comment, file or script, no variables, and no white space that is trimmed.
fn is_inert(body: &str) -> bool {
    let is_trimmed = body.trim() != body;
    let has_words = body.lines().any(|line| {
        let line = line.trim_start();
        ["#", "//", "< ", "<\t", "<@", "> ", ">>", "<>"].iter().any(|word| line.starts_with(word))
    });
    let is_plain = body.chars().all(|char| char == '\n' || is_plain(char));
    is_plain && !is_trimmed && !has_words && !body.contains("{{")
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    let is_readable = str::from_utf8(field.value).is_ok_and(|value| value.chars().all(is_plain));
    if !field.has_token() || field.name.starts_with(b"#") {
        Some("it is no name that such a file can hold")
    } else if !is_readable {
        Some("it is not plain text")
    } else if field.value.windows(2).any(|pair| pair == b"{{") {
        Some("it would be taken for a variable")
    } else {
        None
    }
}
