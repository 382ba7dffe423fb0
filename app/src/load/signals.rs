//! The browser's own implementation, without `stock-leptos`: the first data comes from the page,
//! later data is fetched. Leptos' resources do the same and much more, which would make the browser
//! half larger.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::page_data;
use crate::wire::json::Readable;

/// Data that a page loads. A cheap-clone handle on signals.
pub(crate) struct Resource<T> {
    /// The latest data, `None` before the first.
    answer: RwSignal<Option<T>>,
    /// Whether it is being loaded again.
    is_loading: RwSignal<bool>,
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
    T: Readable + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let first: Option<T> = page_data::take(name);
    let is_loading = RwSignal::new(first.is_none());
    let source = Memo::new(move |_| source());
    let written_for = first.is_some().then(|| source.get_untracked());
    let resource = Resource { answer: RwSignal::new(first), is_loading, version: RwSignal::new(0) };
    // Of several pending fetches only the last one counts.
    let asked = StoredValue::new(0_u32);
    Effect::new(move |was: Option<()>| {
        let (source, version) = (source.get(), resource.version.get());
        if was.is_none() && version == 0 && written_for.as_ref() == Some(&source) {
            return;
        }
        asked.update_value(|asked| *asked = asked.wrapping_add(1));
        let turn = asked.get_value();
        is_loading.set(true);
        let answer = untrack(|| fetcher(source));
        spawn_local(async move {
            let answer = answer.await;
            if asked.try_get_value() == Some(turn) {
                let _ = resource.answer.try_set(Some(answer));
                let _ = is_loading.try_set(false);
            }
        });
    });
    resource
}

/// Shows the loaded data; `fallback` while it loads, also when it loads again.
pub(crate) fn suspense<T, V>(
    resource: Resource<T>,
    fallback: impl Fn() -> V + Send + Sync + 'static,
    show: impl Fn(T) -> Erased + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let view = move || {
        let answer = (!resource.is_loading.get()).then(|| resource.answer.get()).flatten();
        answer.map_or_else(|| fallback().into_render(), &show)
    };
    view.erased()
}

/// Shows the loaded data; the previous data while it loads again.
pub(crate) fn transition<T>(
    resource: Resource<T>,
    show: impl Fn(T) -> Erased + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
{
    let answer = move || resource.answer.get();
    show_settled(resource, answer, show)
}

/// The same for data that fits; while new data loads, the last that fitted stays.
pub(crate) fn transition_if<T>(
    resource: Resource<T>,
    fits: impl Fn(&T) -> bool + Send + Sync + 'static,
    show: impl Fn(T) -> Erased + Send + Sync + 'static,
) -> Erased
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let answer = Memo::new(move |last: Option<&Option<T>>| {
        let now = resource.answer.read().as_ref().filter(|answer| fits(answer)).cloned();
        now.or_else(|| last.cloned().flatten())
    });
    show_settled(resource, move || answer.get(), show)
}

fn show_settled<T: 'static>(
    resource: Resource<T>,
    answer: impl Fn() -> Option<T> + Send + 'static,
    show: impl Fn(T) -> Erased + Send + 'static,
) -> Erased {
    // Data loaded before this view existed belongs to something else.
    let is_first = StoredValue::new(true);
    let view = move || {
        if is_first.get_value() && resource.is_loading.get() {
            return ().erased();
        }
        is_first.set_value(false);
        answer().map_or_else(|| ().erased(), &show)
    };
    view.erased()
}
