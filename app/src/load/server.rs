//! The server's half: Leptos' resources, and pages that are whole before they are sent.

use std::future::Future;

use codee::{Decoder, Encoder};
use leptos::prelude::*;
use serde::Serialize;

use crate::wire::json::{self, Readable, Unreadable};

/// What a page loads.
pub(crate) type Resource<T> = leptos::prelude::Resource<T, Wire>;

/// Loads what `fetcher` makes of `source`, anew whenever `source` changes.
pub(crate) fn resource<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> F + Send + Sync + 'static,
) -> Resource<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + Readable + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    ArcResource::<T, Wire>::new_with_options(source, fetcher, false).into()
}

/// What is loaded; while it is loaded anew, what `opening` makes.
pub(crate) fn anew<T, V>(
    resource: Resource<T>,
    opening: impl Fn() -> V + Send + Sync + 'static,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let content = move || {
        let show = show.clone();
        Suspend::new(async move { show(resource.await) })
    };
    view! { <Suspense fallback=opening>{content}</Suspense> }.erased()
}

/// What is loaded; while it is loaded anew, what was there before.
pub(crate) fn kept<T>(
    resource: Resource<T>,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
{
    let content = move || {
        let show = show.clone();
        Suspend::new(async move { show(resource.await) })
    };
    view! { <Transition>{content}</Transition> }.erased()
}

/// The same of answers that fit alone; here there is one, and it does.
pub(crate) fn kept_where<T>(
    resource: Resource<T>,
    _: impl Fn(&T) -> bool,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
{
    kept(resource, show)
}

/// How an answer crosses to the browser inside the page.
pub(crate) struct Wire;

impl<T: Serialize> Encoder<T> for Wire {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        serde_json::to_string(value)
    }
}

impl<T: Readable> Decoder<T> for Wire {
    type Error = Unreadable;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Unreadable> {
        json::read(text)
    }
}
