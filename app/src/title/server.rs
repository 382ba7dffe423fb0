//! The server's half: what is written into the head.

use leptos_meta::{Title, TitleProps, provide_meta_context};

use super::USUAL;

/// Gives pages a title until one has its own.
pub(crate) fn usual() {
    provide_meta_context();
    follow(|| USUAL.to_owned());
}

/// The title of this part of the page for as long as it is there.
pub(crate) fn follow(text: impl Fn() -> String + Send + Sync + 'static) {
    // Read at once: the head is written when the page is done, and what the text is made of may be
    // gone by then.
    let text = text();
    // Making it is what writes it: as a view it is nothing.
    let _ = Title(TitleProps::builder().text(text).build());
}
