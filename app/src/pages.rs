//! The pages: they load data and arrange components, nothing else.

pub(crate) mod home;
pub(crate) mod inspect;

#[cfg(feature = "stock-leptos")]
use leptos::children::ToChildren as _;
use leptos::prelude::*;
#[cfg(feature = "stock-leptos")]
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, FlatRoutesProps, Route, RouteChildren, RouteProps},
    path,
};

use self::{home::Home, inspect::Inspect};
use crate::components::not_found::NoSuchPage;
#[cfg(not(feature = "stock-leptos"))]
use crate::route::{page::PageName, use_location};

/// The page for the path. Both pages are complete before they are sent: they must be readable
/// without script.
#[cfg(feature = "stock-leptos")]
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

/// The page for the path.
#[cfg(not(feature = "stock-leptos"))]
#[component]
pub(crate) fn Pages() -> impl IntoView {
    let path = use_location().pathname;
    let page = Memo::new(move |_| PageName::of(&path.read()));
    let view = move || match page.get() {
        PageName::Home => view! { <Home/> },
        PageName::Inspect => view! { <Inspect/> },
        PageName::Lost => view! { <NoSuchPage/> },
    };
    view.into_render()
}
