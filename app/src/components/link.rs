//! Links within an endpoint's page: they change one part of the URL and keep the rest.

use leptos::prelude::*;

use crate::route::{ParamsMap, Url, use_location};

/// Query keys of the display of one part of one request: they are dropped for another one.
const OF_ONE_PART: [&str; 4] = ["depth", "toggled", "find", "from"];

/// Returns the page's query for another request, including its `?`; empty if there is none.
pub(crate) fn query_string() -> Memo<String> {
    let query = use_location().query;
    Memo::new(move |_| query_for(&query.read(), &OF_ONE_PART, &[]))
}

/// Returns `query` without the values of the keys `without` and with those of `set`.
pub(crate) fn query_for(query: &ParamsMap, without: &[&str], set: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut push = |key: &str, value: &str| {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        text.push_str(&Url::escape(value));
    };
    for (key, value) in query {
        if !without.contains(&key.as_ref()) && set.iter().all(|(name, _)| name != key) {
            push(&Url::escape(key), value);
        }
    }
    for (key, value) in set {
        push(key, value);
    }
    text
}

/// Returns the page's query with `key` set to the result of `value`, or without it; keys that only
/// made sense with the old value (`before`) are removed, too.
pub(crate) fn query_set(
    key: &'static str,
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Memo<String> {
    let query = use_location().query;
    Memo::new(move |_| {
        let value = value();
        let set: Option<[_; 1]> = value.as_deref().map(|value| [(key, value)]);
        query_for(&query.read(), &["before", key], set.as_ref().map_or(&[], |set| set))
    })
}

/// Returns the query's value for `key`.
pub(crate) fn query_value(key: &'static str) -> Memo<Option<String>> {
    let query = use_location().query;
    Memo::new(move |_| query.read().get(key))
}

/// Returns the path of the page of an endpoint, or of one of its requests.
pub(crate) fn inspect(endpoint: &str, seq: Option<i64>, query: &str) -> String {
    match seq {
        Some(seq) => format!("/inspect/{endpoint}/{seq}{query}"),
        None => format!("/inspect/{endpoint}{query}"),
    }
}

/// A link to one of several views of the same thing, chosen in the query: `?tab=headers`. Removes
/// the query keys that only concern the current view.
#[component]
pub(crate) fn ViewLink(
    key: &'static str,
    #[prop(into)] value: String,
    #[prop(into)] chosen: Signal<bool>,
    /// The name that its keyboard command uses.
    #[prop(optional)]
    press: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let location = use_location();
    let (query, path) = (location.query, location.pathname);
    let href = move || {
        let query = query.read();
        // A tab has its own forms; a depth depends on the form.
        let without: &[&str] = match key {
            "tab" => &["form", "with", "depth", "toggled", "find", "from"],
            "form" => &OF_ONE_PART,
            _ => &["toggled", "from"],
        };
        path.get() + &query_for(&query, without, &[(key, &value)])
    };
    view! {
        <a
            class="view-link"
            href=href
            aria-current=move || chosen.get().then_some("true")
            data-key=press
            data-noscroll
        >
            {children.shown()}
        </a>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_a_query_changes_and_the_rest_stays() {
        let query = ParamsMap::from_iter([("tab", "body"), ("q", "a b"), ("find", "x")]);
        assert_eq!(query_for(&query, &["find"], &[]), "?tab=body&q=a%20b");
        assert_eq!(query_for(&query, &OF_ONE_PART, &[("tab", "wire")]), "?q=a%20b&tab=wire");
        assert_eq!(query_for(&ParamsMap::new(), &[], &[]), "");
        assert_eq!(query_for(&ParamsMap::new(), &[], &[("find", "50%&")]), "?find=50%25%26");
    }
}
