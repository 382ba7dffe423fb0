//! `/api/endpoints/{endpoint}/qr`: an endpoint's URL as a QR code for phones.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use hookglass_store::Store;

use super::super::{caller::Caller, error::Error};
use crate::rendering::qr;

/// `GET /api/endpoints/{id}/qr`
pub(crate) async fn get(
    State(store): State<Arc<dyn Store>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, Error> {
    let slug = caller.active_endpoint(&*store, &id).await?.slug;
    let url = format!("{}/{slug}", caller.origin.url());
    let picture = qr::svg(&url)
        .ok_or_else(|| Error::Invalid("The URL is too long for a QR code.".to_owned()))?;
    let mut response = picture.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    Ok(response)
}
