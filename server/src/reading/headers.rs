//! Header and trailer fields in wire order, known ones explained.

use hookglass_app::wire::{Field, Note};

use super::{fields::field, note};
use crate::{head, store::StoredRequest};

/// The fields of a request.
pub(crate) fn fields(stored: &StoredRequest) -> (Vec<Field>, Vec<Note>) {
    let mut fields: Vec<Field> = head::raw_head_fields(&stored.head)
        .iter()
        .map(|(name, value)| header(name, value))
        .collect();
    let trailers = head::raw_fields(&stored.trailers);
    for (place, (name, value)) in trailers.iter().enumerate() {
        let mut field = header(name, value);
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

/// Said of a head that is not what stood on the wire.
pub(crate) const NOT_EXACT: &str =
    "HTTP/2 has no lines and no upper case: names and order are as this server was told them.";
/// Said of a head in which something was overwritten.
pub(crate) const REDACTED: &str =
    "A Hookglass key or a cookie that the operator named was overwritten by asterisks.";

fn header(name: &[u8], value: &[u8]) -> Field {
    field(name, value, "")
}
