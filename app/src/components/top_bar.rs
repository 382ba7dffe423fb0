//! The bar across the top of every page.

use leptos::prelude::*;

use super::{
    brand::Brand, palette::PaletteButton, theme::ThemeButton, workspace_menu::WorkspaceMenu,
};

/// The product's name, the page's own content next to it, and the workspace's menu.
#[component]
pub(crate) fn TopBar(
    #[prop(into)] session: Callback<RwSignal<super::workspace_menu::MenuKey>>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="top-bar">
            <Brand/>
            <div class="top-bar__page">{children.map(Children::shown)}</div>
            <ThemeButton/>
            <PaletteButton/>
            <WorkspaceMenu session/>
        </header>
    }
    .erased()
}
