//! Parses `Content-Type` values (RFC 9110 §8.3) as senders write them.

/// A media type with its parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaType {
    /// Type and subtype in lower case; empty if none is named.
    pub essence: String,
    rest: String,
}

impl MediaType {
    /// Parses a `Content-Type` value.
    pub fn of(value: &[u8]) -> Self {
        let value = String::from_utf8_lossy(value);
        let (essence, rest) = value.split_once(';').unwrap_or((&value, ""));
        Self { essence: essence.trim().to_ascii_lowercase(), rest: rest.to_owned() }
    }

    /// Returns the value of a parameter, unquoted.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.rest, name)
    }

    /// Whether it is JSON, or a type that ends in `+json`.
    pub fn is_json(&self) -> bool {
        ["/json", "+json", "/x-ndjson", "/ndjson", "/jsonl", "/json-seq"]
            .iter()
            .any(|end| self.essence.ends_with(end))
    }

    /// Whether it is HTML.
    pub fn is_html(&self) -> bool {
        matches!(self.essence.as_str(), "text/html" | "application/xhtml+xml")
    }

    /// Whether it is XML, or a type that ends in `+xml`.
    pub fn is_xml(&self) -> bool {
        !self.is_html() && (self.essence.ends_with("/xml") || self.essence.ends_with("+xml"))
    }

    /// Whether it is a URL-encoded form.
    pub fn is_form(&self) -> bool {
        self.essence == "application/x-www-form-urlencoded"
    }

    /// Whether it has parts.
    pub fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
    }

    /// Whether the type is textual.
    pub fn is_text(&self) -> bool {
        self.essence.starts_with("text/")
            || self.is_json()
            || self.is_xml()
            || self.is_html()
            || self.is_form()
    }

    /// Whether the type is unspecific: senders omit it, or leave curl's form default.
    pub fn is_vague(&self) -> bool {
        self.is_form()
            || matches!(
                self.essence.as_str(),
                "" | "text/plain" | "application/octet-stream" | "text/javascript"
            )
    }
}

/// Returns the value of a parameter in a list such as `charset=utf-8; boundary="a;b"`, whatever
/// precedes the first.
pub fn parameter(list: &str, name: &str) -> Option<String> {
    let mut rest = list;
    while !rest.is_empty() {
        let (sent, after) = rest.split_at(rest.find(['=', ';']).unwrap_or(rest.len()));
        let Some(value) = after.strip_prefix('=') else {
            rest = after.strip_prefix(';').unwrap_or_default();
            continue;
        };
        let (value, after) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, after) = value.split_at(value.find(';').unwrap_or(value.len()));
                (value.trim().to_owned(), after)
            }
        };
        if sent.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after.split_once(';').map_or("", |(_, rest)| rest);
    }
    None
}

/// Returns the text up to the closing quote, and the rest. A backslash is literal unless a quote or
/// another backslash follows: browsers send Windows paths unescaped.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => match chars.next_if(|&(_, next)| matches!(next, '"' | '\\')) {
                Some((_, next)) => value.push(next),
                None => value.push('\\'),
            },
            _ => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_and_parameters_are_read() {
        let media =
            MediaType::of(b"Multipart/Form-Data; x=\"a;\\\"b\" ; BOUNDARY=--xy;charset = utf-8");
        assert_eq!(media.essence, "multipart/form-data");
        assert_eq!(media.parameter("x").as_deref(), Some("a;\"b"));
        assert_eq!(media.parameter("boundary").as_deref(), Some("--xy"));
        assert_eq!(media.parameter("charset").as_deref(), Some("utf-8"));
        assert_eq!(media.parameter("y"), None);
        assert_eq!(
            parameter("form-data; filename=\"C:\\dir\\a.txt\"", "filename").as_deref(),
            Some("C:\\dir\\a.txt")
        );
    }

    #[test]
    fn kinds_are_told_by_their_ends() {
        let media = |value: &str| MediaType::of(value.as_bytes());
        assert!(media("application/cloudevents+json; charset=utf-8").is_json());
        assert!(!media("application/jsonish").is_json());
        assert!(media("image/svg+xml").is_xml() && !media("application/xhtml+xml").is_xml());
        assert!(media("").is_vague() && !media("text/csv").is_vague());
    }

    proptest! {
        #[test]
        fn no_value_is_too_strange(bytes: Vec<u8>, text in "[a;=\"\\\\ ]{0,20}") {
            MediaType::of(&bytes).parameter("charset");
            parameter(&text, "a");
        }
    }
}
