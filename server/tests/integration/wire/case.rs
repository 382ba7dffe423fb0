//! A case: bytes to send, and the expected result.

use crate::common::{
    Client, TestServer,
    wire::{Wire, bytes, fields, find, replaced},
};

/// The placeholder for the endpoint's name in the bytes to send.
const ID: &[u8] = b"{id}";
/// A follow-up request, to see whether the connection is still open.
const PROBE: &[u8] = b"GET /{id}/probe HTTP/1.1\r\nHost: probe\r\n\r\n";

/// A message that is sent over its own connection.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) sent: Vec<u8>,
    pub(crate) expected: Expected,
}

/// The expected result.
pub(crate) enum Expected {
    /// It is stored with exactly these bytes, and the connection stays open or closes.
    Kept { stored: Vec<u8>, goes_on: bool },
    /// Its sender gets this status with a text that contains this, the connection closes, and
    /// nothing is stored of it except the list's row for the refusal.
    Refused { status: u16, says: &'static str },
}

/// What is sent is stored unchanged, and the connection stays open.
pub(crate) fn kept(name: impl Into<String>, sent: impl AsRef<[u8]>) -> Case {
    let sent = sent.as_ref().to_vec();
    let expected = Expected::Kept { stored: sent.clone(), goes_on: true };
    Case { name: name.into(), sent, expected }
}

/// Returns a head with a request line for the endpoint, `Host`, and these header lines.
pub(crate) fn head(fields: impl AsRef<[u8]>) -> Vec<u8> {
    [b"POST /{id} HTTP/1.1\r\nHost: h\r\n", fields.as_ref(), b"\r\n"].concat()
}

/// Returns a request to the endpoint with this target.
pub(crate) fn to(target: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET ", target.as_ref(), b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat()
}

/// What is sent is refused.
pub(crate) fn refused(
    name: impl Into<String>,
    sent: impl AsRef<[u8]>,
    status: u16,
    says: &'static str,
) -> Case {
    let expected = Expected::Refused { status, says };
    Case { name: name.into(), sent: sent.as_ref().to_vec(), expected }
}

impl Case {
    /// The connection closes after it.
    pub(crate) fn closes(mut self) -> Self {
        if let Expected::Kept { goes_on, .. } = &mut self.expected {
            *goes_on = false;
        }
        self
    }

    /// These bytes are stored instead of those sent.
    pub(crate) fn stored_as(mut self, bytes: impl AsRef<[u8]>) -> Self {
        if let Expected::Kept { stored, .. } = &mut self.expected {
            *stored = bytes.as_ref().to_vec();
        }
        self
    }
}

/// Runs all cases, each with its own endpoint.
pub(crate) async fn play(server: &TestServer, cases: Vec<Case>) {
    for case in cases {
        let (owner, id) = server.owner().await;
        let mut wire = Wire::connect(server.address()).await;
        wire.send(&replaced(&case.sent, ID, id.as_bytes())).await;
        let name = &case.name;
        let reply = match method(&case.sent) {
            b"HEAD" => wire.reply_to_head().await,
            _ => wire.reply().await,
        };
        let reply = reply.unwrap_or_else(|| panic!("{name}: an answer"));
        match case.expected {
            Expected::Kept { stored, goes_on } => {
                assert_eq!(reply.status, 200, "{name}: {}", reply.says());
                assert_eq!(reply.field("hookglass-seq"), Some("1"), "{name}");
                if goes_on {
                    wire.send(&replaced(PROBE, ID, id.as_bytes())).await;
                    let probe = wire.reply().await.unwrap_or_else(|| panic!("{name}: goes on"));
                    assert_eq!(probe.field("hookglass-seq"), Some("2"), "{name}: {}", probe.says());
                } else {
                    assert!(wire.reply().await.is_none(), "{name}: the end");
                }
                let stored = replaced(&stored, ID, id.as_bytes());
                assert_kept(name, &owner, &id, 1, &stored).await;
                let rows = owner.rows(&id).await.len();
                assert_eq!(rows, 1 + usize::from(goes_on), "{name}: requests");
            }
            Expected::Refused { status, says } => {
                assert_eq!(reply.status, status, "{name}: {}", reply.says());
                assert!(reply.says().contains(says), "{name}: {}", reply.says());
                assert_eq!(reply.field("connection"), Some("close"), "{name}");
                assert!(wire.reply().await.is_none(), "{name}: the end");
                let rows = owner.rows(&id).await;
                assert!(rows.len() <= 1, "{name}: {rows:?}");
                assert!(rows.iter().all(|row| row["complete"] == false), "{name}: {rows:?}");
            }
        }
    }
}

/// Asserts that a request is stored with exactly these bytes, and shown accordingly.
pub(crate) async fn assert_kept(name: &str, owner: &Client, id: &str, seq: i64, stored: &[u8]) {
    let raw = owner.raw(id, seq).await;
    assert_eq!(raw.body.escape_ascii().to_string(), stored.escape_ascii().to_string(), "{name}");
    let head_end = find(stored, b"\r\n\r\n").unwrap() + 2;
    let (head, rest) = stored.split_at(head_end);
    let line_end = find(head, b"\r\n").unwrap();
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/{seq}")).await.json();
    let mut line = head[..line_end].split(|&byte| byte == b' ');
    assert_eq!(bytes(&detail["method"]), line.next().unwrap(), "{name}");
    assert_eq!(bytes(&detail["target"]), line.next().unwrap(), "{name}");
    assert_eq!(detail["http_version"].as_str().unwrap().as_bytes(), line.next().unwrap(), "{name}");
    assert_eq!(detail["exact"], true, "{name}");
    assert_eq!(detail["complete"], true, "{name}");
    let sent = read_fields(&head[line_end + 2..]);
    assert_eq!(fields(&detail["headers"]), sent, "{name}");
    let body = usize::try_from(detail["body_bytes"].as_u64().unwrap()).unwrap();
    let trailers = &rest[2 + body..];
    assert_eq!(fields(&detail["trailers"]), read_fields(trailers), "{name}");
    let is_chunked = sent.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"transfer-encoding"));
    let form = if is_chunked { "dechunked" } else { "exact" };
    assert_eq!(raw.header("hookglass-raw"), form, "{name}");
}

/// Parses header lines in the simplest way: unfolded, then split at the first colon.
fn read_fields(lines: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut read: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut rest = lines;
    while let Some(end) = find(rest, b"\r\n") {
        let line = &rest[..end];
        rest = &rest[end + 2..];
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            let (_, value) = read.last_mut().unwrap();
            value.push(b' ');
            value.extend_from_slice(trimmed(line));
        } else {
            let colon = line.iter().position(|&byte| byte == b':').unwrap();
            read.push((line[..colon].to_vec(), trimmed(&line[colon + 1..]).to_vec()));
        }
    }
    read
}

fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn method(sent: &[u8]) -> &[u8] {
    sent.split(|&byte| byte == b' ').next().unwrap_or_default()
}
