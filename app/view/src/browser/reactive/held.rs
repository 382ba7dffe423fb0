//! What a signal holds, whatever its type.

use std::{any::Any, fmt, marker::PhantomData, ops::Deref};

use leptos::prelude::{Memo, ReadUntracked, ReadValue, RwSignal, StoredValue};

/// A value of any type.
pub(super) type Held = Box<dyn Any + Send + Sync>;

/// The value again. Whoever made it knows its type.
pub(super) fn open<T: 'static>(held: &Held) -> &T {
    match (**held).downcast_ref() {
        Some(value) => value,
        None => unreachable!("a signal holds what it was made for"),
    }
}

/// The value again, to change it.
pub(super) fn open_mut<T: 'static>(held: &mut Held) -> &mut T {
    match (**held).downcast_mut() {
        Some(value) => value,
        None => unreachable!("a signal holds what it was made for"),
    }
}

/// A look at what is held; it is locked meanwhile, but for a value that was made for this look.
pub(super) enum Look {
    Signal(<RwSignal<Held> as ReadUntracked>::Value),
    Memo(<Memo<Held> as ReadUntracked>::Value),
    Stored(<StoredValue<Held> as ReadValue>::Value),
    Made(Held),
}

impl Look {
    fn held(&self) -> &Held {
        match self {
            Self::Signal(held) => held,
            Self::Memo(held) => held,
            Self::Stored(held) => held,
            Self::Made(held) => held,
        }
    }
}

/// A look at the value of a signal: Leptos' `ReadGuard`.
pub struct Ref<T>(pub(super) Look, pub(super) PhantomData<fn() -> T>);

impl<T: 'static> Deref for Ref<T> {
    type Target = T;

    fn deref(&self) -> &T {
        open(self.0.held())
    }
}

impl<T: fmt::Debug + 'static> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What is gone with the part of the page that it belonged to, or is just being changed.
#[cfg_attr(debug_assertions, track_caller)]
pub(super) fn gone() -> ! {
    unreachable!("a signal is read that is gone with its part of the page, or being changed")
}

/// The ways to read: each handle has `look`, and gets Leptos' methods.
macro_rules! readable {
    ($handle:ident) => {
        impl<T: 'static> $handle<T> {
            /// The value, which is followed.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn read(&self) -> Ref<T> {
                self.try_look(true).unwrap_or_else(|| gone())
            }

            /// The value as it is now.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn read_untracked(&self) -> Ref<T> {
                self.try_look(false).unwrap_or_else(|| gone())
            }

            /// The value as it is now, unless it is gone.
            #[must_use]
            pub fn try_read_untracked(&self) -> Option<Ref<T>> {
                self.try_look(false)
            }

            /// What `read` makes of the value, which is followed.
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                read(&self.read())
            }

            /// What `read` makes of the value as it is now.
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                read(&self.read_untracked())
            }

            /// What `read` makes of the value as it is now, unless it is gone.
            pub fn try_with_untracked<R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
                self.try_look(false).map(|value| read(&value))
            }

            /// Follows the value.
            pub fn track(&self) {
                let _ = self.try_look(true);
            }

            fn try_look(&self, is_followed: bool) -> Option<Ref<T>> {
                look(self.0, is_followed).map(|look| Ref(look, PhantomData))
            }
        }

        impl<T: Clone + 'static> $handle<T> {
            /// A copy of the value, which is followed.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn get(&self) -> T {
                self.read().clone()
            }

            /// A copy of the value, which is followed, unless it is gone.
            #[must_use]
            pub fn try_get(&self) -> Option<T> {
                self.try_look(true).map(|value| value.clone())
            }

            /// A copy of the value as it is now.
            #[must_use]
            #[cfg_attr(debug_assertions, track_caller)]
            pub fn get_untracked(&self) -> T {
                self.read_untracked().clone()
            }

            /// A copy of the value as it is now, unless it is gone.
            #[must_use]
            pub fn try_get_untracked(&self) -> Option<T> {
                self.try_look(false).map(|value| value.clone())
            }
        }
    };
}
pub(super) use readable;

/// What every handle is: small, and copied.
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
