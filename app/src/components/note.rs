//! What the owner writes beside a request.

use leptos::{ev::SubmitEvent, html, prelude::*};

use crate::{erased::Erase as _, format::joined, wire::Summary};

/// How long a note may be, as the API has it.
const MAX_CHARS: u32 = 2_000;

/// A text as the HTML within a `<textarea>`, which is rendered as it is. The first line feed is not
/// part of its value (WHATWG HTML §13.2.6.4.7).
pub(crate) fn as_html(text: &str) -> String {
    joined(&["\n", &text.replace('&', "&amp;").replace('<', "&lt;")])
}

/// The note, and the form to change it while `editing`. Without script the form always stands there,
/// folded.
#[component]
pub(crate) fn NoteView(
    /// The request as it is known now.
    known: RwSignal<Summary>,
    editing: RwSignal<bool>,
    /// The request's path in the API.
    path: String,
    /// Saves the text.
    save: Callback<String>,
) -> impl IntoView {
    let note = Memo::new(move |_| known.read().note.clone().unwrap_or_default());
    let area = NodeRef::<html::Textarea>::new();
    // What is half written outlives the form that Escape closes.
    let draft = StoredValue::new(None::<String>);
    let store = move || {
        let Some(area) = area.get_untracked() else { return };
        draft.set_value(None);
        save.run(area.value());
        editing.set(false);
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        store();
    };
    let cancel = move || {
        draft.set_value(None);
        editing.set(false);
    };
    Effect::new(move |_| {
        if editing.get()
            && let Some(area) = area.get()
        {
            let _ = area.focus();
        }
    });
    let form = move |text: String| {
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
                    on:input=move |event| draft.set_value(Some(event_target_value(&event)))
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
                    <button class="button" data-kind="quiet" type="button" data-script on:click=move |_| cancel()>"Cancel"</button>
                </div>
            </form>
        }
        .erased()
    };
    let live_form = form.clone();
    view! {
        <div class="note" data-testid="note">
            <p class="note__text" hidden=move || note.read().is_empty() || editing.get()>{note}</p>
            {move || editing.get().then(|| live_form(draft.get_value().unwrap_or_else(|| note.get_untracked())))}
            <details class="note__folded" data-no-script>
                <summary>"Write a note"</summary>
                {form(note.get_untracked())}
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
