//! A Python 3 program with `http.client` of the standard library. `requests` is better known, but
//! it needs installing, merges repeated headers, rewrites targets and adds headers; this one sends
//! what it is given, in order.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    literal::{Literal, Odd},
    message::{BodyFraming, SnippetBody, SnippetRequest},
    notes::Notes,
};

const TEXT: Literal = Literal { quote: '\'', backslashed: "", unicode: true, odd: Odd::Digits };
const BYTES: Literal = Literal { quote: '\'', backslashed: "", unicode: false, odd: Odd::Bytes };

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    let target = if message.target.is_ascii() {
        message.target.clone()
    } else {
        let url = message.url(&mut notes);
        url[message.origin.len()..].to_owned().into_bytes()
    };
    let mut fields = vec![(text(b"Host"), text(message.host().as_bytes()))];
    for field in message.fields(&mut notes, |_| None) {
        fields.push((text(field.name), text(field.value)));
    }
    match message.framing() {
        BodyFraming::Chunked => fields.push((text(b"Transfer-Encoding"), text(b"chunked"))),
        BodyFraming::None if message.body_bytes() == 0 => {}
        framing => {
            let bytes = message.body_bytes().to_string();
            fields.push((text(b"Content-Length"), text(bytes.as_bytes())));
            if framing == BodyFraming::None {
                notes.say(&["without Content-Length: it is added"]);
            }
        }
    }
    let (mut import, body) = body(message);
    import.push_str("import http.client\n");
    let class = if message.is_https() { "HTTPSConnection" } else { "HTTPConnection" };
    let mut program =
        format!("\nconnection = http.client.{class}({})\n", text(message.host().as_bytes()));
    program.push_str(&format!(
        "connection.putrequest({}, {}, skip_host=True, skip_accept_encoding=True)\n",
        text(message.method.as_bytes()),
        text(&target)
    ));
    program.push_str("for name, value in [\n");
    for (name, value) in fields {
        program.push_str(&format!("    ({name}, {value}),\n"));
    }
    program.push_str("]:\n    connection.putheader(name, value)\n");
    let chunked =
        if message.framing() == BodyFraming::Chunked { ", encode_chunked=True" } else { "" };
    program.push_str(&format!("connection.endheaders({body}{chunked})\n"));
    program.push_str("response = connection.getresponse()\n");
    program.push_str("print(response.status, response.read().decode())\n");
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    [notes.written("#"), import, program].concat()
}

/// A string, or bytes if needed.
fn text(bytes: &[u8]) -> String {
    if bytes.is_ascii() { BYTES.of(bytes) } else { ["b", &BYTES.of(bytes)].concat() }
}

/// Returns the imports that the body needs, and the body.
fn body(message: &SnippetRequest) -> (String, String) {
    let body = match &message.body {
        SnippetBody::File(_) => format!("open('{}', 'rb').read()", message.file()),
        SnippetBody::Inline(bytes)
            if bytes.is_empty() && message.framing() == BodyFraming::None =>
        {
            "None".to_owned()
        }
        SnippetBody::Inline(bytes) if bytes.is_ascii() => ["b", &BYTES.of(bytes)].concat(),
        SnippetBody::Inline(bytes) if str::from_utf8(bytes).is_ok() => {
            [&TEXT.of(bytes), ".encode()"].concat()
        }
        SnippetBody::Inline(bytes) => {
            let body = format!("base64.b64decode('{}')", STANDARD.encode(bytes));
            return ("import base64\n".to_owned(), body);
        }
    };
    (String::new(), body)
}
