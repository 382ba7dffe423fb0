//! Requests copied as commands and programs: the real tool runs each one against its original
//! endpoint, and the new capture is compared with the original request.

mod cases;
mod judge;
mod tools;

use self::{
    judge::{Bed, Differ},
    tools::{Commands, Go, Http, Rust, Scripts, Shell},
};
use crate::common::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn curl_sends_what_was_captured() {
    let curl = Commands("curl", true, Shell::Sh);
    Bed::new().await.judge("curl", &curl, Differ::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_pasted_into_an_interactive_bash_sends_the_same() {
    let curl = Commands("curl", true, Shell::InteractiveBash);
    Bed::new().await.judge("curl", &curl, Differ::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_pasted_into_an_interactive_zsh_sends_the_same() {
    let curl = Commands("curl", true, Shell::InteractiveZsh);
    Bed::new().await.judge("curl", &curl, Differ::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_in_node_sends_what_was_captured() {
    let node = Scripts {
        program: "node",
        is_needed: true,
        file: "snippet.mjs",
        options: &[
            "--input-type=module",
            "--eval",
            "for (const folder of process.argv.slice(1)) {
               process.chdir(folder);
               await import(`${folder}/snippet.mjs`);
             }",
            "--",
        ],
    };
    let may = Differ {
        add: &[
            "accept",
            "accept-encoding",
            "accept-language",
            "cache-control",
            "connection",
            "pragma",
            "sec-fetch-mode",
            "user-agent",
        ],
        change_case: true,
        change_order: true,
    };
    Bed::new().await.judge("fetch", &node, may).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_sends_what_was_captured() {
    let python = Scripts {
        program: "python3",
        is_needed: true,
        file: "snippet.py",
        options: &[
            "-c",
            "import os, runpy, sys\n\
             for folder in sys.argv[1:]:\n    os.chdir(folder)\n    runpy.run_path('snippet.py')",
        ],
    };
    Bed::new().await.judge("python", &python, Differ::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn php_sends_what_was_captured() {
    let php = Scripts {
        program: "php",
        is_needed: false,
        file: "snippet.php",
        options: &[
            "-r",
            "foreach (array_slice($argv, 1) as $folder) { chdir($folder); include 'snippet.php'; }",
            "--",
        ],
    };
    Bed::new().await.judge("php", &php, Differ::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn httpie_sends_what_was_captured() {
    let http = Commands("http", false, Shell::Sh);
    let may = Differ { change_order: true, ..Differ::default() };
    Bed::new().await.judge("httpie", &http, may).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wget_sends_what_was_captured() {
    let wget = Commands("wget", false, Shell::Sh);
    let may = Differ { change_order: true, ..Differ::default() };
    Bed::new().await.judge("wget", &wget, may).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_sends_what_was_captured() {
    let may = Differ { change_order: true, ..Differ::default() };
    Bed::new().await.judge("go", &Go, may).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_sends_what_was_captured() {
    if std::env::var_os("SNIPPET_RUST").is_none() {
        eprintln!("NOT TESTED: SNIPPET_RUST names no package with ureq");
        return;
    }
    let may = Differ { change_case: true, change_order: true, ..Differ::default() };
    Bed::new().await.judge("rust", &Rust, may).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_http_holds_what_was_captured() {
    Bed::new().await.judge("http", &Http, Differ::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_webhooks_are_copied_for_curl_without_any_loss() {
    let bed = Bed::new().await;
    for case in cases::ordinary() {
        let name = case.name.clone();
        let snippet = bed.snippet(case, "curl").await;
        assert!(snippet.starts_with("curl "), "{name}: {snippet}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_a_file_takes_for_a_comment_is_not_written_into_one() {
    let sent = b"#X /{id} HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\n\r\n".to_vec();
    let case = cases::Case { name: "a method after #".to_owned(), sent };
    let snippet = Bed::new().await.snippet(case, "http").await;
    assert!(!snippet.is_empty() && snippet.lines().all(|line| line.starts_with('#')), "{snippet}");
    assert!(!snippet.contains("X-A"), "{snippet}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tool_is_refused_with_a_list_of_those_that_are_known() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    owner.post(&format!("/{id}"), "{}").await;
    for query in ["", "?tool=", "?tool=telnet", "?tool=curl&x=1"] {
        let answer = owner.get(&format!("/api/endpoints/{id}/requests/1/snippet{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "invalid-request"));
        assert!(answer.text().contains("curl"), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snippet_is_text_for_its_owner_alone() {
    let server = TestServer::with(&["--public-url", "https://hooks.example.com"]).await;
    let (owner, id) = server.owner().await;
    owner.post(&format!("/{id}/a?b"), "{}").await;
    let path = format!("/api/endpoints/{id}/requests/latest/snippet?tool=curl");
    let answer = owner.get(&path).await;
    assert!(answer.text().contains(&format!("https://hooks.example.com/{id}/a?b")), "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").starts_with("sandbox; "));
    let (other, _) = server.owner().await;
    for caller in [server.stranger(), other] {
        assert_eq!(caller.get(&path).await.status.as_u16(), 404);
    }
    let gone = owner.get(&format!("/api/endpoints/{id}/requests/9/snippet?tool=curl")).await;
    assert_eq!(gone.status.as_u16(), 404);
}
