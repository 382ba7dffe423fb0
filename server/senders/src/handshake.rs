//! Verification requests, which senders use to test a URL before they send to it, and the responses
//! that they expect. Each has one record (`records.rs`); this module defines the records' form.
//! Pure: URLs in requests are never fetched.

mod records;

use std::{borrow::Cow, sync::LazyLock};

use hookglass_message::{
    json::{JsonMatch, PathTree, gather},
    request_view::RequestView,
};
use hyper::header::HeaderValue;
use memchr::memmem;
use rustc_hash::FxHashSet;
use subtle::ConstantTimeEq as _;

pub use self::records::RECORDS;
use crate::signature::{Encoding, Hash, SigningSecret, hmac};

/// The longest value that is echoed, in bytes.
const MAX_VALUE_BYTES: usize = 4 * 1024;
/// The longest token that is signed, in bytes: Zoom's have 22.
const MAX_TOKEN_BYTES: usize = 64;
/// The largest body that may be a verification request, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// How one sender tests URLs.
#[derive(Debug)]
pub struct Handshake {
    /// Its stable id, the same as in the API if the sender also signs.
    pub id: &'static str,
    /// The sender's display name.
    pub name: &'static str,
    /// A description of the request.
    pub asks: &'static str,
    /// A description of the response.
    pub gets: &'static str,
    method: &'static str,
    /// Conditions that all must hold; cheap ones come first.
    marks: &'static [ProbeMark],
    /// The value to echo.
    value: Option<ProbePlace>,
    /// The place of the token that the endpoint's owner chose, if there is one.
    token: Option<ProbePlace>,
    reply: ProbeAnswer,
    /// Whether the sender tests with wrong signatures too, so that 401 for these comes before it.
    pub is_probed: bool,
}

/// A place in a request.
#[derive(Debug, Clone, Copy)]
enum ProbePlace {
    Query(&'static str),
    /// A header, in lower case.
    Header(&'static str),
    /// A string at this path of a JSON body.
    Body(&'static [&'static str]),
}

/// A condition that identifies a verification request.
#[derive(Debug, Clone, Copy)]
enum ProbeMark {
    Has(ProbePlace),
    Lacks(ProbePlace),
    Is(ProbePlace, &'static str),
    OneOf(ProbePlace, &'static [&'static str]),
    /// This number at this path of a JSON body.
    Number(&'static [&'static str], &'static str),
    /// A JSON body with something at this path.
    Member(&'static [&'static str]),
    /// A JSON body with nothing at this path.
    NoMember(&'static [&'static str]),
    /// The query has exactly one field.
    OneField,
    NoBody,
    /// The request does not come from a browser.
    NoBrowser,
    /// The content type begins with this.
    Type(&'static str),
}

/// The response.
#[derive(Debug, Clone, Copy)]
enum ProbeAnswer {
    /// The value as `text/plain`.
    Echo,
    /// The value as members of a JSON object, and as headers.
    Members {
        members: &'static [(&'static str, AnswerPart)],
        headers: &'static [(&'static str, AnswerPart)],
    },
    /// Nothing but fields of the head.
    Headers(&'static [(&'static str, AnswerPart)]),
    /// A status with a body of JSON, or without one.
    Fixed(u16, Option<&'static str>),
    /// No response: a description of what the owner must do.
    ByHand(&'static str),
}

/// A part of a response.
#[derive(Debug, Clone, Copy)]
enum AnswerPart {
    Value,
    /// The value's HMAC-SHA256 in hex, with the endpoint's secret for this sender.
    Hmac,
    Text(&'static str),
}

/// The outcome of a verification request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeOutcome {
    /// The label in lists: `Slack handshake, answered`.
    pub label: String,
    /// The response; `None` if it gets the same as any other request.
    pub reply: Option<HandshakeResponse>,
    /// A sentence for the owner.
    pub note: Option<&'static str>,
}

/// The response to a verification request. It is sent with the headers of every response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeResponse {
    /// Its status code.
    pub status: u16,
    /// Already valid.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// A string in every verification request that is identified by its body alone. Searched once, so
/// that most requests skip the records.
static IN_BODIES: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new("url_v"));

/// The headers that identify others.
static FIELDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    let marks = RECORDS.iter().flat_map(|record| record.marks);
    let fields = marks.filter_map(|mark| match mark {
        ProbeMark::Has(ProbePlace::Header(name)) | ProbeMark::Is(ProbePlace::Header(name), _) => {
            Some(*name)
        }
        _ => None,
    });
    fields.collect()
});

/// The query fields that identify the rest.
static IN_QUERIES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let values = RECORDS.iter().filter_map(|record| match record.value {
        Some(ProbePlace::Query(name)) => Some(name),
        _ => None,
    });
    values.collect()
});

/// Returns the handshake that a request belongs to, if its value can be echoed.
pub fn find(sent: &RequestView<'_>) -> Option<&'static Handshake> {
    // Names may be percent-encoded.
    let names_value = |query: &[u8]| {
        let names = |name: &&str| memmem::find(query, name.as_bytes()).is_some();
        query.contains(&b'%') || IN_QUERIES.iter().any(names)
    };
    let is_likely = sent.query.is_some_and(names_value)
        || sent.headers.keys().any(|name| FIELDS.contains(name.as_str()))
        || sent.body.len() <= MAX_BODY_BYTES && IN_BODIES.find(sent.body).is_some();
    if is_likely { RECORDS.iter().find(|handshake| handshake.is_meant_by(sent)) } else { None }
}

impl Handshake {
    /// Returns the sender whose secrets the response needs, by its name in the API.
    pub fn secret_of(&self) -> Option<&'static str> {
        let ProbeAnswer::Members { members, .. } = self.reply else { return None };
        members.iter().any(|(_, part)| matches!(part, AnswerPart::Hmac)).then_some(self.id)
    }

    /// Returns the outcome of `sent`, for which [`find`] returned this handshake. `verify_token` is
    /// the owner's setting; `secrets` are the endpoint's for [`Handshake::secret_of`], of which the
    /// first is used.
    pub fn answer(
        &self,
        sent: &RequestView<'_>,
        verify_token: Option<&str>,
        secrets: &[SigningSecret],
    ) -> HandshakeOutcome {
        let labelled = |how, reply, note| HandshakeOutcome {
            label: format!("{} handshake, {how}", self.name),
            reply,
            note,
        };
        if let (Some(expected), Some(place)) = (verify_token, self.token) {
            let given = place.value(sent).unwrap_or_default();
            if !bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
                let body = "The verify token is another one.\n".to_owned();
                let reply = HandshakeResponse { status: 403, headers: vec![text_plain()], body };
                let note = "The received verify token differs from the one that is set here.";
                return labelled("refused", Some(reply), Some(note));
            }
        }
        if let ProbeAnswer::ByHand(note) = self.reply {
            return labelled("yours to answer", None, Some(note));
        }
        let value = self.value.and_then(|place| place.value(sent)).unwrap_or_default();
        match self.reply(&value, secrets.first()) {
            Some(reply) => labelled("answered", Some(reply), None),
            None => labelled(
                "not answered",
                None,
                Some("It can only be answered with the sender's secret: add that to the endpoint."),
            ),
        }
    }

    fn reply(&self, value: &str, secret: Option<&SigningSecret>) -> Option<HandshakeResponse> {
        let part = |part: &AnswerPart| match part {
            AnswerPart::Value => Some(value.to_owned()),
            AnswerPart::Text(text) => Some((*text).to_owned()),
            AnswerPart::Hmac => secret.map(|secret| {
                let key = secret.reveal().trim().as_bytes();
                hmac(Hash::Sha256, Encoding::Hex, key, value.as_bytes())
            }),
        };
        let fields = |fields: &[(&'static str, AnswerPart)]| {
            fields.iter().map(|(name, of)| Some((*name, part(of)?))).collect::<Option<Vec<_>>>()
        };
        Some(match self.reply {
            ProbeAnswer::Echo => HandshakeResponse {
                status: 200,
                headers: vec![text_plain()],
                body: value.to_owned(),
            },
            ProbeAnswer::Members { members, headers } => {
                let members = fields(members)?
                    .into_iter()
                    .map(|(name, text)| (name.to_owned(), serde_json::Value::from(text)));
                let body = serde_json::Value::Object(members.collect()).to_string();
                let mut headers = fields(headers)?;
                headers.push(json());
                HandshakeResponse { status: 200, headers, body }
            }
            ProbeAnswer::Headers(headers) => {
                HandshakeResponse { status: 200, headers: fields(headers)?, body: String::new() }
            }
            ProbeAnswer::Fixed(status, body) => HandshakeResponse {
                status,
                headers: body.map(|_| json()).into_iter().collect(),
                body: body.unwrap_or_default().to_owned(),
            },
            ProbeAnswer::ByHand(_) => return None,
        })
    }

    fn is_meant_by(&self, sent: &RequestView<'_>) -> bool {
        *sent.method == *self.method
            && self.marks.iter().all(|mark| mark.is_on(sent))
            && self.value.is_none_or(|place| {
                let may_give = if self.secret_of().is_some() { may_sign } else { may_echo };
                place.value(sent).is_some_and(|text| may_give(&text))
            })
    }
}

impl ProbePlace {
    fn value<'a>(self, sent: &RequestView<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Query(name) => sent
                .query_value(name)
                .and_then(|value| String::from_utf8(value).ok())
                .map(Cow::Owned),
            Self::Header(name) => {
                sent.headers.get(name).and_then(|value| value.to_str().ok()).map(Cow::Borrowed)
            }
            Self::Body(path) => match member(sent, path)? {
                JsonMatch::Text(text) => Some(text),
                JsonMatch::Json(_) | JsonMatch::Bytes(_) => None,
            },
        }
    }

    fn is_there(self, sent: &RequestView<'_>) -> bool {
        match self {
            Self::Header(name) => sent.headers.contains_key(name),
            Self::Query(_) | Self::Body(_) => self.value(sent).is_some(),
        }
    }
}

impl ProbeMark {
    fn is_on(self, sent: &RequestView<'_>) -> bool {
        match self {
            Self::Has(place) => place.is_there(sent),
            Self::Lacks(place) => !place.is_there(sent),
            // Cheaper than parsing the body as JSON.
            Self::Is(ProbePlace::Body(_), text)
                if memmem::find(sent.body, text.as_bytes()).is_none() =>
            {
                false
            }
            Self::Is(place, text) => place.value(sent).is_some_and(|value| value == text),
            Self::OneOf(place, texts) => {
                place.value(sent).is_some_and(|value| texts.contains(&&*value))
            }
            Self::Number(path, number) => {
                matches!(member(sent, path), Some(JsonMatch::Json(value)) if value == number)
            }
            Self::Member(path) => member(sent, path).is_some(),
            Self::NoMember(path) => member(sent, path).is_none(),
            Self::OneField => sent.query_pairs().count() == 1,
            Self::NoBody => sent.body.is_empty(),
            Self::NoBrowser => !sent.is_of_browser(),
            Self::Type(start) => sent
                .headers
                .get(hyper::header::CONTENT_TYPE)
                .map(HeaderValue::as_bytes)
                .and_then(|sent| sent.get(..start.len()))
                .is_some_and(|sent| sent.eq_ignore_ascii_case(start.as_bytes())),
        }
    }
}

fn text_plain() -> (&'static str, String) {
    ("Content-Type", "text/plain; charset=utf-8".to_owned())
}

fn json() -> (&'static str, String) {
    ("Content-Type", "application/json".to_owned())
}

/// Returns the value at a path of a JSON body.
fn member<'a>(sent: &RequestView<'a>, path: &[&str]) -> Option<JsonMatch<'a>> {
    if sent.body.len() > MAX_BODY_BYTES {
        return None;
    }
    let path: Vec<Box<str>> = path.iter().map(|step| (*step).into()).collect();
    let mut tree = PathTree::default();
    tree.insert(&path);
    let place = tree.place(&path)?;
    gather(sent.body, &tree, PathTree::ROOT).into_iter().nth(place).flatten()
}

/// Whether a value may be echoed: printable characters that no browser interprets as a page.
fn may_echo(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= MAX_VALUE_BYTES
        && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'<')
}

/// Whether a value may be signed with the endpoint's secret: only if it looks like a token and
/// unlike anything that the sender signs. Otherwise anyone who knows the URL could have requests
/// signed.
fn may_sign(value: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte))
}

#[cfg(test)]
mod tests;
