//! Completions for a search that is being typed: fields of the language, and values recently seen
//! at the endpoint.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use hookglass_message::{head, json};
use hookglass_query::{self as query, Completion, CompletionKind, SEARCHED_BODY_BYTES};
use hookglass_store::{EndpointId, RequestRef};
use hookglass_wire::{Suggestion, Suggestions, Summary, Text, Window};
use serde::Deserialize;

use super::{AppState, caller::Caller, error::Error, search};
use crate::rendering;

/// The most suggestions.
const SUGGESTIONS: usize = 12;
/// How many requests are used for values that lists show.
const SEEN_REQUESTS: u32 = 500;
/// How many are used for values of their heads.
const SEEN_HEADS: usize = 50;
/// How many are used for values of their bodies.
const SEEN_BODIES: usize = 10;
/// How many values of one body are used.
const BODY_VALUES: usize = 200;
/// Longer values are not useful as search terms.
const VALUE_CHARS: usize = 80;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestionQuery {
    #[serde(default)]
    q: String,
    /// The cursor position, in UTF-16 code units; the end by default.
    at: Option<u32>,
}

/// `GET …/requests/suggestions?q=&at=`
pub(crate) async fn get(
    State(app): State<AppState>,
    Path(id): Path<String>,
    asked: Result<Query<SuggestionQuery>, QueryRejection>,
    caller: Caller,
) -> Result<Json<Suggestions>, Error> {
    let Query(SuggestionQuery { q, at }) =
        asked.map_err(|error| Error::Invalid(error.body_text()))?;
    let endpoint = caller.active_endpoint(&*app.store, &id).await?;
    let error = match search::read(Some(&q)) {
        Err(Error::InvalidQuery(error)) => Some(error),
        _ => None,
    };
    let wanted = query::wanted(&q, at.map_or(q.len(), |at| query::byte_at(&q, at)));
    let suggestions = SeenValues { app: &app, endpoint: endpoint.id }.fitting(&wanted).await?;
    Ok(Json(Suggestions {
        start: query::utf16(&q, wanted.range.start),
        end: query::utf16(&q, wanted.range.end),
        suggestions,
        error,
    }))
}

/// The values seen at an endpoint.
struct SeenValues<'a> {
    app: &'a AppState,
    endpoint: EndpointId,
}

/// Values and their number of occurrences.
#[derive(Default)]
struct Tally {
    counts: HashMap<String, usize>,
    of: usize,
}

impl SeenValues<'_> {
    async fn fitting(&self, wanted: &Completion) -> Result<Vec<Suggestion>, Error> {
        let typed = wanted.typed.as_str();
        Ok(match &wanted.kind {
            CompletionKind::Field => self.fields(typed).await?,
            CompletionKind::Value(field) => {
                let presets = query::presets(field).iter().filter(|text| text.starts_with(typed));
                let presets = presets
                    .map(|text| Suggestion { text: (*text).to_owned(), about: String::new() });
                let seen = self.values(field).await?.ranked(typed, query::quoted);
                limited(seen.into_iter().chain(presets))
            }
            CompletionKind::Header => {
                let tally = self.headers(|name, _| Some(name.to_ascii_lowercase())).await?;
                tally.ranked(typed, |name| format!("header.{}:", json::quoted_name(name)))
            }
            // Values that pages mask are not suggested.
            CompletionKind::HeaderValue(name) | CompletionKind::ParameterValue(name)
                if rendering::hides_field(name) =>
            {
                Vec::new()
            }
            CompletionKind::PathValue(path) if rendering::hides_member(path) => Vec::new(),
            CompletionKind::HeaderValue(wanted) => {
                let of = |name: &str, value: &str| {
                    name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
                };
                self.headers(of).await?.ranked(typed, query::quoted)
            }
            CompletionKind::Parameter => {
                let tally = self.parameters(|name, _| Some(name.to_owned())).await?;
                tally.ranked(typed, |name| format!("query.{}:", json::quoted_name(name)))
            }
            CompletionKind::ParameterValue(wanted) => {
                let of = |name: &str, value: &str| (name == wanted).then(|| value.to_owned());
                self.parameters(of).await?.ranked(typed, query::quoted)
            }
            CompletionKind::Path => {
                let tally = self.bodies(|path, _| Some(path.to_owned())).await?;
                tally.ranked(typed, |path| format!("body.{path}:"))
            }
            CompletionKind::PathValue(wanted) => {
                let of = |path: &str, value: &str| (path == wanted).then(|| value.to_owned());
                self.bodies(of).await?.ranked(typed, query::quoted)
            }
        })
    }

    /// Returns matching fields, and common values of the most frequent ones.
    async fn fields(&self, typed: &str) -> Result<Vec<Suggestion>, Error> {
        let fields = query::suggested_fields(typed)
            .into_iter()
            .map(|(text, about)| Suggestion { text, about: about.to_owned() });
        let mut values = Vec::new();
        if !typed.is_empty() {
            let recent = self.recent().await?;
            for field in ["label", "sender", "method"] {
                let tally = tally(&recent, field);
                values.extend(
                    tally.ranked(typed, |value| format!("{field}:{}", query::quoted(value))),
                );
            }
        }
        Ok(limited(fields.chain(values)))
    }

    async fn recent(&self) -> Result<Vec<Summary>, Error> {
        let window = Window { limit: Some(SEEN_REQUESTS), ..Window::default() };
        Ok(self.app.store.requests(self.endpoint, window).await?.requests)
    }

    async fn values(&self, field: &str) -> Result<Tally, Error> {
        if field == "host" {
            let of = |name: &str, value: &str| {
                name.eq_ignore_ascii_case("host").then(|| value.to_owned())
            };
            return self.headers(of).await;
        }
        Ok(tally(&self.recent().await?, field))
    }

    async fn headers(&self, of: impl Fn(&str, &str) -> Option<String>) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        for summary in self.recent().await?.into_iter().take(SEEN_HEADS) {
            let which = RequestRef::Seq(summary.seq);
            let Ok(stored) = self.app.store.request(self.endpoint, which).await else { continue };
            tally.of += 1;
            for (name, value) in head::fields(&stored.head) {
                let text = name.as_str().zip(value.as_str());
                tally.add(text.and_then(|(name, value)| of(name, value)));
            }
        }
        Ok(tally)
    }

    async fn parameters(&self, of: impl Fn(&str, &str) -> Option<String>) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        for summary in self.recent().await? {
            tally.of += 1;
            let target = summary.target.as_str().unwrap_or_default();
            let query = target.split_once('?').map_or("", |(_, query)| query);
            let pairs: Vec<(String, String)> =
                serde_urlencoded::from_str(query).unwrap_or_default();
            for (name, value) in pairs {
                tally.add(of(&name, &value));
            }
        }
        Ok(tally)
    }

    async fn bodies(&self, of: impl Fn(&str, &str) -> Option<String>) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        let recent = self.recent().await?;
        let with_body = recent.into_iter().filter(|summary| summary.body_bytes > 0);
        for summary in with_body.take(SEEN_BODIES) {
            let which = RequestRef::Seq(summary.seq);
            let Ok(stored) = self.app.store.request(self.endpoint, which).await else { continue };
            let range = 0..SEARCHED_BODY_BYTES as u64;
            let raw = self.app.store.body(self.endpoint, summary.seq, range).await;
            let Ok(raw) = raw else { continue };
            tally.of += 1;
            let body = query::searched(&stored.head, &raw);
            for (path, value) in json::paths(&body, BODY_VALUES) {
                tally.add(of(&path, &value));
            }
        }
        Ok(tally)
    }
}

impl Tally {
    fn add(&mut self, value: Option<String>) {
        let short = value.filter(|value| {
            !value.is_empty() && value.chars().count() <= VALUE_CHARS && !value.contains('\n')
        });
        if let Some(value) = short {
            *self.counts.entry(value).or_default() += 1;
        }
    }

    /// Returns values that contain `typed`: first those that start with it, then by frequency.
    fn ranked(self, typed: &str, write: impl Fn(&str) -> String) -> Vec<Suggestion> {
        let of = self.of;
        let mut fitting: Vec<(bool, usize, String)> = self
            .counts
            .into_iter()
            .filter_map(|(value, count)| {
                let place = value.to_lowercase().find(typed)?;
                Some((place > 0, usize::MAX - count, value))
            })
            .collect();
        fitting.sort_unstable();
        limited(fitting.into_iter().map(|(_, rank, value)| Suggestion {
            text: write(&value),
            about: format!("{}× in the last {of}", usize::MAX - rank),
        }))
    }
}

fn limited(suggestions: impl Iterator<Item = Suggestion>) -> Vec<Suggestion> {
    suggestions.take(SUGGESTIONS).collect()
}

/// Counts the values of a field that lists show.
fn tally(recent: &[Summary], field: &str) -> Tally {
    let mut tally = Tally { of: recent.len(), ..Tally::default() };
    let text = |text: &Text| text.as_str().map(str::to_owned);
    for summary in recent {
        tally.add(match field {
            "method" => Some(summary.method.clone()),
            "label" | "event" => summary.label.clone(),
            "sender" => summary.sender.clone(),
            "status" => summary.status.map(|status| status.to_string()),
            "delivery" => summary.delivery_id.clone(),
            "from" | "ip" => Some(summary.remote_addr.clone()),
            "type" => summary
                .content_type
                .as_ref()
                .and_then(text)
                .map(|value| value.split(';').next().unwrap_or_default().trim().to_owned()),
            "path" => text(&summary.target).and_then(|target| {
                let path = str::from_utf8(head::path(target.as_bytes())).ok()?;
                path.get(1..)?.split_once('/').map(|(_, tail)| format!("/{tail}"))
            }),
            "target" => text(&summary.target),
            _ => None,
        });
    }
    tally
}
