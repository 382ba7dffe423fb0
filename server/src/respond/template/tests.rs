use hyper::{HeaderMap, Method, header::HeaderName};
use proptest::prelude::*;

use super::*;

const NOW_US: i64 = 1_779_000_000_123_456;

/// The request that templates read.
struct Request {
    method: Method,
    query: Option<String>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    fn new(headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let query = Some("x=1&hub.challenge=a%20b&x=2&empty=".to_owned());
        Self { method: Method::POST, query, headers, body: body.into() }
    }

    fn render(&self, template: &str) -> Rendered {
        let template = Template::parse(template).unwrap();
        template.render(&self.context([&template]))
    }

    fn context<'t>(&self, templates: impl IntoIterator<Item = &'t Template>) -> Context<'_> {
        let sent = RequestView {
            method: &self.method,
            path: b"/4f1c/orders%20x",
            query: self.query.as_deref().map(str::as_bytes),
            headers: &self.headers,
            body: &self.body,
        };
        Context::new(sent, 128, Timestamp::from_micros(NOW_US), templates)
    }

    fn text(&self, template: &str) -> String {
        let rendered = self.render(template);
        assert_eq!(rendered.notes, [""; 0]);
        String::from_utf8(rendered.bytes).unwrap()
    }
}

fn json(body: &str) -> Request {
    Request::new(&[("content-type", "application/json"), ("x-request-id", "r-1")], body)
}

#[test]
fn each_part_of_a_request_can_be_named() {
    let request = json(r#"{"challenge": "abc"}"#);
    for (template, text) in [
        ("{{ request.method }}", "POST"),
        ("{{request.path}}", "/4f1c/orders%20x"),
        ("{{ request.query }}", "x=1&hub.challenge=a%20b&x=2&empty="),
        ("{{ request.query.x }}", "1"),
        ("{{ request.query.\"hub.challenge\" }}", "a b"),
        ("{{ request.header.X-Request-Id }}", "r-1"),
        ("{{ request.body }}", r#"{"challenge": "abc"}"#),
        ("{{ request.body.challenge }}", "abc"),
        ("{{ seq }}", "128"),
        ("{{ now }}", "2026-05-17T06:40:00.123456Z"),
        ("{{ now.unix }}", "1779000000"),
        ("{\"id\": {\"a\": {{ seq }}}}", "{\"id\": {\"a\": 128}}"),
        ("plain {text} }}", "plain {text} }}"),
        ("{{ \"{{\" }} and {{ '}}' }}", "{{ and }}"),
        ("", ""),
    ] {
        assert_eq!(request.text(template), text, "{template}");
    }
}

#[test]
fn values_within_json_are_found_and_stay_as_they_were_sent() {
    let request = json(
        r#"{"a": [{"0": "first"}, [1, 12345678901234567890.10]], "big": 9007199254740993,
            "t": "caf\u00e9 \"x\"\n", "n": null, "yes": true, "odd name": {"x.y": 1}, "a b": "last",
            "twice": 1, "twice": 2, "o": { "k" : [ ] }}"#,
    );
    for (template, text) in [
        ("{{ request.body.a.0.0 }}", "first"),
        ("{{ request.body.a[1][1] }}", "12345678901234567890.10"),
        ("{{ request.body.big }}", "9007199254740993"),
        ("{{ request.body.big | json }}", "9007199254740993"),
        ("{{ request.body.t }}", "caf\u{e9} \"x\"\n"),
        ("{{ request.body.t | json }}", r#""café \"x\"\n""#),
        ("{{ request.body.n }}", "null"),
        ("{{ request.body.yes }}", "true"),
        ("{{ request.body.\"odd name\".'x.y' }}", "1"),
        ("{{ request.body.twice }}", "2"),
        ("{{ request.body.o }}", r#"{ "k" : [ ] }"#),
        ("{{ request.body.o | json }}", r#"{ "k" : [ ] }"#),
        ("{{ request.body.a.01 }}{{ request.body.a.7 }}{{ request.body.none.x }}", ""),
    ] {
        assert_eq!(request.text(template), text, "{template}");
    }
}

#[test]
fn forms_are_read_by_field_and_json_within_them_by_path() {
    let body = "payload=%7B%22type%22%3A%22block%22%7D&user_name=Bob+X&user_name=no&empty=";
    let form = Request::new(&[("content-type", "application/x-www-form-urlencoded; x=y")], body);
    assert_eq!(form.text("{{ request.body.user_name }}"), "Bob X");
    assert_eq!(form.text("{{ request.body.payload.type }}"), "block");
    assert_eq!(form.text("{{ request.body.payload }}"), r#"{"type":"block"}"#);
    assert_eq!(form.text("{{ request.body.none | default('-') }}"), "-");
}

#[test]
fn of_several_fields_of_a_form_only_the_first_is_gone_into() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let request = Request::new(&form, r#"a={"x":1}&a={"x":2,"y":3}&b=[4]"#);
    let text = request.text("{{ request.body.a.x }},{{ request.body.a.y }},{{ request.body.b.0 }}");
    assert_eq!(text, "1,,4");
}

/// Many templates with many values, each of which is searched in a large input.
fn many(value: impl Fn(usize) -> String) -> Vec<Template> {
    let template =
        |at: usize| (0..100).map(|value_at| value(at * 100 + value_at)).collect::<String>();
    (0..50).map(|at| Template::parse(&template(at)).unwrap()).collect()
}

#[test]
fn a_form_of_many_like_named_fields_is_read_once_for_all_values() {
    let templates = many(|at| format!("{{{{request.body.a.x{at}{}}}}}", ".b".repeat(28)));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let request = Request::new(&form, "a={&".repeat(90_000));
    let context = request.context(&templates);
    for template in &templates {
        assert_eq!(template.render(&context).bytes, b"");
    }
}

#[test]
fn a_query_of_many_fields_is_read_once_for_all_values() {
    let templates = many(|at| format!("{{{{request.query.x{at}}}}}"));
    let query = Some(format!("{}x7=1", "b&".repeat(90_000)));
    let request = Request { query, ..json("") };
    let context = request.context(&templates);
    assert_eq!(templates[0].render(&context).bytes, b"1");
    for template in &templates[1..] {
        assert_eq!(template.render(&context).bytes, b"");
    }
}

#[test]
fn a_missing_value_is_nothing_and_a_default_stands_in_for_it() {
    let request = json(r#"{"n": null, "e": "", "f": false, "s": "null"}"#);
    for (template, text) in [
        ("[{{ request.body.x }}]", "[]"),
        ("{{ request.header.x-none }}", ""),
        ("{{ request.body.x | json }}", "null"),
        ("{{ request.body.x | default(\"d\") }}", "d"),
        ("{{ request.body.n | default(\"d\") }}", "d"),
        ("{{ request.body.e | default(\"d\") | json }}", "\"d\""),
        ("{{ request.body.f | default(\"d\") }}", "false"),
        ("{{ request.body.s | default(\"d\") }}", "null"),
        ("{{ request.query.empty | default('say \\'hi\\'') }}", "say 'hi'"),
    ] {
        assert_eq!(request.text(template), text, "{template}");
    }
    assert_eq!(Request::new(&[], "no json").text("{{ request.body.a | default('d') }}"), "d");
}

#[test]
fn an_hmac_is_made_of_the_value() {
    // RFC 4231 §4.3.
    let request = Request::new(&[], "what do ya want for nothing?");
    let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(request.text(r#"{{ request.body | hmac("sha256", "Jefe", "hex") }}"#), hex);
    assert_eq!(
        request.text(r#"{{ request.body | hmac("sha256", "Jefe", "base64") }}"#),
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
    );
    // RFC 2202 §3.
    assert_eq!(
        request.text("{{ request.body | hmac('sha1', 'Jefe', 'hex') }}"),
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
    let template = Template::parse("{{ seq | hmac('sha256', 'Jefe', 'hex') }}").unwrap();
    assert!(!format!("{template:?}").contains("Jefe"));
}

#[test]
fn a_request_has_one_uuid_in_all_templates() {
    let request = json("{}");
    let (header, body) =
        (Template::parse("{{ uuid }}").unwrap(), Template::parse("id={{ uuid }}").unwrap());
    let context = request.context([&header, &body]);
    let id = String::from_utf8(header.render(&context).bytes).unwrap();
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 4);
    assert_eq!(body.render(&context).bytes, format!("id={id}").into_bytes());
    assert_ne!(json("{}").text("{{ uuid }}"), id);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (template, at, says) in [
        ("a {{ request.body", "{{", "not closed"),
        ("a {{", "{{", "not closed"),
        ("{{ name }}", "name", "Templates know"),
        ("{{ request.host }}", "host", "method, path, query, header and body"),
        ("{{ request.header }}", "header", "Write which header field"),
        ("{{ request.header.\"a b\" }}", "\"a b\"", "no name of a header field"),
        ("{{ request.method.x }}", "x", "nothing below it"),
        ("{{ request.query.hub.challenge }}", "challenge", "in quotes"),
        ("{{ now.iso }}", "iso", "now.unix"),
        ("{{ }}", "}", "Write what is to stand here"),
        ("{{ seq | upper }}", "upper", "The filters are"),
        ("{{ seq | json(\"x\") }}", "json(\"x\")", "nothing in parentheses"),
        ("{{ seq | default }}", "default", "default(\"the text instead\")"),
        ("{{ seq | default(x) }}", "x", "quotation marks"),
        ("{{ seq | hmac(\"md5\", \"s\", \"hex\") }}", "hmac(\"md5\", \"s\", \"hex\")", "sha256"),
        ("{{ seq + 1 }}", "+", "or `|` and a filter"),
        ("{{ seq | default(\"x) }}", "\"", "no end"),
        ("{{ request.body.a[x] }}", "x]", "the element's number"),
        ("{{ seq|json|json|json|json|json }}", "|", "at most 4 filters"),
    ] {
        let fault = Template::parse(template).unwrap_err();
        assert_eq!(&template[fault.at.clone()], at, "{template}: {}", fault.message);
        assert!(fault.message.contains(says), "{template}: {}", fault.message);
    }
}

#[test]
fn templates_are_bounded() {
    let many = "{{ seq }}".repeat(MAX_SUBSTITUTIONS);
    assert!(Template::parse(&many).is_ok());
    assert!(Template::parse(&format!("{many}{{{{ seq }}}}")).is_err());
    assert!(Template::parse(&"x".repeat(MAX_BYTES)).is_ok_and(|template| template.is_plain()));
    assert!(Template::parse(&"x".repeat(MAX_BYTES + 1)).is_err());
    assert!(Template::parse(&format!("{{{{ request.body{} }}}}", ".a".repeat(40))).is_err());
}

#[test]
fn what_is_rendered_is_cut_at_two_megabytes_and_says_so() {
    let request = Request::new(&[], "x".repeat(100_000));
    let rendered = request.render(&"{{ request.body }}".repeat(100));
    assert_eq!(rendered.bytes.len(), MAX_RENDERED_BYTES);
    assert_eq!(rendered.notes, ["The template's text was cut off after 2097152 bytes."]);
}

#[test]
fn filters_read_no_more_than_a_request_is_worth() {
    let request = Request::new(&[], "x".repeat(MAX_PARSED_BYTES));
    let rendered = request.render(&"{{ request.body | hmac('sha1', 's', 'hex') }}".repeat(100));
    assert_eq!(rendered.bytes.len(), 8 * 40);
    assert_eq!(
        rendered.notes,
        ["A value was left out: filters read at most 8388608 bytes for a request."]
    );
}

#[test]
fn large_bodies_are_not_looked_into() {
    let padding = " ".repeat(MAX_PARSED_BYTES);
    assert_eq!(json(&format!("{{\"a\": 1}}{padding}")).text("{{ request.body.a }}"), "");
}

proptest! {
    #[test]
    fn any_template_and_any_request_stay_within_bounds(
        template in "(\\{\\{|\\}\\}|[a-z]{1,3}| |request|\\.|body|a|0|query|x|header|\\||json|default\\(|hmac\\(|\"|'|\\)|\\[|\\]|,|\u{1f600}|\\\\){0,30}",
        body in "(\\{|\\}|\\[|\\]|\"|a|:|,|0|\\\\|null| |=|&|%|\u{e9}){0,60}",
        is_form: bool,
    ) {
        match Template::parse(&template) {
            Ok(template) => {
                let form = [("content-type", "application/x-www-form-urlencoded")];
                let request = Request::new(if is_form { &form } else { &[] }, body);
                let rendered = template.render(&request.context([&template]));
                prop_assert!(rendered.bytes.len() <= MAX_RENDERED_BYTES);
            }
            Err(fault) => {
                prop_assert!(template.get(fault.at).is_some());
                prop_assert!(!fault.message.is_empty());
            }
        }
    }

    #[test]
    fn any_value_reads_back_from_the_json_that_it_is_put_into(value: String, other: String) {
        let body = serde_json::json!({ "a": [ { "b": value } ], "c": other }).to_string();
        let text = json(&body).text(r#"{"x": {{ request.body.a.0.b | json }}, "y": {{ request.body.c | json }}}"#);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read["x"], &serde_json::Value::from(value));
        prop_assert_eq!(&read["y"], &serde_json::Value::from(other));
    }

    #[test]
    fn text_without_braces_stays_as_it_is(text in "[^{]{0,200}", bytes: Vec<u8>) {
        let rendered = Request::new(&[], bytes).render(&text);
        prop_assert_eq!(rendered.bytes, text.into_bytes());
    }

    #[test]
    fn any_bytes_can_be_a_body(bytes: Vec<u8>, is_form: bool) {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let request = Request::new(if is_form { &form } else { &[] }, bytes.clone());
        prop_assert_eq!(request.render("{{ request.body }}").bytes, bytes);
        request.render("{{ request.body.a.0 }}{{ request.body.a }}{{ request.body | json }}");
    }
}
