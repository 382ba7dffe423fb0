//! Leptos' router. Its paths are those of `page`.

pub(crate) use leptos_router::{
    components::Router,
    hooks::{use_location, use_navigate, use_params_map},
};
