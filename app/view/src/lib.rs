//! Leptos, with a small renderer in the browser. README.md says what it replaces and how to switch
//! it off.
//!
//! In Leptos each view has its own type: an element is generic over its attributes and its
//! children, and the code to build, hydrate and rebuild it is compiled for each. That is fast, but
//! it is most of a page's size. In the browser this crate replaces the output of `view!`: elements,
//! attributes and closures are values of one type (`Node`), with one function for each purpose.
//! They produce the same HTML as Leptos' own views, which the server uses.
//!
//! Everything else is Leptos', under the same names: `hookglass-app` calls this crate `leptos`,
//! because `view!` and `#[component]` generate that name. With the feature `stock-leptos`, which
//! the server always uses, nothing is replaced.

pub use leptos::*;

#[cfg(not(feature = "stock-leptos"))]
mod browser;
#[cfg(feature = "stock-leptos")]
mod stock;

/// The names needed to write views: Leptos' prelude, and ways to erase a view's type.
pub mod prelude {
    #[cfg(not(feature = "stock-leptos"))]
    pub use crate::browser::{
        Content as Children, Effect, EraseEach, IntoAttributeValue, IntoRender, IntoView, Memo,
        Node, Node as Erased, NodeRef, Ref, RwSignal, Signal, StoredValue, View, component_view,
    };
    #[cfg(feature = "stock-leptos")]
    pub use crate::stock::{Content as Children, Erase, EraseEach, Erased, NodeRef};
    pub use leptos::prelude::*;
}

/// The functions that call components.
#[cfg(not(feature = "stock-leptos"))]
pub mod component {
    pub use crate::browser::component_view;
    pub use leptos::component::*;
}

/// The names that `view!` generates.
#[cfg(not(feature = "stock-leptos"))]
pub mod tachys {
    pub use leptos::tachys::*;

    /// HTML.
    pub mod html {
        pub use leptos::tachys::html::*;

        pub use crate::browser::tags::html as element;
    }

    pub use crate::browser::tags::svg;
}
