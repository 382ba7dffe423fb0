//! How a part of a captured request reads: rows of marked text and named fields, made by the
//! server, so that the browser shows what it is told and parses nothing of what senders sent.

use serde::{Deserialize, Serialize};

use crate::json::{Readable, Reader, Unreadable, choice, record};

/// Which part of a request to read, how, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// Which part.
    pub part: Part,
    /// In which of the part's forms, as `Form::value` names them; `None` or an unknown one for
    /// the one that fits best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The first row to give, counted among those that are visible, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// At most so many rows or fields, 1 to 2,000; `None` for 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// What nests deeper than this is folded, nothing for 65535; `None` for what fits best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u16>,
    /// The `Row::line`s whose fold is the opposite of what `depth` says, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toggled: Option<String>,
    /// Text to find: rows that hold it, whatever its case, are unfolded, listed and marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// For `Part::Compare`: the `seq` of the other, or `previous` for the one of the same event
    /// before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

record!(Ask { ; part, form, from, limit, depth, toggled, find, with });

/// What a request consists of, and what can be made of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The body, decoded where it is compressed.
    #[default]
    Body,
    /// The header and trailer fields.
    Headers,
    /// The fields of the target's query.
    Query,
    /// The bytes as received.
    Wire,
    /// What was answered.
    Reply,
    /// What can be said of its signature, and why it is not valid.
    Signature,
    /// The tries of its delivery.
    Attempts,
    /// What differs from another request.
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

/// A part of a request, made readable. `rows` or `fields` hold it, some forms have neither.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// The form it is given in, one of `forms`.
    pub form: String,
    /// The forms it can be given in, the best first.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// How many bytes the part has as received.
    #[serde(default)]
    pub bytes: u64,
    /// The content coding that was undone for it, such as `gzip`, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded: Option<Decoded>,
    /// What there is to know about it before reading it, in sentences.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// How many rows are visible in all.
    #[serde(default)]
    pub total: u64,
    /// The place of the first of `rows` among them.
    #[serde(default)]
    pub from: u64,
    /// From which depth on rows are folded unless toggled; `None` where nothing is by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<u16>,
    /// Rows in order, at most the limit asked for, and fewer where they are long: ask on from
    /// `from` and their number.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// Fields in order.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// The places of the first 1,000 visible rows that hold the text to find.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<u64>,
    /// Where an image can be loaded from, for the form `image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// A whole document for the `srcdoc` of a sandboxed frame, for the form `preview`. It holds
    /// nothing that loads or announces something, and forbids by a policy of its own to load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// The `seq` that it was compared with, for `Part::Compare`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<i64>,
}

record!(Reading {
    form;
    forms, bytes, decoded, notes, total, from, depth, rows, fields, found, image, preview,
    compared_with
});

/// A form that a part can be given in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Its name in URLs: `json`, `payload` (the JSON in a field of a form), `xml`, `html`, `form`,
    /// `multipart`, `image`, `preview`, `text`, `hex`.
    pub value: String,
    /// Its name for people.
    pub label: String,
}

record!(Form { value, label; });

/// What came of undoing a content coding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoded {
    /// The codings as `Content-Encoding` named them.
    pub coding: String,
    /// How many bytes came of it.
    pub bytes: u64,
    /// Whether it was ended early, at a limit or an error; a note says which.
    pub is_partial: bool,
}

record!(Decoded { coding, bytes, is_partial; });

/// A sentence about a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `ok`, `info`, `warn` or `bad`.
    pub tone: String,
    /// The sentence.
    pub text: String,
}

record!(Note { tone, text; });

/// One line of text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Row {
    /// Its number among all lines, folded ones included, from 0.
    pub line: u64,
    /// How deep it nests.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u16,
    /// What stands before it in the margin: a line number, an offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<String>,
    /// Whether what it begins can be folded, and is: `open` or `shut`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// In a comparison: `added`, `removed` or `changed`, `same` for one that says what is left
    /// out as equal; `heading` for a title between rows; `this` for the request itself among others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The text, in pieces.
    pub pieces: Vec<Piece>,
}

record!(Row { line, pieces; depth, margin, fold, mark });

/// A piece of text and what it is: names separated by spaces (`key`, `string`, `number`,
/// `literal`, `punctuation`, `tag`, `attribute`, `comment`, `invalid`, `hex`, `ascii`; `control`, `bidi`,
/// `crlf`, `byte`, `secret`, `hit` beside those), empty for plain text. The text is as sent: what
/// makes a control character visible is the page's. Only what is of kind `byte` (`\\xNN` for a byte
/// that is no text), `cut` (how much more there is) or `summary` (what is folded) was not sent.
/// In what the server says itself, a piece of kind `link` and a path leads to another view, one of
/// kind `page` and a path to another page: `["#12", "link /inspect/in/12"]`.
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
    /// The value, shown in part where it is long.
    pub value: Vec<Piece>,
    /// The whole value, where `value` is not all of it and it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// What a header of this name is for, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The standard that says so, such as `RFC 9110 §10.1.5`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// The value made readable, such as a time that came in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readable: Option<String>,
    /// Whether the value lets one in somewhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// Of a part of a form: its file name, type and size, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where its bytes can be downloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<String>,
    /// A title that this field begins a group under, such as `Trailers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

record!(Field { name, value; whole, about, standard, readable, secret, file, download, group });

/// How long the text of a body may be that comes as a whole, in bytes: what a clipboard and an editor
/// take.
pub const TEXT_BYTES: u64 = 1024 * 1024;

/// Where a line of JSON stands, and what.
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
