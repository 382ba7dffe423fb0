//! `/api/providers`.

use axum::Json;
use hookglass_wire::{Provider, Providers};

use hookglass_senders::sender;

/// `GET /api/providers`. The same for everyone.
pub(crate) async fn list() -> Json<Providers> {
    Json(Providers { providers: all() })
}

/// The senders whose signatures can be verified, by name.
pub(crate) fn all() -> Vec<Provider> {
    let mut providers: Vec<Provider> = sender::signings()
        .map(|signing| Provider {
            id: signing.id.to_owned(),
            name: signing.name.to_owned(),
            secret: signing.secret.to_owned(),
            fields: signing.fields(),
        })
        .collect();
    providers.sort_by_key(|provider| provider.name.to_lowercase());
    providers
}
