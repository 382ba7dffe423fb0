//! The handlers of the API: a module per resource, functions named after the HTTP methods.

pub(crate) mod answers;
mod downloads;
pub(crate) mod endpoints;
pub(crate) mod providers;
pub(crate) mod qr;
mod ranges;
pub(crate) mod readings;
pub(crate) mod requests;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod snippets;
pub(crate) mod submission;
