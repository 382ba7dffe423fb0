//! The HTML document around the app, rendered by the server only.
//!
//! Its scripts are inline and carry the nonce of the page's content security policy; there are no
//! other inline scripts, styles or handlers, except on the page of answers.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{app::App, components::brand::Brand, preferences::TAKE_UP, wire::Problem};
pub use crate::{load::PageData, status::PageStatus};

/// The installation's data for the document.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Paths of the browser half; `None` if the server was built without it.
    pub assets: Option<Assets>,
    /// The operator's `--public-url`, an origin without a path.
    pub public_url: Option<String>,
    /// A name for the caller's workspace, with which its tabs find each other; `None` without a
    /// workspace.
    pub workspace: Option<String>,
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

/// The document of a page. The nonce comes from `leptos::nonce::use_nonce`.
pub fn document(site: Site) -> impl IntoView {
    let Site { assets, public_url, workspace } = site;
    let style = assets.as_ref().map(|assets| assets.style.clone());
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <Basics style/>
                {public_url.map(|origin| view! { <meta name=crate::browser::PUBLIC_URL content=origin/> })}
                {workspace.map(|tag| view! { <meta name=crate::live::WORKSPACE content=tag/> })}
                {assets.map(|assets| view! { <Hydration assets/> })}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The document of an error from a form, for users without script.
pub fn problem(site: Site, problem: Problem) -> impl IntoView {
    let style = site.assets.map(|assets| assets.style);
    let title = format!("{} · Hookglass", problem.title);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <Basics style/>
                <title>{title}</title>
            </head>
            <body>
                <header class="top-bar">
                    <Brand/>
                </header>
                <main class="page">
                    <div class="not-found" role="alert">
                        <h1 class="not-found__title">{problem.title}</h1>
                        <p class="not-found__text">{problem.detail}</p>
                        <p class="not-found__text">
                            "Nothing was changed. Go back, put it right and send it again."
                        </p>
                        <p class="not-found__ways">
                            <a class="button" href="/">
                                "To the start"
                            </a>
                        </p>
                    </div>
                </main>
            </body>
        </html>
    }
}

/// The contents of every document's head.
#[component]
pub(crate) fn Basics(style: Option<String>) -> impl IntoView {
    view! {
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        // Images may come only from below /assets/; without the browser half there are none.
        {style.map(|href| view! {
            <link rel="icon" href="/assets/favicon.svg" r#type="image/svg+xml"/>
            <link rel="stylesheet" href=href/>
            <script nonce=use_nonce()>{TAKE_UP}</script>
        })}
    }
}

/// Loads the browser half and hydrates the page.
#[component]
fn Hydration(assets: Assets) -> impl IntoView {
    let Assets { script, wasm, .. } = assets;
    // The paths are our own build's: hash and suffix, nothing that needs escaping in a string
    // literal.
    let start = format!(
        r#"import init, {{ hydrate }} from "{script}";
await init({{ module_or_path: "{wasm}" }});
hydrate();"#
    );
    view! {
        <link rel="modulepreload" href=script nonce=use_nonce()/>
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
        <script type="module" nonce=use_nonce()>
            {start}
        </script>
    }
}
