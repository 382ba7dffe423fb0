//! Names and values of a request, each with an explanation.

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

use super::{
    icon::{CHECK, COPY, DOWNLOAD, Icon},
    spans::pieces,
};
use crate::{
    browser,
    wire::{Field, Piece},
};

/// Fields in order, in a table.
#[component]
pub(crate) fn FieldsView(
    fields: Vec<Field>,
    /// A description of the table for screen readers.
    caption: &'static str,
) -> impl IntoView {
    let copied = RwSignal::new(None::<usize>);
    let texts: Vec<String> = fields.iter().map(text_of).collect();
    let texts = StoredValue::new(texts);
    // One listener for all: a table may have hundreds of rows.
    let click = move |event: MouseEvent| {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok())
        else {
            return;
        };
        if let Ok(Some(secret)) = target.closest("[data-secret]") {
            let _ = secret.toggle_attribute("data-bare");
        }
        let index = target.closest("[data-copy]").ok().flatten();
        let index =
            index.and_then(|button| button.get_attribute("data-copy")?.parse::<usize>().ok());
        let Some(index) = index else { return };
        let text: Option<String> = texts.with_value(|texts| texts.get(index).cloned());
        let Some(text) = text else { return };
        spawn_local(async move {
            if browser::copy(&text).await {
                let _ = copied.try_set(Some(index));
            }
        });
    };
    let rows = fields
        .into_iter()
        .enumerate()
        .map(|(index, field)| view! { <Row index field copied/> })
        .each_erased();
    view! {
        <table class="fields" on:click=click>
            <caption class="unseen">{caption}</caption>
            <tbody>{rows}</tbody>
        </table>
    }
    .erased()
}

/// Returns the value as text, for copying.
fn text_of(field: &Field) -> String {
    match &field.whole {
        Some(whole) => whole.clone(),
        None => field.value.iter().map(|Piece(text, _)| text.as_str()).collect(),
    }
}

#[component]
fn Row(index: usize, field: Field, copied: RwSignal<Option<usize>>) -> impl IntoView {
    let Field { name, value, whole, about, standard, readable, secret, file, download, group } =
        field;
    let is_copied = move || copied.get() == Some(index);
    // A file that is not text has its sentence and its download.
    let is_text = !(value.is_empty() && file.is_some());
    let about = about.map(|about| {
        view! {
            <p class="fields__about">
                {about}
                {standard.map(|standard| view! { " " <span class="fields__standard">{standard}</span> })}
            </p>
        }
    });
    let file = file.map(|file| view! { <p class="fields__about">{file}</p> });
    let download = download.map(|path| {
        view! {
            <a class="button" data-kind="quiet" href=path download>
                <Icon glyph=DOWNLOAD/>
                "Download"
            </a>
        }
    });
    let group = group.map(|group| {
        view! { <tr class="fields__group"><th colspan="3" scope="rowgroup">{group}</th></tr> }
    });
    view! {
        {group}
        <tr class="fields__field" data-testid="field">
            <th scope="row" class="fields__name">{pieces(name)}</th>
            <td>
                {is_text.then(|| view! {
                    <span class="fields__value" data-secret=secret.then_some("") title=secret.then_some("A secret: press to show or hide it while secrets are hidden")>{pieces(value)}</span>
                })}
                {readable.map(|text| view! { <span class="fields__readable">{text}</span> })}
                {whole.map(|whole| view! {
                    <details class="fields__whole" data-secret=secret.then_some("")>
                        <summary>"Show all of it"</summary>
                        <pre tabindex="0">{whole}</pre>
                    </details>
                })}
                {file}
                {download}
            </td>
            <td class="fields__side">
                {about}
                {is_text.then(|| view! {
                    <button type="button" class="button fields__copy" data-kind="quiet" data-script data-copy=index title="Copy the value" data-state=move || is_copied().then_some("copied")>
                        {move || {
                            let glyph = if is_copied() { CHECK } else { COPY };
                            view! { <Icon glyph/> }
                        }}
                        <span class="unseen" aria-live="polite">{move || if is_copied() { "Copied" } else { "Copy the value" }}</span>
                    </button>
                })}
            </td>
        </tr>
    }
    .erased()
}
