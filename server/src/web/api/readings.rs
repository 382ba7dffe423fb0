//! `/api/endpoints/{endpoint}/requests/{seq}/reading` and what else is made of a request for
//! reading.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use hookglass_app::wire::{Ask, Reading, Value};
use serde::Deserialize;

use super::{
    super::{App, backend::Reads, caller::Caller, error::Error},
    requests::which,
};

/// `GET …/reading?part=&form=&from=&limit=&depth=&toggled=&find=&with=`
pub(crate) async fn reading(
    State(app): State<App>,
    Path((id, seq)): Path<(String, String)>,
    ask: Result<Query<Ask>, QueryRejection>,
    caller: Caller,
) -> Result<Json<Reading>, Error> {
    let Query(ask) = ask.map_err(|error| Error::Invalid(error.body_text()))?;
    Reads { app, caller }.reading(&id, which(&seq)?, ask).await.map(Json)
}

/// Which line of a tree.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    line: u64,
}

/// `GET …/value?line=`
pub(crate) async fn value(
    State(app): State<App>,
    Path((id, seq)): Path<(String, String)>,
    line: Result<Query<Line>, QueryRejection>,
    caller: Caller,
) -> Result<Json<Value>, Error> {
    let Query(Line { line }) = line.map_err(|error| Error::Invalid(error.body_text()))?;
    let reads = Reads { app, caller };
    let subject = reads.subject(&id, which(&seq)?).await?;
    Ok(Json(reads.app.reader.value(subject, line).await?))
}
