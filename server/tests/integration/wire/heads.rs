//! Heads that are stored as received, and ambiguous heads.

use super::case::{Case, head, kept, play, refused, to};

use crate::common::TestServer;

/// The maximum size of a head, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// A head of exactly `bytes` bytes once the endpoint's name is in it.
fn head_of(bytes: usize) -> Vec<u8> {
    const ID_BYTES: usize = 36;
    let without = head("X: \r\n").len() - "{id}".len() + ID_BYTES;
    head(format!("X: {}\r\n", "x".repeat(bytes - without)))
}

/// A head with `count` headers, including `Host`.
fn fields(count: usize) -> Vec<u8> {
    head((1..count).map(|n| format!("x-{n}: {n}\r\n")).collect::<String>())
}

fn kept_heads() -> Vec<Case> {
    let tokens = "!#$%&'*+-.^_`|~0129azAZ";
    vec![
        kept("case and order", head("b: 1\r\nA: 2\r\nB: 3\r\naCCEPT: x\r\n")),
        kept("repeats a, b, a", head("a: 1\r\nb: 2\r\na: 3\r\nA: 4\r\nb: 5\r\n")),
        kept("values in Latin-1", head(b"X: caf\xe9 \xff\xfe\r\nY: \x80\r\n")),
        kept("values in UTF-8", head("X: \u{e4}\u{1f600}\r\n")),
        kept("controls in values", head(b"X: a\x00b\x01\x1f\x7f\x0b\x0cc\r\nY: \x00\r\n")),
        kept("tabs and spaces around values", head("X:\t a \tb\t \r\nY:c\r\nZ:   \r\n")),
        kept("names of every token character", head(format!("{tokens}: 1\r\n"))),
        kept("names that are no tokens", head("X(a): 1\r\n\"q\": 2\r\n{[@]}/\\?=;,<>: 3\r\n")),
        kept("names past ASCII", head(b"X-\xe9: 1\r\n\xff: 2\r\n\xc3\xa4: 3\r\n")),
        kept("empty values", head("X:\r\nY: \r\nZ:\t\r\nX:\r\n")),
        kept("colons in values", head("X::\r\nY: a:b: c\r\nZ:: \r\n")),
        kept("a folded line", head("X: a\r\n b\r\nY: c\r\n")),
        kept("folds of nothing", head("X:\r\n \r\n\t\r\n a\r\nY: c\r\n")),
        kept("a name of 4 KB", head(format!("{}: 1\r\n", "N".repeat(4096)))),
        kept("ninety fields", fields(90)),
        kept("ninety-one fields", fields(91)),
        kept("a hundred fields", fields(100)),
        kept("a hundred and one fields", fields(101)),
        kept("a thousand fields", fields(1000)),
        kept(
            "a length behind nine hundred fields",
            [&head(format!("{}Content-Length: 4\r\n", "x: y\r\n".repeat(900)))[..], b"body"]
                .concat(),
        ),
        kept(
            "a Host behind nine hundred fields",
            format!("GET /{{id}} HTTP/1.1\r\n{}Host: h\r\n\r\n", "x: y\r\n".repeat(900)),
        ),
        kept("a head of 64 KiB", head_of(HEAD_BYTES)),
        kept("a name of 60 KB", head(format!("{}: 1\r\n", "n".repeat(60_000)))),
        kept("sixty thousand controls", head([b"X: ", &[1; 60_000][..], b"\r\n"].concat())),
        kept(
            "a method of every token character",
            format!("{tokens} /{{id}} HTTP/1.1\r\nHost: h\r\n\r\n"),
        ),
        kept(
            "a method of 1 KB",
            format!("{} /{{id}} HTTP/1.1\r\nHost: h\r\n\r\n", "M".repeat(1024)),
        ),
        kept("a method in lower case", "connect /{id} HTTP/1.1\r\nHost: h\r\n\r\n"),
        kept("a HEAD", "HEAD /{id} HTTP/1.1\r\nHost: h\r\n\r\n"),
        kept("CONNECT with a path", "CONNECT /{id}/x HTTP/1.1\r\nHost: h\r\n\r\n"),
        kept(
            "CONNECT with a body",
            "CONNECT /{id} HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
        ),
        kept("the method of HTTP/2", "PRI /{id} HTTP/1.1\r\nHost: h\r\n\r\n"),
        kept("an empty Host", "GET /{id} HTTP/1.1\r\nHost:\r\n\r\n"),
        kept("a Host of bytes", b"GET /{id} HTTP/1.1\r\nHost: \xff, <\x01>\r\n\r\n"),
        kept("HTTP/1.0", "GET /{id} HTTP/1.0\r\n\r\n").closes(),
        kept("HTTP/1.0 with Host", "GET /{id} HTTP/1.0\r\nHost: h\r\n\r\n").closes(),
        kept("HTTP/1.0 that stays", "GET /{id} HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
        kept("HTTP/1.0 with a body", "POST /{id} HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody")
            .closes(),
        kept("Connection: close", head("Connection: close\r\n")).closes(),
        kept("Connection: CLOSE among others", head("connection: x, CLOSE\r\n")).closes(),
        kept("an upgrade to a WebSocket", head("Connection: Upgrade\r\nUpgrade: websocket\r\n")),
        kept(
            "an upgrade to HTTP/2",
            head(
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
            ),
        ),
        kept("one empty line ahead", [b"\r\n", &head("")[..]].concat()).stored_as(head("")),
        kept("four empty lines ahead", [b"\r\n\r\n\r\n\r\n", &head("")[..]].concat())
            .stored_as(head("")),
        kept(
            "a length with leading zeros",
            [&head("Content-Length: 0004\r\n")[..], b"body"].concat(),
        ),
        kept("a length of nothing", head("content-LENGTH: 0\r\n")),
        kept(
            "names near those of framing",
            head("Content-Length-: 9\r\nContent_Length: 9\r\nXTransfer-Encoding: chunked\r\n"),
        ),
        kept("framing in a fold", head("X: a\r\n Content-Length: 9\r\n")),
        kept(
            "an early body that looks like a field",
            [&head("Content-Length: 12\r\n")[..], b"Host: b\r\n\r\n\n"].concat(),
        ),
    ]
}

fn refused_heads() -> Vec<Case> {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n";
    vec![
        refused(
            "a head of 64 KiB and a byte",
            head_of(HEAD_BYTES + 1),
            431,
            "65536 bytes (max-head)",
        ),
        refused("a head of 200 KB", head_of(200_000), 431, "65536 bytes (max-head)"),
        refused("a head without end", vec![b'A'; HEAD_BYTES + 1], 431, "(max-head)"),
        refused("1,001 fields", fields(1001), 431, "1000 fields (max-fields)"),
        refused("5,000 fields", fields(5000), 431, "1000 fields (max-fields)"),
        refused(
            "five empty lines ahead",
            "\r\n\r\n\r\n\r\n\r\nGET /{id} HTTP/1.1\r\nHost: h\r\n\r\n",
            400,
            "request line",
        ),
        refused("bare LF everywhere", "GET /{id} HTTP/1.1\nHost: h\n\n", 400, "bare LF"),
        refused(
            "a bare LF after the request line",
            "GET /{id} HTTP/1.1\nHost: h\r\n\r\n",
            400,
            "bare LF",
        ),
        refused("a bare LF after a field", head("X: a\nY: b\r\n"), 400, "bare LF"),
        refused(
            "a bare LF as the empty line",
            "GET /{id} HTTP/1.1\r\nHost: h\r\n\n",
            400,
            "bare LF",
        ),
        refused("a bare LF ahead", "\nGET /{id} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "bare LF"),
        refused("a bare CR in a value", head("X: a\rb\r\n"), 400, "a CR without LF"),
        refused("a bare CR before CR LF", head("X: a\r\r\n"), 400, "a CR without LF"),
        refused("a bare CR in the target", to("/{id}\r/x"), 400, "a CR without LF"),
        refused(
            "a bare CR as a line end",
            "GET /{id} HTTP/1.1\rHost: h\r\n\r\n",
            400,
            "a CR without LF",
        ),
        refused("a bare CR ahead", "\rGET /{id} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        refused("a NUL ahead", "\0GET /{id} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        refused(
            "a NUL in the method",
            "G\0T /{id} HTTP/1.1\r\nHost: h\r\n\r\n",
            400,
            "request line",
        ),
        refused("a NUL in the target", to("/{id}/\0"), 400, "request line"),
        refused("a NUL in a name", head("X\0: a\r\n"), 400, "field line"),
        refused("a TLS greeting", hello, 400, "not TLS"),
        refused("the greeting of SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n", 400, "request line"),
        refused("HTTP/0.9", "GET /{id}\r\n\r\n", 400, "request line"),
        refused(
            "HTTP/0.9 by name",
            "GET /{id} HTTP/0.9\r\n\r\n",
            505,
            "HTTP/1.1, HTTP/1.0 or HTTP/2",
        ),
        refused("HTTP/1.2", "GET /{id} HTTP/1.2\r\nHost: h\r\n\r\n", 505, "version"),
        refused("HTTP/2.0 in HTTP/1 form", "GET /{id} HTTP/2.0\r\nHost: h\r\n\r\n", 505, "version"),
        refused("HTTP/1.10", "GET /{id} HTTP/1.10\r\nHost: h\r\n\r\n", 505, "version"),
        refused(
            "a preface that ends otherwise",
            "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
            505,
            "version",
        ),
        refused(
            "a version in lower case",
            "GET /{id} http/1.1\r\nHost: h\r\n\r\n",
            400,
            "request line",
        ),
        refused("two spaces", "GET  /{id} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        refused("a space in the target", to("/{id}/a b"), 400, "request line"),
        refused("a tab for a space", "GET\t/{id} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        refused(
            "a space after the version",
            "GET /{id} HTTP/1.1 \r\nHost: h\r\n\r\n",
            400,
            "request line",
        ),
        refused("a space ahead", " GET /{id} HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        refused("no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", 400, "request line"),
        refused(
            "a method that is no token",
            "G(T /{id} HTTP/1.1\r\nHost: h\r\n\r\n",
            400,
            "request line",
        ),
        refused("no Host", "GET /{id} HTTP/1.1\r\n\r\n", 400, "Host field is missing"),
        refused("two Hosts", head("Host: h\r\n"), 400, "several Host"),
        refused("two Hosts in two cases", head("hOST: other\r\n"), 400, "several Host"),
        refused(
            "two Hosts in HTTP/1.0",
            "GET /{id} HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
            400,
            "several Host",
        ),
        refused(
            "a Host behind nine hundred fields again",
            head(format!("{}Host: h\r\n", "x: y\r\n".repeat(900))),
            400,
            "several Host",
        ),
        refused("white space before the colon", head("X : a\r\n"), 400, "field line"),
        refused("a tab before the colon", head("X\t: a\r\n"), 400, "field line"),
        refused("a space in a name", head("X Y: a\r\n"), 400, "field line"),
        refused("no colon", head("nothing\r\n"), 400, "field line"),
        refused("no name", head(": a\r\n"), 400, "field line"),
        refused(
            "a fold of the request line",
            "GET /{id} HTTP/1.1\r\n Host: h\r\n\r\n",
            400,
            "field line",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_kept_byte_for_byte() {
    play(&TestServer::start().await, kept_heads()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_leave_doubts_are_refused_with_a_reason() {
    play(&TestServer::start().await, refused_heads()).await;
}
