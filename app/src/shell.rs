//! The HTML document around the app, rendered by the server only.

use std::sync::{Arc, atomic::{AtomicU16, Ordering}};

use leptos::prelude::*;

/// What the document needs to know of the installation.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Paths of the browser half; `None` where the server was built without it.
    pub assets: Option<Assets>,
    /// The operator's `--public-url`, an origin without a path.
    pub public_url: Option<String>,
}

/// Paths of the browser half, such as `/assets/<hash>.js`.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The JavaScript module that loads the WebAssembly.
    pub script: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The style sheet.
    pub style: String,
}

/// The HTTP status of a page, set by the page while it renders; 200 until then. A cheap-clone
/// handle.
#[derive(Debug, Clone)]
pub struct PageStatus(Arc<AtomicU16>);

impl Default for PageStatus {
    fn default() -> Self {
        Self(Arc::new(AtomicU16::new(200)))
    }
}

impl PageStatus {
    /// What the page set.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set(&self, status: u16) {
        self.0.store(status, Ordering::Relaxed);
    }
}

/// The document of a page. The nonce comes from `leptos::nonce::use_nonce`.
pub fn document(site: Site) -> impl IntoView {
    let _ = site;
}

/// The document of an error that a form ran into, for people without script.
pub fn problem(site: Site, problem: crate::wire::Problem) -> impl IntoView {
    let _ = (site, problem);
}
