//! Forms: fields with the current settings or the rejected input, and errors next to the field.

use leptos::prelude::*;

use super::{Answers, RejectedForm};
use crate::components::note::as_html;

/// A form of the page.
pub(super) struct FormView<'a> {
    answers: &'a Answers,
    /// Its id, unique on the page.
    id: String,
    refused: Option<&'a RejectedForm>,
}

/// A text field.
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// A hint on its content; may be empty.
    pub(super) hint: &'static str,
    pub(super) kind: InputKind,
    /// The current setting.
    pub(super) value: String,
}

/// The kind of control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    Line,
    /// A whole number within a range.
    Number(u32, u32),
    /// Several lines; the number is the initial height.
    Lines(u32),
}

impl<'a> FormView<'a> {
    pub(super) fn new(answers: &'a Answers, id: impl Into<String>) -> Self {
        let id = id.into();
        let refused = answers.refused.as_ref().filter(|refused| refused.form == id);
        Self { answers, id, refused }
    }

    /// Returns whether it was rejected.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Returns the input of this name if the form was rejected, else the current setting.
    pub(super) fn value(&self, name: &str, set: &str) -> String {
        match self.refused {
            None => set.to_owned(),
            Some(refused) => {
                let sent = refused.fields.iter().find(|(sent, _)| sent == name);
                sent.map(|(_, value)| value.clone()).unwrap_or_default()
            }
        }
    }

    /// The same for a checkbox.
    pub(super) fn is_checked(&self, name: &str, set: bool) -> bool {
        match self.refused {
            None => set,
            Some(refused) => refused.fields.iter().any(|(sent, _)| sent == name),
        }
    }

    /// Returns the form around its fields. It also sends `which`.
    pub(super) fn around(self, which: Option<(&'static str, String)>, content: Erased) -> Erased {
        let Self { answers, id, refused } = self;
        let name = id.clone();
        let action = format!("/inspect/{}/answers#{id}", answers.endpoint);
        let message = refused
            .filter(|refused| refused.field.is_none())
            .map(|refused| view! { <p class="answers__fault" role="alert">{marked(&refused.message)}</p> });
        let which =
            which.map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
        view! {
            <form class="answers__form" id=id.clone() method="post" action=action>
                <input type="hidden" name="form" value=name/>
                <input type="hidden" name="version" value=answers.version.clone()/>
                {which}
                {message}
                {content}
            </form>
        }
        .erased()
    }

    /// Returns the id of one of its fields.
    pub(super) fn id_of(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }

    /// Returns the error of a field, if it is the invalid one.
    fn fault(&self, name: &str) -> Option<(String, Erased)> {
        let refused = self.refused.filter(|refused| refused.field.as_deref() == Some(name))?;
        let id = format!("{}-fault", self.id_of(name));
        let message = marked(&refused.message);
        let view = view! {
            <p class="answers__fault" id=id.clone() role="alert">{message}</p>
        };
        Some((id, view.erased()))
    }

    /// Returns a field with its label.
    pub(super) fn input(&self, input: Input) -> Erased {
        let Input { name, label, hint, kind, value } = input;
        let id = self.id_of(name);
        let value = self.value(name, &value);
        let (fault_id, fault) = self.fault(name).unzip();
        let hint_id = format!("{id}-hint");
        let has_hint = !hint.is_empty();
        let described: Vec<String> =
            fault_id.clone().into_iter().chain(has_hint.then(|| hint_id.clone())).collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let is_invalid = fault.is_some().then_some("true");
        let control = match kind {
            InputKind::Lines(rows) => {
                let text = as_html(&value);
                view! {
                    <textarea class="field__input answers__lines" data-kind="wire" id=id.clone() name=name
                        rows=rows spellcheck="false" autocomplete="off"
                        aria-describedby=described aria-invalid=is_invalid>{text}</textarea>
                }
                .erased()
            }
            InputKind::Number(from, to) => view! {
                <input class="field__input" type="number" id=id.clone() name=name value=value min=from
                    max=to step="1" aria-describedby=described aria-invalid=is_invalid/>
            }
            .erased(),
            InputKind::Line => view! {
                <input class="field__input" data-kind="wire" id=id.clone() name=name value=value
                    spellcheck="false" autocomplete="off" autocapitalize="none"
                    aria-describedby=described aria-invalid=is_invalid/>
            }
            .erased(),
        };
        let hint = has_hint.then(|| view! { <p class="field__hint" id=hint_id>{marked(hint)}</p> });
        view! {
            <div class="field" data-field=name>
                <label class="field__label" for=id>{label}</label>
                {control}
                {fault}
                {hint}
            </div>
        }
        .erased()
    }

    /// Returns a checkbox.
    pub(super) fn tick(&self, name: &'static str, label: &'static str, set: bool) -> Erased {
        let id = self.id_of(name);
        let checked = self.is_checked(name, set);
        view! {
            <p class="answers__tick">
                <input type="checkbox" id=id.clone() name=name value="on" checked=checked/>
                <label for=id>{label}</label>
            </p>
        }
        .erased()
    }

    /// Returns a field to choose one of several options: the value to send and the label.
    pub(super) fn choice(
        &self,
        name: &'static str,
        label: &'static str,
        options: Vec<(String, String)>,
        set: &str,
    ) -> Erased {
        let id = self.id_of(name);
        let chosen = self.value(name, set);
        let fault = self.fault(name).map(|(_, fault)| fault);
        let options = options
            .into_iter()
            .map(|(value, text)| {
                let selected = value == chosen;
                view! { <option value=value selected=selected>{text}</option> }
            })
            .collect_view();
        view! {
            <div class="field" data-field=name>
                <label class="field__label" for=id.clone()>{label}</label>
                <select class="field__input" id=id name=name>{options}</select>
                {fault}
            </div>
        }
        .erased()
    }
}

/// Returns a button that submits the form for one action.
pub(super) fn button(act: &'static str, label: &'static str, kind: Option<&'static str>) -> Erased {
    view! {
        <button class="button" data-kind=kind name="do" value=act>{label}</button>
    }
    .erased()
}

/// Returns text in which backticks become code.
pub(super) fn marked(text: &str) -> Erased {
    text.split('`')
        .enumerate()
        .map(|(place, part)| {
            let part = part.to_owned();
            if place % 2 == 1 { view! { <code>{part}</code> }.erased() } else { part.erased() }
        })
        .collect_view()
        .erased()
}
