//! The forms in which a body can be rendered.

use hookglass_wire::{self as wire, Form, Reading};

use super::{
    content::{BodyContent, Payload},
    form,
    hex::HexRows,
    image::{Image, image},
    json::{Folds, JsonIndex, JsonRows},
    lines::TextRows,
    markup, multipart, note,
    pieces::grouped,
    preview,
    row_source::{self, RowRange, number},
    tokens::Tokens,
};

/// A form in which a body can be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyForm {
    Json,
    Payload,
    Fields,
    Multipart,
    Xml,
    Html,
    Preview,
    Image,
    Text,
    Hex,
}

impl BodyForm {
    const fn value(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Payload => "payload",
            Self::Fields => "form",
            Self::Multipart => "multipart",
            Self::Xml => "xml",
            Self::Html => "html",
            Self::Preview => "preview",
            Self::Image => "image",
            Self::Text => "text",
            Self::Hex => "hex",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Payload => "Payload",
            Self::Fields => "Form",
            Self::Multipart => "Parts",
            Self::Xml => "XML",
            Self::Html => "HTML",
            Self::Preview => "Preview",
            Self::Image => "Image",
            Self::Text => "Text",
            Self::Hex => "Hex",
        }
    }
}

/// The forms that suit a body, best first.
pub(crate) fn kinds(content: &BodyContent) -> Vec<BodyForm> {
    let mut kinds = Vec::new();
    if content.raw.is_empty() {
        return kinds;
    }
    if content.is_opaque() {
        return vec![BodyForm::Hex];
    }
    let media = &content.media;
    if image(media, content.bytes()).is_some() {
        kinds.push(BodyForm::Image);
    }
    if media.is_multipart() {
        kinds.push(BodyForm::Multipart);
    }
    if let Some(text) = content.text() {
        if media.is_json() || looks_like_json(content, text) {
            kinds.push(BodyForm::Json);
        }
        if media.is_form() || media.is_vague() && hookglass_message::form::looks_like_form(text) {
            // JSON in a form field is what the sender means.
            if content.payload().is_some() {
                kinds.push(BodyForm::Payload);
            }
            kinds.push(BodyForm::Fields);
        }
        let looks = if media.is_vague() { markup::looks_like(text) } else { None };
        if media.is_html() || looks == Some(true) {
            kinds.extend([BodyForm::Html, BodyForm::Preview]);
        } else if media.is_xml() || looks == Some(false) {
            kinds.push(BodyForm::Xml);
            if media.essence == "image/svg+xml" || markup::is_svg(text) {
                kinds.push(BodyForm::Preview);
            }
        }
        kinds.push(BodyForm::Text);
    }
    kinds.push(BodyForm::Hex);
    kinds
}

/// The payload of a form, if that is to be rendered.
pub(crate) fn payload<'a>(content: &'a BodyContent, asked: Option<&str>) -> Option<&'a Payload> {
    let is_read = asked == Some(BodyForm::Payload.value())
        || asked.is_none() && kinds(content).first() == Some(&BodyForm::Payload);
    content.payload().filter(|_| is_read)
}

/// Whether text is JSON or meant to be: an object with an error further on counts.
fn looks_like_json(content: &BodyContent, text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    match text.first() {
        Some(b'{') => matches!(text[1..].trim_ascii_start().first(), Some(b'"' | b'}')),
        Some(b'[') => content.json().documents > 0,
        _ => false,
    }
}

/// Renders a body in the requested form, or in the one that fits best. Links start with `path`, the
/// request's path in the API.
pub(crate) fn read(
    content: &BodyContent,
    path: &str,
    asked: Option<&str>,
    folds: &Folds,
    part: &RowRange,
) -> Reading {
    let kinds = kinds(content);
    let known = kinds.iter().copied().find(|kind| Some(kind.value()) == asked);
    let kind = known.or(kinds.first().copied());
    let mut reading = Reading {
        form: kind.map(BodyForm::value).unwrap_or_default().to_owned(),
        forms: kinds
            .iter()
            .map(|kind| Form { value: kind.value().to_owned(), label: kind.label().to_owned() })
            .collect(),
        bytes: number(content.raw.len()),
        ..Reading::default()
    };
    decoding(content, &mut reading);
    match kind {
        None => reading.notes.push(note("info", "No body was sent.")),
        Some(BodyForm::Hex) => {
            let rows = HexRows { bytes: &content.raw, tokens: content.raw_tokens() };
            row_source::fill(&mut reading, &rows, part);
        }
        Some(BodyForm::Text) => {
            text_notes(content, &mut reading);
            let bytes = content.text().unwrap_or_default();
            let (tokens, lines) = (content.tokens(), content.lines());
            let rows = TextRows { bytes, tokens, start: 0, lines, kind: "" };
            row_source::fill(&mut reading, &rows, part);
        }
        Some(BodyForm::Json) => {
            text_notes(content, &mut reading);
            let text = content.text().unwrap_or_default();
            json((text, content.json(), content.tokens()), &mut reading, folds, part);
        }
        Some(BodyForm::Payload) => {
            if let Some(payload) = content.payload() {
                let text = "The JSON in the field payload of a form.";
                reading.notes.push(note("info", text));
                let Payload { text, json: index, tokens } = payload;
                json((text, index, tokens), &mut reading, folds, part);
            }
        }
        Some(BodyForm::Multipart) => {
            let download = format!("{path}/part?n=");
            let (fields, notes) = multipart::fields(content.parts(), content.bytes(), &download);
            reading.notes.extend(notes);
            super::fields::fill(&mut reading, fields, part);
        }
        Some(kind @ (BodyForm::Xml | BodyForm::Html)) => {
            text_notes(content, &mut reading);
            let markup = content.markup(kind == BodyForm::Html);
            if markup.set_out.is_some() {
                let text = "Line breaks and indentation are added between its tags.";
                reading.notes.push(note("info", text));
            }
            let rows = markup.sheet(content.text().unwrap_or_default());
            row_source::fill(&mut reading, &rows, part);
        }
        Some(BodyForm::Preview) => {
            let (document, notes) = preview::document(content.text().unwrap_or_default());
            reading.preview = Some(document);
            reading.notes.extend(notes);
        }
        Some(BodyForm::Image) => {
            reading.image = Some(format!("{path}/image"));
            let image = image(&content.media, content.bytes());
            let fields = image.map(Image::fields).unwrap_or_default();
            super::fields::fill(&mut reading, fields, part);
        }
        Some(BodyForm::Fields) => {
            text_notes(content, &mut reading);
            let (fields, notes) = form::fields(content.text().unwrap_or_default());
            reading.notes.extend(notes);
            super::fields::fill(&mut reading, fields, part);
        }
    }
    reading
}

/// Adds notes on the codings that were undone, and how far.
fn decoding(content: &BodyContent, reading: &mut Reading) {
    if let Some(decoded) = &content.decoded {
        reading.decoded = Some(wire::Decoded {
            coding: content.coding.clone(),
            bytes: number(decoded.bytes.len()),
            is_partial: decoded.stop.is_some(),
        });
        if let Some(stop) = &decoded.stop {
            reading.notes.push(note("warn", &stop.to_string()));
        }
    } else if content.is_opaque() {
        let text = format!("It is in the coding {}, which is not read here.", content.coding);
        reading.notes.push(note("warn", &text));
    }
}

fn text_notes(content: &BodyContent, reading: &mut Reading) {
    if let Some(text) = content.charset().and_then(|text| text.note.as_ref()) {
        reading.notes.push(note("info", text));
    }
}

fn json(
    (bytes, index, tokens): (&[u8], &JsonIndex, &Tokens),
    reading: &mut Reading,
    folds: &Folds,
    part: &RowRange,
) {
    if let Some(error) = index.error {
        let before = &bytes[..error.at.min(bytes.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        let place = format!("line {}, character {}", grouped(line), grouped(column));
        let expected = error.expected;
        let text = if error.at < bytes.len() {
            format!("It is no JSON from {place} on: expected {expected}.")
        } else {
            format!("It ends too early, at {place}: expected {expected}.")
        };
        reading.notes.push(note("bad", &text));
    }
    if index.is_full {
        let text = format!(
            "The first {} lines are set out; the rest follows as text.",
            grouped(index.lines())
        );
        reading.notes.push(note("warn", &text));
    }
    if index.documents > 1 {
        let text = format!("{} JSON documents in a row.", grouped(index.documents));
        reading.notes.push(note("info", &text));
    }
    let tree = JsonRows::new((bytes, index, tokens), folds, part.needle.as_ref());
    reading.depth = tree.depth;
    row_source::fill(reading, &tree, part);
}
