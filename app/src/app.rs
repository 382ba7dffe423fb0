//! The contexts that every page shares.

use leptos::prelude::*;

use crate::{
    browser,
    components::{
        palette::{Palette, PaletteOpen},
        secrets::SecretsHidden,
        undo::UndoBar,
    },
    pages::Pages,
    route::Router,
    title,
    undo_queue::UndoQueue,
    viewer::Viewer,
};

/// The whole application: the server renders it into the body and the browser hydrates it.
#[component]
pub fn App() -> impl IntoView {
    title::usual();
    provide_context(Viewer::new());
    provide_context(UndoQueue::new());
    provide_context(SecretsHidden::new());
    provide_context(PaletteOpen::new());
    Effect::new(|_| browser::close_menus_on_leave());

    view! {
        <Router>
            <Pages/>
            <UndoBar/>
        </Router>
        <Palette/>
    }
}
