//! The bar that undoes a deletion.

use leptos::prelude::*;

use super::icon::{Icon, TRASH, UNDO};
use crate::{
    route::{NavigateOptions, use_location, use_navigate},
    undo_queue::UndoQueue,
    viewer::Viewer,
};

/// The deletion and how long it can be undone, or why it failed. Otherwise nothing.
#[component]
pub(crate) fn UndoBar() -> impl IntoView {
    let pending = UndoQueue::get();
    let viewer = Viewer::get();
    let navigate = use_navigate();
    let here = use_location().pathname;
    let undo = move |_| {
        let Some((back, shown)) = pending.undo() else { return };
        // If the viewer has navigated elsewhere meanwhile, they stay there.
        if here.get_untracked() == shown {
            let query = window().location().search().unwrap_or_default();
            let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
            navigate(&(back + &query), options);
        }
    };
    let left = move || pending.seconds_left(viewer.now().unwrap_or_default());
    let trouble = pending.trouble();
    let bar = move || {
        pending.sentence().map(|text| {
            let undo = undo.clone();
            view! {
                <div class="undo" data-testid="undo">
                    <Icon glyph=TRASH/>
                    <span class="undo__text">{text}</span>
                    <button type="button" class="button" data-key="undo" on:click=undo>
                        <Icon glyph=UNDO/>
                        "Undo"
                        <span class="undo__left" aria-hidden="true">{left} " s"</span>
                    </button>
                    <button type="button" class="button" data-kind="quiet" on:click=move |_| pending.send()>
                        "Dismiss"
                    </button>
                </div>
            }
            .erased()
        })
    };
    let failed = move || {
        trouble.get().map(|problem| {
            view! {
                <div class="undo" data-state="bad">
                    <span class="undo__text">"Not deleted, or not all: what is left is shown again. " {problem.to_string()}</span>
                    <button type="button" class="button" data-kind="quiet" on:click=move |_| trouble.set(None)>
                        "Dismiss"
                    </button>
                </div>
            }
            .erased()
        })
    };
    view! {
        <div class="undo-place" role="status" data-script>
            {bar}
            {failed}
        </div>
    }
}
