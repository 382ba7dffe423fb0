//! Leptos' router. It has the same paths as `page`.

pub(crate) use leptos_router::{
    components::Router,
    hooks::{use_location, use_navigate, use_params_map},
};
