//! Named values, paged and searched like rows.

use hookglass_wire::{Field, Reading};

use super::{
    pieces::SpanBuilder,
    row_source::{FOUND_ROWS, RowBudget, RowRange, json_bytes, number},
};

/// How much of a value is shown; `Field::whole` has all of it.
pub(crate) const VALUE_BYTES: usize = 4096;
/// The size limit of `Field::whole` as JSON.
const WHOLE_BYTES: usize = 256 * 1024;

/// Builds a field from raw bytes.
pub(crate) fn field(name: &[u8], value: &[u8], kind: &str) -> Field {
    let mut shown_name = SpanBuilder::default();
    shown_name.push_start("", name, VALUE_BYTES);
    let mut shown = SpanBuilder::default();
    shown.push_start(kind, value, VALUE_BYTES);
    let is_cut = value.len() > VALUE_BYTES;
    let text = if is_cut { std::str::from_utf8(value).ok() } else { None };
    Field {
        name: shown_name.done(),
        value: shown.done(),
        whole: text
            .filter(|text| text.len() <= WHOLE_BYTES && json_bytes(text) <= WHOLE_BYTES)
            .map(str::to_owned),
        ..Field::default()
    }
}

/// Adds the requested fields to a reading; fewer if they are long. The others are not kept: a
/// hundred thousand take many times the size of their source.
pub(crate) fn fill(
    reading: &mut Reading,
    fields: impl IntoIterator<Item = Field>,
    part: &RowRange,
) {
    reading.total = 0;
    reading.from = number(part.from);
    let mut room = RowBudget::default();
    for (place, mut field) in fields.into_iter().enumerate() {
        reading.total += 1;
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
        if is_asked && room.take(&field) {
            reading.fields.push(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::find::Highlighter, *};

    fn part(from: usize, limit: usize, find: &str) -> RowRange {
        RowRange { from, limit, needle: Highlighter::new(find) }
    }

    #[test]
    fn fields_are_paged_and_found_wherever_they_are() {
        let fields: Vec<Field> =
            (0..10).map(|n: u8| field(b"name", format!("value {n}").as_bytes(), "k")).collect();
        let mut reading = Reading::default();
        fill(&mut reading, fields, &part(4, 2, "VALUE 5"));
        assert_eq!((reading.total, reading.from, reading.fields.len()), (10, 4, 2));
        assert_eq!(reading.found, [5]);
        assert_eq!(reading.fields[1].value[0].1, "k hit");
    }

    #[test]
    fn long_fields_are_given_a_few_at_a_time() {
        // Exactly at the limit, with its quotes.
        let long = vec![b'x'; WHOLE_BYTES - 2];
        let fields = (0..10).map(|_| field(b"name", &long, ""));
        let mut reading = Reading::default();
        fill(&mut reading, fields, &part(0, 500, ""));
        assert_eq!((reading.total, reading.fields.len()), (10, 1));
        assert_eq!(reading.fields[0].whole.as_ref().map(String::len), Some(WHOLE_BYTES - 2));
        // A control character takes six bytes as JSON.
        assert!(field(b"name", &vec![1; WHOLE_BYTES / 6 + 1], "").whole.is_none());
        assert!(field(b"name", &vec![1; WHOLE_BYTES / 6], "").whole.is_some());
    }
}
