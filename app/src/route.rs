//! Which page is shown, and what its URL says. On the server this is Leptos' router; in the browser
//! it is what two pages need of one.

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(any(test, not(feature = "ssr")))]
mod page;
#[cfg(feature = "ssr")]
mod server;

pub(crate) use leptos_router::{NavigateOptions, location::Url, params::ParamsMap};

#[cfg(not(feature = "ssr"))]
pub(crate) use self::browser::{Pages, Router, use_location, use_navigate, use_params_map};
#[cfg(feature = "ssr")]
pub(crate) use self::server::{Pages, Router, use_location, use_navigate, use_params_map};
