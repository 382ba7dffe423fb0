//! The display options of a part: its form, its folding depth, the text to find in it.

use leptos::{ev::SubmitEvent, html, prelude::*};
use web_sys::KeyboardEvent;

use super::{
    icon::{ARROW_DOWN, ARROW_UP, Icon, WRAP},
    link::{ViewLink, query_for},
    secrets::SecretsSwitch,
};
use crate::{
    format::{count::grouped, joined},
    route::{NavigateOptions, use_location, use_navigate},
    wire::{Ask, Part, Reading},
};

/// Folding never distinguishes deeper levels.
const ALL: &str = "999";

/// The tools of a part; its children come last.
#[component]
pub(crate) fn PartTools(
    ask: Ask,
    reading: Reading,
    seq: i64,
    sought: RwSignal<Option<u64>>,
    children: Children,
) -> impl IntoView {
    let part = ask.part;
    let form = reading.form.clone();
    let forms = (reading.forms.len() > 1).then(|| {
        let links = reading
            .forms
            .iter()
            .map(|other| {
                let chosen = other.value == form;
                let label = other.label.clone();
                view! { <ViewLink key="form" value=other.value.clone() chosen=Signal::stored(chosen)>{label}</ViewLink> }
            })
            .each_erased();
        view! { <nav class="segments" aria-label="Show it as">{links}</nav> }
    });
    let has_folds = reading.rows.iter().any(|row| row.fold.is_some());
    let depths = has_folds.then(|| {
        let links = [("1", "1"), ("2", "2"), ("3", "3"), (ALL, "All")]
            .into_iter()
            .map(|(value, text)| {
                let chosen = ask.depth.is_some_and(|depth| depth.to_string() == value);
                view! {
                    <ViewLink key="depth" value chosen=Signal::stored(chosen)>
                        <span class="unseen">"Open to depth "</span>
                        {text}
                    </ViewLink>
                }
            })
            .each_erased();
        view! {
            <nav class="segments" aria-label="Open to depth">
                <span class="segments__name" aria-hidden="true">"Depth"</span>
                {links}
            </nav>
        }
    });
    let has_rows = !reading.rows.is_empty();
    let find =
        has_rows.then(|| view! { <Find ask=ask.clone() found=reading.found.clone() sought/> });
    let wrap = has_rows.then(|| {
        view! {
            <label class="toggle" title="Wrap long lines">
                <input type="checkbox" class="unseen" data-wrap checked/>
                <Icon glyph=WRAP/>
                <span class="unseen">"Wrap long lines"</span>
            </label>
        }
    });
    let secrets = matches!(part, Part::Headers | Part::Wire | Part::Compare)
        .then(|| view! { <SecretsSwitch/> });
    let with = (part == Part::Compare)
        .then(|| view! { <CompareWith seq with=reading.compared_with asked=ask.with.clone()/> });
    view! {
        <div class="part-tools">
            {forms}
            {with}
            {depths}
            {find}
            <div class="part-tools__rest">
                {children.shown()}
                {wrap}
                {secrets}
            </div>
        </div>
    }
    .erased()
}

/// Finds text within the part, and steps from hit to hit.
#[component]
fn Find(ask: Ask, found: Vec<u64>, sought: RwSignal<Option<u64>>) -> impl IntoView {
    let location = use_location();
    let navigate = use_navigate();
    let input = NodeRef::<html::Input>::new();
    let hit = StoredValue::new(None::<usize>);
    let count = found.len();
    let found = StoredValue::new(found);
    let asked = ask.find.clone().unwrap_or_default();
    let step = move |by: isize| {
        let next = match hit.get_value() {
            _ if count == 0 => return,
            None => {
                if by < 0 {
                    count - 1
                } else {
                    0
                }
            }
            Some(index) => index.checked_add_signed(by).unwrap_or(count - 1) % count,
        };
        hit.set_value(Some(next));
        // Reset first: the same place may be sought again.
        sought.set(None);
        sought.set(found.with_value(|found: &Vec<u64>| found.get(next).copied()));
    };
    let find = Callback::new({
        let location = location.clone();
        move |text: String| {
            let query = location.query.read_untracked();
            let set = [("find", text.as_str())];
            let query =
                query_for(&query, &["find", "from"], if text.is_empty() { &[] } else { &set });
            let options = NavigateOptions { replace: true, scroll: false, ..Default::default() };
            navigate(&(location.pathname.get_untracked() + &query), options);
        }
    });
    let search = {
        let asked = asked.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let Some(input) = input.get_untracked() else { return };
            let text = input.value();
            if text == asked {
                return step(1);
            }
            find.run(text);
        }
    };
    let leave = {
        let asked = asked.clone();
        move |event: KeyboardEvent| {
            let Some(input) = input.get_untracked().filter(|_| event.key() == "Escape") else {
                return;
            };
            event.stop_propagation();
            event.prevent_default();
            let _ = input.blur();
            if asked.is_empty() {
                input.set_value("");
            } else {
                find.run(String::new());
            }
        }
    };
    if count > 0 {
        Effect::new(move |_| step(1));
    }
    // The result belongs to the last search, not to the text being typed.
    let is_other = RwSignal::new(false);
    let sought_text = asked.clone();
    let summary = (!asked.is_empty()).then(|| match count {
        0 => "not found".to_owned(),
        1000 => "1,000 or more".to_owned(),
        count => joined(&[&grouped(u64::try_from(count).unwrap_or_default()), " found"]),
    });
    // Without script, a form keeps nothing of the query except its own fields.
    let query = location.query.read_untracked();
    let kept = (&*query)
        .into_iter()
        .filter(|(key, _)| !matches!(key.as_ref(), "find" | "from"))
        .map(|(key, value)| view! { <input type="hidden" name=key.to_string() value=value.to_owned()/> })
        .each_erased();
    view! {
        <form class="find" role="search" on:submit=search>
            {kept}
            <input
                class="field__input find__input"
                type="search"
                name="find"
                value=asked
                placeholder="Find in it"
                aria-label="Find in this part"
                data-key="find"
                maxlength="200"
                autocomplete="off"
                spellcheck="false"
                node_ref=input
                on:input=move |event| is_other.set(event_target_value(&event) != sought_text)
                on:keydown=leave
            />
            {summary.map(|text| view! { <span class="find__count" role="status" data-testid="found" hidden=move || is_other.get()>{text}</span> })}
            {(count > 0).then(|| view! {
                <button type="button" class="button" data-kind="quiet" data-script title="Previous hit" on:click=move |_| step(-1)>
                    <Icon glyph=ARROW_UP/>
                    <span class="unseen">"Previous hit"</span>
                </button>
                <button type="button" class="button" data-kind="quiet" data-script title="Next hit" on:click=move |_| step(1)>
                    <Icon glyph=ARROW_DOWN/>
                    <span class="unseen">"Next hit"</span>
                </button>
            })}
        </form>
    }
    .erased()
}

/// Chooses the other request of a comparison.
#[component]
fn CompareWith(seq: i64, with: Option<i64>, asked: Option<String>) -> impl IntoView {
    let is_previous = asked.as_deref() == Some("previous");
    let other = with.map(|with| with.to_string()).unwrap_or_default();
    let tab = Part::Compare.name();
    view! {
        <form class="compare-with">
            <input type="hidden" name="tab" value=tab/>
            <label>
                "#" {seq} " with #"
                <input class="field__input compare-with__input" name="with" inputmode="numeric" pattern="[0-9]+" required value=other aria-label="The number of the other request"/>
            </label>
            <button class="button" type="submit">"Compare"</button>
            <span class="segments">
                <ViewLink key="with" value="previous" chosen=Signal::stored(is_previous)>"Previous of its kind"</ViewLink>
            </span>
        </form>
    }
    .erased()
}
