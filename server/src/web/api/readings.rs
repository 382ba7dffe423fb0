//! `/api/endpoints/{endpoint}/requests/{seq}/reading` and other renderings of a request.

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderValue, header},
    response::Response,
};
use hookglass_wire::{Ask, Reading, Value};
use serde::Deserialize;

use super::{
    super::{AppState, backend::ApiBackend, caller::Caller, error::Error},
    downloads::{self, attach},
    requests::which,
};

/// `GET …/reading?part=&form=&from=&limit=&depth=&toggled=&find=&with=`
pub(crate) async fn reading(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    ask: Result<Query<Ask>, QueryRejection>,
    caller: Caller,
) -> Result<Json<Reading>, Error> {
    let Query(ask) = ask.map_err(|error| Error::Invalid(error.body_text()))?;
    ApiBackend { app, caller }.reading(&id, which(&seq)?, ask).await.map(Json)
}

/// A line of a tree.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    line: u64,
    form: Option<String>,
}

/// `GET …/value?line=&form=`
pub(crate) async fn value(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    line: Result<Query<Line>, QueryRejection>,
    caller: Caller,
) -> Result<Json<Value>, Error> {
    let Query(Line { line, form }) = line.map_err(|error| Error::Invalid(error.body_text()))?;
    let reads = ApiBackend { app, caller };
    let subject = reads.subject(&id, which(&seq)?).await?;
    Ok(Json(reads.app.reader.value(subject, line, form).await?))
}

/// A part of a multipart body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Number {
    n: usize,
}

/// `GET …/part?n=`: the bytes of a part, never as a type that browsers open.
pub(crate) async fn part(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    number: Result<Query<Number>, QueryRejection>,
    caller: Caller,
) -> Result<Response, Error> {
    let Query(Number { n }) = number.map_err(|error| Error::Invalid(error.body_text()))?;
    let reads = ApiBackend { app, caller };
    let subject = reads.subject(&id, which(&seq)?).await?;
    let seq = subject.stored.summary.seq;
    let (bytes, file) = reads.app.reader.part(subject, n).await?;
    let mut response = downloads::whole(&reads.app, &reads.caller, bytes)?;
    let name = file.as_deref().map(plain_name).filter(|name| !name.is_empty());
    attach(&mut response, &name.unwrap_or_else(|| format!("{id}-{seq}-part-{n}")));
    Ok(response)
}

/// `GET …/text`: the decoded body as UTF-8 text.
pub(crate) async fn text(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    caller: Caller,
) -> Result<Response, Error> {
    let reads = ApiBackend { app, caller };
    let subject = reads.subject(&id, which(&seq)?).await?;
    let seq = subject.stored.summary.seq;
    let text = reads.app.reader.text(subject).await?;
    let mut response = Response::new(Body::from(text));
    attach(&mut response, &format!("{id}-{seq}.txt"));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

/// `GET …/image`: an image that cannot run scripts, for our own pages.
pub(crate) async fn image(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    caller: Caller,
) -> Result<Response, Error> {
    let reads = ApiBackend { app, caller };
    let subject = reads.subject(&id, which(&seq)?).await?;
    let (bytes, media_type) = reads.app.reader.image(subject).await?;
    let mut response = downloads::whole(&reads.app, &reads.caller, bytes)?;
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    fields.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    Ok(response)
}

/// The last segment of a sender's file name, in characters that every system allows.
fn plain_name(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    last.trim_start_matches('.').chars().take(100).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_senders_are_made_harmless() {
        assert_eq!(plain_name("C:\\a\\..\\b c.png"), "b_c.png");
        assert_eq!(plain_name("../../etc/passwd"), "passwd");
        assert_eq!(plain_name("..hidden\"\r\n:x"), "hidden____x");
        assert_eq!(plain_name("a/"), "");
    }
}
