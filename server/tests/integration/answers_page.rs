//! The page for the settings of an endpoint's responses, through a real socket.

use hyper::StatusCode;
use serde_json::Value;

use crate::common::{Client, TestServer};

/// The number of scripts on the page: one keeps unsaved input; with the browser half, another
/// applies the viewer's display preferences.
const OWN_SCRIPTS: usize = 1 + cfg!(feature = "ui") as usize;

fn scripts(page: &str) -> usize {
    page.matches("<script").count()
}

/// A browser with its own workspace, and the id of its endpoint.
async fn browser(server: &TestServer) -> (Client, String) {
    let made = server.stranger().browser("").form("/api/endpoints", "slug=&name=").await;
    let id = made.header("location").rsplit('/').next().unwrap().to_owned();
    (server.stranger().browser(&made.cookie().unwrap()), id)
}

async fn endpoint(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/endpoints/{id}")).await.json()
}

/// Returns the version of the settings that the page shows, as its forms send it back.
async fn version(client: &Client, page: &str) -> String {
    let text = client.get(page).await.text();
    let (_, rest) = text.split_once("name=\"version\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_its_owners_alone() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = owner.get(&format!("/inspect/{id}/answers")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains(&id));
    assert_eq!(page.header("x-robots-tag"), "noindex");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.header("content-security-policy").contains("form-action"));
    assert_eq!(scripts(&page.text()), OWN_SCRIPTS);

    let (other, _) = browser(&server).await;
    let theirs = other.get(&format!("/inspect/{id}/answers")).await;
    let nobodys = other.get("/inspect/nobodys/answers").await;
    assert_eq!((theirs.status, nobodys.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert!(!theirs.text().contains("Default reply"));
    let set = other.form(&format!("/inspect/{id}/answers"), "do=reply&status=500&version=0").await;
    assert_eq!(set.status, StatusCode::NOT_FOUND);
    assert_eq!(
        server.stranger().get(&format!("/inspect/{id}/answers")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(endpoint(&owner, &id).await["reply"]["status"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_origin_can_post_its_forms() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let mut foreign = owner.clone();
    foreign.fields.retain(|(name, _)| name != "sec-fetch-site");
    for client in [
        foreign.clone().with("sec-fetch-site", "cross-site"),
        foreign.clone().with("sec-fetch-site", "same-site"),
        foreign.with("origin", "https://elsewhere.test"),
    ] {
        let form = "do=reply&status=500&version=0";
        let refused = client.form(&format!("/inspect/{id}/answers"), form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(endpoint(&owner, &id).await["reply"]["status"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_comes_back_as_text_and_is_kept_byte_for_byte() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = format!("/inspect/{id}/answers");
    let hostile = "%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27%26amp%3B";
    let form = format!("form=reply&do=reply&version=0&status=99&headers=&body={hostile}");
    let refused = owner.form(&page, &form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let text = refused.text();
    assert!(text.contains("200 to 599") && text.contains("&lt;/textarea>&lt;script>"));
    assert_eq!(scripts(&text), OWN_SCRIPTS, "none but the page's own");

    let done = owner.form(&page, &form.replace("status=99", "status=299")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.header("location"), format!("{page}?done=reply#default-reply"));
    let sent = server.stranger().post(&format!("/{id}"), "x").await;
    assert_eq!(sent.status.as_u16(), 299);
    assert_eq!(sent.text(), "</textarea><script>alert(1)</script>\"'&amp;");
    let shown = owner.get(&format!("{page}?done=reply")).await.text();
    assert!(shown.contains("The default reply is saved."));
    assert_eq!(scripts(&shown), OWN_SCRIPTS);
    assert_eq!(scripts(&owner.get(&format!("{page}?done=%3Cscript")).await.text()), OWN_SCRIPTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_a_megabyte_goes_through_the_form() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = format!("/inspect/{id}/answers");
    let form = |bytes: usize| {
        let body = "%E2%82%AC".repeat(bytes / 3);
        format!("form=reply&do=reply&version=0&status=200&headers=&body={body}")
    };
    let done = owner.form(&page, &form(1_048_575)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.status);
    let sent = server.stranger().post(&format!("/{id}"), "x").await;
    assert_eq!(sent.body.len(), 1_048_575);
    let now = format!("version={}", version(&owner, &page).await);
    let refused = owner.form(&page, &form(1_048_578).replace("version=0", &now)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("A body has at most 1048576 bytes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_an_older_page_changes_nothing() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = format!("/inspect/{id}/answers");
    let rule = |status| {
        format!("form=rule-new&do=rule-add&version=0&when=&headers=&body=&status={status}")
    };
    assert_eq!(owner.form(&page, &rule(201)).await.status, StatusCode::SEE_OTHER);
    let refused = owner.form(&page, &rule(202)).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text().contains("changed elsewhere"));
    let rules = endpoint(&owner, &id).await["rules"].clone();
    assert_eq!((rules.as_array().unwrap().len(), &rules[0]["reply"]["status"]), (1, &201.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forms_sent_at_once_those_that_say_saved_are_saved() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = format!("/inspect/{id}/answers");
    for round in 1..=10 {
        let version = version(&owner, &page).await;
        let forms = (0..25).map(|_| {
            let form = format!(
                "form=rule-new&do=rule-add&version={version}&when=&headers=&body=&status=201"
            );
            let (owner, page) = (owner.clone(), page.clone());
            async move { owner.form(&page, &form).await }
        });
        let answers = futures_util::future::join_all(forms).await;
        let saved = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER);
        assert_eq!(saved.count(), 1);
        for refused in answers.iter().filter(|answer| answer.status != StatusCode::SEE_OTHER) {
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
            assert!(refused.text().contains("changed elsewhere"));
        }
        let rules = endpoint(&owner, &id).await["rules"].clone();
        assert_eq!(rules.as_array().unwrap().len(), round);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_come_in_by_the_form_and_never_out() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = format!("/inspect/{id}/answers");
    let add = |provider: &str, secret: &str| {
        format!("form=secret&do=secret&version=0&provider={provider}&secret={secret}&name=mine")
    };
    let refused = owner.form(&page, &add("discord", "hunter2")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(!refused.text().contains("hunter2") && refused.text().contains("64 hex digits"));
    assert_eq!(owner.form(&page, &add("github", "hunter2")).await.status, StatusCode::SEE_OTHER);
    let shown = owner.get(&page).await.text();
    assert!(shown.contains("mine") && !shown.contains("hunter2"));
    let secrets = owner.get(&format!("/api/endpoints/{id}/secrets")).await.json();
    let secret = secrets["secrets"][0]["id"].as_str().unwrap();
    let remove = format!("form=x&do=secret-remove&version=0&secret={secret}");
    assert_eq!(owner.form(&page, &remove).await.status, StatusCode::SEE_OTHER);
    let secrets = owner.get(&format!("/api/endpoints/{id}/secrets")).await.json();
    assert_eq!(secrets["secrets"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_no_page_and_forms_need_a_button() {
    let server = TestServer::start().await;
    let (owner, id) = browser(&server).await;
    let page = format!("/inspect/{id}/answers");
    assert_eq!(owner.post(&page, "{}").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(owner.form(&page, "version=0").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(owner.delete(&page).await.status, StatusCode::METHOD_NOT_ALLOWED);
}
