//! Signals.

use std::{marker::PhantomData, ops::DerefMut};

use leptos::prelude::{ReadUntracked as _, RwSignal as Inner, Set as _, Track as _, Write as _};

use super::boxed::{Boxed, ReadGuard, Ref, disposed, handle, readable, unbox_mut};

/// A value whose readers run again when it changes.
pub struct RwSignal<T>(pub(super) Inner<Boxed>, PhantomData<fn() -> T>);

handle!(RwSignal);
readable!(RwSignal);

pub(super) fn guard(signal: Inner<Boxed>, is_tracked: bool) -> Option<ReadGuard> {
    if is_tracked {
        signal.track();
    }
    signal.try_read_untracked().map(ReadGuard::Signal)
}

fn new_boxed(value: Boxed) -> Inner<Boxed> {
    Inner::new(value)
}

fn set_boxed(signal: Inner<Boxed>, value: Boxed) -> bool {
    signal.try_set(value).is_none()
}

/// Returns the value, to change it: its subscribers are notified when the guard is dropped.
fn write(signal: &Inner<Boxed>) -> Option<impl DerefMut<Target = Boxed>> {
    signal.try_write()
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// Creates a signal with its first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(new_boxed(Box::new(value)), PhantomData)
    }

    /// Sets the value.
    pub fn set(&self, value: T) {
        set_boxed(self.0, Box::new(value));
    }

    /// The same for a signal that may be disposed; returns false if it is. Leptos' own returns the
    /// value that was not set, so code that uses the result does not compile in both halves.
    pub fn try_set(&self, value: T) -> bool {
        set_boxed(self.0, Box::new(value))
    }

    /// Changes the value in place.
    pub fn update(&self, update: impl FnOnce(&mut T)) {
        let _ = self.try_update(update);
    }

    /// Returns the result of `update`, which may change the value; `None` if it is disposed.
    pub fn try_update<R>(&self, update: impl FnOnce(&mut T) -> R) -> Option<R> {
        write(&self.0).map(|mut boxed| update(unbox_mut(&mut boxed)))
    }
}
