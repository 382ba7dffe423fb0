//! Fields with names, compared by name whatever their order.

use super::{
    rows::Rows,
    side::{Field, Fields},
};

/// Compares; `order` or `case` where nothing else differs. The order is that of `new`, what only
/// `old` has stands at the end.
pub(super) fn compare(old: &Fields, new: &Fields, rows: &mut Rows) -> Option<&'static str> {
    let mut rest: Vec<Option<&Field>> = old.iter().map(Some).collect();
    let mut take = |wanted: &dyn Fn(&Field) -> bool| {
        let place = rest.iter().position(|field| field.is_some_and(wanted))?;
        rest[place].take()
    };
    // Equal ones first, or a repeated field would be taken for another that changed.
    let equal: Vec<_> = new
        .iter()
        .map(|(name, value)| take(&|field| field.0.eq_ignore_ascii_case(name) && field.1 == *value))
        .collect();
    let mut differs = false;
    for ((name, value), equal) in new.iter().zip(equal) {
        let shown = String::from_utf8_lossy(name);
        if equal.is_some() {
            rows.same(&shown, value);
        } else if let Some((_, before)) = take(&|field| field.0.eq_ignore_ascii_case(name)) {
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
    let folded = |fields: &Fields| -> Fields {
        fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
    };
    Some(if folded(old) == folded(new) { "the case of names" } else { "their order or case" })
}

/// The fields of a form as sent (WHATWG URL §5.1), still encoded.
pub(super) fn of_form(body: &[u8]) -> Fields {
    let pairs = body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
    let field = |pair: &[u8]| match pair.iter().position(|&byte| byte == b'=') {
        Some(at) => (pair[..at].to_vec(), pair[at + 1..].to_vec()),
        None => (pair.to_vec(), Vec::new()),
    };
    pairs.map(field).collect()
}
