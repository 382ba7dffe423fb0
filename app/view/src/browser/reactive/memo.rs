//! Values that are made of others, and told on only where they changed.

use std::marker::PhantomData;

use leptos::prelude::{Memo as Inner, ReadUntracked as _, Track as _};

use super::held::{Held, Look, Ref, gone, handle, open, readable};

/// A value that is made of others.
pub struct Memo<T>(pub(super) Inner<Held>, PhantomData<fn() -> T>);

handle!(Memo);
readable!(Memo);

pub(super) fn look(memo: Inner<Held>, is_followed: bool) -> Option<Look> {
    if is_followed {
        memo.track();
    }
    memo.try_read_untracked().map(Look::Memo)
}

/// Makes the value, and says whether it is another.
type Make = Box<dyn Fn(Option<Held>) -> (Held, bool) + Send + Sync>;

fn made(make: Make) -> Inner<Held> {
    Inner::new_owning(make)
}

/// The value to keep, and whether it is another than `last`.
fn settled<T: PartialEq + Send + Sync + 'static>(last: Option<Held>, now: T) -> (Held, bool) {
    match last {
        Some(last) if *open::<T>(&last) == now => (last, false),
        _ => (Box::new(now), true),
    }
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    /// Makes the value with `make`, which is given the last, and again when a signal changes that it
    /// read.
    #[must_use]
    pub fn new(make: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let make = move |last: Option<Held>| {
            let now = make(last.as_ref().map(open));
            settled(last, now)
        };
        Self(made(Box::new(make)), PhantomData)
    }
}
