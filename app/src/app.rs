//! The contexts that every page shares, and the routes.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    browser,
    components::{
        lost::NoSuchPage,
        palette::{Palette, PaletteOpen},
        secrets::Secrets,
        undo::UndoBar,
    },
    pages::{home::Home, inspect::Inspect},
    pending::Pending,
    viewer::Viewer,
};

/// The whole application: what the server renders into the body and the browser brings to life.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(Viewer::new());
    provide_context(Pending::new());
    provide_context(Secrets::new());
    provide_context(PaletteOpen::new());
    Effect::new(|_| browser::close_menus_on_leave());

    // Both pages are whole before they are sent: they must read without script.
    view! {
        <Title text="Hookglass"/>
        <Router>
            <FlatRoutes fallback=NoSuchPage>
                <Route path=path!("/") view=Home ssr=SsrMode::Async/>
                <Route path=path!("/inspect/:endpoint/:seq?") view=Inspect ssr=SsrMode::Async/>
            </FlatRoutes>
            <UndoBar/>
        </Router>
        <Palette/>
    }
}
