//! Fields: names and values, paged and searched as rows are.

use hookglass_app::wire::{Field, Reading};

use super::{
    pieces::Pieces,
    sheet::{FOUND_ROWS, Part, number},
};

/// How much of a value is shown; `Field::whole` has the rest.
pub(crate) const VALUE_BYTES: usize = 4096;
/// How much `Field::whole` has at most.
const WHOLE_BYTES: usize = 256 * 1024;

/// A field of bytes as sent.
pub(crate) fn field(name: &[u8], value: &[u8], kind: &str) -> Field {
    let mut shown_name = Pieces::default();
    shown_name.push_start("", name, VALUE_BYTES);
    let mut shown = Pieces::default();
    shown.push_start(kind, value, VALUE_BYTES);
    let is_cut = value.len() > VALUE_BYTES;
    let text = if is_cut { std::str::from_utf8(value).ok() } else { None };
    Field {
        name: shown_name.done(),
        value: shown.done(),
        whole: text.filter(|text| text.len() <= WHOLE_BYTES).map(str::to_owned),
        ..Field::default()
    }
}

/// Puts the fields that were asked for into a reading.
pub(crate) fn fill(reading: &mut Reading, fields: Vec<Field>, part: &Part) {
    reading.total = number(fields.len());
    reading.from = number(part.from);
    for (place, mut field) in fields.into_iter().enumerate() {
        let is_asked = (part.from..part.from.saturating_add(part.limit)).contains(&place);
        if let Some(needle) = &part.needle {
            let before = field.name.len() + field.value.len();
            let text: String =
                field.name.iter().chain(&field.value).map(|piece| piece.1.as_str()).collect();
            needle.mark(&mut field.name);
            needle.mark(&mut field.value);
            let after: String =
                field.name.iter().chain(&field.value).map(|piece| piece.1.as_str()).collect();
            let is_hit = before != field.name.len() + field.value.len() || text != after;
            if is_hit && reading.found.len() < FOUND_ROWS {
                reading.found.push(number(place));
            }
        }
        if is_asked {
            reading.fields.push(field);
        }
    }
}
