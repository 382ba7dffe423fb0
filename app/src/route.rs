//! Which page is shown, and the parameters in its URL. With `stock-leptos`, which the server always
//! uses, this is Leptos' router; without it, only the features of a router that two pages need.

#[cfg(any(test, not(feature = "stock-leptos")))]
pub(crate) mod page;
#[cfg(not(feature = "stock-leptos"))]
mod small;
#[cfg(feature = "stock-leptos")]
mod stock;

pub(crate) use leptos_router::{NavigateOptions, location::Url, params::ParamsMap};

#[cfg(not(feature = "stock-leptos"))]
pub(crate) use self::small::{Router, use_location, use_navigate, use_params_map};
#[cfg(feature = "stock-leptos")]
pub(crate) use self::stock::{Router, use_location, use_navigate, use_params_map};
