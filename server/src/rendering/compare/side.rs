//! One side of a comparison, read as far as the comparison needs.

use hookglass_message::head;
use hookglass_store::StoredRequest;

use crate::rendering::{content::BodyContent, pieces::char_boundary};

/// The rest of a body is not compared.
pub(super) const BODY_BYTES: usize = 1024 * 1024;
/// Forms with more fields are compared as text.
const MAX_FORM_FIELDS: usize = 2_000;

/// The parts of a request that are compared.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// The request line, without its line end.
    pub(super) line: Vec<u8>,
    pub(super) headers: SideFields,
    pub(super) trailers: SideFields,
    /// The decoded body, in UTF-8 if it is text; at most `BODY_BYTES`.
    pub(super) body: Vec<u8>,
    /// The size of the whole decoded body.
    pub(super) all_bytes: usize,
    pub(super) is_text: bool,
    pub(super) is_form: bool,
    /// Whether decoding stopped early.
    pub(super) is_partial: bool,
    /// The hash of the raw body.
    pub(super) sha256: Vec<u8>,
}

/// A name and its value.
pub(super) type SideField = (Vec<u8>, Vec<u8>);
/// In wire order.
pub(super) type SideFields = Vec<SideField>;

impl Side {
    pub(super) fn of(stored: &StoredRequest, content: &BodyContent) -> Self {
        let owned = |fields: Vec<(&[u8], Vec<u8>)>| {
            fields.into_iter().map(|(name, value)| (name.to_vec(), value)).collect()
        };
        let text = content.text();
        let body = text.unwrap_or_else(|| content.bytes());
        let line = stored.head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        Self {
            line: line.strip_suffix(b"\r").unwrap_or(line).to_vec(),
            headers: owned(head::raw_head_fields(&stored.head)),
            trailers: owned(head::raw_fields(&stored.trailers)),
            body: body[..char_boundary(body, BODY_BYTES)].to_vec(),
            all_bytes: body.len(),
            is_text: text.is_some(),
            is_form: content.media.is_form(),
            is_partial: content.decoded.as_ref().is_some_and(|decoded| decoded.stop.is_some()),
            sha256: stored.body_sha256.clone(),
        }
    }

    pub(super) fn body_bytes(&self) -> u64 {
        crate::rendering::row_source::number(self.all_bytes)
    }

    /// Whether a form has few enough fields to match each with each.
    pub(super) fn has_few_fields(&self) -> bool {
        self.body.iter().filter(|&&byte| byte == b'&').count() <= MAX_FORM_FIELDS
    }

    /// Whether the whole body is compared.
    pub(super) fn is_whole(&self) -> bool {
        self.body.len() == self.all_bytes && !self.is_partial
    }

    /// The note for a body that is not compared as a whole.
    pub(super) fn cut_off(&self) -> Option<&'static str> {
        (!self.is_whole()).then_some("Only the first MiB of each body is compared.")
    }
}
