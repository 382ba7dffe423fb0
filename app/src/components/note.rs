//! The owner's note on a request.

use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{browser, format::joined, wire::Summary};

/// The maximum length of a note in the API.
const MAX_CHARS: u32 = 2_000;

/// Returns text as HTML for a `<textarea>`, which is rendered as it is. The first line feed is not
/// part of its value (WHATWG HTML §13.2.6.4.7).
pub(crate) fn as_html(text: &str) -> String {
    joined(&["\n", &text.replace('&', "&amp;").replace('<', "&lt;")])
}

/// The note, and the form to change it while `editing`. Without script the form is always there,
/// collapsed.
#[component]
pub(crate) fn NoteView(
    /// The request as currently known.
    known: RwSignal<Summary>,
    editing: RwSignal<bool>,
    /// The request's path in the API.
    path: String,
    /// Saves the text.
    save: Callback<String>,
) -> impl IntoView {
    let note = Memo::new(move |_| known.read().note.clone().unwrap_or_default());
    let area = NodeRef::<html::Textarea>::new();
    // A draft outlives the form, the selection of another request and the page.
    let name = StoredValue::new(path.clone());
    let draft = move || name.with_value(|name| browser::draft(name));
    let keep = move |text: Option<&str>| name.with_value(|name| browser::keep_draft(name, text));
    let close = move || {
        keep(None);
        editing.set(false);
    };
    // The form stays until its text is saved as the note, so a failure to save loses nothing.
    let store = move || {
        let Some(area) = area.get_untracked() else { return };
        let text = area.value();
        if text.trim() == note.get_untracked() {
            close();
        } else {
            keep(Some(&text));
            save.run(text);
        }
    };
    Effect::new(move |_| {
        let note = note.read();
        if draft().is_some_and(|draft| draft.trim() == *note) {
            close();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        store();
    };
    // A draft opens the form but does not take the focus, so that the list's keys still work.
    let is_found = StoredValue::new(false);
    Effect::new(move |_| {
        if draft().is_some() {
            is_found.set_value(true);
            editing.set(true);
        }
    });
    Effect::new(move |_| {
        if editing.get()
            && let Some(area) = area.get()
            && !is_found.try_update_value(std::mem::take).unwrap_or_default()
        {
            let _ = area.focus();
        }
    });
    let form = move |text: String, area: NodeRef<html::Textarea>| {
        let (path, value) = (path.clone(), text.clone());
        view! {
            <form class="note__form" method="post" action=path on:submit=submit>
                <input type="hidden" name="_method" value="PATCH"/>
                <textarea
                    class="field__input note__input"
                    name="note"
                    rows="3"
                    maxlength=MAX_CHARS
                    aria-label="Note"
                    placeholder="What is worth remembering about this request"
                    prop:value=value
                    node_ref=area
                    on:input=move |event| keep(Some(&event_target_value(&event)))
                    on:keydown=move |event| {
                        if event.key() == "Escape" {
                            event.stop_propagation();
                            editing.set(false);
                        } else if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                            store();
                        }
                    }
                >{as_html(&text)}</textarea>
                <div class="note__acts">
                    <button class="button" type="submit">"Save the note"</button>
                    <button class="button" data-kind="quiet" type="button" data-script on:click=move |_| close()>"Cancel"</button>
                </div>
            </form>
        }
        .erased()
    };
    let live_form = form.clone();
    view! {
        <div class="note" data-testid="note">
            <p class="note__text" hidden=move || note.read().is_empty() || editing.get()>{note}</p>
            {move || editing.get().then(|| live_form(draft().unwrap_or_else(|| note.get_untracked()), area))}
            <details class="note__folded" data-no-script>
                <summary>"Write a note"</summary>
                {form(note.get_untracked(), NodeRef::new())}
            </details>
        </div>
    }
    .erased()
}

#[cfg(test)]
mod tests {
    use super::as_html;

    #[test]
    fn a_note_cannot_leave_its_field() {
        let html = as_html("</textarea><script>&amp;");
        assert_eq!(html, "\n&lt;/textarea>&lt;script>&amp;amp;");
    }
}
