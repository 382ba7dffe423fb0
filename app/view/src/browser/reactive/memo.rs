//! Memos: values computed from others, whose subscribers are notified only when they change.

use std::marker::PhantomData;

use leptos::prelude::{Memo as Inner, ReadUntracked as _, Track as _};

use super::boxed::{Boxed, ReadGuard, Ref, disposed, handle, readable, unbox};

/// A value computed from others.
pub struct Memo<T>(pub(super) Inner<Boxed>, PhantomData<fn() -> T>);

handle!(Memo);
readable!(Memo);

pub(super) fn guard(memo: Inner<Boxed>, is_tracked: bool) -> Option<ReadGuard> {
    if is_tracked {
        memo.track();
    }
    memo.try_read_untracked().map(ReadGuard::Memo)
}

/// Computes the value, and returns whether it changed.
type Make = Box<dyn Fn(Option<Boxed>) -> (Boxed, bool) + Send + Sync>;

fn new_boxed(make: Make) -> Inner<Boxed> {
    Inner::new_owning(make)
}

/// Returns the value to keep, and whether it differs from `last`.
fn settled<T: PartialEq + Send + Sync + 'static>(last: Option<Boxed>, now: T) -> (Boxed, bool) {
    match last {
        Some(last) if *unbox::<T>(&last) == now => (last, false),
        _ => (Box::new(now), true),
    }
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// Computes the value with `make`, which gets the last one, and again when a signal that it
    /// read changes.
    #[must_use]
    pub fn new(make: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let make = move |last: Option<Boxed>| {
            let now = make(last.as_ref().map(unbox));
            settled(last, now)
        };
        Self(new_boxed(Box::new(make)), PhantomData)
    }
}
