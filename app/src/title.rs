//! What the browser's tab says: the server writes it into the head, in the browser it is followed.

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
