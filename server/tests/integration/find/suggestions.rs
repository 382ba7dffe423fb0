//! Suggestions for a search that is being typed, and that each of them finds something.

use hyper::{Method, StatusCode};
use serde_json::json;

use super::{Bench, JSON, encoded};

#[tokio::test(flavor = "multi_thread")]
async fn odd_names_are_suggested_so_that_they_find_their_values() {
    let bench = Bench::new().await;
    let body = br#"{"user.name":"ann","xml:lang":"de","items[0]":"x"}"#;
    let target = "/t?a:b=1&a%20b=2&pass.word=3";
    bench.send(Method::POST, target, &[JSON, ("x.odd", "4")], body).await;
    let ask = async |q: &str| {
        let path = bench.path(&format!("/suggestions?q={}", encoded(q)));
        let answer = bench.owner.get(&path).await.json();
        let suggestions = answer["suggestions"].as_array().unwrap().clone();
        suggestions.iter().map(|s| s["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (field, names) in [
        ("body.", &[r#"body."items[0]":"#, r#"body."user.name":"#, r#"body."xml:lang":"#][..]),
        ("query.", &[r#"query."a b":"#, r#"query."a:b":"#, r#"query."pass.word":"#]),
        ("header.x", &[r#"header."x.odd":"#]),
    ] {
        assert_eq!(ask(field).await, names);
        for name in names {
            let values = ask(name).await;
            assert_eq!(values.len(), 1, "{name}");
            assert_eq!(bench.found(&format!("{name}{}", values[0])).await, [1], "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_of_absolute_targets_are_found_and_suggested() {
    let bench = Bench::new().await;
    let path = format!("http://hooks.example/{}/orders/1?a=b", bench.id);
    bench.server.stranger().send(Method::GET, &path, &[], "").await;
    assert_eq!(bench.found("path:/orders").await, [1]);
    let asked = bench.path(&format!("/suggestions?q={}", encoded("path:/o")));
    let suggested = bench.owner.get(&asked).await.json();
    assert_eq!(suggested["suggestions"][0]["text"], "/orders/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn suggestions_are_fields_and_what_was_seen() {
    let bench = Bench::new().await;
    for event in ["push", "push", "ping"] {
        let fields = [JSON, ("x-github-event", event), ("x-gitlab-token", "proves-it")];
        let body = br#"{"repository":{"name":"a b","id":7},"clientState":"proves-it"}"#;
        bench.send(Method::POST, "/hook?page=2&access_token=proves-it", &fields, body).await;
    }
    let ask = async |q: &str, at: u32| {
        let path = bench.path(&format!("/suggestions?q={}&at={at}", encoded(q)));
        let answer = bench.owner.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{q}: {answer:?}");
        let answer = answer.json();
        let texts: Vec<String> = answer["suggestions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|suggestion| suggestion["text"].as_str().unwrap().to_owned())
            .collect();
        (texts, answer)
    };
    let (all, _) = ask("", 0).await;
    assert_eq!((all[0].as_str(), all.len()), ("method:", 12));
    let (fields, answer) = ask("a \u{1F600} lab", 8).await;
    assert_eq!(fields, ["label:"]);
    assert_eq!((&answer["start"], &answer["end"]), (&json!(5), &json!(8)));
    for (q, expected) in [
        ("label:", &["push", "ping"][..]),
        ("-label:pi", &["ping"]),
        ("pus", &["label:push"]),
        ("status:", &["200", "2xx", "4xx", "5xx", ">=400"]),
        ("is:p", &["pinned", "preview", "preflight"]),
        ("header.x-g", &["header.x-github-event:", "header.x-gitlab-token:"]),
        ("header.x-github-event:", &["push", "ping"]),
        ("header.x-gitlab-token:", &[]),
        ("query.", &["query.access_token:", "query.page:"]),
        ("query.access_token:", &[]),
        ("query.\"access_token\":", &[]),
        ("query.page:", &["2"]),
        ("body.", &["body.clientState:", "body.repository.id:", "body.repository.name:"]),
        ("body.clientState:", &[]),
        ("body.repository.name:", &["\"a b\""]),
        ("path:/h", &["/hook?page=2".trim_end_matches("?page=2")]),
        ("type:", &["application/json"]),
        ("nonsense", &[]),
    ] {
        let (texts, answer) = ask(q, u32::try_from(q.len()).unwrap()).await;
        assert_eq!(texts, expected, "{q}: {answer}");
    }
    let (_, answer) = ask("label:", 6).await;
    assert_eq!(answer["suggestions"][0]["about"], "2× in the last 3");
    assert_eq!(answer["error"]["start"], 6, "there is no value yet");
    let (_, answer) = ask("label:push", 10).await;
    assert_eq!(answer.get("error"), None);
}
