//! Comparisons of two requests.

use hyper::Method;

use crate::common::{Answer, Client, TestServer};

/// Returns a comparison, one line per row: sign, margin, text.
fn shown(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
    let reading = answer.json();
    let rows = reading["rows"].as_array().unwrap();
    assert_eq!(reading["total"].as_u64().unwrap(), u64::try_from(rows.len()).unwrap());
    let line = |row: &serde_json::Value| {
        let sign = match row["mark"].as_str() {
            None => ' ',
            Some("added") => '+',
            Some("removed") => '-',
            Some("changed") => '~',
            Some("same") => '=',
            Some("heading") => '#',
            Some(other) => panic!("{other}"),
        };
        let margin = row["margin"].as_str().map(|margin| format!("{margin}|"));
        let pieces = row["pieces"].as_array().unwrap();
        let text: String = pieces.iter().map(|piece| piece[0].as_str().unwrap()).collect();
        format!("{sign}{}{text}", margin.unwrap_or_default())
    };
    rows.iter().map(line).collect()
}

fn notes(answer: &Answer) -> Vec<String> {
    let notes = answer.json()["notes"].as_array().unwrap().clone();
    notes.iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
}

/// Returns the rows below a title.
fn below<'a>(rows: &'a [String], title: &str) -> &'a [String] {
    let start = rows.iter().position(|row| *row == format!("#{title}")).unwrap() + 1;
    let length = rows[start..].iter().position(|row| row.starts_with('#'));
    &rows[start..length.map_or(rows.len(), |length| start + length)]
}

async fn compare(owner: &Client, id: &str, seq: i64, with: &str) -> Answer {
    owner.get(&format!("/api/endpoints/{id}/requests/{seq}/reading?part=compare&with={with}")).await
}

async fn send(owner: &Client, path: &str, fields: &[(&str, &str)], body: impl AsRef<[u8]>) {
    let sender = Client::at(owner.address);
    let body = body.as_ref().to_vec();
    assert_eq!(sender.send(Method::POST, path, fields, body).await.status.as_u16(), 200);
}

#[tokio::test]
async fn json_is_compared_by_structure_and_headers_by_name() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let (path, json) = (format!("/{id}/a"), ("content-type", "application/json"));
    let old = r#"{"id":1,"big":12345678901234567890,"tags":["a","b"],"gone":true}"#;
    let new = r#"{"tags":["a","x","b"],"big":12345678901234567891,"id":1}"#;
    send(&owner, &path, &[json, ("x-a", "1"), ("x-b", "1")], old).await;
    send(&owner, &path, &[("x-b", "1"), json, ("x-a", "2"), ("x-c", "3")], new).await;
    let answer = compare(&owner, &id, 2, "1").await;
    let rows = shown(&answer);
    assert_eq!(answer.json()["compared_with"], 1);
    assert_eq!(below(&rows, "Request line"), [format!(" POST {path} HTTP/1.1")]);
    let headers = below(&rows, "Headers");
    assert!(headers.contains(&"~x-a: 1 → 2".to_owned()), "{headers:?}");
    assert!(headers.contains(&"+x-c: 3".to_owned()), "{headers:?}");
    assert!(headers.contains(&" x-b: 1".to_owned()), "{headers:?}");
    assert_eq!(
        below(&rows, "Body"),
        [
            " tags[0]: \"a\"",
            "+tags[1]: \"x\"",
            " tags[2]: \"b\"",
            "~big: 12345678901234567890 → 12345678901234567891",
            " id: 1",
            "-gone: true",
        ]
    );
}

#[tokio::test]
async fn text_is_compared_by_line_and_what_is_equal_is_left_out() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let old: String = (0..40).map(|n| format!("line {n}\n")).collect();
    let new = old.replace("line 20\n", "line twenty\nand more\n");
    let fields = [("content-type", "text/plain")];
    send(&owner, &format!("/{id}"), &fields, &old).await;
    send(&owner, &format!("/{id}"), &fields, &new).await;
    let rows = shown(&compare(&owner, &id, 2, "1").await);
    assert_eq!(
        below(&rows, "Body"),
        [
            "=… 17 equal",
            " 18|line 17",
            " 19|line 18",
            " 20|line 19",
            "-21|line 20",
            "+21|line twenty",
            "+22|and more",
            " 23|line 21",
            " 24|line 22",
            " 25|line 23",
            "=… 16 equal",
        ]
    );
}

#[tokio::test]
async fn forms_bytes_and_equal_bodies_are_compared_as_what_they_are() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/{id}");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    send(&owner, &path, &form, "a=1&b=2&a=3").await;
    send(&owner, &path, &form, "b=2&a=3&a=4&c").await;
    send(&owner, &path, &[], b"\0\x01\xff\x02").await;
    send(&owner, &path, &[], b"\0\x01\xfe\x02\x03").await;
    send(&owner, &path, &[], b"\0\x01\xfe\x02\x03").await;
    let body = |answer: &Answer| below(&shown(answer), "Body").to_vec();
    assert_eq!(body(&compare(&owner, &id, 2, "1").await), [" b: 2", " a: 3", "~a: 1 → 4", "+c: "]);
    assert_eq!(
        body(&compare(&owner, &id, 4, "3").await),
        ["~size in bytes: 4 → 5", " The bytes differ from offset 2 (0x2) on."]
    );
    assert_eq!(body(&compare(&owner, &id, 5, "4").await), ["=The bodies are equal: 5 bytes."]);
    let json = [("content-type", "application/json")];
    send(&owner, &path, &json, r#"{"a":1,"b":2}"#).await;
    send(&owner, &path, &json, r#"{ "b":2, "a":1 }"#).await;
    let same = compare(&owner, &id, 7, "6").await;
    assert_eq!(notes(&same), ["The bodies are the same JSON, written differently."]);
}

#[tokio::test]
async fn that_nothing_differs_is_said() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for body in ["{\"a\":1}", "{\"a\":1}", "{\"a\": 1}", "{\"a\":2}"] {
        send(&owner, &format!("/{id}"), &[], body).await;
    }
    let said = "Nothing differs: line, headers and body are the same.";
    assert_eq!(notes(&compare(&owner, &id, 2, "1").await), [said]);
    assert_eq!(notes(&compare(&owner, &id, 2, "2").await), [said]);
    assert!(!notes(&compare(&owner, &id, 3, "1").await).contains(&said.to_owned()));
    assert!(notes(&compare(&owner, &id, 4, "1").await).is_empty());
}

#[tokio::test]
async fn the_previous_is_the_one_of_the_same_event_before() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/{id}/hook");
    let event = |name| [("x-github-event", name)];
    send(&owner, &path, &event("push"), "1").await;
    send(&owner, &path, &event("ping"), "2").await;
    send(&owner, &format!("/{id}/other"), &[], "3").await;
    send(&owner, &path, &event("push"), "4").await;
    send(&owner, &path, &event("star"), "5").await;
    send(&owner, &format!("/{id}/third"), &[], "6").await;
    let with = |seq| {
        let (owner, id) = (&owner, &id);
        async move { compare(owner, id, seq, "previous").await.json()["compared_with"].as_i64() }
    };
    assert_eq!(with(4).await, Some(1), "the same event");
    assert_eq!(with(5).await, Some(4), "the same path");
    assert_eq!(with(6).await, Some(5), "the one before");
    assert_eq!(with(1).await, None);
    let first = compare(&owner, &id, 1, "previous").await;
    assert_eq!(notes(&first), ["There is no earlier request to compare this one with."]);
}

#[tokio::test]
async fn bodies_that_nest_deeper_than_anything_are_compared_as_text() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for (seq, (open, close)) in [(2, ("[", "]")), (4, ("{\"a\":[", "]}"))] {
        let deep = |inside: &str| [&open.repeat(100_000), inside, &close.repeat(100_000)].concat();
        let json = [("content-type", "application/json")];
        send(&owner, &format!("/{id}"), &json, deep("1")).await;
        send(&owner, &format!("/{id}"), &json, deep("2")).await;
        let rows = shown(&compare(&owner, &id, seq, "previous").await);
        assert_eq!(below(&rows, "Body").len(), 2);
    }
}

#[tokio::test]
async fn what_is_not_there_or_too_much_is_said() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let lines: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    send(&owner, &format!("/{id}"), &[], &lines).await;
    send(&owner, &format!("/{id}"), &[], lines.replace("7\n", "seven\n")).await;
    let missing = compare(&owner, &id, 2, "9").await;
    assert_eq!(missing.problem(), "not-found");
    assert!(missing.json()["detail"].as_str().unwrap().contains("#9"), "{missing:?}");
    assert_eq!(compare(&owner, &id, 2, "x").await.problem(), "invalid-request");
    let path =
        format!("/api/endpoints/{id}/requests/2/reading?part=compare&with=1&from=10&limit=5");
    let part = owner.get(&path).await;
    assert_eq!(part.json()["rows"].as_array().unwrap().len(), 5);
    assert!(part.json()["total"].as_u64().unwrap() > 1_000);
    assert_eq!(notes(&part), ["Only the first MiB of each body is compared."]);
}
