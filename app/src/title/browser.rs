//! The browser's half: updates the title that the server wrote.

use leptos::prelude::{Effect, document, on_cleanup};

use super::USUAL;

/// Does nothing: the server wrote the title.
pub(crate) const fn usual() {}

/// Sets the title of this part of the page for as long as it exists.
pub(crate) fn follow(text: impl Fn() -> String + Send + Sync + 'static) {
    Effect::new(move |_| document().set_title(&text()));
    on_cleanup(|| document().set_title(USUAL));
}
