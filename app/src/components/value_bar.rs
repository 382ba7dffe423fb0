//! The line at the bottom of a JSON body: the path of the chosen line, and its value to copy.

use leptos::prelude::*;

use super::{copy::CopyButton, tab_panel::ValueAnswer};

/// Path and value of the chosen line; a hint while none is chosen.
#[component]
pub(crate) fn ValueBar(
    chosen: RwSignal<Option<u64>>,
    /// Loads a line's value into the given signal.
    load: Callback<(u64, RwSignal<ValueAnswer>)>,
) -> impl IntoView {
    // One for each line: a late response belongs to a line that is no longer chosen.
    let answer = RwSignal::new(None::<RwSignal<ValueAnswer>>);
    Effect::new(move |_| {
        answer.set(chosen.get().map(|line| {
            let own = RwSignal::new(None);
            load.run((line, own));
            own
        }));
    });
    let content = move || match answer.get().and_then(|answer| answer.try_get().flatten()) {
        None => {
            view! { <span class="value-bar__hint">"Choose a line for its path and value"</span> }
                .erased()
        }
        Some(Err(problem)) => {
            view! { <span class="value-bar__hint">{problem.detail}</span> }.erased()
        }
        Some(Ok(value)) => view! {
            <code class="value-bar__path" data-testid="json-path">{value.path.clone()}</code>
            <CopyButton text=value.path what="the path" testid="copy-path"/>
            <CopyButton text=value.value what="the value" testid="copy-value"/>
        }
        .erased(),
    };
    view! {
        <div class="value-bar" data-script aria-live="polite">{content}</div>
    }
}
