//! The palette: every command with its key, and a link to every endpoint, with a search.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlAnchorElement, KeyboardEvent};

use super::icon::{Icon, KEYBOARD};
use crate::{
    format::joined,
    keymap::{COMMANDS, KeyCommand, command_of, is_meant},
    shortcuts,
};

/// Links to the workspace's endpoints, in any place on a page.
const ENDPOINTS: &str = "a.switcher__row, a.endpoint-list__link";

/// Whether the palette is open. A cheap-clone handle on a signal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PaletteOpen(RwSignal<bool>);

impl PaletteOpen {
    /// Returns a closed palette.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new(false))
    }
}

/// An entry of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Choice {
    key: &'static str,
    label: String,
    /// The command to press, or the destination of a link.
    act: Result<&'static str, String>,
    /// Whether the page currently offers it.
    is_there: bool,
}

/// The button that opens the palette, for users who do not know its keys yet.
#[component]
pub(crate) fn PaletteButton() -> impl IntoView {
    let open = use_context::<PaletteOpen>();
    let show = move |_| {
        if let Some(PaletteOpen(open)) = open {
            open.set(true);
        }
    };
    view! {
        <button
            type="button"
            class="button"
            data-kind="quiet"
            data-script
            data-key="commands"
            title="Commands and keys (?)"
            aria-haspopup="dialog"
            on:click=show
        >
            <Icon glyph=KEYBOARD/>
            <span class="unseen">"Commands and keys"</span>
        </button>
    }
}

/// The palette, and the page's only keyboard listener.
#[component]
pub(crate) fn Palette() -> impl IntoView {
    let PaletteOpen(open) = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let all = RwSignal::new(Vec::<Choice>::new());
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let shown = Memo::new(move |_| {
        let typed = typed.read();
        let fits = |choice: &&Choice| is_meant(&choice.label, &typed);
        all.read().iter().filter(fits).cloned().collect::<Vec<_>>()
    });
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if !open.get() {
            dialog.close();
        } else if !dialog.open() {
            typed.set(String::new());
            at.set(0);
            all.set(choices());
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
        }
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key == "k" {
            event.prevent_default();
            match dialog.get_untracked() {
                Some(dialog) if dialog.open() => dialog.close(),
                _ => open.set(true),
            }
        } else if shortcuts::is_free(&event)
            && let Some(command) = command_of(&key)
            // If an element has the focus, Enter is for that element.
            && (key != "Enter" || shortcuts::is_nothing_focused())
            && shortcuts::press(command.press)
        {
            event.prevent_default();
        }
    });
    on_cleanup(move || keys.remove());
    let run = move |choice: Choice| {
        if !choice.is_there {
            return;
        }
        open.set(false);
        // Closing restores the focus first: the pressed element may need it.
        request_animation_frame(move || match choice.act {
            Ok(press) => {
                shortcuts::press(press);
            }
            Err(href) => {
                let _ = window().location().set_href(&href);
            }
        });
    };
    // The event comes late: the dialog may already be open again.
    let on_close = move |_| {
        if dialog.get_untracked().is_none_or(|dialog| !dialog.open()) {
            open.set(false);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let last = shown.read_untracked().len().saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = if *at >= last { 0 } else { *at + 1 }),
            "ArrowUp" => at.update(|at| *at = at.checked_sub(1).unwrap_or(last)),
            // A search field consumes the first Escape.
            "Escape" => open.set(false),
            "Enter" => {
                if let Some(choice) = shown.read_untracked().get(at.get_untracked()) {
                    run(choice.clone());
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let rows = move || {
        let rows = shown.get().into_iter().enumerate().map(|(place, choice)| {
            let label = choice.label.clone();
            let key = (!choice.key.is_empty())
                .then(|| view! { <kbd class="palette__key">{key_name(choice.key)}</kbd> });
            let is_chosen = move || if at.get() == place { "true" } else { "false" };
            view! {
                <li
                    class="palette__row"
                    role="option"
                    id=option_id(place)
                    aria-selected=is_chosen
                    aria-disabled=(!choice.is_there).then_some("true")
                    on:click=move |_| run(choice.clone())
                >
                    <span>{label}</span>
                    {key}
                </li>
            }
        });
        rows.collect::<Vec<_>>().erased()
    };
    view! {
        <dialog
            class="palette"
            aria-labelledby="palette-title"
            data-testid="palette"
            node_ref=dialog
            on:close=on_close
        >
            <h2 class="palette__title" id="palette-title">"Commands and keys"</h2>
            <input
                class="field__input"
                type="search"
                role="combobox"
                aria-label="Find a command or an endpoint"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-autocomplete="list"
                aria-activedescendant=move || option_id(at.get())
                placeholder="Find a command or an endpoint"
                autocomplete="off"
                spellcheck="false"
                node_ref=input
                prop:value=move || typed.get()
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    at.set(0);
                }
                on:keydown=on_key
            />
            <ul class="palette__list" id="palette-list" role="listbox" aria-label="Commands" tabindex="-1">
                {rows}
            </ul>
            <p class="palette__none" role="status" hidden=move || !shown.read().is_empty()>
                "Neither a command nor an endpoint is called that."
            </p>
            <p class="palette__foot">"Ctrl K or ⌘ K opens this anywhere. Esc closes it."</p>
        </dialog>
    }
    .erased()
}

fn option_id(place: usize) -> String {
    String::from("palette-") + &place.to_string()
}

const fn key_name(key: &'static str) -> &'static str {
    match key.as_bytes() {
        b"Escape" => "Esc",
        _ => key,
    }
}

/// Returns the actions that the page offers now, and the links from it.
fn choices() -> Vec<Choice> {
    let (can, cannot): (Vec<_>, Vec<_>) = COMMANDS
        .iter()
        .filter(|command| command.press != "commands")
        .partition(|command| shortcuts::can(command.press));
    let choice = |command: &KeyCommand, is_there| Choice {
        key: command.key,
        label: command.label.to_owned(),
        act: Ok(command.press),
        is_there,
    };
    let mut choices: Vec<_> = can.into_iter().map(|command| choice(command, true)).collect();
    if let Ok(links) = document().query_selector_all(ENDPOINTS) {
        for at in 0..links.length() {
            let link = links.item(at).and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok());
            let Some(link) = link else { continue };
            let id = link.pathname().rsplit('/').next().unwrap_or_default().to_owned();
            let name = link.query_selector(".switcher__name").ok().flatten();
            let name = name.and_then(|name| name.text_content()).unwrap_or(id);
            let label = joined(&["Go to ", name.trim()]);
            choices.push(Choice { key: "", label, act: Err(link.href()), is_there: true });
        }
    }
    choices.push(Choice {
        key: "",
        label: "Go to all endpoints, and a new one".to_owned(),
        act: Err("/".to_owned()),
        is_there: true,
    });
    // All keys are listed: commands that this page does not offer come last.
    choices.extend(cannot.into_iter().map(|command| choice(command, false)));
    choices
}
