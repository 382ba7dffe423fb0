//! Reads a submission as JSON or as a form, and responds in kind: JSON for programs, a redirect or
//! an error page for forms.

use axum::{
    body::Body,
    extract::{FromRequest, MatchedPath, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::{Bytes, BytesMut};
use hookglass_limits::budget::Share;
use hookglass_message::head;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use super::super::{AppState, caller::Caller, error::Error, pages};
use crate::limits::holder::Holder;

/// The largest body that the API accepts.
const MAX_BYTES: usize = 64 * 1024;
/// The same for response settings: a body of a megabyte takes three as a form.
const MAX_ANSWERS_BYTES: usize = 6 * 1024 * 1024;
/// The routes that accept response settings.
const TAKE_ANSWERS: [&str; 2] = ["/api/endpoints/{endpoint}", "/inspect/{endpoint}/answers"];
/// The form field for methods that forms lack.
const METHOD_FIELD: &str = "_method";

/// How a call was made, and so the format of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    Json,
    Form,
}

/// A submitted body, not parsed yet.
pub(crate) struct JsonOrForm {
    pub(crate) manner: ResponseFormat,
    pub(crate) caller: Caller,
    app: AppState,
    body: Result<Bytes, Error>,
    /// The memory of head and body: charged to the caller's workspace, otherwise to the client.
    _memory: Share<Holder>,
}

impl FromRequest<AppState> for JsonOrForm {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let (manner, known) = manner(&parts.headers);
        let caller =
            match <Caller as axum::extract::FromRequestParts<AppState>>::from_request_parts(
                &mut parts, app,
            )
            .await
            {
                Ok(caller) => caller,
                // A caller with an untrusted origin does not get our error page either.
                Err(error) => return Err(error.into_response()),
            };
        let holder = caller.workspace().map_or(Holder::Client(caller.client), Holder::Workspace);
        let mut memory = app.capture.budget.share(holder);
        // Over HTTP/2, one connection may hold very many heads.
        let has_room = memory.grow(head::bytes(&parts) as u64).is_ok();
        let body = if !has_room {
            Err(Error::Unavailable)
        } else if known {
            let route = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
            let takes_answers = route.is_some_and(|route| TAKE_ANSWERS.contains(&route));
            let has_answers = takes_answers && caller.workspace().is_some();
            read(body, if has_answers { MAX_ANSWERS_BYTES } else { MAX_BYTES }, &mut memory).await
        } else {
            Err(Error::UnsupportedMediaType)
        };
        Ok(Self { manner, caller, app: app.clone(), body, _memory: memory })
    }
}

impl JsonOrForm {
    /// Parses the body as `T`. Empty form fields count as omitted, an empty body as `{}`.
    ///
    /// # Errors
    /// `Invalid` for invalid JSON or forms, unknown fields and wrong types.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read_fields(|value| !value.is_empty())
    }

    /// The same, but empty form fields count: they reset a value.
    ///
    /// # Errors
    /// As for `read`.
    pub(crate) fn read_all<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read_fields(|_| true)
    }

    fn read_fields<T: DeserializeOwned>(&self, counts: fn(&str) -> bool) -> Result<T, Error> {
        let body = self.body.clone()?;
        let read = match self.manner {
            ResponseFormat::Json if body.trim_ascii().is_empty() => serde_json::from_str("{}"),
            ResponseFormat::Json => serde_json::from_slice(&body),
            ResponseFormat::Form => {
                let fields = form_fields(&body)?
                    .into_iter()
                    .filter(|(name, value)| name != METHOD_FIELD && counts(value))
                    .map(|(name, value)| (name, value.into()))
                    .collect::<serde_json::Map<_, _>>();
                serde_json::from_value(fields.into())
            }
        };
        read.map_err(|error| Error::Invalid(format!("The body does not fit: {error}.")))
    }

    /// Returns the fields of a form, in order.
    ///
    /// # Errors
    /// `UnsupportedMediaType` if it is not a form, `Invalid` if it cannot be parsed.
    pub(crate) fn form(&self) -> Result<Vec<(String, String)>, Error> {
        match self.manner {
            ResponseFormat::Json => Err(Error::UnsupportedMediaType),
            ResponseFormat::Form => form_fields(&self.body.clone()?),
        }
    }

    /// Returns the method that a form stands for.
    pub(crate) fn form_method(&self) -> Result<String, Error> {
        if self.manner == ResponseFormat::Json {
            return Err(Error::MethodNotAllowed);
        }
        form_fields(&self.body.clone()?)?
            .into_iter()
            .find(|(name, _)| name == METHOD_FIELD)
            .map(|(_, value)| value)
            .ok_or_else(|| {
                Error::Invalid("A form posted here needs `_method`: DELETE or PATCH.".into())
            })
    }

    /// Responds with an error.
    pub(crate) fn reject(&self, error: Error) -> Response {
        self.answer(Err::<(), _>(error), |()| String::new(), |()| StatusCode::OK.into_response())
    }

    /// Responds with a redirect to `page` for a form, otherwise with the result of `json`.
    pub(crate) fn answer<T>(
        &self,
        result: Result<T, Error>,
        page: impl FnOnce(&T) -> String,
        json: impl FnOnce(T) -> Response,
    ) -> Response {
        match (result, self.manner) {
            (Ok(done), ResponseFormat::Form) => {
                let location = HeaderValue::try_from(page(&done));
                let mut response = json(done);
                *response.status_mut() = StatusCode::SEE_OTHER;
                if let Ok(location) = location {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                response
            }
            (Ok(done), ResponseFormat::Json) => json(done),
            (Err(error), ResponseFormat::Form) => {
                pages::problem(&self.app, &self.caller.origin, &error)
            }
            (Err(error), ResponseFormat::Json) => error.into_response(),
        }
    }
}

/// Reads a body, and charges its memory as it arrives.
async fn read(mut body: Body, most: usize, memory: &mut Share<Holder>) -> Result<Bytes, Error> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| cut())?.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(Error::BodyTooLarge(most));
        }
        memory.grow(data.len() as u64).map_err(|_| Error::Unavailable)?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

fn cut() -> Error {
    Error::Invalid("The body ended early; send all of it.".into())
}

/// Returns the format of a call, and whether the API accepts its content type.
fn manner(headers: &HeaderMap) -> (ResponseFormat, bool) {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return (ResponseFormat::Json, true);
    };
    let essence = content_type
        .to_str()
        .ok()
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/x-www-form-urlencoded") => (ResponseFormat::Form, true),
        Some("application/json") => (ResponseFormat::Json, true),
        Some(essence) if essence.ends_with("+json") => (ResponseFormat::Json, true),
        _ => (ResponseFormat::Json, false),
    }
}

fn form_fields(body: &[u8]) -> Result<Vec<(String, String)>, Error> {
    serde_urlencoded::from_bytes(body)
        .map_err(|error| Error::Invalid(format!("The form cannot be read: {error}.")))
}
