//! What the fuzz targets in `server/fuzz` may reach; only there when they are built.

use std::net::{IpAddr, SocketAddr};

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

pub use crate::listen::fuzzing::{Seen, play};
use crate::{address::Address, web::client::ClientAddress};

/// The addresses of an `X-Forwarded-For` field.
#[must_use]
pub fn x_forwarded_for(value: &str) -> Vec<Option<IpAddr>> {
    crate::forwarded::x_forwarded_for(value)
}

/// The addresses of a `Forwarded` field.
#[must_use]
pub fn forwarded(value: &str) -> Vec<Option<IpAddr>> {
    crate::forwarded::forwarded(value)
}

/// Who the client is for a server that trusts 10.0.0.0/8 and fd00::/8, and whether it is counted
/// as one.
#[must_use]
pub fn client(peer: SocketAddr, name: &'static str, values: &[&[u8]]) -> (IpAddr, bool) {
    let trusted: Vec<_> = ["10.0.0.0/8", "fd00::/8"].iter().flat_map(|net| net.parse()).collect();
    let clients = ClientAddress::new(&trusted);
    let mut headers = HeaderMap::new();
    for value in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    let client = clients.of(peer, &headers);
    let counted = clients.counted(peer, &headers);
    (client, counted == Some(Address::of(client)))
}
