//! Links within an endpoint's page: they change one part of the URL and keep the rest.

use leptos::prelude::*;
use leptos_router::{hooks::use_location, params::ParamsMap};

/// The query of the page as it is, with its `?`; empty if there is none.
pub(crate) fn query_string() -> Memo<String> {
    let query = use_location().query;
    Memo::new(move |_| to_text(&query.read()))
}

/// The query of the page with `key` set to `value`.
pub(crate) fn query_with(key: &'static str, value: &'static str) -> Memo<String> {
    let query = use_location().query;
    Memo::new(move |_| {
        let mut query = query.get();
        query.replace(key, value.to_owned());
        to_text(&query)
    })
}

/// The query of the page with `key` set to what `value` gives, or without it; what only made sense
/// beside the old value (`before`) goes with it.
pub(crate) fn query_set(
    key: &'static str,
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Memo<String> {
    let query = use_location().query;
    Memo::new(move |_| set(query.get(), key, value()))
}

/// A query with `key` set to `value`, or without it.
pub(crate) fn set(mut query: ParamsMap, key: &'static str, value: Option<String>) -> String {
    query.remove("before");
    match value {
        Some(value) => query.replace(key, value),
        None => drop(query.remove(key)),
    }
    to_text(&query)
}

/// What the query says of `key`.
pub(crate) fn query_value(key: &'static str) -> Memo<Option<String>> {
    let query = use_location().query;
    Memo::new(move |_| query.read().get(key))
}

/// The page of an endpoint, or of one of its requests.
pub(crate) fn inspect(endpoint: &str, seq: Option<i64>, query: &str) -> String {
    match seq {
        Some(seq) => format!("/inspect/{endpoint}/{seq}{query}"),
        None => format!("/inspect/{endpoint}{query}"),
    }
}

fn to_text(query: &ParamsMap) -> String {
    let text = query.to_query_string();
    if text == "?" { String::new() } else { text }
}

/// One of a few views of the same thing, chosen in the query: `?tab=headers`.
#[component]
pub(crate) fn ViewLink(
    key: &'static str,
    value: &'static str,
    chosen: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let query = query_with(key, value);
    let path = use_location().pathname;
    view! {
        <a
            class="view-link"
            href=move || format!("{}{}", path.get(), query.get())
            aria-current=move || chosen.get().then_some("true")
            data-noscroll
        >
            {children()}
        </a>
    }
}
