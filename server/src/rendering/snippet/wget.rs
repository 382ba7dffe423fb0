//! A `wget` command, for GNU Wget 1.15 or newer in a POSIX shell.

use super::{
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest, sends},
    notes::Notes,
    shell,
};

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    if message.method.bytes().any(|byte| byte.is_ascii_lowercase()) {
        notes.first("wget writes methods in capitals only.".to_owned());
        return notes.written("#");
    }
    let url = message.url(&mut notes);
    let body = body(message, &mut notes);
    // Never save under a name that somebody else chose.
    let mut arguments = vec!["-q -O -".to_owned()];
    if message.method != "GET" || body.is_some() {
        arguments.push(option("--method", message.method.as_bytes()));
    }
    let fields = message.fields(&mut notes, refused);
    if !sends(&fields, "user-agent") {
        arguments.push("--user-agent=''".to_owned());
    }
    for field in &fields {
        arguments.push(option("--header", &[field.name, b": ", field.value].concat()));
    }
    for (name, is_sent) in [
        ("Accept", true),
        ("Accept-Encoding", true),
        ("Connection", true),
        ("Content-Type", body.is_some()),
    ] {
        if is_sent && !sends(&fields, name) {
            notes.say(&["without ", name, ": wget adds it"]);
        }
    }
    let (mut before, mut after) = (String::new(), String::new());
    match body {
        Some(WgetBody::Text(word)) => arguments.push(["--body-data=", &word].concat()),
        Some(WgetBody::File(name)) => arguments.push(["--body-file=", &name].concat()),
        Some(WgetBody::Written(command)) => {
            arguments.push("--body-file=\"$body\"".to_owned());
            before = format!("body=$(mktemp)\n{command} > \"$body\"\n");
            "rm -f \"$body\"\n".clone_into(&mut after);
        }
        None => {}
    }
    arguments.push(shell::word(url.as_bytes()).unwrap_or_default());
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    let command = arguments.join(" \\\n  ");
    [&notes.written("#"), &before, "wget ", &command, "\n", &after].concat()
}

/// How wget reads the body.
enum WgetBody {
    Text(String),
    File(String),
    /// The output of a command, through a file: wget needs the length first.
    Written(String),
}

fn body(message: &SnippetRequest, notes: &mut Notes) -> Option<WgetBody> {
    let framing = message.framing();
    let has_length = ["POST", "PUT", "PATCH"].contains(&message.method.as_str());
    if message.body_bytes() == 0 && framing == BodyFraming::None {
        if has_length {
            notes.say(&["without Content-Length: wget adds it"]);
        }
        return None;
    }
    match framing {
        BodyFraming::Chunked => notes.say(&["Transfer-Encoding: chunked - it says Content-Length"]),
        BodyFraming::None => notes.say(&["without Content-Length: wget adds it"]),
        BodyFraming::Length => {}
    }
    match &message.body {
        SnippetBody::File(_) => Some(WgetBody::File(message.file())),
        // Without a body, wget adds no type of its own.
        SnippetBody::Inline(bytes) if bytes.is_empty() && has_length => None,
        SnippetBody::Inline(bytes) => Some(match shell::text_word(bytes) {
            Some(word) => WgetBody::Text(word),
            None => WgetBody::Written(shell::writes(bytes)),
        }),
    }
}

fn option(name: &str, value: &[u8]) -> String {
    [name, "=", &shell::word(value).unwrap_or_default()].concat()
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    if field.value.contains(&0) {
        Some("an argument holds no NUL")
    } else if field.is_repeated {
        Some("wget sends no name twice")
    } else if field.value.last().is_some_and(|byte| matches!(byte, 0x0b | 0x0c)) {
        Some("wget trims it")
    } else {
        None
    }
}
