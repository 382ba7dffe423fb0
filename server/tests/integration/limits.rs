//! The client's address behind proxies, and the limits for senders, through the socket.

mod uploads;

use std::net::SocketAddr;

use hyper::StatusCode;

use crate::common::{Answer, Client, PATIENCE, TestServer, wire::Wire};

/// Starts a server that listens on both IP families, if this machine has both.
async fn dual_stack(flags: &[&str]) -> Option<TestServer> {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return None;
    }
    let all = [&["--listen", "[::]:0"][..], flags].concat();
    Some(TestServer::with(&all).await)
}

async fn shown(owner: &Client, id: &str, seq: i64) -> (String, String) {
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/{seq}")).await.json();
    let text = |name: &str| detail[name].as_str().unwrap().to_owned();
    (text("remote_addr"), text("peer"))
}

async fn metrics(server: &TestServer) -> String {
    let address = server.server.metrics_address().unwrap();
    let answer = Client::at(address).get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_peer_is_the_client_whatever_it_claims() {
    let server = TestServer::with(&["--trusted-proxy", "10.0.0.0/8"]).await;
    let (owner, id) = server.owner().await;
    for (seq, name) in (1..).zip(["x-forwarded-for", "forwarded"]) {
        let value = "for=203.0.113.9, 203.0.113.9";
        server.stranger().with(name, value).post(&format!("/{id}"), "").await;
        let (client, peer) = shown(&owner, &id, seq).await;
        assert_eq!(client, "127.0.0.1");
        assert!(peer.starts_with("127.0.0.1:"), "{peer}");
        // The address that it claimed stays visible.
        let raw = owner.raw(&id, seq).await;
        assert!(raw.text().contains(&format!("{name}: {value}\r\n")), "{}", raw.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_who_the_client_is() {
    let server = TestServer::with(&["--trusted-proxy", "127.0.0.0/8,10.0.0.0/8"]).await;
    let (owner, id) = server.owner().await;
    let none = "127.0.0.1";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("x-forwarded-for", "6.6.6.6, 203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.1.2.3,10.9.9.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "203.0.113.9:4711")], "203.0.113.9"),
        (&[("x-forwarded-for", "[2001:db8::9]:4711")], "2001:db8::9"),
        (&[("x-forwarded-for", "2001:DB8:0::9")], "2001:db8::9"),
        (&[("x-forwarded-for", "::ffff:203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "203.0.113.9, unknown")], none),
        (&[("x-forwarded-for", "203.0.113.9,")], none),
        (&[("x-forwarded-for", "")], none),
        (&[("x-forwarded-for", "203.0.113.9, \u{e4}")], none),
        (&[("x-forwarded-for", "\u{e4}, 203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "\x01\0, 203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "6.6.6.6\r\n \x7f, 203.0.113.9")], "203.0.113.9"),
        (&[("x-forwarded-for", "10.1.1.1, 10.2.2.2")], "10.1.1.1"),
        (&[("forwarded", "for=6.6.6.6, for=203.0.113.9;proto=https;by=10.0.0.1")], "203.0.113.9"),
        (&[("forwarded", "proto=http; FOR=\"[2001:db8::9]:80\"")], "2001:db8::9"),
        (
            &[("forwarded", "for=203.0.113.9, for=10.0.0.5"), ("forwarded", "for=10.0.0.6")],
            "203.0.113.9",
        ),
        (&[("forwarded", "for=203.0.113.9, for=_hidden")], none),
        (&[("forwarded", "for=\"6.6.6.6, for=203.0.113.9")], "203.0.113.9"),
        (&[("forwarded", "for=\"\\, for=\"[2001:db8::9]\"")], "2001:db8::9"),
        (&[("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9"),
        (&[], none),
    ];
    let mut wire = Wire::connect(server.address()).await;
    for (seq, (fields, expected)) in (1..).zip(cases) {
        let fields: String =
            fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        wire.send(format!("GET /{id} HTTP/1.1\r\nHost: h\r\n{fields}\r\n").as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 200, "{fields}");
        let (client, peer) = shown(&owner, &id, seq).await;
        assert_eq!(client, *expected, "{fields}");
        assert_eq!(peer, wire.stream.local_addr().unwrap().to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_right_in_either_family_on_a_socket_for_both() {
    let Some(server) = dual_stack(&[]).await else { return };
    let port = server.address().port();
    let at = |host: &str| format!("{host}:{port}").parse::<SocketAddr>().unwrap();
    let made = Client::at(at("127.0.0.1")).post("/api/endpoints", "{}").await.json();
    let owner = Client::at(at("127.0.0.1")).bearer(made["key"].as_str().unwrap());
    let id = made["id"].as_str().unwrap();
    for (seq, (host, client)) in (1..).zip([("127.0.0.1", "127.0.0.1"), ("[::1]", "::1")]) {
        let mut wire = Wire::connect(at(host)).await;
        wire.send(format!("GET /{id} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 200);
        let (remote, peer) = shown(&owner, id, seq).await;
        assert_eq!(remote, client);
        assert_eq!(peer, wire.stream.local_addr().unwrap().to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_network_of_ipv4_covers_its_clients_on_a_socket_for_both() {
    let flags = ["--trusted-proxy", "127.0.0.0/8"];
    let Some(server) = dual_stack(&flags).await else { return };
    let address = SocketAddr::from(([127, 0, 0, 1], server.address().port()));
    let made = Client::at(address).post("/api/endpoints", "{}").await.json();
    let owner = Client::at(address).bearer(made["key"].as_str().unwrap());
    let id = made["id"].as_str().unwrap();
    Client::at(address).with("x-forwarded-for", "2001:db8::9").post(&format!("/{id}"), "").await;
    assert_eq!(shown(&owner, id, 1).await.0, "2001:db8::9");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_told_so_and_room_comes_back() {
    let flags = ["--max-connections", "3", "--metrics-listen", "127.0.0.1:0"];
    let server = TestServer::with(&flags).await;
    let (_, id) = server.owner().await;
    let request = format!("GET /{id} HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut open = Vec::new();
    // Connections of the owner may still be closing.
    while open.len() < 3 {
        let mut wire = Wire::connect(server.address()).await;
        wire.send(request.as_bytes()).await;
        if wire.reply().await.is_some_and(|reply| reply.status == 200) {
            open.push(wire);
        }
    }
    let mut refused = Wire::connect(server.address()).await;
    let reply = refused.reply().await.unwrap();
    assert_eq!(reply.status, 503);
    assert!(reply.says().contains("3 connections (max-connections)"), "{}", reply.says());
    assert_eq!(reply.field("retry-after"), Some("5"));
    assert!(refused.reply().await.is_none());
    // Open connections stay usable.
    for wire in &mut open {
        wire.send(request.as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 200);
    }
    drop(open.pop());
    let mut room = false;
    while !room {
        let mut wire = Wire::connect(server.address()).await;
        wire.stream.writable().await.unwrap();
        if wire.stream.try_write(request.as_bytes()).is_ok() {
            room = wire.reply().await.is_some_and(|reply| reply.status == 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_takes_so_many_requests_a_second_and_says_when_to_come_again() {
    let server = TestServer::with(&["--max-rate-per-endpoint", "5"]).await;
    let (owner, id) = server.owner().await;
    let (_, quiet) = server.owner().await;
    let mut wire = Wire::connect(server.address()).await;
    let request = format!("GET /{id} HTTP/1.1\r\nHost: h\r\n\r\n");
    wire.send(request.repeat(40).as_bytes()).await;
    let mut replies = Vec::new();
    for _ in 0..40 {
        replies.push(wire.reply().await.unwrap());
    }
    let kept = replies.iter().filter(|reply| reply.status == 200).count();
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert!(kept >= 5 && kept + refused.len() == 40, "{kept} and {}", refused.len());
    assert!(!refused.is_empty());
    for reply in refused {
        assert!(reply.says().contains("5 requests a second here (max-rate-per-endpoint)"));
        assert_eq!(reply.field("retry-after"), Some("1"));
        // Everything was read: the connection stays open.
        assert_eq!(reply.field("connection"), None);
    }
    let other: Answer = server.stranger().post(&format!("/{quiet}"), "").await;
    assert_eq!(other.status, StatusCode::OK);
    let rows = owner.rows(&id).await;
    assert_eq!(rows.iter().filter(|row| row["complete"] == true).count(), kept);
    // At most ten refused requests a minute are listed.
    assert_eq!(rows.iter().filter(|row| row["complete"] == false).count(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_behind_a_trusted_proxy_has_a_rate_of_its_own() {
    let flags = ["--trusted-proxy", "127.0.0.1", "--max-rate-per-address", "3"];
    let server = TestServer::with(&flags).await;
    let (_, id) = server.owner().await;
    let mut wire = Wire::connect(server.address()).await;
    let ask = |client: &str| {
        format!("GET /{id} HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: {client}\r\n\r\n").repeat(12)
    };
    // An IPv6 network counts as one client.
    wire.send(ask("2001:db8::1").as_bytes()).await;
    wire.send(ask("2001:db8::2").as_bytes()).await;
    let mut refused = 0;
    for _ in 0..24 {
        let reply = wire.reply().await.unwrap();
        if reply.status == 429 {
            assert!(reply.says().contains("(max-rate-per-address)"), "{}", reply.says());
            assert!(reply.field("retry-after").is_some());
            refused += 1;
        }
    }
    assert!(refused > 0, "{refused}");
    let fresh = server.stranger().with("x-forwarded-for", "2001:db8:0:1::1");
    assert_eq!(fresh.post(&format!("/{id}"), "").await.status, StatusCode::OK);
    // The proxy itself stands for many clients.
    for _ in 0..12 {
        let direct = server.stranger().post(&format!("/{id}"), "").await;
        assert_eq!(direct.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_requests_become_at_most_ten_rows_a_minute() {
    let server = TestServer::with(&["--max-body", "10", "--metrics-listen", "127.0.0.1:0"]).await;
    let (owner, id) = server.owner().await;
    for round in 0..30 {
        let path = format!("/{id}");
        let answer = match round % 3 {
            0 => server.stranger().post(&path, "01234567890").await.status.as_u16(),
            1 => {
                let mut wire = Wire::connect(server.address()).await;
                wire.send(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).await;
                wire.reply().await.unwrap().status
            }
            _ => {
                let mut wire = Wire::connect(server.address()).await;
                let head = "Host: h\r\nTransfer-Encoding: chunked";
                wire.send(format!("PUT {path} HTTP/1.1\r\n{head}\r\n\r\nz\r\n").as_bytes()).await;
                wire.reply().await.unwrap().status
            }
        };
        assert!(matches!(answer, 400 | 413), "{answer}");
    }
    assert_eq!(owner.rows(&id).await.len(), 10);
    let text = metrics(&server).await;
    for line in [
        "hookglass_refused_requests_total{reason=\"max-body\"} 10\n",
        "hookglass_refused_requests_total{reason=\"framing\"} 20\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(!text.contains(&id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_shows_who_the_client_is() {
    let server = TestServer::with(&["--trusted-proxy", "127.0.0.1", "--max-body", "1"]).await;
    let (owner, id) = server.owner().await;
    let client = server.stranger().with("x-forwarded-for", "203.0.113.9");
    let refused = client.post(&format!("/{id}"), "{}").await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let (remote, peer) = shown(&owner, &id, 1).await;
    assert_eq!(remote, "203.0.113.9");
    assert!(peer.starts_with("127.0.0.1:"), "{peer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_too_many_endpoints_learns_when_to_come_again() {
    let flags = ["--trusted-proxy", "127.0.0.1", "--max-creations-per-address", "2"];
    let server = TestServer::with(&flags).await;
    let client = server.stranger().with("x-forwarded-for", "203.0.113.9");
    for _ in 0..2 {
        assert_eq!(client.post("/api/endpoints", "{}").await.status, StatusCode::CREATED);
    }
    let refused = client.post("/api/endpoints", "{}").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.problem(), "too-many-creations");
    // Half an hour.
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1700..=1801).contains(&seconds), "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_counted_while_they_are_open() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (owner, id) = server.owner().await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    feed.next_of_all().await.unwrap();
    assert!(metrics(&server).await.contains("hookglass_open_feeds 1\n"));
    drop(feed);
    let closed = async {
        while !metrics(&server).await.contains("hookglass_open_feeds 0\n") {
            // An event wakes the feed, which notices that its client is gone.
            server.stranger().post(&format!("/{id}"), "x").await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.expect("the feed ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_submit_counts_as_in_flight_and_strangers_send_little() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (owner, id) = server.owner().await;
    let (_, key) = &owner.fields[0];
    let head = format!(
        "PATCH /api/endpoints/{id} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
         Content-Length: 3000000\r\n"
    );
    let mut wire = Wire::connect(server.address()).await;
    wire.send(format!("{head}Authorization: {key}\r\n\r\n").as_bytes()).await;
    wire.send(&vec![b' '; 2_000_000]).await;
    let held = async |least: u64| loop {
        let text = metrics(&server).await;
        let held = text.lines().find_map(|line| line.strip_prefix("hookglass_in_flight_bytes "));
        let held: u64 = held.unwrap().parse().unwrap();
        if if least == 0 { held == 0 } else { held >= least } {
            return;
        }
    };
    let counted = tokio::time::timeout(PATIENCE, held(2_000_000)).await;
    counted.expect("what came is counted");
    drop(wire);
    tokio::time::timeout(PATIENCE, held(0)).await.expect("and given back");

    // A client without a key gets its response before the upload ends.
    let mut wire = Wire::connect(server.address()).await;
    wire.send(format!("{head}\r\n").as_bytes()).await;
    wire.send(&[b' '; 66_000]).await;
    assert_eq!(wire.reply().await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_an_address_of_their_own() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (_, id) = server.owner().await;
    for path in ["/metrics", "/nobody-has-this"] {
        assert_eq!(server.stranger().get(path).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(server.stranger().post(&format!("/{id}"), "x").await.status, StatusCode::OK);
    let text = metrics(&server).await;
    assert!(text.contains("reason=\"unknown-endpoint\"} 2\n"), "{text}");
    for name in [
        "connections ",
        "held_answers 0\n",
        "in_flight_bytes 0\n",
        "upload_bytes 0\n",
        "commit_seconds_count ",
    ] {
        assert!(text.contains(&format!("hookglass_{name}")), "{name}: {text}");
    }
    let elsewhere = Client::at(server.server.metrics_address().unwrap());
    assert_eq!(elsewhere.post(&format!("/{id}"), "x").await.status, StatusCode::NOT_FOUND);
    let mut wire = Wire::connect(server.server.metrics_address().unwrap()).await;
    wire.send(b"GET /metrics HTTP/1.1\r\n\r\n").await;
    assert!((400..500).contains(&wire.reply().await.unwrap().status));
    assert!(wire.reply().await.is_none());
}
