//! Parses the forms of the page: fields in, changes of settings out, and errors back to the field
//! they belong to. Pure.

use hookglass_app::answers::{Done, RejectedForm};
use hookglass_wire::{Answering, By, Programme, Reply, Rule};

use crate::{
    respond::{SettingError, failure_sequence},
    web::error::Error,
};

/// A submitted form.
pub(super) struct SubmittedForm(Vec<(String, String)>);

/// The command of a form.
pub(super) enum FormCommand<'f> {
    AddSecret {
        provider: &'f str,
        secret: String,
        name: &'f str,
    },
    /// The secret with this id.
    RemoveSecret(&'f str),
    Settings(SettingsChange),
}

/// A change of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsChange {
    Reply,
    ResetReply,
    AddRule,
    SaveRule,
    RaiseRule,
    LowerRule,
    RemoveRule,
    Preset,
    Programme,
    EndProgramme,
    Handshakes,
    Signatures,
}

/// Returns what was done, by its name in the page's URL.
pub(super) fn done(name: &str) -> Option<Done> {
    let (section, says) = match name {
        "reply" => ("default-reply", "The default reply is saved."),
        "rule" => ("rules", "The rules are saved."),
        "rule-removed" => ("rules", "The rule is removed."),
        "programme" => ("failures", "The failure programme is running."),
        "programme-ended" => ("failures", "The failure programme is ended."),
        "handshakes" => ("known-handshakes", "Saved."),
        "signatures" => ("secrets", "Saved."),
        "secret" => ("secrets", "The secret is added, and the newest requests are judged by it."),
        "secret-removed" => ("secrets", "The secret is removed."),
        _ => return None,
    };
    Some(Done { section, says })
}

impl SubmittedForm {
    pub(super) fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// Returns the value of a field; empty if it is missing.
    pub(super) fn value(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(sent, _)| sent == name);
        field.map_or("", |(_, value)| value)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(sent, _)| sent == name)
    }

    /// Returns text of several lines with its original line ends: forms send CRLF (WHATWG HTML
    /// §4.10.21.4).
    fn lines(&self, name: &str) -> String {
        self.value(name).replace("\r\n", "\n")
    }

    fn number(&self, name: &str, takes: &str) -> Result<u32, SettingError> {
        self.value(name).trim().parse().map_err(|_| SettingError::new(name, takes))
    }
}

impl<'f> FormCommand<'f> {
    pub(super) fn of(form: &'f SubmittedForm) -> Result<Self, Error> {
        let act = match form.value("do") {
            _ if form.has("preset") => SettingsChange::Preset,
            "reply" => SettingsChange::Reply,
            "reply-reset" => SettingsChange::ResetReply,
            "rule-add" => SettingsChange::AddRule,
            "rule-save" => SettingsChange::SaveRule,
            "rule-up" => SettingsChange::RaiseRule,
            "rule-down" => SettingsChange::LowerRule,
            "rule-remove" => SettingsChange::RemoveRule,
            "programme" => SettingsChange::Programme,
            "programme-end" => SettingsChange::EndProgramme,
            "handshakes" => SettingsChange::Handshakes,
            "signatures" => SettingsChange::Signatures,
            "secret" => {
                return Ok(Self::AddSecret {
                    provider: form.value("provider"),
                    secret: form.lines("secret"),
                    name: form.value("name"),
                });
            }
            "secret-remove" => return Ok(Self::RemoveSecret(form.value("secret"))),
            _ => return Err(Error::Invalid("`do` takes what a button of the page says.".into())),
        };
        Ok(Self::Settings(act))
    }

    /// The name of what was done, for the page's URL.
    pub(super) fn done(&self) -> &'static str {
        match self {
            Self::AddSecret { .. } => "secret",
            Self::RemoveSecret(_) => "secret-removed",
            Self::Settings(act) => match act {
                SettingsChange::Reply | SettingsChange::ResetReply => "reply",
                SettingsChange::AddRule
                | SettingsChange::SaveRule
                | SettingsChange::RaiseRule
                | SettingsChange::LowerRule => "rule",
                SettingsChange::RemoveRule => "rule-removed",
                SettingsChange::Preset | SettingsChange::Programme => "programme",
                SettingsChange::EndProgramme => "programme-ended",
                SettingsChange::Handshakes => "handshakes",
                SettingsChange::Signatures => "signatures",
            },
        }
    }

    /// Applies the form to the settings.
    pub(super) fn make(
        &self,
        form: &SubmittedForm,
        set: &mut Answering,
    ) -> Result<(), SettingError> {
        let Self::Settings(act) = self else { return Ok(()) };
        match act {
            SettingsChange::Reply => set.reply = reply(form, Some(&set.reply))?,
            SettingsChange::ResetReply => set.reply = Reply::default(),
            SettingsChange::AddRule => set.rules.push(rule(form, None)?),
            SettingsChange::SaveRule => {
                let place = place(form, set)?;
                set.rules[place] = rule(form, Some(&set.rules[place].reply))?;
            }
            SettingsChange::RaiseRule => {
                let place = place(form, set)?;
                set.rules.swap(place, place.saturating_sub(1));
            }
            SettingsChange::LowerRule => {
                let place = place(form, set)?;
                let last = set.rules.len() - 1;
                set.rules.swap(place, (place + 1).min(last));
            }
            SettingsChange::RemoveRule => {
                set.rules.remove(place(form, set)?);
            }
            SettingsChange::Preset => {
                let wanted = form.value("preset");
                let preset =
                    failure_sequence::presets().into_iter().find(|preset| preset.id == wanted);
                let preset =
                    preset.ok_or_else(|| SettingError::new("", "No programme has this name."))?;
                set.programme = Some(preset.programme);
            }
            SettingsChange::Programme => set.programme = Some(own_programme(form)?),
            SettingsChange::EndProgramme => set.programme = None,
            SettingsChange::Handshakes => {
                set.handshakes = form.has("handshakes");
                let token = form.value("verify_token").trim();
                set.verify_token = (!token.is_empty()).then(|| token.to_owned());
            }
            SettingsChange::Signatures => {
                set.reject_bad_signatures = form.has("reject_bad_signatures")
            }
        }
        Ok(())
    }
}

/// The position of the form's rule.
fn place(form: &SubmittedForm, set: &Answering) -> Result<usize, SettingError> {
    let number: Option<usize> = form.value("rule").parse().ok();
    number
        .and_then(|number| number.checked_sub(1))
        .filter(|place| *place < set.rules.len())
        .ok_or_else(|| SettingError::new("", "This rule is not there any more."))
}

fn rule(form: &SubmittedForm, old: Option<&Reply>) -> Result<Rule, SettingError> {
    Ok(Rule { when: form.value("when").trim().to_owned(), reply: reply(form, old)? })
}

fn reply(form: &SubmittedForm, old: Option<&Reply>) -> Result<Reply, SettingError> {
    let status = form.number("status", "It takes 200 to 599.")?;
    let delay_ms = match form.value("delay_ms").trim() {
        "" => 0,
        _ => form.number("delay_ms", "It takes 0 to 30000 milliseconds.")?,
    };
    let lines = form.lines("headers");
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let headers = lines.map(|(place, line)| match line.split_once(':') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => {
            let message = format!("Line {} has no colon: write Name: value.", place + 1);
            Err(SettingError::new("headers", message))
        }
    });
    let headers = headers.collect::<Result<_, _>>()?;
    let typed = form.lines("body");
    // Unchanged text keeps the line ends that it had before a form showed it.
    let unchanged = old
        .and_then(|old| old.body.as_ref())
        .filter(|body| body.replace("\r\n", "\n").replace('\r', "\n") == typed);
    let body = Some(unchanged.cloned().unwrap_or(typed)).filter(|body| !body.is_empty());
    let kept = old.and_then(|old| old.body_base64.as_ref());
    let body_base64 = kept.filter(|_| body.is_none() && form.has("keep_bytes")).cloned();
    let status = u16::try_from(status).unwrap_or(u16::MAX);
    Ok(Reply { status, headers, body, body_base64, delay_ms })
}

fn own_programme(form: &SubmittedForm) -> Result<Programme, SettingError> {
    let steps = failure_sequence::steps(&form.lines("steps"));
    let steps = steps.map_err(|message| SettingError::new("steps", message))?;
    let by = if form.value("by") == "attempt" { By::Attempt } else { By::All };
    let percent = match form.value("percent").trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| SettingError::new("percent", "It takes 1 to 100."))?),
    };
    Ok(Programme { steps, by, percent, answered: None })
}

/// Returns the form to show again, with the error at its field; `None` if the error does not belong
/// to the form.
pub(super) fn refused(form: &SubmittedForm, error: &Error) -> Option<RejectedForm> {
    let (field, message) = match error {
        Error::InvalidField(fault) => beside(form, fault),
        Error::Invalid(message) => (of_text(message), message.clone()),
        Error::TooManySecrets(_) => (None, error.problem().detail),
        _ => return None,
    };
    // A secret is never sent back.
    let fields = form.0.iter().filter(|(name, _)| name != "secret").cloned().collect();
    let form = form.value("form").to_owned();
    Some(RejectedForm { form, fields, field: field.map(str::to_owned), message })
}

/// Returns the form field of an error, and the message that fits there.
fn beside(form: &SubmittedForm, fault: &SettingError) -> (Option<&'static str>, String) {
    const FIELDS: [(&str, &str); 8] = [
        ("headers", "headers"),
        ("status", "status"),
        ("body", "body"),
        ("delay_ms", "delay_ms"),
        (".when", "when"),
        ("percent", "percent"),
        ("verify_token", "verify_token"),
        ("steps", "steps"),
    ];
    let known = FIELDS.iter().find(|(part, _)| fault.field.contains(part));
    let field = known.map(|(_, name)| *name).filter(|name| form.has(name));
    let at = match (field, fault.place) {
        (Some(name @ ("body" | "when")), Some((start, _))) => {
            let text = form.lines(name);
            let before = &text[..hookglass_query::byte_at(&text, start)];
            let line = before.rsplit('\n').next().unwrap_or_default();
            let (lines, column) = (before.matches('\n').count() + 1, line.chars().count() + 1);
            if name == "body" {
                format!(" (line {lines}, character {column})")
            } else {
                format!(" (character {column})")
            }
        }
        _ => String::new(),
    };
    (field, format!("{}{at}", fault.message))
}

/// Returns the field that the message of an API error starts with.
fn of_text(message: &str) -> Option<&'static str> {
    let name = message.strip_prefix('`')?.split('`').next()?;
    ["provider", "secret", "name"].into_iter().find(|known| *known == name)
}

#[cfg(test)]
mod tests;
