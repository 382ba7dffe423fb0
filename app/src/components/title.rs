//! What the browser's tab says. The server writes it into the head; in the browser it is only
//! followed.

/// The title of pages that have none of their own.
const USUAL: &str = "Hookglass";

/// Gives pages a title until one has its own.
pub(crate) fn usual() {
    #[cfg(feature = "ssr")]
    {
        leptos_meta::provide_meta_context();
        write(|| USUAL.to_owned());
    }
}

/// The title of this part of the page for as long as it is there.
#[cfg(feature = "ssr")]
pub(crate) fn follow(text: impl Fn() -> String + Send + Sync + 'static) {
    write(text);
}

/// The title of this part of the page for as long as it is there.
#[cfg(not(feature = "ssr"))]
pub(crate) fn follow(text: impl Fn() -> String + Send + Sync + 'static) {
    use leptos::prelude::{Effect, document, on_cleanup};

    Effect::new(move |_| document().set_title(&text()));
    on_cleanup(|| document().set_title(USUAL));
}

#[cfg(feature = "ssr")]
fn write(text: impl Fn() -> String + Send + Sync + 'static) {
    use leptos_meta::{Title, TitleProps};

    // Making it is what writes it: as a view it is nothing.
    let _ = Title(TitleProps::builder().text(text).build());
}
