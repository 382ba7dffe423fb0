//! Values that are followed.

use std::{marker::PhantomData, ops::DerefMut};

use leptos::prelude::{ReadUntracked as _, RwSignal as Inner, Set as _, Track as _, Write as _};

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

/// The value, to change it: those who follow it are told when this goes.
fn open(signal: &Inner<Held>) -> Option<impl DerefMut<Target = Held>> {
    signal.try_write()
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

    /// The same where it may be gone: true if it is there. Leptos' own gives the value back if not, so
    /// that code of both halves cannot look at what this says.
    pub fn try_set(&self, value: T) -> bool {
        put(self.0, Box::new(value))
    }

    /// Changes the value in its place.
    pub fn update(&self, update: impl FnOnce(&mut T)) {
        let _ = self.try_update(update);
    }

    /// What `update` makes of the value, which it may change; `None` if it is gone.
    pub fn try_update<R>(&self, update: impl FnOnce(&mut T) -> R) -> Option<R> {
        open(&self.0).map(|mut held| update(open_mut(&mut held)))
    }
}
