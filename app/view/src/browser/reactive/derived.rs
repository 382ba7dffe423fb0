//! Anything that can be read.

use std::marker::PhantomData;

use leptos::prelude::{Memo as InnerMemo, RwSignal as InnerSignal, StoredValue as InnerStored};

use super::{
    held::{Held, Look, Ref, gone, handle, readable},
    memo::{self, Memo},
    signal::{self, RwSignal},
    stored,
};

/// Anything that can be read: a signal, a memo, what is derived of them, or a value that stays.
pub struct Signal<T>(Source, PhantomData<fn() -> T>);

handle!(Signal);
readable!(Signal);

#[derive(Clone, Copy)]
enum Source {
    Signal(InnerSignal<Held>),
    Memo(InnerMemo<Held>),
    /// Holds a [`Derive`].
    Derived(InnerStored<Held>),
    Stays(InnerStored<Held>),
}

/// Makes the value anew for each look.
type Derive = Box<dyn Fn() -> Held + Send + Sync>;

fn look(source: Source, is_followed: bool) -> Option<Look> {
    match source {
        Source::Signal(signal) => signal::look(signal, is_followed),
        Source::Memo(memo) => memo::look(memo, is_followed),
        Source::Stays(stored) => stored::look(stored),
        Source::Derived(stored) => {
            let derive = Ref::<Derive>(stored::look(stored)?, PhantomData);
            Some(Look::Made(if is_followed {
                derive()
            } else {
                leptos::prelude::untrack(&*derive)
            }))
        }
    }
}

impl<T: Send + Sync + 'static> Signal<T> {
    /// What `derive` makes of signals, each time it is read.
    #[must_use]
    pub fn derive(derive: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let derive: Derive = Box::new(move || Box::new(derive()));
        Self(Source::Derived(stored::made(Box::new(derive))), PhantomData)
    }

    /// A value that stays.
    #[must_use]
    pub fn stored(value: T) -> Self {
        Self(Source::Stays(stored::made(Box::new(value))), PhantomData)
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self(Source::Signal(signal.0), PhantomData)
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self(Source::Memo(memo.0), PhantomData)
    }
}

impl<T: Send + Sync + 'static> From<T> for Signal<T> {
    fn from(value: T) -> Self {
        Self::stored(value)
    }
}
