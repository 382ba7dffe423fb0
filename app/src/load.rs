//! What a page loads before it shows itself: on the server while it renders, after which the answer
//! crosses to the browser inside the page; in the browser by itself from then on.

use std::future::Future;

use codee::{Decoder, Encoder};
use leptos::prelude::ArcResource;
use serde::Serialize;

use crate::wire::json::{self, Readable, Unreadable};

/// What a page loads. Use it instead of Leptos' own, which brings `serde_json` into the browser.
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

/// How an answer crosses to the browser inside the page.
pub(crate) struct Wire;

impl<T: Serialize> Encoder<T> for Wire {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, serde_json::Error> {
        written(value)
    }
}

impl<T: Readable> Decoder<T> for Wire {
    type Error = Unreadable;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Unreadable> {
        json::read(text)
    }
}

#[cfg(feature = "ssr")]
fn written(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value)
}

/// In the browser nobody reads what is written.
#[cfg(not(feature = "ssr"))]
fn written(_: &impl Serialize) -> serde_json::Result<String> {
    Ok(String::new())
}
