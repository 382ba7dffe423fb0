//! A Go program with `net/http` of the standard library. It uses the transport without a client,
//! which follows no redirects and adds no compression.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    literal::{Literal, Odd, is_plain},
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest},
    notes::Notes,
};

const TEXT: Literal = Literal { quote: '"', backslashed: "", unicode: true, odd: Odd::Bytes };

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    let mut imports = vec!["fmt", "io", "net/http"];
    let mut setup = String::new();
    let url = message.exact_url().unwrap_or_else(|| {
        setup.push_str(&format!("    request.URL.Opaque = {}\n", TEXT.of(&message.target)));
        [&message.origin, "/"].concat()
    });
    let has_length = ["POST", "PUT", "PATCH"].contains(&message.method.as_str());
    let body = match &message.body {
        SnippetBody::File(bytes) => {
            imports.push("os");
            setup.push_str(&format!("    request.ContentLength = {bytes}\n"));
            "body".to_owned()
        }
        SnippetBody::Inline(bytes)
            if bytes.is_empty() && message.framing() != BodyFraming::Chunked =>
        {
            match (message.framing(), has_length) {
                (BodyFraming::None, true) => notes.say(&["without Content-Length: Go adds it"]),
                (BodyFraming::Length, false) => notes.say(&["the word that the body is empty"]),
                _ => {}
            }
            "nil".to_owned()
        }
        SnippetBody::Inline(bytes) if str::from_utf8(bytes).is_ok() => {
            imports.push("strings");
            format!("strings.NewReader({})", text(bytes))
        }
        SnippetBody::Inline(bytes) => {
            imports.extend(["encoding/base64", "strings"]);
            setup.push_str(&format!("    request.ContentLength = {}\n", bytes.len()));
            let base64 = STANDARD.encode(bytes);
            format!("base64.NewDecoder(base64.StdEncoding, strings.NewReader(\"{base64}\"))")
        }
    };
    if message.framing() == BodyFraming::Chunked {
        setup.push_str("    request.TransferEncoding = []string{\"chunked\"}\n");
    } else if message.framing() == BodyFraming::None && message.body_bytes() > 0 {
        notes.say(&["without Content-Length: Go adds it"]);
    }
    header(&message.fields(&mut notes, refused), &mut setup);
    let mut transport = "DisableCompression: true".to_owned();
    if message.is_https() {
        // HTTP/2 would lower-case the names.
        imports.push("crypto/tls");
        transport
            .push_str(", TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}");
    }
    imports.sort_unstable();
    let imports: String = imports.iter().map(|name| format!("    \"{name}\"\n")).collect();
    let open = match message.body {
        SnippetBody::File(_) => format!(
            "    body, err := os.Open(\"{}\")\n    if err != nil {{\n        panic(err)\n    }}\n",
            message.file()
        ),
        SnippetBody::Inline(_) => String::new(),
    };
    let (method, url) = (TEXT.of(message.method.as_bytes()), TEXT.of(url.as_bytes()));
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    notes.first("Go sends fields sorted by their names.".to_owned());
    format!(
        "{}package main\n\nimport (\n{imports})\n\nfunc main() {{\n{open}    \
         request, err := http.NewRequest({method}, {url}, {body})\n    \
         if err != nil {{\n        panic(err)\n    }}\n{setup}    \
         transport := &http.Transport{{{transport}}}\n    \
         response, err := transport.RoundTrip(request)\n    \
         if err != nil {{\n        panic(err)\n    }}\n    \
         answer, _ := io.ReadAll(response.Body)\n    \
         fmt.Println(response.Status, string(answer))\n}}\n",
        notes.written("//"),
    )
}

/// Sets headers in the map directly: `Set` would change the case of their names.
fn header(fields: &[SnippetHeader<'_>], setup: &mut String) {
    let mut names: Vec<&[u8]> = Vec::new();
    for field in fields {
        if !names.contains(&field.name) {
            names.push(field.name);
        }
    }
    setup.push_str("    request.Header = http.Header{\n");
    for name in &names {
        let same = fields.iter().filter(|field| field.name == *name);
        let values: Vec<String> = same.map(|field| TEXT.of(field.value)).collect();
        setup.push_str(&format!("        {}: {{{}}},\n", TEXT.of(name), values.join(", ")));
    }
    if !names.contains(&&b"User-Agent"[..]) {
        // An empty value keeps Go from sending its own.
        setup.push_str("        \"User-Agent\": {\"\"},\n");
    }
    setup.push_str("    }\n");
}

/// A raw string where possible: JSON is easier to read that way.
fn text(bytes: &[u8]) -> String {
    let is_raw =
        |text: &str| text.chars().all(|char| char == '\n' || (char != '`' && is_plain(char)));
    match str::from_utf8(bytes) {
        Ok(text) if is_raw(text) && text.contains('"') => format!("`{text}`"),
        _ => TEXT.of(bytes),
    }
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    if !field.has_token() {
        Some("Go takes only tokens as names")
    } else if field.has_controls() {
        Some("Go takes no control characters")
    } else if field.name == b"Trailer" {
        Some("Go sends it only with trailers of its own")
    } else if field.name == b"User-Agent" && (field.is_repeated || field.value.is_empty()) {
        Some("Go sends one that is not empty")
    } else {
        None
    }
}
