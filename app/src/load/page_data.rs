//! How the server's data reaches the browser: one JSON data block for each resource, identified by
//! the resource's name.

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(feature = "ssr")]
mod server;

#[cfg(all(feature = "stock-leptos", not(feature = "ssr")))]
pub(super) use self::browser::register;
#[cfg(not(feature = "ssr"))]
pub(super) use self::browser::take;
#[cfg(feature = "ssr")]
pub use self::server::PageData;
#[cfg(feature = "ssr")]
pub(super) use self::server::{register, take};

/// Returns the `id` of the data block of the resource `name`.
fn id(name: &str) -> String {
    ["data-", name].concat()
}
