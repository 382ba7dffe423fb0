//! A `curl` command, for curl 7.55 or newer in a POSIX shell. curl can send nearly everything: the
//! snippet removes curl's own defaults and stops it from rewriting the target.

use super::{
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest, sends},
    notes::Notes,
    shell,
};

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    let mut arguments = Vec::new();
    let data = data(message, &mut notes);
    if message.method == "HEAD" {
        arguments.push("--head".to_owned());
    } else if message.method != if data.is_some() { "POST" } else { "GET" } {
        arguments
            .push(["-X ", &shell::word(message.method.as_bytes()).unwrap_or_default()].concat());
    }
    match message.version {
        "HTTP/1.0" => arguments.push("--http1.0".to_owned()),
        // HTTP/2 would lower-case the names.
        "HTTP/1.1" if message.is_https() => arguments.push("--http1.1".to_owned()),
        _ => {}
    }
    target(message, &mut arguments);
    let fields = message.fields(&mut notes, refused);
    for field in &fields {
        arguments.push(["-H ", &shell::word(&line(field)).unwrap_or_default()].concat());
    }
    if message.framing() == BodyFraming::Chunked && data.is_some() {
        arguments.push("-H 'Transfer-Encoding: chunked'".to_owned());
    }
    // Headers that curl sends by default.
    let is_long = matches!(message.body, SnippetBody::File(_));
    let defaults = [
        ("User-Agent", true),
        ("Accept", true),
        ("Content-Type", data.is_some()),
        ("Expect", is_long),
    ];
    for (name, is_sent) in defaults {
        if is_sent && !sends(&fields, name) {
            arguments.push(format!("-H '{name}:'"));
        }
    }
    let mut command = String::new();
    if let Some(Data { argument, before }) = data {
        arguments.push(argument);
        if let Some(before) = before {
            command = [&before, " |\n  "].concat();
        }
    }
    command.push_str("curl ");
    command.push_str(&arguments.join(" \\\n  "));
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    [&notes.written("#"), &command, "\n"].concat()
}

/// How curl reads the body.
struct Data {
    argument: String,
    /// A command that is piped into curl.
    before: Option<String>,
}

fn data(message: &SnippetRequest, notes: &mut Notes) -> Option<Data> {
    let framing = message.framing();
    if message.body_bytes() == 0 && framing == BodyFraming::None {
        return None;
    }
    if message.method == "HEAD" {
        if message.body_bytes() > 0 {
            notes.say(&["the body: curl sends none with HEAD"]);
        } else {
            notes.say(&["the word that the body is empty: curl sends none with HEAD"]);
        }
        return None;
    }
    if framing == BodyFraming::None {
        notes.say(&["without Content-Length: curl adds it"]);
    }
    let data = |argument: String, before| Some(Data { argument, before });
    match &message.body {
        SnippetBody::File(_) => data(["--data-binary @", &message.file()].concat(), None),
        SnippetBody::Inline(bytes) => match shell::text_word(bytes) {
            // Unlike `--data`, it does not take `@` for a file name.
            Some(word) => data(["--data-raw ", &word].concat(), None),
            None => data("--data-binary @-".to_owned(), Some(shell::writes(bytes))),
        },
    }
}

/// Returns the URL; adds arguments that make curl send the target unchanged.
fn target(message: &SnippetRequest, arguments: &mut Vec<String>) {
    let url = message.exact_url();
    if url.is_none() {
        let target = shell::word(&message.target).unwrap_or_default();
        arguments.push(["--request-target ", &target].concat());
    }
    let url = url.unwrap_or_else(|| [&message.origin, "/", &message.endpoint].concat());
    // curl takes brackets, such as those of IPv6, for a pattern.
    if url.contains(['[', ']', '{', '}']) {
        arguments.push("--globoff".to_owned());
    }
    arguments.push(shell::word(url.as_bytes()).unwrap_or_default());
}

fn line(field: &SnippetHeader<'_>) -> Vec<u8> {
    // A colon without a value would remove the header.
    let (sign, value): (&[u8], _) =
        if field.value.is_empty() { (b";", field.value) } else { (b": ", field.value) };
    [field.name, sign, value].concat()
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    if field.value.contains(&0) {
        Some("an argument holds no NUL")
    } else if field.name.first() == Some(&b'@') {
        Some("curl takes it for a file")
    } else if field.value.is_empty() && field.name.contains(&b';') {
        Some("curl does not send it without a value")
    } else {
        None
    }
}
