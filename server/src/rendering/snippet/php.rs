//! A PHP program with the curl extension (PHP 7.3 or newer), which uses curl's library.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    literal::{Literal, Odd, is_plain},
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest, sends},
    notes::Notes,
};

const PLAIN: Literal = Literal { quote: '\'', backslashed: "", unicode: true, odd: Odd::Bytes };
const ESCAPED: Literal = Literal { quote: '"', backslashed: "$", unicode: true, odd: Odd::Bytes };

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    let mut options = Vec::new();
    let body = body(message, &mut notes);
    if message.method == "HEAD" {
        options.push(("CURLOPT_NOBODY", "true".to_owned()));
    } else if message.method != "GET" || body.is_some() {
        options.push(("CURLOPT_CUSTOMREQUEST", text(message.method.as_bytes())));
    }
    match message.version {
        "HTTP/1.0" => options.push(("CURLOPT_HTTP_VERSION", "CURL_HTTP_VERSION_1_0".to_owned())),
        // HTTP/2 would lower-case the names.
        "HTTP/1.1" if message.is_https() => {
            options.push(("CURLOPT_HTTP_VERSION", "CURL_HTTP_VERSION_1_1".to_owned()));
        }
        _ => {}
    }
    let url = message.exact_url();
    if url.is_none() {
        options.push(("CURLOPT_REQUEST_TARGET", text(&message.target)));
    }
    let url = url.unwrap_or_else(|| [&message.origin, "/", &message.endpoint].concat());
    let fields = message.fields(&mut notes, refused);
    let mut lines: Vec<String> = fields.iter().map(|field| text(&line(field))).collect();
    if message.framing() == BodyFraming::Chunked && body.is_some() {
        lines.push(text(b"Transfer-Encoding: chunked"));
    }
    let is_long = matches!(message.body, SnippetBody::File(_));
    let defaults = [("Accept", true), ("Content-Type", body.is_some()), ("Expect", is_long)];
    for (name, is_sent) in defaults {
        if is_sent && !sends(&fields, name) {
            // Without a value it removes curl's own header.
            lines.push(format!("'{name}:'"));
        }
    }
    let lines: String = lines.iter().map(|line| format!("        {line},\n")).collect();
    options.push(("CURLOPT_HTTPHEADER", format!("[\n{lines}    ]")));
    if let Some(body) = body {
        options.push(("CURLOPT_POSTFIELDS", body));
    }
    options.push(("CURLOPT_RETURNTRANSFER", "true".to_owned()));
    let options: String =
        options.iter().map(|(name, value)| format!("    {name} => {value},\n")).collect();
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    format!(
        "<?php\n{}$curl = curl_init({});\ncurl_setopt_array($curl, [\n{options}]);\n\
         echo curl_exec($curl), \"\\n\";\n",
        notes.written("//"),
        text(url.as_bytes())
    )
}

fn body(message: &SnippetRequest, notes: &mut Notes) -> Option<String> {
    let framing = message.framing();
    if message.body_bytes() == 0 && framing == BodyFraming::None {
        return None;
    }
    if message.method == "HEAD" {
        notes.say(&[if message.body_bytes() > 0 {
            "the body: curl sends none with HEAD"
        } else {
            "the word that the body is empty: curl sends none with HEAD"
        }]);
        return None;
    }
    if framing == BodyFraming::None {
        notes.say(&["without Content-Length: curl adds it"]);
    }
    Some(match &message.body {
        SnippetBody::File(_) => format!("file_get_contents('{}')", message.file()),
        SnippetBody::Inline(bytes) if str::from_utf8(bytes).is_ok() => text(bytes),
        SnippetBody::Inline(bytes) => format!("base64_decode('{}')", STANDARD.encode(bytes)),
    })
}

/// Single quotes only need escapes for quotes and backslashes.
fn text(bytes: &[u8]) -> String {
    let is_all_plain = str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain));
    if is_all_plain { PLAIN.of(bytes) } else { ESCAPED.of(bytes) }
}

fn line(field: &SnippetHeader<'_>) -> Vec<u8> {
    // A colon without a value would remove the header.
    let sign: &[u8] = if field.value.is_empty() { b";" } else { b": " };
    [field.name, sign, field.value].concat()
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    if field.value.contains(&0) {
        Some("curl takes no NUL")
    } else if field.value.is_empty() && field.name.contains(&b';') {
        Some("curl does not send it without a value")
    } else {
        None
    }
}
