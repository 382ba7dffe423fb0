//! Leptos' own implementation, for the server, and for the browser with `stock-leptos`.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Mutex,
};

use leptos::prelude::*;
use serde::Serialize;

use super::page_data;
use crate::wire::json::Readable;

/// Data that a page loads: Leptos' resource, except that its data reaches the browser under a name.
/// A cheap-clone handle.
pub(crate) struct Resource<T: 'static> {
    answer: AsyncDerived<T>,
    /// Incremented to load it again.
    version: RwSignal<u32>,
}

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Resource<T> {}

impl<T> Resource<T> {
    /// Loads it again.
    pub(crate) fn refetch(self) {
        self.version.update(|version| *version = version.wrapping_add(1));
    }
}

/// Loads the result of `fetcher` for `source`, and again whenever `source` changes. `name` must be
/// unique among the resources of a page.
pub(crate) fn resource<S, T, F>(
    name: &'static str,
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> F + Send + Sync + 'static,
) -> Resource<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + Readable + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let source = Memo::new(move |_| source());
    let version = RwSignal::new(0_u32);
    // Locked only to take.
    let written = Mutex::new(page_data::take::<T>(name));
    let answer = ArcAsyncDerived::new(move || {
        version.track();
        let source = source.get();
        let written = written.lock().ok().and_then(|mut written| written.take());
        let answer: Pin<Box<dyn Future<Output = T> + Send>> = match written {
            // Ready at once, so that the server's HTML is hydrated with it.
            Some(answer) => Box::pin(ready(answer)),
            None => Box::pin(untrack(|| fetcher(source))),
        };
        answer
    });
    page_data::register(name, &answer);
    Resource { answer: answer.into(), version }
}

/// Shows the loaded data; `fallback` while it loads, also when it loads again.
pub(crate) fn suspense<T, V>(
    resource: Resource<T>,
    fallback: impl Fn() -> V + Send + Sync + 'static,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    // Not through its handle: a pending load may outlive the page.
    let answer = ArcAsyncDerived::from(resource.answer);
    let content = move || {
        let (show, answer) = (show.clone(), answer.clone());
        Suspend::new(async move { show(answer.await) })
    };
    view! { <Suspense fallback>{content}</Suspense> }.erased()
}

/// Shows the loaded data; the previous data while it loads again.
pub(crate) fn transition<T>(
    resource: Resource<T>,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
{
    show_settled(resource.answer.into(), show)
}

/// The same for data that fits; while new data loads, the last that fitted stays.
pub(crate) fn transition_if<T>(
    resource: Resource<T>,
    fits: impl Fn(&T) -> bool + Clone + Send + Sync + 'static,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let loaded = ArcAsyncDerived::from(resource.answer);
    let answer = ArcAsyncDerived::new(move || {
        let (fits, loaded) = (fits.clone(), loaded.clone());
        async move {
            let answer = loaded.await;
            // The server loads once per render: waiting would never end there.
            if !cfg!(feature = "ssr") && !fits(&answer) {
                std::future::pending::<()>().await;
            }
            answer
        }
    });
    show_settled(answer, show)
}

fn show_settled<T>(
    answer: ArcAsyncDerived<T>,
    show: impl Fn(T) -> Erased + Clone + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
{
    let content = move || {
        let (show, answer) = (show.clone(), answer.clone());
        Suspend::new(async move { show(answer.await) })
    };
    view! { <Transition>{content}</Transition> }.erased()
}
