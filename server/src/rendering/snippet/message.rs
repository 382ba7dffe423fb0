//! The request that a snippet sends, without the headers that tools set themselves.

use hookglass_message::head;

use super::notes::Notes;

/// A captured request, as the snippet writers see it.
#[derive(Debug, Clone)]
pub(crate) struct SnippetRequest {
    /// Scheme and host of its endpoint, without a trailing slash.
    pub(crate) origin: String,
    /// The endpoint's name in the URL.
    pub(crate) endpoint: String,
    /// The request's number.
    pub(crate) seq: i64,
    /// The method as sent: always a token (RFC 9110 §5.6.2).
    pub(crate) method: String,
    /// The raw request target: visible ASCII and non-ASCII bytes.
    pub(crate) target: Vec<u8>,
    /// `HTTP/1.1`
    pub(crate) version: &'static str,
    /// The headers in wire order, values without surrounding white space.
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The trailers.
    pub(crate) trailers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The body.
    pub(crate) body: SnippetBody,
    /// Whether the sender sent the whole body.
    pub(crate) complete: bool,
    /// Whether something in the head was redacted.
    pub(crate) redacted: bool,
}

/// The body of a message.
#[derive(Debug, Clone)]
pub(crate) enum SnippetBody {
    /// Short enough to inline.
    Inline(Vec<u8>),
    /// The length of a body that has to be downloaded as a file first.
    File(u64),
}

/// How the length of the body was indicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// By `Content-Length`.
    Length,
    /// By chunks.
    Chunked,
    /// Not at all: there was no body.
    None,
}

/// A header to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SnippetHeader<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    /// Whether another header has the same name.
    pub(crate) is_repeated: bool,
}

impl SnippetHeader<'_> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether its name is a token, as most tools require (RFC 9110 §5.6.2).
    pub(crate) fn has_token(&self) -> bool {
        let is_token =
            |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        self.name.iter().all(is_token)
    }

    /// Whether its value has control characters other than tabs.
    pub(crate) fn has_controls(&self) -> bool {
        self.value.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control())
    }
}

/// Whether `fields` has a header with this name.
pub(crate) fn sends(fields: &[SnippetHeader<'_>], name: &str) -> bool {
    fields.iter().any(|field| field.is(name))
}

impl SnippetRequest {
    /// The host of the URL, with its port, if any.
    pub(crate) fn host(&self) -> &str {
        self.origin.split_once("://").map_or(&self.origin, |(_, host)| host)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// The target without the scheme and authority of the absolute form.
    pub(crate) fn path(&self) -> &[u8] {
        head::origin_form(&self.target)
    }

    /// The URL of the target, if every URL parser keeps it unchanged: no dot segments, no fragment,
    /// and only characters that RFC 3986 allows unescaped.
    pub(crate) fn exact_url(&self) -> Option<String> {
        let path = str::from_utf8(&self.target).ok().filter(|path| path.starts_with('/'))?;
        let is_kept =
            |byte: u8| byte.is_ascii_alphanumeric() || b"/?&=-._~!$()*+,;:@%".contains(&byte);
        let before_query = path.split('?').next().unwrap_or_default();
        let is_exact = path.bytes().all(is_kept)
            && !before_query.split('/').any(|segment| is_dots(segment.as_bytes()))
            && !path.ends_with('?')
            && has_whole_escapes(path.as_bytes());
        is_exact.then(|| [&self.origin, path].concat())
    }

    /// The closest URL to the target: characters that a URL may not have are percent-encoded, a
    /// fragment becomes part of the path, and dot segments are encoded twice, or they would lead
    /// out of the endpoint.
    pub(crate) fn near_url(&self) -> String {
        let mut url = self.origin.clone();
        let path_end = self.path().iter().position(|&byte| byte == b'?');
        let (path, query) = self.path().split_at(path_end.unwrap_or(self.path().len()));
        for segment in path.split(|&byte| byte == b'/').skip(1) {
            url.push('/');
            if is_dots(segment) {
                url.push_str(&"%252E".repeat(undotted(segment).len()));
            } else {
                push_encoded(&mut url, segment);
            }
        }
        push_encoded(&mut url, query);
        url
    }

    /// Returns the URL, with a note if it is not exact.
    pub(crate) fn url(&self, notes: &mut Notes) -> String {
        self.exact_url().unwrap_or_else(|| {
            notes.say(&["the target as it was: ", &notes.shown(&self.target)]);
            self.near_url()
        })
    }

    pub(crate) fn framing(&self) -> BodyFraming {
        let value = |wanted: &str| {
            let is_it =
                |(name, _): &&(Vec<u8>, Vec<u8>)| name.eq_ignore_ascii_case(wanted.as_bytes());
            self.headers.iter().find(is_it).map(|(_, value)| value.as_slice())
        };
        if value("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked")) {
            BodyFraming::Chunked
        } else if value("content-length").is_some() {
            BodyFraming::Length
        } else {
            BodyFraming::None
        }
    }

    pub(crate) const fn body_bytes(&self) -> u64 {
        match &self.body {
            SnippetBody::Inline(bytes) => bytes.len() as u64,
            SnippetBody::File(bytes) => *bytes,
        }
    }

    /// The file name of the downloaded body.
    pub(crate) fn file(&self) -> String {
        format!("{}-{}.body", self.endpoint, self.seq)
    }

    /// Returns the headers that a tool sends, in wire order. Leaves out those that follow from the
    /// URL and the body, and those for which `refuses` gives a reason; notes the losses.
    pub(crate) fn fields(
        &self,
        notes: &mut Notes,
        refuses: impl Fn(&SnippetHeader<'_>) -> Option<&'static str>,
    ) -> Vec<SnippetHeader<'_>> {
        let mut fields = Vec::with_capacity(self.headers.len());
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let is_repeated = self
                .headers
                .iter()
                .enumerate()
                .any(|(other, (also, _))| other != index && also.eq_ignore_ascii_case(name));
            let field = SnippetHeader { name, value, is_repeated };
            if field.is("host") {
                if value != self.host().as_bytes() {
                    notes.header(&field, "the URL says it");
                }
            } else if field.is("content-length") {
                if *value != self.body_bytes().to_string().as_bytes() {
                    notes.header(&field, "it is counted");
                }
            } else if field.is("transfer-encoding") {
                if self.framing() != BodyFraming::Chunked {
                    notes.header(&field, "only chunks can be sent");
                }
            } else if let Some(reason) = refuses(&field) {
                notes.header(&field, reason);
            } else {
                fields.push(field);
            }
        }
        fields
    }

    /// Notes what no tool can send.
    pub(crate) fn note_losses(&self, notes: &mut Notes) {
        for (name, value) in &self.trailers {
            let field = SnippetHeader { name, value, is_repeated: false };
            notes.header(&field, "it is a trailer");
        }
        if !self.complete {
            notes.say(&["the rest of the body: it was cut off"]);
        }
        if self.redacted {
            notes.say(&["secrets in the head: they were overwritten by * when they came"]);
        }
        if self.version == "HTTP/2.0" {
            notes.say(&["HTTP/2: the names of its fields have no case"]);
        }
    }

    /// Notes where to download the file of a long body.
    pub(crate) fn note_file(&self, notes: &mut Notes) {
        if let SnippetBody::File(bytes) = self.body {
            let Self { origin, endpoint, seq, .. } = self;
            notes.first(format!(
                "The body of {bytes} bytes is read from {file}. Save it first, from the page or by",
                file = self.file()
            ));
            notes.first(format!(
                "curl --oauth2-bearer KEY -o {file} {origin}/api/endpoints/{endpoint}/requests/{seq}/body",
                file = self.file()
            ));
        }
    }
}

/// Whether a path segment is a dot segment (WHATWG URL §4.4, "double-dot").
fn is_dots(segment: &[u8]) -> bool {
    matches!(undotted(segment).as_str(), "." | "..")
}

/// A path segment with its dots decoded.
fn undotted(segment: &[u8]) -> String {
    String::from_utf8_lossy(segment).replace("%2e", ".").replace("%2E", ".")
}

fn push_encoded(url: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        let is_odd = !byte.is_ascii_graphic() || b"\"#<>[\\]^`{|}'".contains(&byte);
        if is_odd {
            url.push_str(&format!("%{byte:02X}"));
        } else {
            url.push(char::from(byte));
        }
    }
}

/// Whether each percent sign is followed by two hex digits: only then do tools that decode and
/// encode leave the path unchanged.
fn has_whole_escapes(path: &[u8]) -> bool {
    path.iter().enumerate().all(|(at, &byte)| {
        byte != b'%'
            || path
                .get(at + 1..at + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}
