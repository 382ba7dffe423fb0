//! Messages that two parsers could frame differently, and bodies that look like requests.

use super::case::{Case, head, kept, play, refused};

use crate::common::TestServer;

/// A request that must never be parsed as one.
const HIDDEN: &str = "GET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

/// Returns a head with these headers, followed by bytes that must not become a request.
fn hiding(fields: &str) -> Vec<u8> {
    [&head(fields)[..], b"0\r\n\r\n", HIDDEN.as_bytes()].concat()
}

fn doubtful() -> Vec<Case> {
    let mut cases = Vec::new();
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\ncontent-length: 0\r\n",
    ] {
        cases.push(refused(fields, hiding(fields), 400, "contradict"));
    }
    for fields in [
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n \r\n",
        "Transfer-Encoding: chun\r\n ked\r\n",
        "Transfer-Encoding: x\r\n chunked\r\n",
        "Transfer-Encoding: x\r\n\t, chunked\r\n",
        "Content-Length:\r\n 5\r\n",
        "Content-Length: 5\r\n 5\r\n",
        "Content-Length: 5\r\n\t\r\n",
        "Content-Length: \r\n\t \r\n 5\r\n",
        "Connection:\r\n close\r\n",
        "Connection: x\r\n , close\r\n",
        "Expect:\r\n 100-continue\r\n",
    ] {
        cases.push(refused(format!("{fields:?}"), hiding(fields), 400, "a second line"));
    }
    let folded = "POST /{id} HTTP/1.1\r\nHost:\r\n h\r\n\r\n0\r\n\r\n";
    cases.push(refused("a folded Host", format!("{folded}{HIDDEN}"), 400, "a second line"));
    for fields in [
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "content-length: 5\r\nCONTENT-LENGTH: 0\r\n",
    ] {
        cases.push(refused(fields, hiding(fields), 400, "several Content-Length"));
    }
    for value in [
        "",
        "5, 5",
        "5,6",
        "5,",
        "+5",
        "-5",
        "-0",
        "0x5",
        "5 5",
        "5\t5",
        "5;",
        "\"5\"",
        "5.0",
        "5e0",
        "\u{665}",
        "\u{b2}",
        "5\0",
        "\x0b5",
        "\x0c5",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551621",
        "4294967296 5",
        "five",
    ] {
        let fields = format!("Content-Length: {value}\r\n");
        cases.push(refused(format!("{fields:?}"), hiding(&fields), 400, "Content-Length"));
    }
    for value in [
        "",
        "xchunked",
        "chunked, identity",
        "identity",
        "identity, chunked",
        "gzip",
        "gzip, chunked",
        "chunked, chunked",
        "chunked,",
        ",chunked",
        "chunked;q=1",
        "\"chunked\"",
        "chunke\u{e4}d",
        "\x0bchunked",
        "chunked\x0b",
        "chunked\0",
        "\0chunked",
        "chunKeD\x0c",
        "cow",
        "\u{a0}chunked",
    ] {
        let fields = format!("Transfer-Encoding: {value}\r\n");
        cases.push(refused(format!("{fields:?}"), hiding(&fields), 501, "Transfer-Encoding"));
    }
    for fields in [
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n",
        "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
    ] {
        cases.push(refused(fields, hiding(fields), 501, "Transfer-Encoding"));
    }
    for fields in [
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n",
        "Transfer-Encoding\x0b: chunked\r\n",
        "Transfer-Encoding\0: chunked\r\n",
        "Content-Length : 5\r\n",
        "Content-Length\x1f: 5\r\n",
        "Content-Length\u{a0}: 5\r\n",
        "\u{85}Transfer-Encoding: chunked\r\n",
        "\"Transfer-Encoding\": chunked\r\n",
    ] {
        cases.push(refused(format!("{fields:?}"), hiding(fields), 400, "field line"));
    }
    for (fields, says) in [
        ("X: a\nTransfer-Encoding: chunked\r\n", "bare LF"),
        ("X: a\rTransfer-Encoding: chunked\r\n", "a CR without LF"),
        ("Transfer-Encoding: chunked\n", "bare LF"),
        ("Transfer-Encoding: chunked\r\r\n", "a CR without LF"),
        ("X: a\n\nGET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n", "bare LF"),
        ("X: a\n\r\nGET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n", "bare LF"),
        ("X: a\r\n\nGET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n", "bare LF"),
    ] {
        cases.push(refused(format!("{fields:?}"), hiding(fields), 400, says));
    }
    let old = "POST /{id} HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    cases.push(refused("chunks in HTTP/1.0", format!("{old}{HIDDEN}"), 400, "HTTP/1.0 has no"));
    let odd = "Transfer-Encoding: CHUNKED\r\n";
    let sent = [&head(odd)[..], b"4\r\nbody\r\n0\r\n\r\n"].concat();
    cases.push(kept("chunked in capitals", sent).stored_as([&head(odd)[..], b"body"].concat()));
    cases
}

fn bodies_that_look_like_requests() -> Vec<Case> {
    // Its length once the endpoint's name is in it.
    let length = HIDDEN.len() - "{id}".len() + 36;
    let with_length = head(format!("Content-Length: {length}\r\n"));
    let chunked = head("Transfer-Encoding: chunked\r\n");
    let hidden = HIDDEN.as_bytes();
    let chunk = format!("{length:x}\r\n{HIDDEN}\r\n");
    let old = format!("POST /{{id}} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{HIDDEN}");
    let get =
        format!("GET /{{id}} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{HIDDEN}");
    let many = head(format!("{}Content-Length: {length}\r\n", "x: y\r\n".repeat(500)));
    let expecting =
        head(format!("Content-Length: {length}\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"));
    vec![
        kept("under a length", [&with_length[..], hidden].concat()),
        kept("in HTTP/1.0", old).closes(),
        kept("under GET", get),
        kept("under a length far down", [&many[..], hidden].concat()),
        kept("beside an upgrade", [&expecting[..], hidden].concat()),
        kept("in a chunk", [&chunked[..], chunk.as_bytes(), b"0\r\n\r\n"].concat())
            .stored_as([&chunked[..], hidden].concat()),
        kept(
            "in two chunks",
            [&chunked[..], chunk.as_bytes(), chunk.as_bytes(), b"0\r\n\r\n"].concat(),
        )
        .stored_as([&chunked[..], hidden, hidden].concat()),
        kept(
            "in a trailer",
            [&chunked[..], b"0\r\nX: GET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"].concat(),
        )
        .stored_as([&chunked[..], b"X: GET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n"].concat()),
        kept("in a field", head("X: a\r\n GET /{id}/smuggled HTTP/1.1\r\n")),
        kept(
            "in an extension",
            [&chunked[..], b"1;GET /{id}/smuggled HTTP/1.1\r\nx\r\n0\r\n\r\n"].concat(),
        )
        .stored_as([&chunked[..], b"x"].concat()),
        kept("behind HTTP/1.0 that closes", format!("GET /{{id}} HTTP/1.0\r\n\r\n{HIDDEN}"))
            .stored_as("GET /{id} HTTP/1.0\r\n\r\n")
            .closes(),
        kept("behind Connection: close", [&head("Connection: close\r\n")[..], hidden].concat())
            .stored_as(head("Connection: close\r\n"))
            .closes(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_readers_could_frame_differently_is_refused_whole() {
    play(&TestServer::start().await, doubtful()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_looks_like_a_request_is_a_body() {
    play(&TestServer::start().await, bodies_that_look_like_requests()).await;
}
