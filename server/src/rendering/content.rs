//! A body with everything derived from it. Each derived value is computed once, on first use.

use std::sync::OnceLock;

use hookglass_message::{
    charset,
    coding::{self, DecodedBody},
    media_type::MediaType,
    multipart::Multipart,
};

use super::{json, lines::Lines, markup::Markup, tokens::Tokens};

/// A raw body and its decoded forms.
pub(crate) struct BodyContent {
    /// The raw bytes, up to the limit for rendering.
    pub(crate) raw: Vec<u8>,
    /// The codings in `Content-Encoding`.
    pub(crate) coding: String,
    /// The result of decoding; `None` without codings, or if one is unknown.
    pub(crate) decoded: Option<DecodedBody>,
    /// The parsed `Content-Type`.
    pub(crate) media: MediaType,
    text: OnceLock<Option<charset::DecodedText>>,
    lines: OnceLock<Lines>,
    raw_lines: OnceLock<Lines>,
    tokens: OnceLock<Tokens>,
    raw_tokens: OnceLock<Tokens>,
    json: OnceLock<json::JsonIndex>,
    payload: OnceLock<Option<Payload>>,
    markup: OnceLock<Markup>,
    html: OnceLock<Markup>,
    parts: OnceLock<Multipart>,
}

/// JSON in a form field, as GitHub and Slack send it.
pub(crate) struct Payload {
    pub(crate) text: Vec<u8>,
    pub(crate) json: json::JsonIndex,
    pub(crate) tokens: Tokens,
}

impl BodyContent {
    pub(crate) fn new(raw: Vec<u8>, content_type: &[u8], coding: &[u8]) -> Self {
        let coding = String::from_utf8_lossy(coding).into_owned();
        let decoded = coding::start(&coding, &raw, coding::LIMIT_BYTES);
        Self {
            raw,
            coding,
            decoded,
            media: MediaType::of(content_type),
            text: OnceLock::new(),
            lines: OnceLock::new(),
            raw_lines: OnceLock::new(),
            tokens: OnceLock::new(),
            raw_tokens: OnceLock::new(),
            json: OnceLock::new(),
            payload: OnceLock::new(),
            markup: OnceLock::new(),
            html: OnceLock::new(),
            parts: OnceLock::new(),
        }
    }

    /// The decoded body.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.decoded.as_ref().map_or(&self.raw, |decoded| &decoded.bytes)
    }

    /// Whether the body has an unknown coding.
    pub(crate) fn is_opaque(&self) -> bool {
        self.decoded.is_none() && coding::is_coded(&self.coding)
    }

    /// The body as UTF-8, if it is text; a character that is cut off at the end may be invalid.
    pub(crate) fn text(&self) -> Option<&[u8]> {
        let text = self.charset()?;
        Some(text.converted.as_deref().unwrap_or_else(|| self.bytes()))
    }

    /// How the body was converted to UTF-8.
    pub(crate) fn charset(&self) -> Option<&charset::DecodedText> {
        self.text.get_or_init(|| charset::text(&self.media, self.bytes())).as_ref()
    }

    /// The lines of the text.
    pub(crate) fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(self.text().unwrap_or_default()))
    }

    /// The lines of the raw body.
    pub(crate) fn raw_lines(&self) -> &Lines {
        self.raw_lines.get_or_init(|| Lines::of(&self.raw))
    }

    /// The tokens in the text.
    pub(crate) fn tokens(&self) -> &Tokens {
        self.tokens.get_or_init(|| Tokens::of(self.text().unwrap_or_default()))
    }

    /// The tokens in the raw body.
    pub(crate) fn raw_tokens(&self) -> &Tokens {
        self.raw_tokens.get_or_init(|| Tokens::of(&self.raw))
    }

    /// The index of the text as JSON.
    pub(crate) fn json(&self) -> &json::JsonIndex {
        self.json.get_or_init(|| json::JsonIndex::of(self.text().unwrap_or_default()))
    }

    /// The JSON in the form field `payload`, if any.
    pub(crate) fn payload(&self) -> Option<&Payload> {
        let payload = self.payload.get_or_init(|| {
            let text = hookglass_message::form::value(self.text()?, "payload")?;
            let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
            let json = json::JsonIndex::of(if is_json { &text } else { b"" });
            let tokens = Tokens::of(&text);
            is_json.then_some(Payload { text, json, tokens })
        });
        payload.as_ref()
    }

    /// The text as XML or HTML.
    pub(crate) fn markup(&self, is_html: bool) -> &Markup {
        let markup = if is_html { &self.html } else { &self.markup };
        markup.get_or_init(|| Markup::of(self.text().unwrap_or_default(), is_html))
    }

    /// The parts of a multipart body.
    pub(crate) fn parts(&self) -> &Multipart {
        self.parts.get_or_init(|| Multipart::of(&self.media, self.bytes()))
    }

    /// The current memory use.
    pub(crate) fn weight(&self) -> usize {
        let converted = self.text.get().and_then(Option::as_ref);
        let converted = converted.and_then(|text| text.converted.as_ref()).map_or(0, Vec::capacity);
        let payload = self.payload.get().and_then(Option::as_ref);
        self.raw.capacity()
            + self.decoded.as_ref().map_or(0, |decoded| decoded.bytes.capacity())
            + converted
            + self.lines.get().map_or(0, Lines::weight)
            + self.raw_lines.get().map_or(0, Lines::weight)
            + self.tokens.get().map_or(0, Tokens::weight)
            + self.raw_tokens.get().map_or(0, Tokens::weight)
            + self.json.get().map_or(0, json::JsonIndex::weight)
            + payload.map_or(0, |payload| {
                payload.text.capacity() + payload.json.weight() + payload.tokens.weight()
            })
            + self.markup.get().map_or(0, Markup::weight)
            + self.html.get().map_or(0, Markup::weight)
            + self.parts.get().map_or(0, Multipart::weight)
            + size_of::<Self>()
    }
}
