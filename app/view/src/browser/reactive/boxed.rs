//! The values of signals, whatever their type.

use std::{any::Any, fmt, marker::PhantomData, ops::Deref};

use leptos::prelude::{Memo, ReadUntracked, ReadValue, RwSignal, StoredValue};

/// A value of any type.
pub(super) type Boxed = Box<dyn Any + Send + Sync>;

/// Returns the value. The handle that boxed it knows its type.
pub(super) fn unbox<T: 'static>(boxed: &Boxed) -> &T {
    match (**boxed).downcast_ref() {
        Some(value) => value,
        None => unreachable!("a signal holds a value of its own type"),
    }
}

/// Returns the value, to change it.
pub(super) fn unbox_mut<T: 'static>(boxed: &mut Boxed) -> &mut T {
    match (**boxed).downcast_mut() {
        Some(value) => value,
        None => unreachable!("a signal holds a value of its own type"),
    }
}

/// Read access to a boxed value: holds its lock, unless the value was made for this access.
pub(super) enum ReadGuard {
    Signal(<RwSignal<Boxed> as ReadUntracked>::Value),
    Memo(<Memo<Boxed> as ReadUntracked>::Value),
    Stored(<StoredValue<Boxed> as ReadValue>::Value),
    Made(Boxed),
}

impl ReadGuard {
    fn boxed(&self) -> &Boxed {
        match self {
            Self::Signal(boxed) => boxed,
            Self::Memo(boxed) => boxed,
            Self::Stored(boxed) => boxed,
            Self::Made(boxed) => boxed,
        }
    }
}

/// Read access to the value of a signal: what is `ReadGuard` in Leptos.
pub struct Ref<T>(pub(super) ReadGuard, pub(super) PhantomData<fn() -> T>);

impl<T: 'static> Deref for Ref<T> {
    type Target = T;

    fn deref(&self) -> &T {
        unbox(self.0.boxed())
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Panics because a signal was disposed with its part of the page, or is being changed.
#[cfg_attr(debug_assertions, track_caller)]
pub(super) fn disposed() -> ! {
    unreachable!("a signal is read that is disposed, or being changed")
}

/// Leptos' methods for reading, for a handle with a function `guard` in its module.
macro_rules! readable {
    ($handle:ident) => {
        impl<T: 'static> $handle<T> {
            /// The value, which is tracked.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn read(&self) -> Ref<T> {
                self.try_guard(true).unwrap_or_else(|| disposed())
            }

            /// The value as it is now.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn read_untracked(&self) -> Ref<T> {
                self.try_guard(false).unwrap_or_else(|| disposed())
            }

            /// The value as it is now, unless it is disposed.
            #[must_use]
            pub fn try_read_untracked(&self) -> Option<Ref<T>> {
                self.try_guard(false)
            }

            /// Returns the result of `read` for the value, which is tracked.
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                read(&self.read())
            }

            /// Returns the result of `read` for the value as it is now.
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                read(&self.read_untracked())
            }

            /// Returns the result of `read` for the value as it is now, unless it is disposed.
            pub fn try_with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
                self.try_guard(false).map(|value| read(&value))
            }

            /// Tracks the value.
            pub fn track(&self) {
                let _ = self.try_guard(true);
            }

            fn try_guard(&self, is_tracked: bool) -> Option<Ref<T>> {
                guard(self.0, is_tracked).map(|guard| Ref(guard, PhantomData))
            }
        }

        impl<T: Clone + 'static> $handle<T> {
            /// A copy of the value, which is tracked.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn get(&self) -> T {
                self.read().clone()
            }

            /// A copy of the value, which is tracked, unless it is disposed.
            #[must_use]
            pub fn try_get(&self) -> Option<T> {
                self.try_guard(true).map(|value| value.clone())
            }

            /// A copy of the value as it is now.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn get_untracked(&self) -> T {
                self.read_untracked().clone()
            }

            /// A copy of the value as it is now, unless it is disposed.
            #[must_use]
            pub fn try_get_untracked(&self) -> Option<T> {
                self.try_guard(false).map(|value| value.clone())
            }
        }
    };
}
pub(super) use readable;

/// The traits of every handle: a small `Copy` type.
macro_rules! handle {
    ($handle:ident) => {
        impl<T> Clone for $handle<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $handle<T> {}

        impl<T> std::fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($handle))
            }
        }
    };
}
pub(super) use handle;
