//! The search over the list: a plain form that also searches while the viewer types. Only the
//! server knows its syntax.

use std::time::Duration;

use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use web_sys::{KeyboardEvent, SelectionMode, SubmitEvent};

use super::{
    icon::{CROSS, Icon, SEARCH},
    link,
};
use crate::{
    format::utf16,
    route::use_location,
    wire::{QueryError, Suggestion, Suggestions},
};

/// The pause in typing after which the search runs.
const PAUSE: Duration = Duration::from_millis(180);

/// An error in a search, with the search's text.
pub(crate) type SearchError = (String, QueryError);

/// The field, its suggestions, and the error in its text.
#[component]
pub(crate) fn SearchBox(
    q: Memo<Option<String>>,
    /// The value of `?span=`, which a search does not change.
    span: Signal<Option<String>>,
    suggestions: RwSignal<Suggestions>,
    fault: RwSignal<Option<SearchError>>,
    /// The text changed and the cursor is at this position, in UTF-16 code units; true if the
    /// viewer has finished typing.
    #[prop(into)]
    on_type: Callback<(String, u32, bool)>,
) -> impl IntoView {
    let path = use_location().pathname;
    let without = link::query_set("q", || None);
    let input = NodeRef::<html::Input>::new();
    let is_open = RwSignal::new(false);
    let chosen = RwSignal::new(None::<usize>);
    // The last accepted suggestion: it is in the field, and no longer a suggestion.
    let taken = RwSignal::new(String::new());
    let offered = Memo::new(move |_| match is_open.get() {
        true => {
            let suggestions = &suggestions.read().suggestions;
            let is_taken = suggestions.iter().map(|one| &one.text).eq([&*taken.read()]);
            if is_taken { Vec::new() } else { suggestions.clone() }
        }
        false => Vec::new(),
    });
    // The field's latest text: the URL follows it, not the other way round.
    let said = StoredValue::new(q.get_untracked().unwrap_or_default());
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |is_done: bool| {
        let Some(input) = input.get_untracked() else { return };
        let at = input.selection_start().ok().flatten().unwrap_or_default();
        said.set_value(input.value());
        on_type.run((input.value(), at, is_done));
    };
    let stop = move || {
        if let Some(Some(handle)) = waiting.try_update_value(Option::take) {
            handle.clear();
        }
    };
    let wait = move || {
        stop();
        waiting.set_value(set_timeout_with_handle(move || typed(false), PAUSE).ok());
    };
    Effect::new(move |_| {
        let q = q.get().unwrap_or_default();
        if let Some(input) = input.get()
            && said.with_value(|said| said.trim() != q.trim())
        {
            input.set_value(&q);
            said.set_value(q);
        }
    });
    let take = move |suggestion: &Suggestion| {
        let Some(input) = input.get_untracked() else { return };
        let (start, end) = suggestions.with_untracked(|known| (known.start, known.end));
        // Fails only if the end is before the start.
        let _ = input.set_range_text_with_start_and_end_and_selection_mode(
            &suggestion.text,
            start,
            end,
            SelectionMode::End,
        );
        chosen.set(None);
        taken.set(suggestion.text.clone());
        stop();
        typed(false);
    };
    let on_key = move |event: KeyboardEvent| {
        let count = offered.with_untracked(Vec::len);
        let step = |by: usize| {
            event.prevent_default();
            is_open.set(true);
            // One more position than there are suggestions: the field itself.
            chosen.update(|chosen| {
                let next = (chosen.map_or(0, |at| at + 1) + by) % (count + 1);
                *chosen = next.checked_sub(1);
            });
        };
        match event.key().as_str() {
            "ArrowDown" => step(1),
            "ArrowUp" => step(count),
            "Enter" | "Tab" if !event.is_composing() => {
                let offered = offered.get_untracked();
                if let Some(suggestion) = chosen.get_untracked().and_then(|at| offered.get(at)) {
                    event.prevent_default();
                    take(suggestion);
                }
            }
            // The first Escape closes the suggestions, the next leaves the field.
            "Escape" => {
                event.stop_propagation();
                chosen.set(None);
                if is_open.get_untracked() && count > 0 {
                    is_open.set(false);
                } else if let Some(input) = input.get_untracked() {
                    let _ = input.blur();
                }
            }
            _ => {}
        }
    };
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        is_open.set(false);
        stop();
        typed(true);
    };
    let option = move |(index, suggestion): (usize, Suggestion)| {
        let Suggestion { text, about } = suggestion.clone();
        view! {
            <li
                class="search__option"
                id=String::from("search-option-") + &index.to_string()
                role="option"
                aria-selected=move || (chosen.get() == Some(index)).to_string()
                on:mousedown=move |event| {
                    // Keeps the focus in the field.
                    event.prevent_default();
                    take(&suggestion);
                }
            >
                <code>{text}</code>
                <span class="search__about">{about}</span>
            </li>
        }
    };
    view! {
        <form class="search" role="search" method="get" action=path on:submit=on_submit>
            <Icon glyph=SEARCH/>
            {move || span.get().map(|span| view! { <input type="hidden" name="span" value=span/> }.erased())}
            <input
                node_ref=input
                class="search__input wire"
                type="text"
                name="q"
                value=q.get_untracked()
                placeholder="Search: words, method:POST, body.id:42"
                aria-label="Search the requests"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                maxlength="1024"
                enterkeyhint="search"
                data-key="search"
                role="combobox"
                aria-autocomplete="list"
                aria-controls="search-options"
                aria-expanded=move || (!offered.read().is_empty()).to_string()
                aria-activedescendant=move || {
                    chosen.get().map(|index| String::from("search-option-") + &index.to_string())
                }
                aria-invalid=move || fault.read().is_some().then_some("true")
                aria-describedby="search-fault"
                on:input=move |_| {
                    is_open.set(true);
                    chosen.set(None);
                    // They were made for a different text.
                    suggestions.set(Suggestions::default());
                    wait();
                }
                on:keydown=on_key
                on:focus=move |_| if q.read_untracked().is_none() { typed(false) }
                on:click=move |_| is_open.set(true)
                on:blur=move |_| is_open.set(false)
            />
            {move || q.read().is_some().then(|| view! {
                <a
                    class="search__clear"
                    href=move || path.get() + &without.read()
                    aria-label="Clear the search"
                    data-testid="search-clear"
                    data-noscroll
                >
                    <Icon glyph=CROSS/>
                </a>
            }.erased())}
            <button type="submit" class="unseen" tabindex="-1">"Search"</button>
            <ul
                class="search__options"
                id="search-options"
                role="listbox"
                aria-label="Suggestions"
                hidden=move || offered.read().is_empty()
            >
                {move || offered.get().into_iter().enumerate().map(option).each_erased()}
            </ul>
            <div class="search__fault" id="search-fault" role="status" hidden=move || fault.read().is_none()>
                {move || fault.get().map(|(text, QueryError { start, end, message })| {
                    let (before, within, _) = utf16::split(&text, start, end);
                    let within = if within.is_empty() { " " } else { within };
                    view! {
                        // Below the field and in its type, so that the mark is under the character.
                        <div class="search__place wire" aria-hidden="true">
                            <span class="search__before">{before.to_owned()}</span>
                            <span class="search__mark" data-testid="search-mark">{within.to_owned()}</span>
                        </div>
                        <p>{message}</p>
                    }
                })}
            </div>
        </form>
    }
    .erased()
}
