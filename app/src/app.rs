//! The contexts that every page shares, and the routes.

use leptos::{children::ToChildren as _, prelude::*};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, FlatRoutesProps, Route, RouteChildren, RouteProps, Router},
    path,
};

use crate::{
    browser,
    components::{
        lost::NoSuchPage,
        palette::{Palette, PaletteOpen},
        secrets::Secrets,
        title,
        undo::UndoBar,
    },
    pages::{home::Home, inspect::Inspect},
    pending::Pending,
    viewer::Viewer,
};

/// The whole application: what the server renders into the body and the browser brings to life.
#[component]
pub fn App() -> impl IntoView {
    title::usual();
    provide_context(Viewer::new());
    provide_context(Pending::new());
    provide_context(Secrets::new());
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

/// The page that the path names. Routes are no views, so that `view!` cannot write them in the
/// browser, where what it writes is of one type.
#[component]
fn Pages() -> impl leptos::IntoView {
    // Both pages are whole before they are sent: they must read without script.
    let routes = RouteChildren::to_children(|| {
        let home = RouteProps::builder().path(path!("/")).view(Home).ssr(SsrMode::Async);
        let inspect = path!("/inspect/:endpoint/:seq?");
        let inspect = RouteProps::builder().path(inspect).view(Inspect).ssr(SsrMode::Async);
        (Route(home.build()), Route(inspect.build()))
    });
    FlatRoutes(FlatRoutesProps::builder().fallback(NoSuchPage).children(routes).build())
}
