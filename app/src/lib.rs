//! The user interface of Hookglass: pages rendered by the server and brought to life in the
//! browser, and the types that cross the wire between the two.
//!
//! Compiled twice: with `ssr` into the server, with `hydrate` to WebAssembly.

pub mod api;
pub mod app;
#[cfg(feature = "ssr")]
pub mod backend;
pub mod components;
pub mod feed;
pub mod format;
pub mod live;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod shell;
pub mod wire;
