//! Keyboard steps from the open request to its neighbours when its row is not rendered: one has
//! scrolled away, or followed a link to a request that the list has not loaded.

use leptos::{prelude::*, task::spawn_local};

use crate::{api, lists::Lists, wire::Window};

/// Two invisible buttons; `shortcuts` presses them.
#[component]
pub(super) fn Adjacent(
    lists: Lists,
    seq: Signal<Option<i64>>,
    /// The search of the list.
    search: Memo<Option<String>>,
    on_go: Callback<i64>,
) -> impl IntoView {
    let go = move |is_older: bool| {
        let Some(seq) = seq.get_untracked() else { return };
        let listed = lists.read_untracked(|list| {
            let at = list.find(seq).map(|_| list.above(seq))?;
            let at = if is_older { at.checked_add(1) } else { at.checked_sub(1) };
            list.requests.get(at?).map(|row| row.seq)
        });
        if let Some(listed) = listed {
            return on_go.run(listed);
        }
        let id = lists.all.read_untracked().endpoint.id.clone();
        let (before, after) = if is_older { (Some(seq), None) } else { (None, Some(seq)) };
        let window = Window { before, after, limit: Some(1), q: search.get_untracked() };
        spawn_local(async move {
            if let Ok(page) = api::requests(&id, window).await
                && let Some(row) = page.requests.first()
            {
                on_go.try_run(row.seq);
            }
        });
    };
    view! {
        <button type="button" hidden data-key="older" on:click=move |_| go(true)></button>
        <button type="button" hidden data-key="newer" on:click=move |_| go(false)></button>
    }
    .erased()
}
