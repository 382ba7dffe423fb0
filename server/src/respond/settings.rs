//! An owner's settings, checked and prepared: statuses, headers and templates are parsed once, not
//! for each request.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hookglass_query::Query;
use hookglass_wire::{self as wire, Act, Programme, Timestamp};
use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};

use super::{cost::Cost, setting_error::SettingError};
use crate::respond::{failure_sequence, response::headers, template::Template};

/// The most rules of an endpoint.
pub(crate) const MAX_RULES: usize = 50;
/// The most headers of one response.
pub(crate) const MAX_FIELDS: usize = 50;
/// The longest header value, in bytes.
const MAX_VALUE_BYTES: usize = 8 * 1024;
/// The longest body of a response, in bytes.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The size limit of all settings of an endpoint as JSON, in bytes.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The longest delay of a response, in milliseconds.
pub(crate) const MAX_DELAY_MS: u32 = 30_000;
/// The longest verify token, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// The prepared settings of an endpoint.
#[derive(Debug)]
pub(crate) struct PreparedSettings {
    pub(super) version: i64,
    /// `None` if only the default response is set.
    pub(super) reply: Option<PreparedResponse>,
    pub(super) rules: Vec<PreparedRule>,
    pub(super) running: Option<PreparedSequence>,
    pub(super) handshakes: bool,
    pub(super) verify_token: Option<String>,
    pub(super) reject_bad_signatures: bool,
    /// The approximate memory use, in bytes.
    pub(super) bytes: usize,
    pub(super) effort: Cost,
}

/// A prepared rule.
#[derive(Debug)]
pub(super) struct PreparedRule {
    /// `None` for all requests.
    pub(super) when: Option<Query>,
    pub(super) reply: PreparedResponse,
}

/// A prepared failure sequence.
#[derive(Debug)]
pub(super) struct PreparedSequence {
    /// Without the bodies of its replies, which are in `steps`.
    pub(super) programme: Programme,
    pub(super) steps: Vec<PreparedResponse>,
    /// How many requests it has answered. Never held across an await: locked for one look at the
    /// next step.
    answered: Mutex<u64>,
    /// The other settings that the description of the endpoint needs.
    pub(super) words: Arc<wire::Answering>,
}

/// A prepared response.
#[derive(Debug, Clone)]
pub(super) struct PreparedResponse {
    pub(super) status: StatusCode,
    pub(super) fields: Vec<(HeaderName, HeaderTemplate)>,
    pub(super) body: BodyTemplate,
    pub(super) delay: Duration,
}

/// The value of a header.
#[derive(Debug, Clone)]
pub(super) enum HeaderTemplate {
    Plain(HeaderValue),
    Template(Template),
}

/// A body.
#[derive(Debug, Clone)]
pub(super) enum BodyTemplate {
    Plain(Bytes),
    Template(Template),
}

impl PreparedSettings {
    /// Checks and prepares settings.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn read(
        set: &wire::Answering,
        version: i64,
        answered: u64,
    ) -> Result<Self, SettingError> {
        let wire::Answering {
            reply,
            rules,
            programme,
            handshakes,
            verify_token,
            reject_bad_signatures,
        } = set;
        if rules.len() > MAX_RULES {
            return Err(SettingError::new(
                "rules",
                format!("An endpoint has at most {MAX_RULES} rules."),
            ));
        }
        if verify_token.as_ref().is_some_and(|token| token.len() > MAX_TOKEN_BYTES) {
            let message = format!("A verify token has at most {MAX_TOKEN_BYTES} bytes.");
            return Err(SettingError::new("verify_token", message));
        }
        let is_plain = *reply == wire::Reply::default();
        let reply = PreparedResponse::read(reply, "reply")?;
        let rules = rules
            .iter()
            .enumerate()
            .map(|(place, rule)| PreparedRule::read(rule, &format!("rules[{place}]")))
            .collect::<Result<Vec<_>, _>>()?;
        let words = || Arc::new(without_bodies(set));
        let running = programme.as_ref().map(|set| PreparedSequence::read(set, answered, words()));
        let running = running.transpose()?;
        let steps = running.iter().flat_map(|running| &running.steps);
        Ok(Self {
            version,
            effort: Cost::of(&rules, steps.chain([&reply])),
            reply: (!is_plain).then_some(reply),
            rules,
            running,
            handshakes: *handshakes,
            verify_token: verify_token.clone().filter(|token| !token.is_empty()),
            reject_bad_signatures: *reject_bad_signatures,
            bytes: bytes(set),
        })
    }
}

impl PreparedRule {
    fn read(set: &wire::Rule, field: &str) -> Result<Self, SettingError> {
        // Time ranges make no sense for a request that arrives now, but do no harm.
        let when = Query::parse(&set.when, Timestamp::now().as_micros()).map_err(|error| {
            SettingError {
                place: Some((error.start, error.end)),
                in_query: true,
                ..SettingError::new(format!("{field}.when"), error.message)
            }
        })?;
        if let Some(term) = when.as_ref().and_then(Query::asks_for_later) {
            let message =
                format!("`{term}` is known only after a request was answered; leave it out.");
            return Err(SettingError::new(format!("{field}.when"), message));
        }
        Ok(Self { when, reply: PreparedResponse::read(&set.reply, &format!("{field}.reply"))? })
    }
}

impl PreparedSequence {
    fn read(
        set: &Programme,
        answered: u64,
        words: Arc<wire::Answering>,
    ) -> Result<Self, SettingError> {
        let most = failure_sequence::MAX_STEPS;
        if set.steps.is_empty() || set.steps.len() > most {
            let message = format!("A programme has 1 to {most} steps; `null` ends it.");
            return Err(SettingError::new("programme.steps", message));
        }
        if set.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            return Err(SettingError::new("programme.percent", "It takes 1 to 100."));
        }
        let mut steps = Vec::with_capacity(set.steps.len());
        for (place, step) in set.steps.iter().enumerate() {
            let field = format!("programme.steps[{place}]");
            if !(1..=failure_sequence::MAX_TIMES).contains(&step.times) {
                let message = format!("It takes 1 to {} times.", failure_sequence::MAX_TIMES);
                return Err(SettingError::new(format!("{field}.times"), message));
            }
            let takes_long = matches!(step.act, Act::Stall | Act::Slow);
            if takes_long && !(1..=failure_sequence::MAX_SECONDS).contains(&step.seconds) {
                let message = format!("It takes 1 to {} seconds.", failure_sequence::MAX_SECONDS);
                return Err(SettingError::new(format!("{field}.seconds"), message));
            }
            let reply = PreparedResponse::read(&step.reply, &format!("{field}.reply"))?;
            if step.act == Act::Slow && reply.body.is_empty() {
                let message = "A slow answer needs a body that can be slow.";
                return Err(SettingError::new(format!("{field}.reply.body"), message));
            }
            steps.push(reply);
        }
        let programme = words.programme.clone().unwrap_or_default();
        Ok(Self { programme, steps, answered: Mutex::new(answered), words })
    }

    /// Whether the sequence is complete.
    pub(super) fn is_over(&self) -> bool {
        failure_sequence::is_over(&self.programme, self.answered())
    }

    /// How many requests the sequence has answered.
    pub(super) fn answered(&self) -> u64 {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Advances to the next step, if there is one: returns its index, from 0, and how many requests
    /// were answered including this one.
    pub(super) fn advance(&self, attempt: Option<u32>, roll: u8) -> Option<(usize, u64)> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let index = failure_sequence::next(&self.programme, *answered, attempt, roll)?.index;
        *answered += 1;
        Some((index, *answered))
    }
}

impl PreparedResponse {
    fn read(set: &wire::Reply, field: &str) -> Result<Self, SettingError> {
        let wire::Reply { status, headers, body, body_base64, delay_ms } = set;
        let at = |name: &str| format!("{field}.{name}");
        let status = StatusCode::from_u16(*status)
            .ok()
            .filter(|status| (200..600).contains(&status.as_u16()))
            .ok_or_else(|| SettingError::new(at("status"), "It takes 200 to 599."))?;
        if *delay_ms > MAX_DELAY_MS {
            let message = format!("It takes 0 to {MAX_DELAY_MS} milliseconds.");
            return Err(SettingError::new(at("delay_ms"), message));
        }
        if headers.len() > MAX_FIELDS {
            let message = format!("An answer has at most {MAX_FIELDS} fields.");
            return Err(SettingError::new(at("headers"), message));
        }
        let fields = headers
            .iter()
            .enumerate()
            .map(|(place, (name, value))| header(name, value, at(&format!("headers[{place}]"))))
            .collect::<Result<_, _>>()?;
        let body = match (body, body_base64) {
            (Some(_), Some(_)) => {
                let message = "Set either `body` or `body_base64`, not both.";
                return Err(SettingError::new(at("body_base64"), message));
            }
            (Some(text), None) => content(text, at("body"))?,
            (None, Some(encoded)) => {
                let bytes = STANDARD.decode(encoded).map_err(|_| {
                    let message = "It takes base64 with padding (RFC 4648 §4).";
                    SettingError::new(at("body_base64"), message)
                })?;
                BodyTemplate::Plain(bytes.into())
            }
            (None, None) => BodyTemplate::Plain(Bytes::new()),
        };
        if let BodyTemplate::Plain(bytes) = &body
            && bytes.len() > MAX_BODY_BYTES
        {
            let message = format!("A body has at most {MAX_BODY_BYTES} bytes.");
            return Err(SettingError::new(at("body"), message));
        }
        if has_no_body(status) && !body.is_empty() {
            let message =
                format!("An answer with status {} has no body; leave it out.", status.as_u16());
            return Err(SettingError::new(at("body"), message));
        }
        let delay = Duration::from_millis(u64::from(*delay_ms));
        Ok(Self { status, fields, body, delay })
    }

    /// Returns its templates.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let of_fields = self.fields.iter().filter_map(|(_, value)| match value {
            HeaderTemplate::Plain(_) => None,
            HeaderTemplate::Template(template) => Some(template),
        });
        let of_body = match &self.body {
            BodyTemplate::Plain(_) => None,
            BodyTemplate::Template(template) => Some(template),
        };
        of_fields.chain(of_body)
    }
}

impl BodyTemplate {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Plain(bytes) => bytes.is_empty(),
            Self::Template(_) => false,
        }
    }
}

/// Whether responses with this status never have a body (RFC 9110 §15.3.5, §15.3.6, §15.4.5).
pub(crate) fn has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

fn header(
    name: &str,
    value: &str,
    at: String,
) -> Result<(HeaderName, HeaderTemplate), SettingError> {
    let Some(read) = headers::name(name.trim()) else {
        let message = format!("`{name}` is no name of a header field.");
        return Err(SettingError::new(at, message));
    };
    if let Some(why) = headers::refused(&read) {
        return Err(SettingError::new(at, format!("`{name}` {why}; leave it out.")));
    }
    if value.len() > MAX_VALUE_BYTES {
        let message = format!("The value of `{name}` has at most {MAX_VALUE_BYTES} bytes.");
        return Err(SettingError::new(at, message));
    }
    let template = Template::parse(value)
        .map_err(|fault| SettingError::of_template(at.clone(), value, fault))?;
    if !template.is_plain() {
        return Ok((read, HeaderTemplate::Template(template)));
    }
    // Plain templates have no values, but may differ from their source: `{{ "{{" }}`.
    let value = headers::value(&template.plain()).ok_or_else(|| {
        SettingError::new(at, format!("The value of `{name}` has a line break or another control."))
    })?;
    Ok((read, HeaderTemplate::Plain(value)))
}

fn content(text: &str, at: String) -> Result<BodyTemplate, SettingError> {
    if text.len() > MAX_BODY_BYTES {
        let message = format!("A body has at most {MAX_BODY_BYTES} bytes.");
        return Err(SettingError::new(at, message));
    }
    let template =
        Template::parse(text).map_err(|fault| SettingError::of_template(at, text, fault))?;
    Ok(if template.is_plain() {
        BodyTemplate::Plain(template.plain().into())
    } else {
        BodyTemplate::Template(template)
    })
}

/// The settings for descriptions, without long texts.
fn without_bodies(set: &wire::Answering) -> wire::Answering {
    let bare = |reply: &wire::Reply| wire::Reply {
        body: None,
        body_base64: None,
        headers: reply.headers.clone(),
        ..*reply
    };
    let mut programme = set.programme.clone();
    if let Some(programme) = &mut programme {
        programme.steps = set
            .programme
            .iter()
            .flat_map(|set| &set.steps)
            .map(|step| wire::Step { reply: bare(&step.reply), ..*step })
            .collect();
    }
    wire::Answering {
        reply: if set.reply == wire::Reply::default() {
            wire::Reply::default()
        } else {
            bare(&set.reply)
        },
        rules: set.rules.iter().map(|_| wire::Rule::default()).collect(),
        programme,
        ..set.clone()
    }
}

/// The memory use of parsed settings as a multiple of their text: templates become segments,
/// searches become terms.
const READ_TIMES: usize = 10;

/// The approximate memory use of settings, in bytes.
fn bytes(set: &wire::Answering) -> usize {
    let of = |reply: &wire::Reply| {
        let fields: usize =
            reply.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        fields
            + reply.body.as_ref().map_or(0, String::len)
            + reply.body_base64.as_ref().map_or(0, String::len)
    };
    let rules: usize = set.rules.iter().map(|rule| rule.when.len() + of(&rule.reply)).sum();
    let steps = set.programme.iter().flat_map(|programme| &programme.steps);
    let text = of(&set.reply) + rules + steps.map(|step| of(&step.reply)).sum::<usize>();
    1024 + text * READ_TIMES
}
