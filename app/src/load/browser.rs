//! The browser's half: the first answer is found in the page, later ones are asked for. Leptos' own
//! resources do the same and much more, which the page would carry.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use crate::wire::json::{self, Readable};

/// What a page loads. A cheap-clone handle on signals.
pub(crate) struct Resource<T> {
    /// The last answer, `None` before the first.
    answer: RwSignal<Option<T>>,
    /// Whether another one is on its way.
    is_loading: RwSignal<bool>,
    /// Raised to load it again.
    again: RwSignal<u32>,
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
        self.again.update(|again| *again = again.wrapping_add(1));
    }
}

/// Loads what `fetcher` makes of `source`, anew whenever `source` changes.
pub(crate) fn resource<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> F + Send + Sync + 'static,
) -> Resource<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Readable + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let first: Option<T> = written().and_then(|text| json::read(&text).ok());
    let is_loading = RwSignal::new(first.is_none());
    let source = Memo::new(move |_| source());
    let written_for = first.is_some().then(|| source.get_untracked());
    let resource = Resource { answer: RwSignal::new(first), is_loading, again: RwSignal::new(0) };
    // Of several answers that are on their way the last one counts.
    let asked = StoredValue::new(0_u32);
    Effect::new(move |was: Option<()>| {
        let (source, again) = (source.get(), resource.again.get());
        if was.is_none() && again == 0 && written_for.as_ref() == Some(&source) {
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

/// What the server wrote for the resource whose turn it is.
fn written() -> Option<String> {
    let shared = Owner::current_shared_context()?;
    let id = shared.next_id();
    shared.read_data(&id)
}

/// Takes the turn that Leptos' `Suspense` and `Transition` take on the server.
fn wait() {
    let _ = Owner::current_shared_context().map(|shared| shared.next_id());
}

/// What is loaded; while it is loaded anew, what `opening` makes.
pub(crate) fn anew<T, V>(
    resource: Resource<T>,
    opening: impl Fn() -> V + Send + Sync + 'static,
    show: impl Fn(T) -> Erased + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    wait();
    let view = move || {
        let answer = (!resource.is_loading.get()).then(|| resource.answer.get()).flatten();
        answer.map_or_else(|| opening().into_render(), &show)
    };
    view.erased()
}

/// What is loaded; while it is loaded anew, what was there before.
pub(crate) fn kept<T>(
    resource: Resource<T>,
    show: impl Fn(T) -> Erased + Send + Sync + 'static,
) -> Erased
where
    T: Clone + Send + Sync + 'static,
{
    let answer = move || resource.answer.get();
    shown(resource, answer, show)
}

/// The same of answers that fit alone: of others, what fitted last stays.
pub(crate) fn kept_where<T>(
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
    shown(resource, move || answer.get(), show)
}

fn shown<T: 'static>(
    resource: Resource<T>,
    answer: impl Fn() -> Option<T> + Send + 'static,
    show: impl Fn(T) -> Erased + Send + 'static,
) -> Erased {
    wait();
    // What was loaded before this was here is of something else.
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
