//! What a page loads before it shows itself: on the server while it renders, after which the answer
//! crosses to the browser inside the page; in the browser by itself from then on.

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(feature = "ssr")]
mod server;

#[cfg(not(feature = "ssr"))]
pub(crate) use self::browser::{Resource, anew, kept, kept_where, resource};
#[cfg(feature = "ssr")]
pub(crate) use self::server::{Resource, anew, kept, kept_where, resource};
