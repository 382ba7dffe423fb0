//! Read-only signals.

use std::marker::PhantomData;

use leptos::prelude::{Memo as InnerMemo, RwSignal as InnerSignal, StoredValue as InnerStored};

use super::{
    boxed::{Boxed, ReadGuard, Ref, disposed, handle, readable},
    memo::{self, Memo},
    signal::{self, RwSignal},
    stored,
};

/// Anything that can be read: a signal, a memo, a value derived from them, or a constant.
pub struct Signal<T>(DerivedSource, PhantomData<fn() -> T>);

handle!(Signal);
readable!(Signal);

#[derive(Clone, Copy)]
enum DerivedSource {
    Signal(InnerSignal<Boxed>),
    Memo(InnerMemo<Boxed>),
    /// Holds a [`Derive`].
    Derived(InnerStored<Boxed>),
    Stays(InnerStored<Boxed>),
}

/// Makes the value for each access.
type Derive = Box<dyn Fn() -> Boxed + Send + Sync>;

fn guard(source: DerivedSource, is_tracked: bool) -> Option<ReadGuard> {
    match source {
        DerivedSource::Signal(signal) => signal::guard(signal, is_tracked),
        DerivedSource::Memo(memo) => memo::guard(memo, is_tracked),
        DerivedSource::Stays(stored) => stored::guard(stored),
        DerivedSource::Derived(stored) => {
            let derive = Ref::<Derive>(stored::guard(stored)?, PhantomData);
            Some(ReadGuard::Made(if is_tracked {
                derive()
            } else {
                leptos::prelude::untrack(&*derive)
            }))
        }
    }
}

impl<T: Send + Sync + 'static> Signal<T> {
    /// Returns a signal with the value of `derive`, which runs for each read.
    #[must_use]
    pub fn derive(derive: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let derive: Derive = Box::new(move || Box::new(derive()));
        Self(DerivedSource::Derived(stored::new_boxed(Box::new(derive))), PhantomData)
    }

    /// Returns a constant.
    #[must_use]
    pub fn stored(value: T) -> Self {
        Self(DerivedSource::Stays(stored::new_boxed(Box::new(value))), PhantomData)
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self(DerivedSource::Signal(signal.0), PhantomData)
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self(DerivedSource::Memo(memo.0), PhantomData)
    }
}

impl<T: Send + Sync + 'static> From<T> for Signal<T> {
    fn from(value: T) -> Self {
        Self::stored(value)
    }
}
