//! Readable views of a part of a captured request: rows of marked text and named fields. The server
//! makes them, so that the browser only displays them and never parses a sender's data.

use serde::{Deserialize, Serialize};

use crate::json::{Readable, Reader, Unreadable, choice, record};

/// The part of a request to read, its form, and the range of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// The part to read.
    pub part: Part,
    /// One of the part's forms, by `Form::value`; `None` or an unknown form means the best one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The first row to return, counted among the visible rows, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// The most rows or fields to return, 1 to 2,000; `None` for 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Rows nested deeper than this are folded; 65535 folds none, `None` chooses the best depth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u16>,
    /// The `Row::line`s whose fold state is the opposite of what `depth` implies, separated by
    /// commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toggled: Option<String>,
    /// Text to find, ignoring case: rows that contain it are unfolded, listed and marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// For `Part::Compare`: the `seq` of the other request, or `previous` for the previous request
    /// of the same event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

record!(Ask { ; part, form, from, limit, depth, toggled, find, with });

/// The parts of a request, and the comparison of two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The body, decompressed if necessary.
    #[default]
    Body,
    /// Headers and trailers.
    Headers,
    /// The fields of the target's query.
    Query,
    /// The bytes as received.
    Wire,
    /// The response.
    Reply,
    /// The signature's verdict, and why it is not valid.
    Signature,
    /// The attempts of its delivery.
    Attempts,
    /// The differences from another request.
    Compare,
}

choice!(Part {
    "body" Body, "headers" Headers, "query" Query, "wire" Wire, "reply" Reply, "signature" Signature,
    "attempts" Attempts, "compare" Compare
});

impl Part {
    /// Its name in URLs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Headers => "headers",
            Self::Query => "query",
            Self::Wire => "wire",
            Self::Reply => "reply",
            Self::Signature => "signature",
            Self::Attempts => "attempts",
            Self::Compare => "compare",
        }
    }
}

/// A readable part of a request. Its content is in `rows` or `fields`; some forms have neither.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// The form of this reading, one of `forms`.
    pub form: String,
    /// The available forms, best first.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// The length of the part in bytes, as received.
    #[serde(default)]
    pub bytes: u64,
    /// The content coding that was decoded, such as `gzip`, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded: Option<Decoded>,
    /// Sentences to read before the part itself.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// The number of all visible rows.
    #[serde(default)]
    pub total: u64,
    /// The index of the first of `rows` among the visible rows.
    #[serde(default)]
    pub from: u64,
    /// The depth from which rows are folded unless toggled; `None` if none are folded by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u16>,
    /// Rows in order, at most the requested limit, and fewer if they are long: the next rows start
    /// at `from` plus their number.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Fields in order.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// The indexes of the first 1,000 visible rows that contain the text to find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<u64>,
    /// The URL of the image, for the form `image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// A complete document for the `srcdoc` of a sandboxed frame, for the form `preview`. It
    /// contains nothing that loads or preconnects to anything, and its own policy forbids loading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// The `seq` of the other request, for `Part::Compare`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<i64>,
}

record!(Reading {
    form;
    forms, bytes, decoded, notes, total, from, depth, rows, fields, found, image, preview,
    compared_with
});

/// A form in which a part can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Its name in URLs: `json`, `payload` (the JSON in a field of a form), `xml`, `html`, `form`,
    /// `multipart`, `image`, `preview`, `text`, `hex`.
    pub value: String,
    /// Its name for people.
    pub label: String,
}

record!(Form { value, label; });

/// The result of decoding a content coding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoded {
    /// The codings as named in `Content-Encoding`.
    pub coding: String,
    /// The length of the decoded data in bytes.
    pub bytes: u64,
    /// Whether decoding ended early because of a limit or an error; a note says which.
    pub is_partial: bool,
}

record!(Decoded { coding, bytes, is_partial; });

/// A sentence on a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `ok`, `info`, `warn` or `bad`.
    pub tone: String,
    /// The sentence.
    pub text: String,
}

record!(Note { tone, text; });

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Its number among all lines, folded ones included, from 0.
    pub line: u64,
    /// How deep it nests.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u16,
    /// The text in the margin: a line number, an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<String>,
    /// The fold state of a row that begins a foldable block: `open` or `shut`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// In a comparison: `added`, `removed` or `changed`; `same` for a row that stands for omitted
    /// equal rows; `heading` for a title between rows; `this` for the request itself among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The text, in pieces.
    pub pieces: Vec<Piece>,
}

record!(Row { line, pieces; depth, margin, fold, mark });

/// A piece of text and its kinds, separated by spaces (`key`, `string`, `number`, `literal`,
/// `punctuation`, `tag`, `attribute`, `comment`, `invalid`, `hex`, `ascii`; in addition `control`,
/// `bidi`, `crlf`, `byte`, `secret`, `hit`); empty for plain text. The text is as sent: the page
/// makes control characters visible. Only pieces of kind `byte` (`\\xNN` for a byte that is not
/// text), `cut` (how much more there is) or `summary` (the folded content) were not sent. In the
/// server's own text, a piece of kind `link` and a path links to another view, one of kind `page`
/// and a path to another page: `["#12", "link /inspect/in/12"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece(pub String, pub String);

impl Readable for Piece {
    fn blank() -> Self {
        Self(String::new(), String::new())
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        reader.tuple(&mut [&mut self.0, &mut self.1])
    }
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Field {
    /// The name, as sent.
    pub name: Vec<Piece>,
    /// The value; long values are shown in part.
    pub value: Vec<Piece>,
    /// The whole value if `value` is only a part of it and it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// The purpose of a header of this name, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The standard that defines it, such as `RFC 9110 §10.1.5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// The value in readable form, such as a time that was sent in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readable: Option<String>,
    /// Whether the value is a credential.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// For a part of a form: its file name, type and size, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The URL to download its bytes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<String>,
    /// The title of the group that begins with this field, such as `Trailers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

record!(Field { name, value; whole, about, standard, readable, secret, file, download, group });

/// The maximum length of the whole text of a body, in bytes: clipboards and editors can handle that
/// much.
pub const TEXT_BYTES: u64 = 1024 * 1024;

/// A line of JSON: its path and value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// Its path, such as `repository.owner["full name"][0]`.
    pub path: String,
    /// Its value as sent, at most 1 MiB.
    pub value: String,
}

record!(Value { path, value; });

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(depth: &u16) -> bool {
    *depth == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
