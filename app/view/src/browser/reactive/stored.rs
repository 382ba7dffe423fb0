//! Values that are not tracked.

use std::{marker::PhantomData, ops::DerefMut};

use leptos::prelude::{ReadValue as _, StoredValue as Inner, WriteValue as _};

use super::boxed::{Boxed, ReadGuard, Ref, disposed, handle, unbox_mut};

/// A value that lives as long as the part of the page that made it, and is not tracked.
pub struct StoredValue<T>(pub(super) Inner<Boxed>, PhantomData<fn() -> T>);

handle!(StoredValue);

pub(super) fn guard(stored: Inner<Boxed>) -> Option<ReadGuard> {
    stored.try_read_value().map(ReadGuard::Stored)
}

pub(super) fn new_boxed(value: Boxed) -> Inner<Boxed> {
    Inner::new(value)
}

/// Returns the value, to change it.
fn write(stored: &Inner<Boxed>) -> Option<impl DerefMut<Target = Boxed>> {
    stored.try_write_value()
}

impl<T: Send + Sync + 'static> StoredValue<T> {
    /// Stores a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(new_boxed(Box::new(value)), PhantomData)
    }

    /// Sets the value.
    pub fn set_value(&self, value: T) {
        self.update_value(|boxed| *boxed = value);
    }

    /// Changes the value in place.
    pub fn update_value(&self, update: impl FnOnce(&mut T)) {
        let _ = self.try_update_value(update);
    }

    /// Returns the result of `update`, which may change the value; `None` if it is disposed.
    pub fn try_update_value<R>(&self, update: impl FnOnce(&mut T) -> R) -> Option<R> {
        write(&self.0).map(|mut boxed| update(unbox_mut(&mut boxed)))
    }

    /// The value.
    #[must_use]
    pub fn read_value(&self) -> Ref<T> {
        self.try_read_value().unwrap_or_else(|| disposed())
    }

    /// The value, unless it is disposed.
    #[must_use]
    pub fn try_read_value(&self) -> Option<Ref<T>> {
        guard(self.0).map(|guard| Ref(guard, PhantomData))
    }

    /// Returns the result of `read` for the value.
    pub fn with_value<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.read_value())
    }

    /// Returns the result of `read` for the value, unless it is disposed.
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

    /// A copy of the value, unless it is disposed.
    #[must_use]
    pub fn try_get_value(&self) -> Option<T> {
        self.try_read_value().map(|value| value.clone())
    }
}
