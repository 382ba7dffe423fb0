//! What every store must do, whatever engine stands behind it. Runs against a real file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use hookglass_app::wire::{GoneReason, Window};
use hookglass_server::{
    key::Key,
    slug::Slug,
    store::{
        Backlog, Captured, Change, Endpoint, EndpointId, NewEndpoint, Owner, Settings, Store,
        StoreError, What, Which, WorkspaceId,
        sqlite::{Options, SqliteStore},
    },
};

/// A store, and what it has published.
struct Opened {
    store: Arc<dyn Store>,
    published: Arc<Mutex<Vec<Change>>>,
}

async fn open(folder: &Path) -> Opened {
    let published = Arc::new(Mutex::new(Vec::new()));
    let publish = {
        let published = published.clone();
        Box::new(move |changes| published.lock().unwrap().extend::<Vec<Change>>(changes))
    };
    let options = Options { publish, ..Options::new(&folder.join("contract.db")) };
    let store = SqliteStore::open(options).await.unwrap();
    Opened { store: Arc::new(store), published }
}

fn new(owner: Owner, slug: &str) -> NewEndpoint {
    let slug = Some(slug.parse().unwrap());
    NewEndpoint { owner, slug, name: None, max_endpoints: 100 }
}

async fn endpoint(store: &dyn Store, slug: &str) -> Endpoint {
    let owner = Owner::New(Key::random().unwrap().hash());
    store.create_endpoint(new(owner, slug)).await.unwrap()
}

async fn rename(store: &dyn Store, id: EndpointId, name: &str) -> Result<Endpoint, StoreError> {
    let settings = Settings { name: Some(Some(name.to_owned())), ..Settings::default() };
    store.update_endpoint(id, settings).await
}

fn captured(body: &[u8]) -> Captured {
    Captured {
        received_at: 1_750_000_000_123_456,
        duration_us: 42,
        method: "POST".to_owned(),
        target: b"/x?\xff".to_vec(),
        http_version: 11,
        remote_addr: "192.0.2.1".to_owned(),
        peer: "192.0.2.1:99".to_owned(),
        content_type: Some(b"text/\xff".to_vec()),
        label: Some("push".to_owned()),
        complete: true,
        exact: true,
        redacted: false,
        head: b"POST /x?\xff HTTP/1.1\r\nA: b\r\n\r\n".to_vec(),
        trailers: b"T: u\r\n".to_vec(),
        body_bytes: body.len() as u64,
        upload: None,
        body: vec![Bytes::copy_from_slice(body)],
        body_sha256: [7; 32],
        refused: None,
    }
}

#[tokio::test]
async fn a_request_reads_back_as_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    let body: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    assert_eq!(store.append(endpoint.id, captured(&body)).await.unwrap(), 1);
    let stored = store.request(endpoint.id, Which::Seq(1)).await.unwrap();
    let sent = captured(&body);
    assert_eq!(stored.head, sent.head);
    assert_eq!(stored.trailers, sent.trailers);
    assert_eq!(stored.body_sha256, sent.body_sha256);
    assert_eq!((stored.exact, stored.redacted, stored.duration_us), (true, false, 42));
    assert_eq!(stored.summary.received_at.to_string(), "2025-06-15T15:06:40.123456Z");
    assert_eq!(stored.summary.body_bytes, 700_000);
    assert_eq!(store.request(endpoint.id, Which::Latest).await.unwrap(), stored);
    for range in [0..700_000_u64, 0..0, 0..1, 262_143..262_145, 699_999..900_000, 900_000..900_001]
    {
        let read = store.body(endpoint.id, 1, range.clone()).await.unwrap();
        let end = usize::try_from(range.end).unwrap().min(body.len());
        let start = usize::try_from(range.start).unwrap().min(end);
        assert!(read == body[start..end], "{range:?}");
    }
}

#[tokio::test]
async fn numbers_rise_without_holes_whoever_appends() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, published } = open(folder.path()).await;
    let (first, second) = (endpoint(&*store, "first").await, endpoint(&*store, "second").await);
    let appends = (0..300).map(|number| {
        let (store, id) = (store.clone(), if number % 3 == 0 { first.id } else { second.id });
        tokio::spawn(async move { (id, store.append(id, captured(b"x")).await.unwrap()) })
    });
    let mut seqs = std::collections::BTreeMap::<_, Vec<i64>>::new();
    for append in appends.collect::<Vec<_>>() {
        let (id, seq) = append.await.unwrap();
        seqs.entry(id).or_default().push(seq);
    }
    for (id, count) in [(first.id, 100), (second.id, 200)] {
        let mut given = seqs.remove(&id).unwrap();
        given.sort_unstable();
        assert_eq!(given, (1..=count).collect::<Vec<_>>());
    }
    // Published in order, workspace by workspace, each number once.
    for workspace in [first.workspace, second.workspace] {
        let numbers: Vec<_> = published
            .lock()
            .unwrap()
            .iter()
            .filter(|change| change.workspace == workspace)
            .map(|change| change.number)
            .collect();
        assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_was_published_is_what_the_backlog_says() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, published } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for _ in 0..4 {
        store.append(endpoint.id, captured(b"x")).await.unwrap();
    }
    store.delete_request(endpoint.id, 2).await.unwrap();
    rename(&*store, endpoint.id, "Shop").await.unwrap();
    let all = published.lock().unwrap().clone();
    let Backlog::Changes(backlog) = store.changes_after(endpoint.workspace, 1, 100).await.unwrap()
    else {
        panic!("a gap")
    };
    // The deleted request is no longer there to tell of; all else is as it was published.
    let expected: Vec<_> = all[1..].iter().filter(|change| change.number != 3).cloned().collect();
    let settings_as_they_stand = |change: &Change| match &change.what {
        What::Endpoint(endpoint) => {
            What::Endpoint(Endpoint { requests: 0, last_seq: 0, ..endpoint.clone() })
        }
        other => other.clone(),
    };
    assert_eq!(
        backlog.iter().map(settings_as_they_stand).collect::<Vec<_>>(),
        expected.iter().map(settings_as_they_stand).collect::<Vec<_>>()
    );
    let Backlog::Changes(two) = store.changes_after(endpoint.workspace, 1, 2).await.unwrap() else {
        panic!("a gap")
    };
    assert_eq!(two, backlog[..2]);
    assert_eq!(store.last_change(endpoint.workspace).await.unwrap(), 7);
    assert_eq!(
        store.changes_after(endpoint.workspace, 8, 10).await.unwrap(),
        Backlog::Gap(7),
        "a number from the future"
    );
}

#[tokio::test]
async fn a_log_that_grew_too_long_gives_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for number in 0..10_200 {
        rename(&*store, endpoint.id, &number.to_string()).await.unwrap();
    }
    let last = store.last_change(endpoint.workspace).await.unwrap();
    assert_eq!(store.changes_after(endpoint.workspace, 0, 10).await.unwrap(), Backlog::Gap(last));
    let Backlog::Changes(rest) =
        store.changes_after(endpoint.workspace, last - 9_000, 100).await.unwrap()
    else {
        panic!("a gap though the log reaches back that far")
    };
    assert_eq!(rest[0].number, last - 8_999);
}

#[tokio::test]
async fn a_gone_endpoint_takes_nothing_and_comes_back_to_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(folder.path()).await;
    let made = endpoint(&*store, "abc").await;
    let slug: Slug = "abc".parse().unwrap();
    assert_eq!(store.resolve(&slug).await.unwrap().unwrap().id, made.id);
    store.append(made.id, captured(b"x")).await.unwrap();
    store.delete_endpoint(made.id).await.unwrap();
    let gone = store.resolve(&slug).await.unwrap().unwrap();
    assert_eq!(gone.gone, Some(GoneReason::Deleted));
    assert!(matches!(
        store.append(made.id, captured(b"x")).await,
        Err(StoreError::Gone(GoneReason::Deleted))
    ));
    assert!(matches!(
        store.delete_endpoint(made.id).await,
        Err(StoreError::Gone(GoneReason::Deleted))
    ));
    let stranger = Owner::New(Key::random().unwrap().hash());
    assert!(matches!(
        store.create_endpoint(new(stranger, "abc")).await,
        Err(StoreError::SlugTaken)
    ));
    let back = store.create_endpoint(new(Owner::Workspace(made.workspace), "abc")).await.unwrap();
    assert_eq!((back.id, back.requests, back.last_seq, back.gone), (made.id, 0, 1, None));
    assert_eq!(store.append(made.id, captured(b"x")).await.unwrap(), 2);
}

#[tokio::test]
async fn a_failed_edit_leaves_its_neighbours_in_the_batch_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(folder.path()).await;
    let made = endpoint(&*store, "abc").await;
    let edits = (0..50).map(|number| {
        let (store, id) = (store.clone(), made.id);
        tokio::spawn(async move {
            if number % 2 == 0 {
                store.append(id, captured(b"x")).await.map(|_| ())
            } else {
                store.delete_request(id, 1_000_000).await
            }
        })
    });
    let (mut kept, mut refused) = (0, 0);
    for edit in edits.collect::<Vec<_>>() {
        match edit.await.unwrap() {
            Ok(()) => kept += 1,
            Err(StoreError::NotFound) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((kept, refused), (25, 25));
    let page = store.requests(made.id, Window::default()).await.unwrap();
    assert_eq!((page.requests.len(), page.more), (25, false));
}

#[tokio::test]
async fn a_closed_store_has_everything_when_it_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let Opened { store, .. } = open(folder.path()).await;
    let key = Key::random().unwrap();
    let made = store.create_endpoint(new(Owner::New(key.hash()), "abc")).await.unwrap();
    let append = {
        let (store, id) = (store.clone(), made.id);
        tokio::spawn(async move { store.append(id, captured(b"last")).await })
    };
    let kept = append.await.unwrap().unwrap();
    store.close().await;
    assert!(matches!(store.append(made.id, captured(b"x")).await, Err(StoreError::Closed)));
    drop(store);
    let Opened { store, .. } = open(folder.path()).await;
    assert_eq!(store.workspace(&key.hash()).await.unwrap(), Some(made.workspace));
    assert_eq!(store.workspace(&Key::random().unwrap().hash()).await.unwrap(), None);
    assert_eq!(store.body(made.id, kept, 0..10).await.unwrap(), b"last");
    assert_eq!(store.last_change(WorkspaceId(made.workspace.0)).await.unwrap(), 2);
    assert_eq!(store.append(made.id, captured(b"next")).await.unwrap(), kept + 1);
}
