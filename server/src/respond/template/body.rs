//! Looks up the body values of templates: in JSON by path, in forms by field.

use std::{borrow::Cow, collections::HashSet};

use hookglass_message::{
    form,
    json::{JsonMatch, PathTree, gather},
    request_view::RequestView,
};

use super::MAX_PARSED_BYTES;

/// Returns the value at each wanted path, by its position in the tree. Bodies that are too large
/// have none.
pub(super) fn values<'a>(sent: &RequestView<'a>, wanted: &PathTree) -> Vec<Option<JsonMatch<'a>>> {
    if sent.body.len() > MAX_PARSED_BYTES {
        return Vec::new();
    }
    if sent.has_form() {
        of_form(sent.body, wanted)
    } else {
        gather(sent.body, wanted, PathTree::ROOT)
    }
}

/// A field with JSON has paths of its own; of repeated fields the first counts.
fn of_form<'a>(body: &[u8], wanted: &PathTree) -> Vec<Option<JsonMatch<'a>>> {
    let mut found: Vec<Option<JsonMatch<'a>>> = vec![None; wanted.count()];
    let mut seen = HashSet::new();
    for (name, value) in form::decoded_pairs(body) {
        let child =
            std::str::from_utf8(&name).ok().and_then(|name| wanted.child(PathTree::ROOT, name));
        // Parsing each of many fields with one name would cost as much as all wanted paths.
        let Some(child) = child.filter(|child| seen.insert(*child)) else { continue };
        if matches!(value.first(), Some(b'{' | b'[')) {
            for (place, within) in found.iter_mut().zip(gather(&value, wanted, child)) {
                if place.is_none() {
                    *place = within.map(owned);
                }
            }
        }
        if wanted.is_wanted(child)
            && let Some(place @ None) = found.get_mut(child)
        {
            *place = Some(JsonMatch::Bytes(Cow::Owned(value)));
        }
    }
    found
}

fn owned<'a>(value: JsonMatch<'_>) -> JsonMatch<'a> {
    match value {
        JsonMatch::Text(text) => JsonMatch::Text(Cow::Owned(text.into_owned())),
        JsonMatch::Bytes(bytes) => JsonMatch::Bytes(Cow::Owned(bytes.into_owned())),
        JsonMatch::Json(json) => JsonMatch::Json(Cow::Owned(json.into_owned())),
    }
}
