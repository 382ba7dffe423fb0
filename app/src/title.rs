//! The title in the browser's tab: the server writes it into the head, the browser keeps it up to
//! date.

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(feature = "ssr")]
mod server;

#[cfg(not(feature = "ssr"))]
pub(crate) use self::browser::{follow, usual};
#[cfg(feature = "ssr")]
pub(crate) use self::server::{follow, usual};

/// The title of pages that have none of their own.
const USUAL: &str = "Hookglass";
