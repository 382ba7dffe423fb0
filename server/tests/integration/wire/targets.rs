//! Request targets in every form that senders produce.

use super::case::{Case, kept, play, to};

use crate::common::{TestServer, wire::Wire};

fn kept_targets() -> Vec<Case> {
    let mut visible = (0x21..=0x7e_u8).collect::<Vec<_>>();
    visible.extend(0x80..=0xff);
    let target = |rest: &[u8]| to([b"/{id}", rest].concat());
    vec![
        kept("angle brackets", target(b"/<script>alert(1)</script>")),
        kept("a backtick", target(b"/`id`")),
        kept("quotes", target(b"/\"a\"?b='c'")),
        kept("backslashes", target(b"/..\\..\\x")),
        kept("braces", target(b"/{a}?{b}=|^")),
        kept("not UTF-8", target(b"/\xff\xfe?\x80=\xc3")),
        kept("UTF-8", target("/\u{e4}\u{1f600}?\u{fc}=\u{df}".as_bytes())),
        kept("every visible byte", target(&[b"/", &visible[..]].concat())),
        kept("every visible byte in the query", target(&[b"?", &visible[..]].concat())),
        kept("a fragment", target(b"/a?b#c")),
        kept("a fragment alone", target(b"#c")),
        kept("a fragment of odd bytes", target(b"#<\xff>?/#")),
        kept("an empty query", target(b"?")),
        kept("two question marks", target(b"??a?b")),
        kept("a slash at the end", target(b"/")),
        kept("slashes", target(b"//a///b//")),
        kept("dots", target(b"/../../{id}/.")),
        kept("bad percent signs", target(b"/%zz%?%%0")),
        kept("percent-encoded slashes and NULs", target(b"/%2F%00%0d%0a")),
        kept("thirty thousand odd bytes", target(&[b"/", &[b'<'; 30_000][..]].concat())),
        kept("sixty-five thousand bytes", target(&[b"/", &[b'a'; 65_000][..]].concat())),
        kept("sixty-five thousand odd bytes", target(&[b"/", &[0xff; 65_000][..]].concat())),
        kept("absolute form", to("http://hooks.test/{id}/a?b")),
        kept("absolute form with a port", to("http://hooks.test:8080/{id}")),
        kept("absolute form of https", to("https://hooks.test/{id}")),
        kept("absolute form in capitals", to("HTTP://Hooks.TEST/{id}/A")),
        kept("absolute form with userinfo", to("http://user:p%40ss@hooks.test/{id}")),
        kept("absolute form of another scheme", to("ftp://hooks.test/{id}")),
        kept("absolute form with IPv6", to("http://[2001:db8::1]:80/{id}")),
        kept("absolute form with a fragment", to("http://hooks.test/{id}#x")),
        kept("absolute form with odd bytes", to(b"http://hooks.test/{id}/<\xff>")),
        kept("absolute form without a host", to("http:///{id}/a")),
        kept("absolute form with a host of odd bytes", to(b"http://ho<s>t\xff/{id}?a")),
        kept("absolute form with a percent sign in its host", to("http://ho%20st/{id}")),
        kept("absolute form with too many colons", to("http://a:b:c:d/{id}")),
        kept("absolute form with half a bracket", to("http://[::1/{id}")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_are_kept_byte_for_byte() {
    play(&TestServer::start().await, kept_targets()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_that_name_no_endpoint_are_answered_and_the_connection_goes_on() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut wire = Wire::connect(server.address()).await;
    let targets = [
        "*".to_owned(),
        "//".to_owned(),
        format!("//{id}"),
        id.clone(),
        format!("{id}/a"),
        format!("x/{id}"),
        format!("?{id}"),
        format!("#{id}"),
        format!("/?/{id}"),
        format!("/{id}\\..\\x"),
        format!("/%2F{id}"),
        format!("/{id}%2Fx"),
        format!("/<{id}>"),
        "hooks.test:443".to_owned(),
        "a:b:c".to_owned(),
        "<>".to_owned(),
        "http:".to_owned(),
        "http:/".to_owned(),
        "http://".to_owned(),
        format!("://{id}"),
        format!("mailto:{id}"),
        format!("1://x/{id}<"),
    ];
    for target in targets {
        for method in ["POST", "CONNECT", "OPTIONS"] {
            let sent = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n");
            wire.send(sent.as_bytes()).await;
            let reply = wire.reply().await.unwrap_or_else(|| panic!("{sent}: an answer"));
            assert!(matches!(reply.status, 404 | 405), "{sent}: {reply:?}");
            assert!(!reply.body.is_empty(), "{sent}: {reply:?}");
        }
    }
    assert_eq!(owner.rows(&id).await.len(), 0);
}
