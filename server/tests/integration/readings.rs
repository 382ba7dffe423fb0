//! Readable views of requests, from the API.

use hyper::{Method, StatusCode};
use serde_json::Value;

use crate::common::{Answer, Client, TestServer};

/// Sends a request to an endpoint.
async fn send(server: &TestServer, id: &str, fields: &[(&str, &str)], body: impl Into<Vec<u8>>) {
    let path = format!("/{id}/hook?a=1&b=%20");
    let sent = server.stranger().send(Method::POST, &path, fields, body.into()).await;
    assert_eq!(sent.status, StatusCode::OK, "{sent:?}");
}

async fn reading(owner: &Client, id: &str, query: &str) -> Value {
    let answer = ask(owner, id, query).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn ask(owner: &Client, id: &str, query: &str) -> Answer {
    owner.get(&format!("/api/endpoints/{id}/requests/latest/reading?{query}")).await
}

/// Returns the rows as text, with their depth as spaces.
fn rows(reading: &Value) -> Vec<String> {
    let rows = reading["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let depth = usize::try_from(row["depth"].as_u64().unwrap_or_default()).unwrap();
        format!("{}{}", " ".repeat(depth), text(&row["pieces"]))
    })
    .collect()
}

fn text(pieces: &Value) -> String {
    pieces.as_array().unwrap().iter().map(|piece| piece[0].as_str().unwrap()).collect()
}

fn forms(reading: &Value) -> Vec<&str> {
    let forms = reading["forms"].as_array().unwrap().iter();
    forms.map(|form| form["value"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_body_is_a_tree_that_folds_and_is_searched() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let json = r#"{"id":12345678901234567890.10,"list":[1,{"deep":"Needle"}]}"#;
    send(&server, &id, &[("content-type", "application/json")], json).await;

    let whole = reading(&owner, &id, "part=body").await;
    assert_eq!(
        (whole["form"].as_str(), forms(&whole)),
        (Some("json"), vec!["json", "text", "hex"])
    );
    assert_eq!(rows(&whole)[1], " \"id\": 12345678901234567890.10,");
    assert_eq!((&whole["total"], &whole["bytes"]), (&9.into(), &json.len().into()));

    let folded = reading(&owner, &id, "depth=1").await;
    assert_eq!(
        rows(&folded),
        ["{", " \"id\": 12345678901234567890.10,", " \"list\": [… 2 elements ]", "}"]
    );
    assert_eq!(folded["rows"][2]["fold"], "shut");
    let toggled = reading(&owner, &id, "depth=1&toggled=2").await;
    assert_eq!(toggled["total"], 7);
    let found = reading(&owner, &id, "depth=0&find=nEEDLE&from=5&limit=1").await;
    assert_eq!((&found["found"], &found["from"]), (&serde_json::json!([5]), &5.into()));
    assert_eq!(found["rows"][0]["pieces"][3], serde_json::json!(["Needle", "string hit"]));

    let path = format!("/api/endpoints/{id}/requests/latest/value?line=5");
    let value = owner.get(&path).await.json();
    assert_eq!(value, serde_json::json!({"path": "list[1].deep", "value": "\"Needle\""}));
    let beyond = owner.get(&path.replace("line=5", "line=99")).await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_can_be_read() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    send(&server, &id, &[("x-one", "1"), ("content-type", "text/plain")], "one\r\ntwo\u{202e}")
        .await;

    let plain = reading(&owner, &id, "part=body&form=text").await;
    assert_eq!(rows(&plain), ["one", "two\u{202e}"]);
    assert_eq!(plain["rows"][1]["pieces"][1][1], "bidi");
    let hex = reading(&owner, &id, "part=body&form=hex").await;
    assert!(rows(&hex)[0].starts_with("6f 6e 65 0d 0a 74 77 6f  e2 80 ae"), "{:?}", rows(&hex));
    let headers = reading(&owner, &id, "part=headers").await;
    let names: Vec<_> =
        headers["fields"].as_array().unwrap().iter().map(|field| text(&field["name"])).collect();
    assert!(names.contains(&"x-one".to_owned()), "{names:?}");
    let query = reading(&owner, &id, "part=query").await;
    assert_eq!(text(&query["fields"][1]["value"]), " ");
    let wire = reading(&owner, &id, "part=wire").await;
    let lines = rows(&wire);
    assert_eq!(lines[0], format!("POST /{id}/hook?a=1&b=%20 HTTP/1.1\r\n"));
    assert_eq!(lines[lines.len() - 3..], ["\r\n", "one\r\n", "two\u{202e}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_what_to_send() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    send(&server, &id, &[], "").await;
    for query in ["part=soul", "limit=0", "limit=2001", "toggled=a", "unknown=1", "depth=-1"] {
        let refused = ask(&owner, &id, query).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(refused.problem(), "invalid-request");
        assert!(refused.json()["detail"].as_str().unwrap().len() > 20, "{}", refused.text());
    }
    let empty = reading(&owner, &id, "part=body").await;
    assert_eq!(empty["notes"][0]["text"], "No body was sent.");
    assert_eq!(ask(&server.owner().await.0, &id, "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_read_decoded_and_dumped_as_received() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut gzip = flate2_gzip(br#"{"a":"b"}"#);
    send(&server, &id, &[("content-encoding", "gzip")], gzip.clone()).await;
    let json = reading(&owner, &id, "").await;
    assert_eq!(rows(&json)[1], " \"a\": \"b\"");
    assert_eq!(
        json["decoded"],
        serde_json::json!({"coding": "gzip", "bytes": 9, "is_partial": false})
    );
    let hex = reading(&owner, &id, "form=hex").await;
    assert!(rows(&hex)[0].starts_with("1f 8b"), "{:?}", rows(&hex)[0]);

    let twice = flate2_gzip(&gzip);
    let fields = [("content-encoding", "gzip"), ("Content-Encoding", "gzip")];
    send(&server, &id, &fields, twice).await;
    assert_eq!(reading(&owner, &id, "").await["decoded"]["coding"], "gzip, gzip");

    gzip.truncate(gzip.len() - 4);
    send(&server, &id, &[("content-encoding", "gzip")], gzip).await;
    let cut = reading(&owner, &id, "").await;
    assert_eq!((&cut["decoded"]["is_partial"], rows(&cut).len()), (&true.into(), 3));
    assert!(cut["notes"][0]["text"].as_str().unwrap().contains("ends early"), "{}", cut["notes"]);

    let bomb = flate2_gzip(&vec![b' '; 12_000_000]);
    send(&server, &id, &[("content-encoding", "gzip")], bomb).await;
    let bomb = reading(&owner, &id, "").await;
    assert!(
        bomb["notes"][0]["text"].as_str().unwrap().contains("shown in part"),
        "{}",
        bomb["notes"]
    );
    send(&server, &id, &[("content-encoding", "aes128gcm")], "x").await;
    assert_eq!(forms(&reading(&owner, &id, "").await), ["hex"]);
}

fn flate2_gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_is_given_as_the_text_that_is_shown() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let gzip = [("content-encoding", "gzip")];
    send(&server, &id, &gzip, flate2_gzip("{\"ü\":1}".as_bytes())).await;
    send(&server, &id, &[("content-type", "text/plain; charset=iso-8859-1")], b"caf\xe9").await;
    send(&server, &id, &[], b"\0\x01\x02\xff").await;
    send(&server, &id, &[("content-encoding", "rot13")], "uryyb").await;
    send(&server, &id, &gzip, flate2_gzip(&vec![b'a'; 2_000_000])).await;
    let path = |seq: i64| format!("/api/endpoints/{id}/requests/{seq}/text");
    let first = owner.get(&path(1)).await;
    assert_eq!((first.status, first.body.as_ref()), (StatusCode::OK, "{\"ü\":1}".as_bytes()));
    assert_eq!(first.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(owner.get(&path(2)).await.body.as_ref(), "café".as_bytes());
    for (seq, problem) in
        [(3, "not-found"), (4, "not-found"), (5, "invalid-request"), (6, "not-found")]
    {
        assert_eq!(owner.get(&path(seq)).await.problem(), problem, "{seq}");
    }
    let stranger = server.stranger().get(&path(1)).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND, "{stranger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_form_is_told_by_type_and_content() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let form = "application/x-www-form-urlencoded";
    for (content_type, body, expected) in [
        ("application/json", "nonsense", "json text hex"),
        ("", "{\"a\":1", "json text hex"),
        ("", "[INFO] a log", "text hex"),
        (form, "{\"a\":1}", "json form text hex"),
        (form, "a=1&b=2", "form text hex"),
        (form, "payload=%7B%22a%22%3A1%7D", "payload form text hex"),
        ("", "token=x&team=y", "form text hex"),
        ("text/plain", "hello", "text hex"),
        ("text/xml", "<a/>", "xml text hex"),
        ("", "<?xml version='1.0'?><a/>", "xml text hex"),
        ("image/svg+xml", "<svg onload=x>", "xml preview text hex"),
        ("text/html", "<p>x", "html preview text hex"),
        ("multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b--", "multipart text hex"),
        ("image/png", "\u{1}\u{0}", "hex"),
    ] {
        send(&server, &id, &[("content-type", content_type)], body).await;
        let reading = reading(&owner, &id, "").await;
        assert_eq!(forms(&reading).join(" "), expected, "{content_type} {body}");
        assert_eq!(reading["form"], forms(&reading)[0]);
    }
    send(&server, &id, &[], b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\x40\0\0\0\xf0".to_vec())
        .await;
    let image = reading(&owner, &id, "").await;
    assert_eq!(
        (forms(&image).join(" "), text(&image["fields"][1]["value"])),
        ("image hex".into(), "320 × 240 pixels".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_served_as_one_and_nothing_else_is() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let gif = b"GIF89a\x01\0\x01\0\0\0\0;";
    send(&server, &id, &[("content-type", "text/html")], gif.to_vec()).await;
    let link = reading(&owner, &id, "form=image").await["image"].as_str().unwrap().to_owned();
    assert_eq!(link, format!("/api/endpoints/{id}/requests/1/image"));
    let image = owner.get(&link).await;
    assert_eq!((image.header("content-type"), &image.body[..]), ("image/gif", gif.as_slice()));
    assert_eq!(image.header("x-content-type-options"), "nosniff");
    assert!(image.header("content-security-policy").starts_with("sandbox; default-src 'none'"));
    assert_eq!(image.header("cross-origin-resource-policy"), "same-origin");
    for body in ["<svg xmlns='http://www.w3.org/2000/svg'/>", "<script>", ""] {
        send(&server, &id, &[("content-type", "image/svg+xml")], body).await;
        let refused = owner.get(&link.replace("/1/", "/latest/")).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{body}");
    }
    assert_eq!(server.stranger().get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_in_the_payload_of_a_form_have_paths() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let form = "application/x-www-form-urlencoded";
    send(&server, &id, &[("content-type", form)], "payload=%7B%22a%22%3A%5B1%5D%7D&x=1").await;
    let payload = reading(&owner, &id, "").await;
    assert_eq!((&payload["form"], rows(&payload)[1].as_str()), (&"payload".into(), " \"a\": ["));
    for query in ["line=2", "line=2&form=payload"] {
        let path = format!("/api/endpoints/{id}/requests/1/value?{query}");
        let value = owner.get(&path).await.json();
        assert_eq!(value, serde_json::json!({"path": "a[0]", "value": "1"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_form_are_downloaded_one_by_one() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--b\r\nContent-Disposition: form-data; name=f; filename=\"../x y.html\"\r\nContent-Type: text/html\r\n\r\n<script>\r\n--b--";
    send(&server, &id, &[("content-type", "multipart/form-data; boundary=b")], body).await;
    let parts = reading(&owner, &id, "").await;
    assert_eq!(text(&parts["fields"][0]["value"]), "one");
    assert_eq!(parts["fields"][1]["file"], "file \"../x y.html\", text/html, 8 bytes");
    let part = owner.get(parts["fields"][1]["download"].as_str().unwrap()).await;
    assert_eq!(
        (part.text().as_str(), part.header("content-type")),
        ("<script>", "application/octet-stream")
    );
    assert_eq!(part.header("content-disposition"), "attachment; filename=\"x_y.html\"");
    let beyond = owner.get(&format!("/api/endpoints/{id}/requests/1/part?n=2")).await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_explained_and_credentials_are_marked() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let long = "v".repeat(10_000);
    let fields = [
        ("User-Agent", "GitHub-Hookshot/1"),
        ("Authorization", "Basic c2VjcmV0"),
        ("webhook-timestamp", "1614265330"),
        ("X-Long", long.as_str()),
    ];
    send(&server, &id, &fields, "").await;
    let headers = reading(&owner, &id, "part=headers").await;
    let field = |name: &str| {
        let fields = headers["fields"].as_array().unwrap();
        let is_it = |field: &&Value| text(&field["name"]).eq_ignore_ascii_case(name);
        fields.iter().find(is_it).unwrap().clone()
    };
    assert_eq!(field("user-agent")["standard"], "RFC 9110 §10.1.5");
    assert_eq!(
        (&field("authorization")["secret"], &field("authorization")["value"][0][1]),
        (&true.into(), &"secret".into())
    );
    let readable = field("webhook-timestamp")["readable"].clone();
    assert!(readable.as_str().unwrap().starts_with("2021-02-25 15:02:10 UTC, "), "{readable}");
    assert!(text(&field("x-long")["value"]).ends_with("… 5,904 more bytes"));
    assert_eq!(field("x-long")["whole"], long);

    let wire = reading(&owner, &id, "part=wire&find=c2VjcmV0").await;
    let at = usize::try_from(wire["found"][0].as_u64().unwrap()).unwrap();
    let pieces = wire["rows"][at]["pieces"].as_array().unwrap();
    assert!(pieces.contains(&serde_json::json!(["c2VjcmV0", "secret hit"])), "{pieces:?}");

    let reply = reading(&owner, &id, "part=reply").await;
    assert_eq!(rows(&reply)[0], "HTTP/1.1 200 OK\r\n");
    assert_eq!(text(&reply["fields"][0]["value"]), "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_in_bodies_are_marked_however_they_are_shown() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let json = [("content-type", "application/json")];
    for number in 1..=2 {
        let body = format!(
            "{{\"number\":{number},\"value\":[{{\"clientState\":\"proves-{number}\"}}],\n\"x\":}}"
        );
        send(&server, &id, &json, body).await;
    }
    send(&server, &id, &json, "{\"clientState\":\"proves-1\"}").await;
    send(&server, &id, &json, "{\"clientState\":\"proves-2\"}").await;
    for (seq, query) in [
        (2, "form=json"),
        (2, "form=text"),
        (2, "form=hex"),
        (2, "part=wire"),
        (2, "part=compare&with=1"),
        (4, "form=json"),
        (4, "part=compare&with=3"),
    ] {
        let path = format!("/api/endpoints/{id}/requests/{seq}/reading?{query}");
        let rows = owner.get(&path).await.json()["rows"].clone();
        let pieces =
            || rows.as_array().unwrap().iter().flat_map(|row| row["pieces"].as_array().unwrap());
        let text = |is_token: bool| -> String {
            let of = pieces().filter(|piece| {
                let kind = piece[1].as_str().unwrap();
                kind.contains("token") == is_token && !kind.contains("hex")
            });
            of.map(|piece| piece[0].as_str().unwrap()).collect()
        };
        assert!(text(true).contains("proves-2"), "{query}: {rows}");
        assert!(!text(false).contains("proves"), "{query}: {rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_senders_made_to_break_readers_is_read() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    send(&server, &id, &[("content-type", "application/json")], deep).await;
    let opened = reading(&owner, &id, "depth=65535&from=99990&limit=20").await;
    assert_eq!((&opened["total"], opened["rows"].as_array().unwrap().len()), (&199_999.into(), 20));
    assert_eq!(reading(&owner, &id, "").await["total"], 5);
    let value = owner.get(&format!("/api/endpoints/{id}/requests/latest/value?line=99999")).await;
    assert_eq!(value.status, StatusCode::OK);

    let part = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n";
    let parts = format!("{}--b--", part.repeat(100_000));
    send(&server, &id, &[("content-type", "multipart/form-data; boundary=b")], parts).await;
    let many = reading(&owner, &id, "from=99999").await;
    assert_eq!((&many["total"], many["fields"].as_array().unwrap().len()), (&100_000.into(), 1));

    let line = format!("[\"{}\"]", "x".repeat(20 * 1024 * 1024));
    send(&server, &id, &[], line.clone()).await;
    let long = reading(&owner, &id, "").await;
    assert_eq!(rows(&long).len(), 3);
    assert!(rows(&long)[1].ends_with("… 20,967,426 more bytes"), "{}", &rows(&long)[1][4090..]);
    let text = ask(&owner, &id, "form=text&limit=2000").await;
    assert!(text.body.len() < 1024 * 1024, "{} bytes", text.body.len());
    assert!(text.json()["rows"].as_array().unwrap().len() >= 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_forbids_itself_everything_and_says_what_it_left_out() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let html = "<link rel=preconnect href=//x.test><a href=//x.test>a</a>\
        <img src=https://x.test/p.gif><script src=https://x.test/a.js></script>";
    send(&server, &id, &[("content-type", "text/html")], html).await;
    let preview = reading(&owner, &id, "form=preview").await;
    let document = preview["preview"].as_str().unwrap();
    let (policy, rest) = document.split_once("<u ").unwrap();
    assert!(policy.contains("default-src 'none'") && !document.contains("<link"), "{document}");
    assert_eq!(rest, "title=\"//x.test\">a</u><img src=\"data:,\">");
    let told = "Not loaded from outside: 1 image, 1 script, 1 style sheet or other link.";
    assert_eq!(preview["notes"][0]["text"], told);
}

/// Bodies with rows and fields that are long, have many pieces, or are much longer as JSON.
fn sprawling() -> Vec<(&'static str, Vec<u8>)> {
    let (key, controls) = ("k".repeat(5000), "a\u{7f}".repeat(2500));
    let members = vec![format!("\"{key}\":\"{controls}\""); 50].join(",");
    let elements = vec![format!("\"{key}\""); 140].join(",");
    let invalid = [b"a\xff".repeat(2000), b"\n".to_vec()].concat();
    let soup = "b=c ".repeat(1100);
    let tokens = "\"clientState\":\"\u{1}\", ".repeat(200);
    let pairs = (0..50).map(|n| format!("{n}{}={}&", "%01".repeat(1400), "%ff".repeat(1400)));
    let parts = (0..30).map(|n| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"{n}{key}\"; filename=\"{}\"\r\n\r\n\
            {controls}\r\n",
            "\u{1}".repeat(4000)
        )
    });
    vec![
        ("application/json", format!("{{{members}}}").into()),
        ("application/json", format!("{{\"{key}\":[{elements}]}}").into()),
        ("application/octet-stream", b"\0\xff".repeat(20_000)),
        ("text/plain", "\u{1}".repeat(100_000).into()),
        ("text/plain", format!("{}\n", "a\u{1}\u{202e}".repeat(800)).repeat(25).into()),
        ("text/plain", invalid.repeat(25)),
        ("text/plain", format!("{tokens}\n").repeat(25).into()),
        ("application/xml", format!("<a {soup}>&b;").repeat(25).into()),
        ("application/x-www-form-urlencoded", pairs.collect::<String>().into()),
        ("multipart/form-data; boundary=x", format!("{}--x--", parts.collect::<String>()).into()),
        ("text/html", format!("<a {soup}>&b;\n").repeat(25).into()),
        ("text/coded", b"a".into()),
    ]
}

/// Returns the number of bytes of the sender's data that some pieces show.
fn shown_bytes(pieces: &Value) -> usize {
    let of = |piece: &Value| {
        let (text, kinds) = (piece[0].as_str().unwrap(), piece[1].as_str().unwrap());
        let is_ours = kinds.split(' ').any(|kind| kind == "cut" || kind == "summary");
        // A byte that is not text is shown as four.
        if is_ours { 0 } else { text.len() - 3 * text.matches("\\x").count() }
    };
    pieces.as_array().unwrap().iter().map(of).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_every_body_keeps_to_the_bounds() {
    const ROW_BYTES: usize = 4096;
    const ANSWER_BYTES: usize = 512 * 1024;
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for (at, (content_type, body)) in sprawling().into_iter().enumerate() {
        let (long, coding) = ("v".repeat(5000), "identity,".repeat(1000) + "x");
        let coding = if content_type == "text/coded" { &coding } else { "identity" };
        let fields = [("content-type", content_type), ("x-long", &long)];
        send(&server, &id, &[fields[0], fields[1], ("content-encoding", coding)], body).await;
        let forms = reading(&owner, &id, "limit=1").await["forms"].take();
        // Only the best forms: text and a hex dump of each would only take time.
        let most = if content_type == "text/html" { 2 } else { 1 };
        let forms = forms.as_array().unwrap().iter().take(most);
        let forms = forms.map(|form| format!("form={}", form["value"].as_str().unwrap()));
        let parts: &[&str] = match (at, content_type) {
            // Once by structure, once by line.
            (1 | 4, _) => &["wire", "compare&with=previous"],
            (_, "text/coded") => &["wire", "headers", "query", "reply"],
            (_, "text/plain" | "application/octet-stream") => &["wire"],
            _ => &[],
        };
        let parts = parts.iter().map(|part| format!("part={part}"));
        for asked in forms.chain(parts) {
            let query = format!("{asked}&limit=2000&depth=65535&find=a");
            let mut reading = reading(&owner, &id, &query).await;
            reading["preview"].take();
            let asked = format!("{content_type} {asked}");
            for note in reading["notes"].as_array().unwrap() {
                assert!(note["text"].as_str().unwrap().len() <= 1024 + 3, "{note}: {asked}");
            }
            let rows = reading["rows"].as_array().unwrap().iter().map(|row| &row["pieces"]);
            let fields = reading["fields"].as_array().unwrap().iter();
            let fields = fields.flat_map(|field| [&field["name"], &field["value"]]);
            for pieces in rows.chain(fields) {
                let (count, bytes) = (pieces.as_array().unwrap().len(), shown_bytes(pieces));
                assert!(count <= 512, "{count} pieces: {asked}");
                // The text around a name and a value is ours.
                assert!(bytes <= ROW_BYTES + 16, "{bytes} bytes: {asked}");
            }
            for all in ["rows", "fields"] {
                let bytes = reading[all].to_string().len();
                assert!(bytes <= ANSWER_BYTES + 1, "{bytes} bytes of {all}: {asked}");
            }
            let bytes = reading.to_string().len();
            assert!(bytes <= ANSWER_BYTES + 32 * 1024, "{bytes} bytes: {asked}");
        }
    }
}
