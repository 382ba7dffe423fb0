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

/// The verdicts on a request, by a secret of each sender in turn. A head, an empty line, and a body.
#[must_use]
pub fn verdicts(input: &[u8]) -> Vec<(&'static str, &'static str)> {
    use crate::{
        sender,
        signature::{Depth, Known, Message, Secret, judge},
    };
    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let end = memchr::memmem::find(input, b"\r\n\r\n").map_or(input.len(), |at| at + 4);
    let (head, body) = input.split_at(end);
    let words = head.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
    let message = Message::new("POST", words, head, body, 1_795_262_587_000_000, None);
    let mut verdicts = Vec::new();
    for signing in sender::signings() {
        let secret = match signing.id {
            "discord" => "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            _ => HEX,
        };
        let known = Known {
            id: String::new(),
            name: None,
            signing,
            secret: Secret::new(secret.to_owned()),
        };
        for recognised in [None, Some(signing)] {
            let judged =
                judge(&message, recognised, std::slice::from_ref(&known), Depth::Explained);
            verdicts.extend(judged.map(|judged| (judged.signing.id, judged.verdict.as_str())));
        }
    }
    verdicts
}
