//! Leptos' router. Its paths are those of `page`.

use leptos::{children::ToChildren as _, prelude::*};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, FlatRoutesProps, Route, RouteChildren, RouteProps},
    path,
};

pub(crate) use leptos_router::{
    components::Router,
    hooks::{use_location, use_navigate, use_params_map},
};

use crate::{
    components::not_found::NoSuchPage,
    pages::{home::Home, inspect::Inspect},
};

/// The page that the path names. Both pages are whole before they are sent: they must read without
/// script.
#[component]
pub(crate) fn Pages() -> impl IntoView {
    let routes = RouteChildren::to_children(|| {
        let home = RouteProps::builder().path(path!("/")).view(Home).ssr(SsrMode::Async);
        let inspect = path!("/inspect/:endpoint/:seq?");
        let inspect = RouteProps::builder().path(inspect).view(Inspect).ssr(SsrMode::Async);
        (Route(home.build()), Route(inspect.build()))
    });
    FlatRoutes(FlatRoutesProps::builder().fallback(NoSuchPage).children(routes).build())
}
