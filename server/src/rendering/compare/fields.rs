//! Compares named fields by name, in any order.

use std::collections::HashMap;

use super::{
    rows::ComparedRows,
    side::{SideField, SideFields},
};

/// Compares two lists of fields; adds `order` or `case` if nothing else differs. Rows have the
/// order of `new`; fields that only `old` has come last.
pub(super) fn compare(
    old: &SideFields,
    new: &SideFields,
    rows: &mut ComparedRows,
) -> Option<&'static str> {
    // Positions of the fields in `old`, last first: senders may send thousands with the same name.
    let mut by_field: HashMap<(Vec<u8>, &[u8]), Vec<usize>> = HashMap::new();
    let mut by_name: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (place, (name, value)) in old.iter().enumerate().rev() {
        let name = name.to_ascii_lowercase();
        by_field.entry((name.clone(), value)).or_default().push(place);
        by_name.entry(name).or_default().push(place);
    }
    let mut rest: Vec<Option<&SideField>> = old.iter().map(Some).collect();
    // Match equal fields first, or a repeated field would look like a changed one.
    let mut equal = Vec::with_capacity(new.len());
    for (name, value) in new {
        let places = by_field.get_mut(&(name.to_ascii_lowercase(), value.as_slice()));
        equal.push(places.and_then(Vec::pop).and_then(|place| rest[place].take()));
    }
    let mut take_named = |name: &[u8]| {
        let places = by_name.get_mut(&name.to_ascii_lowercase())?;
        std::iter::from_fn(|| places.pop()).find_map(|place| rest[place].take())
    };
    let mut differs = false;
    for ((name, value), equal) in new.iter().zip(equal) {
        let shown = String::from_utf8_lossy(name);
        if equal.is_some() {
            rows.same(&shown, value);
        } else if let Some((_, before)) = take_named(name) {
            rows.changed(&shown, before, value);
            differs = true;
        } else {
            rows.added(&shown, value);
            differs = true;
        }
    }
    for (name, value) in rest.into_iter().flatten() {
        rows.removed(&String::from_utf8_lossy(name), value);
        differs = true;
    }
    if differs || old == new {
        return None;
    }
    let folded = |fields: &SideFields| -> SideFields {
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
    };
    Some(if folded(old) == folded(new) { "the case of names" } else { "their order or case" })
}

/// Returns the fields of a form as sent (WHATWG URL §5.1), still encoded.
pub(super) fn of_form(body: &[u8]) -> SideFields {
    let pairs = body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
    let field = |pair: &[u8]| match pair.iter().position(|&byte| byte == b'=') {
        Some(at) => (pair[..at].to_vec(), pair[at + 1..].to_vec()),
        None => (pair.to_vec(), Vec::new()),
    };
    pairs.map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(old: &[u8], new: &[u8]) -> (Vec<String>, Option<&'static str>) {
        let mut rows = ComparedRows::new();
        let said = compare(&of_form(old), &of_form(new), &mut rows);
        let shown = rows.done().into_iter().map(|row| {
            let text: String = row.pieces.iter().map(|piece| piece.0.as_str()).collect();
            format!("{}{text}", row.mark.map(|mark| format!("{mark} ")).unwrap_or_default())
        });
        (shown.collect(), said)
    }

    #[test]
    fn repeated_fields_are_matched_in_order_and_equal_ones_first() {
        let (rows, said) = compared(b"a=1&A=2&a=3&b=4&b=5", b"a=3&a=8&a=9&a=0&b=5");
        let expected =
            ["a: 3", "changed a: 1 → 8", "changed a: 2 → 9", "added a: 0", "b: 5", "removed b: 4"];
        assert_eq!((rows.as_slice(), said), (expected.map(str::to_owned).as_slice(), None));
        assert_eq!(compared(b"a=1&b=2", b"b=2&A=1").1, Some("their order or case"));
        assert_eq!(compared(b"a=1&b=2", b"A=1&b=2").1, Some("the case of names"));
    }

    #[test]
    fn thousands_of_fields_are_matched_without_looking_at_each() {
        let form = |numbers: &mut dyn Iterator<Item = usize>| {
            let pairs: Vec<String> = numbers.map(|n| format!("name{n}={n}")).collect();
            pairs.join("&").into_bytes()
        };
        let (_, said) = compared(&form(&mut (0..100_000)), &form(&mut (0..100_000).rev()));
        assert_eq!(said, Some("their order or case"));
    }
}
