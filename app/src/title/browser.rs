//! The browser's half: the title that the server wrote is followed.

use leptos::prelude::{Effect, document, on_cleanup};

use super::USUAL;

/// Nothing: the server wrote it.
pub(crate) const fn usual() {}

/// The title of this part of the page for as long as it is there.
pub(crate) fn follow(text: impl Fn() -> String + Send + Sync + 'static) {
    Effect::new(move |_| document().set_title(&text()));
    on_cleanup(|| document().set_title(USUAL));
}
