//! Leptos, with a small renderer in the browser. README.md says what it replaces and how to switch it
//! off.
//!
//! Leptos makes a type of each view: an element is generic over its attributes and its children, and
//! building, hydrating and rebuilding it is compiled for each. That is fast, and it is most of what a
//! page weighs. In the browser this crate replaces what `view!` writes: elements, attributes and
//! closures are values of one type (`Node`), with one function for each purpose. Their HTML is that of
//! Leptos' own views, which the server has.
//!
//! Everything else is Leptos', under the same names: `hookglass-app` calls this crate `leptos`,
//! because that is the name that `view!` and `#[component]` write. With the feature `stock-leptos`,
//! which the server always has, nothing is replaced.

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
