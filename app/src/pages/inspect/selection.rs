//! The request and the part that the URL selects: loading and showing them.

use leptos::{prelude::*, task::spawn_local};
use serde::Serialize;

use crate::{
    api, browser,
    components::{
        copy::answer,
        error_notice::ErrorNotice,
        metadata::is_body_kept,
        not_found::NoSuchRequest,
        part_tools::PartTools,
        request_detail::RequestDetail,
        request_head::RequestActions,
        tab_panel::{Loads, TabPanel},
    },
    load::{self, Resource},
    row_window::RowWindow,
    status::answer_with,
    wire::{Ask, Detail, Problem, Reading, Summary, json::record},
};

/// The result of loading the chosen request.
pub(super) type LoadedRequest = Result<Option<Detail>, Problem>;

/// The result of loading the chosen part, with its parameters.
pub(super) type PartAnswer = Option<LoadedPart>;

/// A part with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct LoadedPart {
    /// The number of its request.
    seq: i64,
    ask: Ask,
    answer: Result<Reading, Problem>,
}

record!(LoadedPart { seq, ask, answer; });

/// Reads the request `seq` of an endpoint; `None` if none is chosen.
pub(super) async fn read(endpoint: String, seq: Option<i64>) -> LoadedRequest {
    let Some(seq) = seq else { return Ok(None) };
    let mut detail = api::request(&endpoint, seq).await?;
    // It would be sent to the browser inside the page; the display uses a reading instead.
    detail.body.text = None;
    Ok(Some(detail))
}

/// Reads a part of a request.
pub(super) async fn read_part(endpoint: String, seq: Option<i64>, ask: Ask) -> PartAnswer {
    let seq = seq?;
    let answer = api::reading(&endpoint, seq, ask.clone()).await;
    Some(LoadedPart { seq, ask, answer })
}

/// The chosen request, or why it cannot be shown; empty if none is chosen.
#[component]
pub(super) fn Selection(
    endpoint: String,
    seq: Signal<Option<i64>>,
    selected: Resource<LoadedRequest>,
    part: Resource<PartAnswer>,
    /// The list's summary of the chosen request.
    listed: Signal<Option<Summary>>,
    /// Set if something could not be read: it is read again once the server is back.
    is_missing: StoredValue<bool>,
    delete: Callback<i64>,
    annotate: Callback<(String, RwSignal<Summary>)>,
) -> impl IntoView {
    let endpoint = StoredValue::new(endpoint);
    // The previous request stays until the next one is loaded.
    load::transition(selected, move |read| match read {
        Ok(None) => ().erased(),
        Ok(Some(detail)) => {
            let seq = detail.summary.seq;
            let bytes = if is_body_kept(&detail.summary) { detail.summary.body_bytes } else { 0 };
            let copy = Callback::new(move |(tool, copied)| {
                let id = endpoint.get_value();
                spawn_local(async move {
                    let text = api::snippet(&id, seq, tool).await;
                    let worked = match text {
                        Ok(text) => browser::copy(&text).await,
                        Err(_) => false,
                    };
                    answer(copied, worked);
                });
            });
            let acts = RequestActions { delete, annotate, copy };
            let loads = loads(endpoint, seq, is_missing);
            view! {
                <RequestDetail detail listed acts>
                    <Shown part is_missing loads seq bytes/>
                </RequestDetail>
            }
            .erased()
        }
        Err(problem) => {
            answer_with(&problem);
            if problem.is_final() {
                let seq = seq.get_untracked().unwrap_or_default();
                view! { <NoSuchRequest seq/> }.erased()
            } else {
                is_missing.set_value(true);
                view! { <ErrorNotice problem/> }.erased()
            }
        }
    })
}

/// The visible part, or why it cannot be shown.
#[component]
fn Shown(
    part: Resource<PartAnswer>,
    is_missing: StoredValue<bool>,
    loads: Loads,
    seq: i64,
    bytes: u64,
) -> impl IntoView {
    // The scroll position of a window over rows, the chosen line, and the rows they belong to: kept
    // while the rows are folded or searched.
    let top = StoredValue::new(0);
    let chosen = RwSignal::new(None);
    let last = StoredValue::new(None);
    // A part of the next request waits for its head.
    let is_own = move |read: &PartAnswer| read.as_ref().is_some_and(|read| read.seq == seq);
    load::transition_if(part, is_own, move |read| {
        let Some(LoadedPart { ask, answer, .. }) = read else { return ().erased() };
        match answer {
            Ok(reading) => {
                let now = Some((ask.part, reading.form.clone()));
                // A viewer who moves on quickly leaves this request before its part arrives.
                let Some(before) = last.try_get_value() else { return ().erased() };
                if before != now {
                    last.set_value(now);
                    top.set_value(0);
                    chosen.set(None);
                }
                view! { <TabPanel ask reading loads top chosen seq body_bytes=bytes/> }.erased()
            }
            Err(problem) => {
                is_missing.set_value(true);
                view! {
                    <div class="tab-panel" data-testid="part-trouble" data-state="trouble">
                        <PartTools ask reading=Reading::default() seq sought=RwSignal::new(None)>""</PartTools>
                        <p class="tab-panel__none">{problem.to_string()}</p>
                    </div>
                }
                .erased()
            }
        }
    })
}

/// Returns the callbacks that load more of the request.
fn loads(endpoint: StoredValue<String>, seq: i64, is_missing: StoredValue<bool>) -> Loads {
    Loads {
        rows: Callback::new(move |(ask, from, slice): (Ask, u64, RwSignal<RowWindow>)| {
            let id = endpoint.get_value();
            spawn_local(async move {
                let ask = Ask { from: Some(from), ..ask };
                let rows = match api::reading(&id, seq, ask).await {
                    Ok(reading) => reading.rows,
                    Err(_) => {
                        let _ = is_missing.try_update_value(|is_missing| *is_missing = true);
                        Vec::new()
                    }
                };
                let _ = slice.try_update(|slice| slice.join(from, rows));
            });
        }),
        value: Callback::new(move |(line, form, found): (u64, String, RwSignal<_>)| {
            let id = endpoint.get_value();
            spawn_local(async move {
                let value = api::value(&id, seq, line, &form).await;
                let _ = found.try_set(Some(value));
            });
        }),
        body: Callback::new(move |copied| {
            let id = endpoint.get_value();
            spawn_local(async move {
                let worked = match api::body_text(&id, seq).await {
                    Ok(text) => browser::copy(&text).await,
                    Err(_) => false,
                };
                answer(copied, worked);
            });
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    #[test]
    fn what_is_read_crosses_to_the_browser() {
        let ask = Ask { depth: Some(2), ..Ask::default() };
        for answer in [Ok(Reading::default()), Err(Problem::unreachable("later"))] {
            let written =
                serde_json::to_string(&Some(LoadedPart { seq: 1, ask: ask.clone(), answer }))
                    .unwrap();
            let again = json::read::<PartAnswer>(&written).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), written);
        }
        assert!(json::read::<PartAnswer>("null").unwrap().is_none());
    }
}
