//! A Rust program with the crate `ureq`: small, blocking, and it sends what it is given. `reqwest`
//! rewrites targets and cannot leave out `Accept`.

use super::{
    literal::{Literal, Odd, is_plain},
    message::{BodyFraming, SnippetBody, SnippetHeader, SnippetRequest},
    notes::Notes,
};

const TEXT: Literal = Literal { quote: '"', backslashed: "", unicode: true, odd: Odd::Braces };
const BYTES: Literal = Literal { quote: '"', backslashed: "", unicode: false, odd: Odd::Bytes };
/// The most `#` around a raw string (The Rust Reference, "Raw string literals").
const MOST_HASHES: usize = 255;

pub(super) fn write(message: &SnippetRequest) -> String {
    let mut notes = Notes::default();
    if message.method == "CONNECT" {
        notes.first("ureq sends CONNECT to hosts only.".to_owned());
        return notes.written("//");
    }
    let url = message.url(&mut notes);
    let mut request = format!("        .method({})\n", TEXT.of(message.method.as_bytes()));
    request.push_str(&format!("        .uri({})\n", TEXT.of(url.as_bytes())));
    for field in message.fields(&mut notes, refused) {
        let (name, value) = (TEXT.of(field.name), value(field.value));
        request.push_str(&format!("        .header({name}, {value})\n"));
    }
    // Without a length these would be sent in chunks.
    let needs_body = ["POST", "PUT", "PATCH"].contains(&message.method.as_str());
    let has_body = needs_body || message.body_bytes() > 0 || message.framing() != BodyFraming::None;
    match message.framing() {
        BodyFraming::Chunked => {
            request.push_str("        .header(\"Transfer-Encoding\", \"chunked\")\n");
        }
        BodyFraming::None if !has_body => {}
        framing => {
            let bytes = message.body_bytes();
            request.push_str(&format!("        .header(\"Content-Length\", \"{bytes}\")\n"));
            if framing == BodyFraming::None {
                notes.say(&["without Content-Length: it is added"]);
            }
        }
    }
    let body = match &message.body {
        SnippetBody::File(_) => format!("std::fs::read(\"{}\")?", message.file()),
        SnippetBody::Inline(_) if !has_body => "()".to_owned(),
        SnippetBody::Inline(bytes) => text(bytes),
    };
    message.note_losses(&mut notes);
    message.note_file(&mut notes);
    notes.first("With ureq = \"3\" in Cargo.toml. It writes names in lower case.".to_owned());
    format!(
        "{}fn main() -> Result<(), Box<dyn std::error::Error>> {{\n    \
         let request = ureq::http::Request::builder()\n{request}        .body({body})?;\n    \
         let agent = ureq::Agent::new_with_config(\n        \
         ureq::config::Config::builder()\n            \
         .user_agent(\"\")\n            .accept(\"\")\n            .accept_encoding(\"\")\n            \
         .allow_non_standard_methods(true)\n            .http_status_as_error(false)\n            \
         .build(),\n    );\n    \
         let mut response = agent.run(request)?;\n    \
         println!(\"{{}} {{}}\", response.status(), response.body_mut().read_to_string()?);\n    \
         Ok(())\n}}\n",
        notes.written("//"),
    )
}

/// A header value: bytes if it is not plain ASCII.
fn value(bytes: &[u8]) -> String {
    if bytes.is_ascii() { TEXT.of(bytes) } else { ["&b", &BYTES.of(bytes), "[..]"].concat() }
}

/// A raw string if possible, otherwise bytes.
fn text(bytes: &[u8]) -> String {
    let is_raw = |text: &str| text.chars().all(|char| char == '\n' || is_plain(char));
    match str::from_utf8(bytes) {
        Ok(text) if is_raw(text) && text.contains('"') => {
            let hashes = hashes_after_quotes(text) + 1;
            if hashes > MOST_HASHES {
                return TEXT.of(bytes);
            }
            let hashes = "#".repeat(hashes);
            format!("r{hashes}\"{text}\"{hashes}")
        }
        Ok(_) => TEXT.of(bytes),
        Err(_) => ["&b", &BYTES.of(bytes), "[..]"].concat(),
    }
}

/// The longest run of `#` after a quote.
fn hashes_after_quotes(text: &str) -> usize {
    let after_quotes = text.split('"').skip(1);
    after_quotes
        .map(|part| part.bytes().take_while(|&byte| byte == b'#').count())
        .max()
        .unwrap_or(0)
}

fn refused(field: &SnippetHeader<'_>) -> Option<&'static str> {
    if !field.has_token() {
        Some("ureq takes only tokens as names")
    } else if field.has_controls() {
        Some("ureq takes no control characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_strings_have_a_hash_more_than_any_quote_within() {
        assert_eq!(text(br#"{"a":1}"#), r##"r#"{"a":1}"#"##);
        assert_eq!(text(b"\"#a\"##"), "r###\"\"#a\"##\"###");
        assert_eq!(text(b"##\""), "r#\"##\"\"#");
    }

    #[test]
    fn what_needs_more_hashes_than_rust_takes_is_escaped() {
        let most = ["\"", &"#".repeat(254)].concat();
        assert!(text(most.as_bytes()).starts_with("r##"));
        let more = [&most, "#"].concat();
        assert_eq!(text(more.as_bytes()), format!("\"\\\"{}\"", "#".repeat(255)));
    }

    #[test]
    fn long_runs_of_hashes_take_one_pass() {
        // Scanning the whole text once per hash would take hours here.
        let body = ["\"", &"#".repeat(8 * 1024 * 1024)].concat();
        assert_eq!(text(body.as_bytes()).len(), body.len() + 3);
    }
}
