//! Decides which response a request gets: rules, handshakes, the failure sequence, the default, in
//! this order. Pure, except for advancing the failure sequence.

use std::{borrow::Cow, sync::OnceLock};

use bytes::Bytes;
use hookglass_message::{head, request_view::RequestView};
use hookglass_query::{Needs, SearchedRequest, TermCache, searched};
use hookglass_senders::handshake::{Handshake, HandshakeOutcome, HandshakeResponse};
use hookglass_store::StoredRequest;
use hookglass_wire::Timestamp;
use hyper::{StatusCode, header::CONTENT_ENCODING, http::request::Parts};

use super::{
    cost::{Cost, CostClass},
    settings::{BodyTemplate, HeaderTemplate, PreparedResponse, PreparedRule, PreparedSettings},
};
use crate::respond::{
    response::{CustomResponse, headers},
    template::{Context, Template},
};

/// The longest header value that a template may produce, in bytes.
const MAX_VALUE_BYTES: usize = 8 * 1024;

/// A request to respond to.
pub(super) struct MatchContext {
    /// The request, redacted as it is stored. Its number is only valid if `seq` is set, too.
    pub(super) stored: StoredRequest,
    parts: Parts,
    /// The raw body, or its start if it is long. `None` if it is not in memory.
    pub(super) body: Option<Bytes>,
    /// The request's number, once it is stored.
    seq: Option<i64>,
    /// The searchable text of the body.
    searched: OnceLock<Vec<u8>>,
    memo: TermCache,
}

/// The result of a decision.
#[derive(Debug)]
pub(super) enum Decision {
    /// The default response.
    Plain,
    CustomResponse(Box<CustomResponse>),
    /// 401 if the signature is invalid, otherwise this.
    Judge(Box<Decision>),
    /// Undecidable before the request is stored.
    Later,
}

impl MatchContext {
    /// A request before it is stored, with its body if that is in memory.
    pub(super) fn early(stored: StoredRequest, body: Option<Bytes>) -> Self {
        Self::new(stored, body, None)
    }

    /// A stored request, with the start of its body.
    pub(super) fn late(stored: StoredRequest, body: Bytes) -> Self {
        let seq = stored.summary.seq;
        Self::new(stored, Some(body), Some(seq))
    }

    fn new(mut stored: StoredRequest, body: Option<Bytes>, seq: Option<i64>) -> Self {
        let parts = head::request_parts(&stored.head);
        // Its response is still being decided.
        stored.summary.status = None;
        Self { stored, parts, body, seq, searched: OnceLock::new(), memo: TermCache::default() }
    }

    /// The class of the decision's cost.
    pub(super) fn weight(&self, effort: Cost) -> CostClass {
        let body = self.body.as_ref().map_or(0, Bytes::len);
        let is_coded = self.parts.headers.contains_key(CONTENT_ENCODING);
        effort.weight(self.stored.head.len(), body, is_coded)
    }

    pub(super) fn sent(&self) -> RequestView<'_> {
        let target = head::target_of(&self.stored.head);
        RequestView::new(&self.parts, target, self.body.as_deref().unwrap_or_default())
    }

    /// Whether the whole body is in memory.
    fn is_whole(&self) -> bool {
        self.body.as_ref().is_some_and(|body| body.len() as u64 == self.stored.summary.body_bytes)
    }

    pub(super) fn is_stored(&self) -> bool {
        self.seq.is_some()
    }

    /// Returns the whole body for verification: `Some(None)` if the store has to provide it, which
    /// it can once the request is stored.
    pub(super) fn whole_body(&self) -> Option<Option<Vec<u8>>> {
        match self.body.as_ref().filter(|_| self.is_whole()) {
            Some(body) => Some(Some(body.to_vec())),
            None => self.seq.map(|_| None),
        }
    }

    fn searched(&self) -> Option<&[u8]> {
        let raw = self.body.as_deref()?;
        Some(self.searched.get_or_init(|| searched(&self.stored.head, raw).into_owned()))
    }

    /// Whether a rule matches; `None` if that is not known yet.
    fn is_found_by(&self, rule: &PreparedRule) -> Option<bool> {
        let Some(when) = &rule.when else { return Some(true) };
        if when.asks_for_stored() && self.seq.is_none() {
            return None;
        }
        let body = if when.needs() == Needs::Body { self.searched() } else { None };
        let subject =
            SearchedRequest { summary: &self.stored.summary, head: Some(&self.stored.head), body };
        when.finds_with(&subject, &self.memo)
    }

    /// Renders a custom response; `None` if it needs a value that is not known yet.
    fn render(&self, set: &PreparedResponse, source: Cow<'static, str>) -> Option<CustomResponse> {
        for template in set.templates() {
            if (template.needs_seq() && self.seq.is_none())
                || (template.needs_body() && self.body.is_none())
            {
                return None;
            }
        }
        let now = Timestamp::now();
        let mut notes = Vec::new();
        let mut sent = self.sent();
        if !self.is_whole() && set.templates().any(Template::needs_body) {
            sent.body = &[];
            notes.push("Values of the body were left out: it is longer than 1 MB.".to_owned());
        }
        let context = Context::new(sent, self.seq.unwrap_or(0), now, set.templates());
        let mut rendered = Vec::with_capacity(set.fields.len());
        for (name, value) in &set.fields {
            let value = match value {
                HeaderTemplate::Plain(value) => Some(value.clone()),
                HeaderTemplate::Template(template) => {
                    let made = template.render(&context);
                    notes.extend(made.notes);
                    Some(made.bytes)
                        .filter(|bytes| bytes.len() <= MAX_VALUE_BYTES)
                        .and_then(|bytes| headers::value(&bytes))
                }
            };
            match value {
                Some(value) => rendered.push((name.clone(), value)),
                None => notes.push(format!(
                    "The field `{name}` was left out: what its template gave has a line break or \
                     another control, or is longer than {MAX_VALUE_BYTES} bytes."
                )),
            }
        }
        let (body, is_own) = match &set.body {
            BodyTemplate::Plain(bytes) => (bytes.clone(), false),
            BodyTemplate::Template(template) => {
                let made = template.render(&context);
                notes.extend(made.notes);
                (Bytes::from(made.bytes), true)
            }
        };
        Some(CustomResponse {
            fields: rendered,
            body,
            is_own,
            delay: set.delay,
            notes,
            ..CustomResponse::new(source, set.status)
        })
    }
}

impl From<Option<CustomResponse>> for Decision {
    fn from(rendered: Option<CustomResponse>) -> Self {
        rendered.map_or(Self::Later, |answer| Self::CustomResponse(Box::new(answer)))
    }
}

/// The handshake of a request, and its result.
#[derive(Debug)]
pub(super) struct MatchedHandshake {
    pub(super) handshake: &'static Handshake,
    pub(super) outcome: HandshakeOutcome,
}

/// Decides on the response. `roll` is a random number below 100.
pub(super) fn decide(
    settings: &PreparedSettings,
    case: &MatchContext,
    roll: u8,
    meant: Option<MatchedHandshake>,
) -> Decision {
    for (place, rule) in settings.rules.iter().enumerate() {
        match case.is_found_by(rule) {
            Some(true) => {
                return case.render(&rule.reply, format!("rule {}", place + 1).into()).into();
            }
            Some(false) => {}
            None => return Decision::Later,
        }
    }
    let judged = |decision: Decision| match settings.reject_bad_signatures {
        true => Decision::Judge(Box::new(decision)),
        false => decision,
    };
    let Some(MatchedHandshake { handshake, outcome: HandshakeOutcome { label, reply, note } }) =
        meant
    else {
        return by_programme(settings, case, roll)
            .unwrap_or_else(|| judged(default_response(settings, case)));
    };
    if let Some(reply) = reply {
        let mut answer = answer_of(handshake, reply);
        answer.label = Some(label);
        answer.notes.extend(note.map(str::to_owned));
        let answered = Decision::CustomResponse(Box::new(answer));
        return if handshake.is_probed { judged(answered) } else { answered };
    }
    let decision = by_programme(settings, case, roll)
        .unwrap_or_else(|| judged(default_response(settings, case)));
    decision.with_label(label, note)
}

/// Returns the response to a handshake.
fn answer_of(handshake: &Handshake, reply: HandshakeResponse) -> CustomResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let field = |(name, value): (&str, String)| {
        Some((headers::name(name)?, headers::value(value.as_bytes())?))
    };
    CustomResponse {
        fields: reply.headers.into_iter().filter_map(field).collect(),
        body: reply.body.into(),
        ..CustomResponse::new(format!("handshake {}", handshake.id), status)
    }
}

impl Decision {
    /// Adds a label for lists, and a note for the owner.
    fn with_label(self, label: String, note: Option<&'static str>) -> Self {
        let mut answer = match self {
            Self::CustomResponse(answer) => answer,
            Self::Plain => Box::new(CustomResponse {
                body: Bytes::from_static(b"ok"),
                ..CustomResponse::new("default", StatusCode::OK)
            }),
            Self::Judge(then) => return Self::Judge(Box::new(then.with_label(label, note))),
            Self::Later => return Self::Later,
        };
        answer.label = Some(label);
        answer.notes.extend(note.map(str::to_owned));
        Self::CustomResponse(answer)
    }
}

/// The response of the failure sequence, if it has one.
fn by_programme(settings: &PreparedSettings, case: &MatchContext, roll: u8) -> Option<Decision> {
    let running = settings.running.as_ref()?;
    // Handshakes and the like are not attempts of a delivery.
    if case.stored.summary.mark.is_some() {
        return None;
    }
    // The sequence advances for stored requests only, in about their order.
    if case.seq.is_none() {
        return (!running.is_over()).then_some(Decision::Later);
    }
    let (index, answered) = running.advance(case.stored.summary.attempt, roll)?;
    let (set, step) = (running.steps.get(index)?, running.programme.steps.get(index)?);
    let mut answer = case.render(set, format!("programme {}", index + 1).into())?;
    answer.act = step.act;
    answer.seconds = step.seconds;
    answer.answered = Some(answered);
    Some(Decision::CustomResponse(Box::new(answer)))
}

/// The response if nothing else applies.
pub(super) fn default_response(settings: &PreparedSettings, case: &MatchContext) -> Decision {
    match &settings.reply {
        None => Decision::Plain,
        Some(reply) => case.render(reply, "default".into()).into(),
    }
}
