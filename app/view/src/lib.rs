//! Leptos, with views that are values in the browser.
//!
//! Leptos makes a type of each view: an element is generic over its attributes and its children, and
//! what builds, hydrates and rebuilds it is compiled anew for each. That is fast, and it is most of
//! what a page weighs. In the browser this crate takes the place of what `view!` writes: elements,
//! attributes and closures become values of one type (`Node`), and one function for
//! each purpose walks them all. They stand in the page exactly as Leptos' own, which the server has.
//!
//! Everything else is Leptos', under the same names: `hookglass-app` calls this crate `leptos`,
//! because that is the name which `view!` and `#[component]` write. With the feature `stock-leptos`,
//! which the server always has, nothing is replaced. See README.md.

pub use leptos::*;

#[cfg(not(feature = "stock-leptos"))]
mod browser;
#[cfg(feature = "stock-leptos")]
mod stock;

/// What views are made with: Leptos' prelude, and ways to erase a view's type.
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

/// How components are called.
#[cfg(not(feature = "stock-leptos"))]
pub mod component {
    pub use crate::browser::component_view;
    pub use leptos::component::*;
}

/// What `view!` names.
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
