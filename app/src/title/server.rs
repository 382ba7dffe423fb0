//! The server's half: writes the title into the head.

use leptos_meta::{Title, TitleProps, provide_meta_context};

use super::USUAL;

/// Gives pages a title until one sets its own.
pub(crate) fn usual() {
    provide_meta_context();
    follow(|| USUAL.to_owned());
}

/// Sets the title of this part of the page for as long as it exists.
pub(crate) fn follow(text: impl Fn() -> String + Send + Sync + 'static) {
    // Read at once: the head is written when the page is done, and the sources of the text may be
    // gone by then.
    let text = text();
    // Creating it writes it: the view itself is empty.
    let _ = Title(TitleProps::builder().text(text).build());
}
