//! Data that a page loads before it renders: on the server first, whose answer reaches the browser
//! inside the page, and in the browser from then on.
//!
//! With `stock-leptos` these are Leptos' resources, `<Suspense>` and `<Transition>`; the server
//! always has them. Without it, the browser has what this app needs of the three.

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
