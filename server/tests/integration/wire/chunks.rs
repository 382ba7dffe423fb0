//! Bodies in chunks: data, trailers, and neither.

use super::case::{Case, head, kept, play};
use crate::common::{
    TestServer,
    wire::{Wire, replaced},
};

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// A chunked request whose stored data and trailers are these.
fn chunked(name: &str, body: impl AsRef<[u8]>, data: impl AsRef<[u8]>, trailers: &str) -> Case {
    let head = head(CHUNKED);
    kept(name, [&head[..], body.as_ref()].concat())
        .stored_as([&head[..], data.as_ref(), trailers.as_bytes()].concat())
}

fn well_framed() -> Vec<Case> {
    let order = "b: 1\r\nA: 2\r\nB:3\r\na: \t4 \r\nA:\r\n";
    let many: String = (0..1000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let framing = "Content-Length: 9\r\nTransfer-Encoding: x\r\nHost: other\r\n";
    let extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "e".repeat(4000));
    let small: String = "hello, world".chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    vec![
        chunked("nothing", "0\r\n\r\n", "", ""),
        chunked("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", ""),
        chunked("chunks of one byte", format!("{small}0\r\n\r\n"), "hello, world", ""),
        chunked(
            "extensions",
            "5;a;b=c;d=\"e;\\\"f\" ; g\r\nhello\r\n0;last=1\r\n\r\n",
            "hello",
            "",
        ),
        chunked("an extension past ASCII", b"1;\xff=\xe4\r\nx\r\n0\r\n\r\n", "x", ""),
        chunked("spaces around the semicolon", "5 ;a\r\nhello\r\n0\t; b\r\n\r\n", "hello", ""),
        chunked("an extension of 4,000 bytes", extension, "hello", ""),
        chunked(
            "sizes in either case",
            format!(
                "A\r\n0123456789\r\nb\r\n01234567890\r\n1F\r\n{0}\r\n1f\r\n{0}\r\n0\r\n\r\n",
                "y".repeat(31)
            ),
            format!("012345678901234567890{}", "y".repeat(62)),
            "",
        ),
        chunked(
            "leading zeros",
            "0005\r\nhello\r\n00000005\r\nhello\r\n0000000000000005\r\nhello\r\n00000000\r\n\r\n",
            "hellohellohello",
            "",
        ),
        chunked("trailers in order and case", format!("1\r\nx\r\n0\r\n{order}\r\n"), "x", order),
        chunked(
            "a trailer past ASCII",
            "0\r\nX-\u{e4}: \u{fc}\r\n\r\n",
            "",
            "X-\u{e4}: \u{fc}\r\n",
        ),
        chunked("a thousand trailers", format!("0\r\n{many}\r\n"), "", &many),
        chunked(
            "trailers that look like framing",
            format!("1\r\nx\r\n0\r\n{framing}\r\n"),
            "x",
            framing,
        ),
        chunked(
            "data of line ends",
            "6\r\n\r\n\r\n\r\n\r\n4\r\n0\r\n\r\r\n0\r\n\r\n",
            "\r\n\r\n\r\n0\r\n\r",
            "",
        ),
    ]
}

/// Each error, the body as sent, and how much of it is data.
fn ill_framed() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let owned = |text: &str| text.as_bytes().to_vec();
    vec![
        ("no size", owned("\r\n"), ""),
        ("no digits", owned("xyz\r\n"), ""),
        ("a sign", owned("+5\r\nhello\r\n0\r\n\r\n"), ""),
        ("a negative size", owned("-5\r\nhello\r\n0\r\n\r\n"), ""),
        ("a prefix", owned("0x5\r\nhello\r\n0\r\n\r\n"), ""),
        ("a space ahead", owned(" 5\r\nhello\r\n0\r\n\r\n"), ""),
        ("a space behind", owned("5 \r\nhello\r\n0\r\n\r\n"), ""),
        ("a form feed before the extension", owned("5\x0c;a\r\nhello\r\n0\r\n\r\n"), ""),
        ("a vertical tab before the extension", owned("5\x0b;a\r\nhello\r\n0\r\n\r\n"), ""),
        ("two sizes", owned("5 5\r\nhello\r\n0\r\n\r\n"), ""),
        ("only an extension", owned(";a\r\nhello\r\n0\r\n\r\n"), ""),
        ("an underscore", owned("1_0\r\nhello\r\n0\r\n\r\n"), ""),
        ("a size of 64 bits", owned("ffffffffffffffff\r\nhello"), ""),
        ("a size past 64 bits", owned("10000000000000005\r\nhello\r\n0\r\n\r\n"), ""),
        ("a bare LF after the size", owned("5\nhello\r\n0\r\n\r\n"), ""),
        ("a bare CR after the size", owned("5\rhello\r\n0\r\n\r\n"), ""),
        ("two CRs after the size", owned("5\r\r\nhello\r\n0\r\n\r\n"), ""),
        ("a bare LF in an extension", owned("5;a\nhello\r\n0\r\n\r\n"), ""),
        ("a bare CR in an extension", owned("5;a\rb\r\nhello\r\n0\r\n\r\n"), ""),
        ("a NUL in an extension", owned("5;\0\r\nhello\r\n0\r\n\r\n"), ""),
        ("an extension without end", [&b"5;"[..], &[b'a'; 5000]].concat(), ""),
        ("too little data", owned("6\r\nhello\r\n0\r\n\r\n"), "hello\r"),
        ("too much data", owned("4\r\nhello\r\n0\r\n\r\n"), "hell"),
        ("a bare LF after the data", owned("5\r\nhello\n0\r\n\r\n"), "hello"),
        ("nothing after the data", owned("5\r\nhello0\r\n\r\n"), "hello"),
        ("a CR and no LF after the data", owned("5\r\nhello\rX0\r\n\r\n"), "hello"),
        ("an empty line too many", owned("5\r\nhello\r\n\r\n0\r\n\r\n"), "hello"),
        ("a bare LF after the last size", owned("5\r\nhello\r\n0\n\r\n"), "hello"),
        ("a bare LF as the end", owned("5\r\nhello\r\n0\r\n\n"), "hello"),
        ("a trailer without colon", owned("5\r\nhello\r\n0\r\nX\r\n\r\n"), "hello"),
        ("a trailer without name", owned("5\r\nhello\r\n0\r\n: a\r\n\r\n"), "hello"),
        ("a space before a trailer's colon", owned("5\r\nhello\r\n0\r\nX : a\r\n\r\n"), "hello"),
        ("a folded trailer", owned("5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"), "hello"),
        ("a trailer with a bare LF", owned("5\r\nhello\r\n0\r\nX: a\nY: b\r\n\r\n"), "hello"),
        ("a trailer with a bare CR", owned("5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n"), "hello"),
        (
            "1,001 trailers",
            format!("5\r\nhello\r\n0\r\n{}\r\n", "a: b\r\n".repeat(1001)).into_bytes(),
            "hello",
        ),
        (
            "trailers of 70 KB",
            format!("5\r\nhello\r\n0\r\nX: {}", "x".repeat(70_000)).into_bytes(),
            "hello",
        ),
        (
            "trailers of 90 KB in short lines",
            format!("5\r\nhello\r\n0\r\n{}\r\n", format!("X: {}\r\n", "x".repeat(95)).repeat(900))
                .into_bytes(),
            "hello",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn chunked_bodies_are_kept_with_their_trailers() {
    play(&TestServer::start().await, well_framed()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_cannot_be_read_are_refused_and_what_came_is_kept() {
    let server = TestServer::start().await;
    for (name, body, data) in ill_framed() {
        let (owner, id) = server.owner().await;
        let hidden = "GET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
        let sent = [&head(CHUNKED)[..], &body, hidden.as_bytes()].concat();
        let mut wire = Wire::connect(server.address()).await;
        wire.send(&replaced(&sent, b"{id}", id.as_bytes())).await;
        let reply = wire.reply().await.unwrap_or_else(|| panic!("{name}: an answer"));
        assert_eq!(reply.status, 400, "{name}: {}", reply.says());
        assert!(reply.says().contains("chunks"), "{name}: {}", reply.says());
        assert!(wire.reply().await.is_none(), "{name}: the end");
        let rows = owner.rows(&id).await;
        assert_eq!(rows.len(), 1, "{name}: {rows:?}");
        assert_eq!(rows[0]["complete"], false, "{name}");
        let kept = owner.get(&format!("/api/endpoints/{id}/requests/1/body")).await;
        assert_eq!(kept.text(), data, "{name}");
    }
}
