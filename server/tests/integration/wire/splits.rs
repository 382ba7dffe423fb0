//! Messages that arrive in pieces, split at every possible position.

use super::case::assert_kept;

use crate::common::{TestServer, wire::Wire};

/// Requests with every construct that spans bytes: as sent and as stored.
fn requests(id: &str) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let plain = format!(
        "\r\nPUT /{id}/a?b=c HTTP/1.1\r\nhOST: h\r\nX-A: 1\r\nx-a:\r\nContent-Length: 6\r\n\r\n\r\n\r\nhi"
    );
    let chunked = format!("POST /{id} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunks = "05;e=\"\r\nhel\r\n\r\nA ;x\r\n0\r\n\r\n0\r\n\r\n\r\n000\r\nT: 1\r\nt:\r\n\r\n";
    let chunks = chunks.replace("e=\"", "e=\"x\"");
    let odd = [
        format!("PR#I /{id}/<").as_bytes(),
        b"\xff`> HTTP/1.1\r\nHost: h\r\nX(\xe9): a\x00b\r\n \tfolded\r\nConnection: keep-alive\r\n\r\n",
    ]
    .concat();
    let old = format!("P /{id} HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n\n");
    vec![
        ("plain", plain.clone().into_bytes(), plain.trim_start().as_bytes().to_vec()),
        (
            "chunked",
            format!("{chunked}{chunks}").into_bytes(),
            format!("{chunked}hel\r\n0\r\n\r\n0\r\n\r\nT: 1\r\nt:\r\n").into_bytes(),
        ),
        ("odd", odd.clone(), odd),
        ("old", old.clone().into_bytes(), old.into_bytes()),
    ]
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_may_arrive_byte_by_byte() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut seq = 0;
    for (name, sent, kept) in requests(&id) {
        // Over a new connection, where the server checks for the HTTP/2 preface, and again over the
        // same one.
        let mut wire = Wire::connect(server.address()).await;
        for _ in 0..2 {
            wire.send_bytes(&sent).await;
            assert_eq!(wire.reply().await.unwrap().status, 200, "{name}");
            seq += 1;
            assert_kept(name, &owner, &id, seq, &kept).await;
        }
    }
    assert_eq!(owner.rows(&id).await.len(), 8);
}

#[tokio::test(flavor = "current_thread")]
async fn a_message_may_be_cut_at_any_byte() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for (name, sent, kept) in requests(&id) {
        let mut wire = Wire::connect(server.address()).await;
        for cut in 1..sent.len() {
            let (before, after) = sent.split_at(cut);
            // The rest arrives together with the start of the next.
            wire.send_alone(before).await;
            wire.send(&[after, &sent[..]].concat()).await;
            for _ in 0..2 {
                let reply = wire.reply().await.unwrap();
                assert_eq!(reply.status, 200, "{name} cut at {cut}");
                let seq = reply.field("hookglass-seq").unwrap().parse().unwrap();
                let raw = owner.raw(&id, seq).await;
                assert!(raw.body == kept, "{name} cut at {cut}: {}", raw.body.escape_ascii());
            }
        }
    }
}
