//! The user interface of Hookglass: pages that the server renders and the browser hydrates, and the
//! types that cross the wire between the two.
//!
//! `leptos` is not Leptos here but the crate in `app/view`, which re-exports it: on the server, and
//! with the feature `stock-leptos`, Leptos unchanged; otherwise its own small views and signals of
//! the same names (see `app/view/README.md`).
//!
//! Compiled twice: with `ssr` into the server, and with `hydrate` to WebAssembly for the browser.

// On the server, views nest as types: a page is one type, deeper than the compiler's default limit.
#![recursion_limit = "256"]

#[cfg(feature = "ssr")]
pub mod answers;
pub mod api;
pub mod app;
#[cfg(feature = "ssr")]
pub mod backend;
mod browser;
mod components;
pub mod feed;
pub mod format;
mod histogram;
mod keymap;
mod listing;
mod lists;
pub mod live;
mod load;
mod pages;
mod preferences;
mod route;
mod row_window;
#[cfg(feature = "ssr")]
pub mod shell;
mod shortcuts;
pub mod status;
mod time_window;
mod title;
mod undo_queue;
mod viewer;
mod windowing;

pub(crate) use hookglass_wire as wire;

/// Hydrates the page that the server rendered: the browser's entry point.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
