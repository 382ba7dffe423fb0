//! Headers and trailers in wire order, with explanations of known ones.

mod http;
mod known;
mod senders;
mod times;

use hookglass_message::head;
use hookglass_store::StoredRequest;
use hookglass_wire::{Field, Note, Timestamp};

pub(crate) use self::known::secrecy;
use super::{fields::field, note};

/// Returns the headers of a request as fields.
pub(crate) fn fields(stored: &StoredRequest) -> (Vec<Field>, Vec<Note>) {
    let received_at = stored.summary.received_at;
    let mut fields: Vec<Field> = head::raw_head_fields(&stored.head)
        .iter()
        .map(|(name, value)| header(name, value, received_at))
        .collect();
    let trailers = head::raw_fields(&stored.trailers);
    for (place, (name, value)) in trailers.iter().enumerate() {
        let mut field = header(name, value, received_at);
        field.group = (place == 0).then(|| "Trailers".to_owned());
        fields.push(field);
    }
    let mut notes = Vec::new();
    if !stored.exact {
        notes.push(note("info", NOT_EXACT));
    }
    if stored.redacted {
        notes.push(note("info", REDACTED));
    }
    (fields, notes)
}

/// The note for a head that is not stored exactly.
pub(crate) const NOT_EXACT: &str =
    "HTTP/2 has no lines and no upper case: names and order are as this server was told them.";
/// The note for a head with redacted values.
pub(crate) const REDACTED: &str =
    "A Hookglass key or a cookie that the operator named was overwritten by asterisks.";

fn header(name: &[u8], value: &[u8], received_at: Timestamp) -> Field {
    let text = String::from_utf8_lossy(name);
    let kind = secrecy(&text);
    let known = known::known(&text);
    let time = std::str::from_utf8(value).ok();
    Field {
        about: known.map(|known| known.about.to_owned()),
        standard: known.map(|known| known.standard.to_owned()),
        readable: time.and_then(|value| times::readable(&text, value, received_at)),
        secret: !kind.is_empty(),
        ..field(name, value, kind)
    }
}
