//! Who may read and change what: keys, cookies, and proof that one of our own pages sent the
//! request.

use hyper::{Method, StatusCode};
use serde_json::json;

use crate::common::{Answer, Client, TestServer};

/// A browser with its own workspace: returns its cookie and the id of its endpoint.
async fn browser(server: &TestServer) -> (String, String) {
    let made = server.stranger().browser("").form("/api/endpoints", "slug=&name=").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{made:?}");
    let id = made.header("location").strip_prefix("/inspect/").unwrap().to_owned();
    assert!(!made.text().contains("hgk_"), "a browser's key stays in its cookie");
    (made.cookie().unwrap(), id)
}

fn everything_of(id: &str) -> Vec<(Method, String)> {
    let endpoint = format!("/api/endpoints/{id}");
    vec![
        (Method::GET, endpoint.clone()),
        (Method::PATCH, endpoint.clone()),
        (Method::DELETE, endpoint.clone()),
        (Method::GET, format!("{endpoint}/requests")),
        (Method::DELETE, format!("{endpoint}/requests")),
        (Method::GET, format!("{endpoint}/requests/1")),
        (Method::GET, format!("{endpoint}/requests/latest")),
        (Method::DELETE, format!("{endpoint}/requests/1")),
        (Method::GET, format!("{endpoint}/requests/1/body")),
        (Method::GET, format!("{endpoint}/requests/1/raw")),
        (Method::GET, format!("{endpoint}/live")),
        (Method::GET, format!("/api/live?endpoints={id}")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_an_endpoint_does_not_exist() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    server.stranger().post(&format!("/{id}"), "secret").await;
    let (neighbour, _) = server.owner().await;
    let unknown_key = server.stranger().bearer(&format!("hgk_{}", "A".repeat(43)));
    let basic = server.stranger().with("authorization", "Basic dTpw");
    for caller in [server.stranger(), neighbour, unknown_key, basic] {
        for (method, path) in everything_of(&id) {
            let answer = caller.send(method.clone(), &path, &[], "").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
            let nowhere = path.replace(&id, "00000000-0000-4000-8000-000000000000");
            let missing = caller.send(method, &nowhere, &[], "").await;
            assert_eq!(answer.body, missing.body, "{path}: as if it were not there");
        }
    }
    assert_eq!(owner.get(&format!("/api/endpoints/{id}/requests/1")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_endpoints_asks_for_a_key() {
    let server = TestServer::start().await;
    for caller in [
        server.stranger(),
        server.stranger().bearer("nonsense"),
        server.stranger().bearer(&format!("hgk_{}", "A".repeat(43))),
    ] {
        let answer = caller.get("/api/endpoints").await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::UNAUTHORIZED, "unknown-key")
        );
    }
    let bad = server.stranger().bearer(&format!("hgk_{}", "A".repeat(43)));
    let refused = bad.post("/api/endpoints", "{}").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "never a new workspace");
    let (owner, id) = server.owner().await;
    let key = owner.get(&format!("/api/endpoints?key={id}")).await;
    assert_eq!(key.status, StatusCode::OK, "queries are no keys and do no harm");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_our_page_gets_a_cookie_and_a_redirect() {
    let server = TestServer::start().await;
    let made = server.stranger().browser("").form("/api/endpoints", "slug=shop&name=").await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/inspect/shop"));
    let set = made.header("set-cookie").to_owned();
    assert!(set.starts_with("hookglass=hgk_"), "{set}");
    for part in ["; Path=/", "; Max-Age=34560000", "; HttpOnly", "; SameSite=Lax"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    let cookie = made.cookie().unwrap();
    let list = server.stranger().browser(&cookie).get("/api/endpoints").await.json();
    assert_eq!(list["endpoints"][0]["id"], "shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_on_plain_http_proves_itself_by_origin() {
    let server = TestServer::start().await;
    let ours = format!("http://{}", server.address());
    let made = server.stranger().with("origin", &ours).form("/api/endpoints", "").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    assert!(made.cookie().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_marks_of_a_browser_is_a_programs() {
    let server = TestServer::start().await;
    let made = server.stranger().form("/api/endpoints", "slug=prog").await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/inspect/prog"));
    assert_eq!(made.cookie(), None);
    assert!(made.json()["key"].as_str().unwrap().starts_with("hgk_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_pages_change_nothing_and_get_no_cookie() {
    let server = TestServer::start().await;
    let (cookie, id) = browser(&server).await;
    server.stranger().post(&format!("/{id}"), "").await;
    let marks: [&[(&str, &str)]; 6] = [
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://evil.test")],
        &[("origin", "null")],
        &[("sec-fetch-mode", "no-cors")],
    ];
    for marks in marks {
        let mut page = server.stranger();
        for (name, value) in marks {
            page = page.with(name, value);
        }
        for caller in [page.clone(), page.with("cookie", &cookie)] {
            for (path, form) in [
                ("/api/endpoints".to_owned(), "slug=stolen"),
                ("/api/session".to_owned(), "_method=DELETE"),
                (format!("/api/endpoints/{id}"), "_method=DELETE"),
                (format!("/api/endpoints/{id}/requests"), "_method=DELETE"),
                (format!("/api/endpoints/{id}/requests/1"), "_method=DELETE"),
            ] {
                let answer = caller.form(&path, form).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{marks:?} {path}");
                assert_eq!(answer.header("set-cookie"), "", "{marks:?} {path}");
            }
            for (method, path) in everything_of(&id) {
                if method != Method::GET {
                    let answer = caller.send(method, &path, &[], "{}").await;
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{marks:?} {path}");
                }
            }
        }
    }
    let list = server.stranger().browser(&cookie).get("/api/endpoints").await.json();
    assert_eq!(list["endpoints"].as_array().unwrap().len(), 1);
    assert_eq!(list["endpoints"][0]["requests"], 1);
    assert_eq!(server.stranger().post("/stolen", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_pages_read_nothing_by_cookie() {
    let server = TestServer::start().await;
    let (cookie, id) = browser(&server).await;
    for site in ["cross-site", "same-site"] {
        let page = server.stranger().with("sec-fetch-site", site).with("cookie", &cookie);
        for path in ["/api/endpoints", "/api/session", "/api/live", &format!("/api/endpoints/{id}")]
        {
            let answer = page.get(path).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site} {path}");
            assert_eq!(answer.problem(), "cross-origin");
        }
    }
    let typed = server.stranger().with("sec-fetch-site", "none").with("cookie", &cookie);
    assert_eq!(typed.get("/api/endpoints").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_referer_alone_keeps_a_form_from_changing_anything() {
    let server = TestServer::start().await;
    let (cookie, id) = browser(&server).await;
    server.stranger().post(&format!("/{id}"), "").await;
    let ours = format!("http://{}/inspect/{id}", server.address());
    let referers = [
        "http://evil.test/",
        "https://evil.test",
        &format!("http://evil.test/{ours}"),
        &ours.replace("http:", "https:"),
        &ours.replacen("http://", "http://evil.test:80/", 1),
        "about:blank",
        "",
    ];
    let types = ["application/x-www-form-urlencoded", "Text/Plain; a=b", "multipart/form-data", ""];
    for referer in referers {
        let page = server.stranger().with("cookie", &cookie).with("referer", referer);
        for (path, form) in [
            (format!("/api/endpoints/{id}"), "_method=DELETE"),
            (format!("/api/endpoints/{id}/requests"), "_method=DELETE"),
            (format!("/api/endpoints/{id}/requests/1"), "_method=DELETE"),
            ("/api/session".to_owned(), "_method=DELETE"),
            ("/api/endpoints".to_owned(), "slug=stolen"),
            (format!("/inspect/{id}/answers"), "act=save"),
        ] {
            let answer = page.form(&path, form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{referer} {path}");
            assert_eq!(answer.problem(), "cross-origin");
        }
        for sent in types {
            let fields: &[_] = if sent.is_empty() { &[] } else { &[("content-type", sent)] };
            let answer = page.send(Method::POST, "/api/endpoints", fields, "{}").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{referer} {sent}");
        }
    }
    // Programs may send a referrer from elsewhere; pages cannot send this without a preflight.
    let program = server.stranger().with("referer", "http://evil.test/");
    assert_eq!(program.post("/api/endpoints", "{}").await.status, StatusCode::CREATED);
    let same = server.stranger().with("cookie", &cookie).with("referer", &ours);
    let deleted = same.form(&format!("/api/endpoints/{id}/requests/1"), "_method=DELETE").await;
    assert_eq!(deleted.status, StatusCode::SEE_OTHER, "{deleted:?}");
    let list = same.get("/api/endpoints").await.json();
    assert_eq!(list["endpoints"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_public_url_only_its_host_name_and_loopback_get_pages_and_the_api() {
    let server = TestServer::with(&["--public-url", "https://hooks.test"]).await;
    let (owner, id) = server.owner().await;
    let under = |caller: &Client, host: &str| caller.clone().with("host", host);
    let open = TestServer::start().await;
    let port = server.address().port();
    for host in ["evil.test", "hooks.test.evil.test", "10.1.2.3", "0.0.0.0", "evil.test:443"] {
        let owner = under(&owner, host);
        for path in [
            "/api/endpoints",
            "/api/providers",
            "/api/session",
            "/api/live",
            &format!("/api/endpoints/{id}"),
            &format!("/api/endpoints/{id}/requests/1/body"),
        ] {
            let answer = owner.get(path).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert_eq!(answer.problem(), "misdirected");
            assert!(answer.json()["detail"].as_str().unwrap().contains("https://hooks.test"));
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        assert_eq!(owner.post("/api/endpoints", "{}").await.problem(), "misdirected");
        for (path, place) in
            [("/", "/".to_owned()), (&format!("/inspect/{id}"), format!("/inspect/{id}"))]
        {
            let page = owner.get(path).await;
            assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
            assert!(
                page.text().contains(&format!("href=\"https://hooks.test{place}\"")),
                "{page:?}"
            );
        }
        let odd = owner.get("/inspect/%22%3E").await;
        assert!(odd.text().contains("href=\"https://hooks.test/\""), "{odd:?}");
        let form = owner.form(&format!("/inspect/{id}/answers"), "act=save").await;
        assert_eq!(form.status, StatusCode::MISDIRECTED_REQUEST);
        for path in ["/healthz", "/readyz", "/robots.txt", &format!("/{id}/captured")] {
            assert_eq!(owner.get(path).await.status, StatusCode::OK, "{host} {path}");
        }
        // Without a configured name, every host name is accepted.
        assert_eq!(under(&open.stranger(), host).get("/").await.status, StatusCode::OK);
    }
    for host in
        ["hooks.test", "Hooks.Test:8443", "localhost", &format!("127.0.0.1:{port}"), "[::1]:1"]
    {
        let owner = under(&owner, host);
        for path in ["/", "/api/endpoints", &format!("/api/endpoints/{id}")] {
            assert_eq!(owner.get(path).await.status, StatusCode::OK, "{host} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_beats_the_cookie() {
    let server = TestServer::start().await;
    let (cookie, id) = browser(&server).await;
    let (owner, own) = server.owner().await;
    let both = owner.with("cookie", &cookie);
    assert_eq!(both.get(&format!("/api/endpoints/{own}")).await.status, StatusCode::OK);
    assert_eq!(both.get(&format!("/api/endpoints/{id}")).await.status, StatusCode::NOT_FOUND);
    let bad = server.stranger().bearer("hgk_x").with("cookie", &cookie);
    assert_eq!(bad.get("/api/endpoints").await.status, StatusCode::UNAUTHORIZED);
    let basic = server.stranger().with("authorization", "Basic dTpw").with("cookie", &cookie);
    assert_eq!(basic.get("/api/endpoints").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_its_workspace_in_another_browser_and_is_forgotten_again() {
    let server = TestServer::start().await;
    let (cookie, _) = browser(&server).await;
    let key = server.stranger().browser(&cookie).get("/api/session").await.json();
    let key = key["key"].as_str().unwrap().to_owned();
    assert_eq!(cookie, format!("hookglass={key}"));

    let other: Client = server.stranger().browser("");
    let opened = other.form("/api/session", &format!("key=%20{key}%0A")).await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(opened.cookie().unwrap(), cookie);
    let json = other.post("/api/session", &json!({ "key": key }).to_string()).await;
    assert_eq!((json.status, json.cookie()), (StatusCode::NO_CONTENT, Some(cookie.clone())));

    let wrong = other.form("/api/session", &format!("key=hgk_{}", "A".repeat(43))).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.header("content-type").starts_with("text/html"), "{wrong:?}");
    assert_eq!(wrong.cookie(), None);
    let malformed = other.post("/api/session", r#"{"key":"abc"}"#).await;
    assert_eq!(malformed.status, StatusCode::BAD_REQUEST);

    let forgotten = server.stranger().browser(&cookie).form("/api/session", "_method=DELETE").await;
    assert_eq!(forgotten.status, StatusCode::SEE_OTHER);
    assert!(forgotten.header("set-cookie").contains("hookglass=; Path=/; Max-Age=0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_opens_a_session_gets_no_cookie() {
    let server = TestServer::start().await;
    let made = server.stranger().post("/api/endpoints", "{}").await.json();
    let opened =
        server.stranger().post("/api/session", &json!({"key": made["key"]}).to_string()).await;
    assert_eq!((opened.status, opened.cookie()), (StatusCode::NO_CONTENT, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn under_https_the_cookie_is_secure_and_bound_to_the_host() {
    let public = TestServer::with(&["--public-url", "https://hooks.test"]).await;
    let proxied = TestServer::with(&["--trusted-proxy", "127.0.0.1"]).await;
    for (server, page) in [
        (&public, public.stranger()),
        (&proxied, proxied.stranger().with("x-forwarded-proto", "https")),
    ] {
        let made = page.clone().browser("").form("/api/endpoints", "").await;
        let set = made.header("set-cookie");
        assert!(set.starts_with("__Host-hookglass=hgk_") && set.ends_with("; Secure"), "{set}");
        let cookie = made.cookie().unwrap();
        assert_eq!(page.browser(&cookie).get("/api/endpoints").await.status, StatusCode::OK);
        assert_eq!(server.stranger().get("/healthz").await.status, StatusCode::OK);
    }
    let lying = TestServer::start().await;
    let made = lying
        .stranger()
        .with("x-forwarded-proto", "https")
        .browser("")
        .form("/api/endpoints", "")
        .await;
    assert!(made.header("set-cookie").starts_with("hookglass="), "an untrusted proxy's word");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_proxy_says_whether_https_is_used() {
    let server = TestServer::with(&["--trusted-proxy", "127.0.0.1"]).await;
    for (said, name) in [
        ("http, https", "__Host-hookglass="),
        ("https,http", "hookglass="),
        ("http, HTTPS", "__Host-hookglass="),
    ] {
        let page = server.stranger().with("x-forwarded-proto", said).browser("");
        let made = page.form("/api/endpoints", "").await;
        assert!(made.header("set-cookie").starts_with(name), "{said}: {made:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_cookie_counts_behind_stale_ones() {
    let server = TestServer::start().await;
    let (cookie, _) = browser(&server).await;
    let stale = format!("hookglass=hgk_{}", "A".repeat(43));
    let both = server.stranger().browser(&format!("{stale}; other=1; {cookie}"));
    assert_eq!(both.get("/api/endpoints").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_renews_a_good_cookie_and_ignores_a_stale_one() {
    let server = TestServer::start().await;
    let (cookie, id) = browser(&server).await;
    let page =
        server.stranger().with("sec-fetch-site", "none").with("cookie", &cookie).get("/").await;
    assert_eq!(page.cookie(), Some(cookie));
    assert!(page.text().contains(&id));
    let stale = format!("hookglass=hgk_{}", "A".repeat(43));
    let page =
        server.stranger().with("sec-fetch-site", "none").with("cookie", &stale).get("/").await;
    assert_eq!((page.status, page.cookie()), (StatusCode::OK, None));
    let made = server.stranger().browser(&stale).form("/api/endpoints", "").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    assert!(made.cookie().is_some_and(|cookie| cookie != stale));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_create_key_only_known_workspaces_make_endpoints() {
    let server = TestServer::with(&["--create", "key"]).await;
    let refused = server.stranger().post("/api/endpoints", "{}").await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::FORBIDDEN, "key-needed"));
    let page = server.stranger().browser("").form("/api/endpoints", "").await;
    assert_eq!((page.status, page.cookie()), (StatusCode::FORBIDDEN, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_guarded_and_the_same_for_missing_and_foreign_endpoints() {
    let server = TestServer::start().await;
    let (_, id) = server.owner().await;
    let missing = "00000000-0000-4000-8000-000000000000";
    let foreign = server.stranger().get(&format!("/inspect/{id}")).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(foreign.header("x-robots-tag"), "noindex");
    let nowhere = server.stranger().get(&format!("/inspect/{missing}")).await;
    let nonce = |page: &Answer| {
        let policy = page.header("content-security-policy").to_owned();
        policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned()
    };
    let same = |page: &Answer, id: &str| page.text().replace(&nonce(page), "").replace(id, "");
    assert_eq!(same(&foreign, &id), same(&nowhere, missing));
    assert_ne!(nonce(&foreign), nonce(&nowhere));

    let page = server.stranger().get("/").await;
    let host = server.address().to_string();
    let policy = page.header("content-security-policy").to_owned();
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "'strict-dynamic' 'wasm-unsafe-eval'",
        &format!("connect-src {host}/api/ {host}/assets/"),
        &format!("form-action {host}/api/ {host}/inspect/"),
        &format!("style-src {host}/assets/"),
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("'self'") && !policy.contains("unsafe-inline"), "{policy}");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("cache-control"), "no-store");
}
