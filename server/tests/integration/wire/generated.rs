//! Ten thousand generated requests over many connections. A failure prints the seed that reproduces
//! it.

use std::hash::{BuildHasher as _, RandomState};

use crate::common::{
    Client, TestServer,
    wire::{Wire, find},
};

const CONNECTIONS: u64 = 64;
const REQUESTS_EACH: usize = 157;
/// Reproduces a run: set it to the seed that a failure printed.
const SEED_VARIABLE: &str = "HOOKGLASS_TEST_SEED";

/// Numbers from a seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Returns up to `most` bytes that are in `allowed`.
    fn bytes(&mut self, most: usize, allowed: impl Fn(u8) -> bool) -> Vec<u8> {
        let length = self.below(most + 1);
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let byte = self.next().to_le_bytes()[3];
            if allowed(byte) {
                bytes.push(byte);
            }
        }
        bytes
    }

    /// Returns a length that is usually short, occasionally long.
    fn length(&mut self) -> usize {
        match self.below(20) {
            0..12 => self.below(40),
            12..18 => self.below(2_000),
            18 => self.below(9_000),
            _ => self.below(70_000),
        }
    }
}

/// A message as sent and as stored.
struct Message {
    sent: Vec<u8>,
    kept: Vec<u8>,
}

fn message(random: &mut Random, id: &str) -> Message {
    let is_visible = |byte: u8| byte > b' ' && byte != 0x7f;
    let is_value = |byte: u8| !matches!(byte, b'\r' | b'\n');
    let mut head =
        random.of(&["GET", "POST", "put", "DELETE", "OPTIONS", "X~'!"]).as_bytes().to_vec();
    head.extend(
        random.of(&[" /", " http://h.test/", " HTTPS://u:p@[::1]:8/", " http://<\u{fc}>/"]).bytes(),
    );
    head.extend(id.bytes());
    if random.one_in(2) {
        head.extend(random.of(&["/", "?", "#"]).bytes());
        head.extend(random.bytes(30, is_visible));
    }
    head.extend(b" HTTP/1.1\r\n");
    let mut fields: Vec<Vec<u8>> = vec![b"hOst: h\r\n".to_vec()];
    let count = if random.one_in(40) { random.below(900) } else { random.below(12) };
    for _ in 0..count {
        let mut name = match random.below(6) {
            0 => random.bytes(12, move |byte| is_visible(byte) && byte != b':'),
            1 => random.of(&["Accept", "accept", "COOKIE", "X-Forwarded-For"]).as_bytes().to_vec(),
            _ => random.bytes(10, |byte| byte.is_ascii_alphabetic() || byte == b'-'),
        };
        if name.is_empty() || is_framing(&name) {
            name = b"X".to_vec();
        }
        let space = *random.of(&["", " ", "\t ", "  "]);
        let mut field = [&name[..], b":", space.as_bytes()].concat();
        field.extend(random.bytes(24, is_value));
        field.extend(random.of(&["", " ", "\t"]).bytes());
        field.extend(b"\r\n");
        if random.one_in(20) {
            field.extend(random.of(&[" ", "\t", " \t"]).bytes());
            field.extend(random.bytes(10, is_value));
            field.extend(b"\r\n");
        }
        fields.push(field);
    }
    let body_length = random.length();
    let body = if random.one_in(3) {
        format!("GET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
            .bytes()
            .cycle()
            .take(body_length)
            .collect()
    } else {
        let mut body =
            random.bytes(64, |_| true).into_iter().cycle().take(body_length).collect::<Vec<_>>();
        body.truncate(body_length);
        body
    };
    let framing = random.below(3);
    let name = |random: &mut Random, text: &str| -> String {
        text.chars().map(|c| if random.one_in(2) { c.to_ascii_uppercase() } else { c }).collect()
    };
    match framing {
        0 => {}
        1 => {
            let name = name(random, "content-length");
            let zeros = "0".repeat(random.below(4));
            fields.push(format!("{name}:{zeros}{}\r\n", body.len()).into_bytes());
        }
        _ => {
            let (name, value) = (name(random, "transfer-encoding"), name(random, "chunked"));
            fields.push(format!("{name}: {value}\r\n").into_bytes());
        }
    }
    // In any order.
    for index in (1..fields.len()).rev() {
        fields.swap(index, random.below(index + 1));
    }
    head.extend(fields.concat());
    head.extend(b"\r\n");
    let empty_lines =
        if random.one_in(10) { "\r\n".repeat(1 + random.below(4)) } else { String::new() };
    let mut sent = empty_lines.into_bytes();
    sent.extend(&head);
    let mut kept = head;
    match framing {
        0 => {}
        1 => {
            sent.extend(&body);
            kept.extend(&body);
        }
        _ => {
            kept.extend(&body);
            let mut rest = &body[..];
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(1 + random.below(rest.len().min(5_000)));
                let zeros = "0".repeat(random.below(3));
                let extension = *random.of(&["", "", ";a", " ;b=\"c;\\\"\"", ";=\u{e4}"]);
                let size = if random.one_in(2) {
                    format!("{zeros}{:x}{extension}\r\n", chunk.len())
                } else {
                    format!("{zeros}{:X}{extension}\r\n", chunk.len())
                };
                sent.extend(size.bytes());
                sent.extend(chunk);
                sent.extend(b"\r\n");
                rest = after;
            }
            sent.extend(
                format!("{}{}\r\n", "0".repeat(1 + random.below(3)), random.of(&["", ";x"]))
                    .bytes(),
            );
            let trailers: String =
                (0..random.below(4)).map(|n| format!("T-{n}: {n} \r\n")).collect();
            sent.extend(trailers.bytes());
            sent.extend(b"\r\n");
            kept.extend(trailers.bytes());
        }
    }
    Message { sent, kept }
}

fn is_framing(name: &[u8]) -> bool {
    ["host", "content-length", "transfer-encoding", "connection", "expect"]
        .iter()
        .any(|framing| name.eq_ignore_ascii_case(framing.as_bytes()))
}

/// Sends bytes in pieces of random size, and yields to other tasks between them.
async fn send_in_any_pieces(wire: &mut Wire, random: &mut Random, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let most = *random.of(&[3, 50, 1_000, 100_000]);
        let (piece, rest) = bytes.split_at(1 + random.below(bytes.len().min(most)));
        wire.send(piece).await;
        tokio::task::yield_now().await;
        bytes = rest;
    }
}

async fn play(server: &TestServer, owner: Client, id: String, seed: u64) {
    let mut random = Random(seed);
    let messages: Vec<Message> = (0..REQUESTS_EACH).map(|_| message(&mut random, &id)).collect();
    let mut wire = Wire::connect(server.address()).await;
    let mut rest = &messages[..];
    let mut seq = 0;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(1 + random.below(rest.len().min(12)));
        let segment: Vec<u8> = batch.iter().flat_map(|message| message.sent.clone()).collect();
        send_in_any_pieces(&mut wire, &mut random, &segment).await;
        for _ in batch {
            seq += 1;
            let reply = wire.reply().await.expect("an answer to each");
            assert_eq!(reply.status, 200, "{}", reply.says());
            assert_eq!(reply.field("hookglass-seq"), Some(seq.to_string().as_str()));
        }
        rest = after;
    }
    let key = &owner.fields[0].1;
    for (seq, message) in (1..).zip(&messages) {
        let path = format!("/api/endpoints/{id}/requests/{seq}/raw");
        let ask = format!("GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: {key}\r\n\r\n");
        wire.send(ask.as_bytes()).await;
        let raw = wire.reply().await.unwrap();
        if raw.body != message.kept {
            let end = find(&message.kept, b"\r\n\r\n").unwrap();
            panic!(
                "#{seq} is not what was sent: {} is kept as {}",
                message.kept[..end].escape_ascii(),
                raw.body.escape_ascii()
            );
        }
    }
    assert_eq!(owner.rows(&id).await.len(), REQUESTS_EACH);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_made_up_requests_are_kept_as_sent_and_in_order() {
    let seed = std::env::var(SEED_VARIABLE).map_or_else(
        |_| RandomState::new().hash_one("seed"),
        |seed| seed.parse().expect("a number"),
    );
    let server = std::sync::Arc::new(TestServer::start().await);
    let mut tasks = tokio::task::JoinSet::new();
    for connection in 0..CONNECTIONS {
        let server = server.clone();
        tasks.spawn(async move {
            let (owner, id) = server.owner().await;
            play(&server, owner, id, seed.wrapping_add(connection << 32)).await;
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or_else(|error| panic!("{SEED_VARIABLE}={seed}: {error}"));
    }
}
