//! Values that nobody follows.

use std::{marker::PhantomData, ops::DerefMut};

use leptos::prelude::{ReadValue as _, StoredValue as Inner, WriteValue as _};

use super::held::{Held, Look, Ref, gone, handle, open_mut};

/// A value that lives as long as the part of the page that made it, and that nobody follows.
pub struct StoredValue<T>(pub(super) Inner<Held>, PhantomData<fn() -> T>);

handle!(StoredValue);

pub(super) fn look(stored: Inner<Held>) -> Option<Look> {
    stored.try_read_value().map(Look::Stored)
}

pub(super) fn made(value: Held) -> Inner<Held> {
    Inner::new(value)
}

/// The value, to change it.
fn open(stored: &Inner<Held>) -> Option<impl DerefMut<Target = Held>> {
    stored.try_write_value()
}

impl<T: Send + Sync + 'static> StoredValue<T> {
    /// A place with its first value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(made(Box::new(value)), PhantomData)
    }

    /// Puts another value in its place.
    pub fn set_value(&self, value: T) {
        self.update_value(|held| *held = value);
    }

    /// Changes the value in its place.
    pub fn update_value(&self, update: impl FnOnce(&mut T)) {
        let _ = self.try_update_value(update);
    }

    /// What `update` makes of the value, which it may change; `None` if it is gone.
    pub fn try_update_value<R>(&self, update: impl FnOnce(&mut T) -> R) -> Option<R> {
        open(&self.0).map(|mut held| update(open_mut(&mut held)))
    }

    /// The value.
    #[must_use]
    pub fn read_value(&self) -> Ref<T> {
        self.try_read_value().unwrap_or_else(|| gone())
    }

    /// The value, unless it is gone.
    #[must_use]
    pub fn try_read_value(&self) -> Option<Ref<T>> {
        look(self.0).map(|look| Ref(look, PhantomData))
    }

    /// What `read` makes of the value.
    pub fn with_value<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.read_value())
    }

    /// What `read` makes of the value, unless it is gone.
    pub fn try_with_value<R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
        self.try_read_value().map(|value| read(&value))
    }
}

impl<T: Clone + Send + Sync + 'static> StoredValue<T> {
    /// A copy of the value.
    #[must_use]
    pub fn get_value(&self) -> T {
        self.read_value().clone()
    }

    /// A copy of the value, unless it is gone.
    #[must_use]
    pub fn try_get_value(&self) -> Option<T> {
        self.try_read_value().map(|value| value.clone())
    }
}
