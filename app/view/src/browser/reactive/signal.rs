//! Values that are followed.

use std::marker::PhantomData;

use leptos::prelude::{ReadUntracked as _, RwSignal as Inner, Set as _, Track as _, Update as _};

use super::held::{Held, Look, Ref, gone, handle, open_mut, readable};

/// A value that is followed.
pub struct RwSignal<T>(pub(super) Inner<Held>, PhantomData<fn() -> T>);

handle!(RwSignal);
readable!(RwSignal);

pub(super) fn look(signal: Inner<Held>, is_followed: bool) -> Option<Look> {
    if is_followed {
        signal.track();
    }
    signal.try_read_untracked().map(Look::Signal)
}

fn made(value: Held) -> Inner<Held> {
    Inner::new(value)
}

fn put(signal: Inner<Held>, value: Held) -> bool {
    signal.try_set(value).is_none()
}

fn change(signal: Inner<Held>, change: &mut dyn FnMut(&mut Held)) {
    // Nobody is left to tell if it is gone.
    let _ = signal.try_update(change);
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// A signal with its first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(made(Box::new(value)), PhantomData)
    }

    /// Puts another value in its place.
    pub fn set(&self, value: T) {
        put(self.0, Box::new(value));
    }

    /// The same; false if it is gone.
    pub fn try_set(&self, value: T) -> bool {
        put(self.0, Box::new(value))
    }

    /// Changes the value in its place.
    pub fn update(&self, update: impl FnOnce(&mut T)) {
        let _ = self.try_update(update);
    }

    /// What `update` makes of the value, which it may change; `None` if it is gone.
    pub fn try_update<R>(&self, update: impl FnOnce(&mut T) -> R) -> Option<R> {
        let (mut update, mut result) = (Some(update), None);
        change(self.0, &mut |held| result = update.take().map(|update| update(open_mut(held))));
        result
    }
}
