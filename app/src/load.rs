//! Data that a page loads before it renders: first on the server, whose responses reach the browser
//! inside the page, and from then on in the browser.
//!
//! With `stock-leptos` these are Leptos' resources, `<Suspense>` and `<Transition>`; the server
//! always uses them. Without it, the browser has only the features of the three that this app
//! needs.

mod page_data;
#[cfg(not(feature = "stock-leptos"))]
mod signals;
#[cfg(feature = "stock-leptos")]
mod stock;

#[cfg(feature = "ssr")]
pub use self::page_data::PageData;
#[cfg(not(feature = "stock-leptos"))]
pub(crate) use self::signals::{Resource, resource, suspense, transition, transition_if};
#[cfg(feature = "stock-leptos")]
pub(crate) use self::stock::{Resource, resource, suspense, transition, transition_if};
