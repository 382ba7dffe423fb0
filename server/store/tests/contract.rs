//! The contract of every store, whatever its engine. Runs against a real file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use hookglass_query::Query;
use hookglass_store::{
    Annotation, Backlog, CapturedRequest, Change, ChangeKind, EndpointId, EndpointSettings,
    From as SearchFrom, LateResponse, NewEndpoint, NewResponseSettings, NewSecret, Owner,
    PIECE_BYTES, Progress, RequestRef, Search, SearchPage, SecretId, Store, StoreError,
    StoredEndpoint, WorkspaceId,
    key::Key,
    slug::Slug,
    sqlite::{ClockReading, Options, ReadClock, SqliteStore},
};
use hookglass_wire::{GoneReason, OnLimit, Refused, Text, Window};
use proptest::{prelude::*, test_runner::TestRunner};
use sqlx::{ConnectOptions as _, Connection as _};

/// A store and what it has published.
struct OpenDatabase {
    store: Arc<dyn Store>,
    published: Arc<Mutex<Vec<Change>>>,
}

async fn open(folder: &Path) -> OpenDatabase {
    open_with(Options::new(&folder.join("contract.db"))).await
}

async fn open_with(options: Options) -> OpenDatabase {
    let published = Arc::new(Mutex::new(Vec::new()));
    let publish = {
        let published = published.clone();
        Box::new(move |changes| published.lock().unwrap().extend::<Vec<Change>>(changes))
    };
    let store = SqliteStore::open(Options { publish, ..options }).await.unwrap();
    OpenDatabase { store: Arc::new(store), published }
}

fn new(owner: Owner, slug: &str) -> NewEndpoint {
    let slug = Some(slug.parse().unwrap());
    NewEndpoint { owner, slug, name: None, max_endpoints: 100 }
}

async fn endpoint(store: &dyn Store, slug: &str) -> StoredEndpoint {
    let owner = Owner::New(Key::random().unwrap().hash());
    store.create_endpoint(new(owner, slug)).await.unwrap()
}

async fn rename(
    store: &dyn Store,
    id: EndpointId,
    name: &str,
) -> Result<StoredEndpoint, StoreError> {
    let settings =
        EndpointSettings { name: Some(Some(name.to_owned())), ..EndpointSettings::default() };
    store.update_endpoint(id, settings).await
}

fn captured(body: &[u8]) -> CapturedRequest {
    CapturedRequest {
        received_at: 1_750_000_000_123_456,
        duration_us: 42,
        method: "POST".to_owned(),
        target: b"/x?\xff".to_vec(),
        http_version: 11,
        remote_addr: "192.0.2.1".to_owned(),
        peer: "192.0.2.1:99".to_owned(),
        content_type: Some(b"text/\xff".to_vec()),
        label: Some("push".to_owned()),
        sender: None,
        delivery: None,
        attempt: None,
        mark: None,
        status: Some(200),
        answer: None,
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
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    let body: Vec<u8> = (0..=255).cycle().take(700_000).collect();
    assert_eq!(store.append(endpoint.id, captured(&body)).await.unwrap(), 1);
    let stored = store.request(endpoint.id, RequestRef::Seq(1)).await.unwrap();
    let sent = captured(&body);
    assert_eq!(stored.head, sent.head);
    assert_eq!(stored.trailers, sent.trailers);
    assert_eq!(stored.body_sha256, sent.body_sha256);
    assert_eq!((stored.exact, stored.redacted, stored.duration_us), (true, false, 42));
    assert_eq!(stored.summary.received_at.to_string(), "2025-06-15T15:06:40.123456Z");
    assert_eq!(stored.summary.body_bytes, 700_000);
    assert_eq!(store.request(endpoint.id, RequestRef::Latest).await.unwrap(), stored);
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
    let OpenDatabase { store, published } = open(folder.path()).await;
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
    let OpenDatabase { store, published } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for _ in 0..4 {
        store.append(endpoint.id, captured(b"x")).await.unwrap();
    }
    store.delete_request(endpoint.id, 2).await.unwrap();
    rename(&*store, endpoint.id, "Shop").await.unwrap();
    let all = published.lock().unwrap().clone();
    let Backlog::Changes { changes: backlog, .. } =
        store.changes_after(endpoint.workspace, 1, 100).await.unwrap()
    else {
        panic!("a gap")
    };
    // The deleted request no longer exists; all else is as it was published.
    let expected: Vec<_> = all[1..].iter().filter(|change| change.number != 3).cloned().collect();
    let settings_as_they_stand = |change: &Change| match &change.what {
        ChangeKind::Endpoint(endpoint) => {
            ChangeKind::Endpoint(StoredEndpoint { requests: 0, last_seq: 0, ..endpoint.clone() })
        }
        other => other.clone(),
    };
    assert_eq!(
        backlog.iter().map(settings_as_they_stand).collect::<Vec<_>>(),
        expected.iter().map(settings_as_they_stand).collect::<Vec<_>>()
    );
    let Backlog::Changes { changes: two, .. } =
        store.changes_after(endpoint.workspace, 1, 2).await.unwrap()
    else {
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
async fn long_changes_come_in_several_parts_without_a_hole() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for number in 0..150 {
        let target = vec![b'l'; 2000];
        store.append(endpoint.id, CapturedRequest { target, ..captured(b"x") }).await.unwrap();
        if number % 10 == 0 {
            rename(&*store, endpoint.id, &number.to_string()).await.unwrap();
        }
        if number % 7 == 3 {
            let note = Annotation { note: Some(Some("n".repeat(2000))), pinned: None };
            store.annotate(endpoint.id, number, note).await.unwrap();
        }
    }
    let all = published.lock().unwrap().clone();
    let (mut numbers, mut last, mut parts) = (Vec::new(), 0, 0);
    loop {
        let backlog = store.changes_after(endpoint.workspace, last, 200).await.unwrap();
        let Backlog::Changes { changes, more } = backlog else { panic!("a gap") };
        let bytes: usize = changes.iter().map(|change| format!("{change:?}").len()).sum();
        assert!(bytes < 400_000, "{bytes} at once");
        last = changes.last().unwrap().number;
        numbers.extend(changes.iter().map(|change| change.number));
        parts += 1;
        if !more {
            break;
        }
    }
    assert!(parts > 3, "{parts} parts");
    assert!(numbers.is_sorted());
    // Changes that a later change of the same thing replaced are omitted.
    let replaced = |change: &Change| {
        let same = |other: &&Change| match (&change.what, &other.what) {
            (ChangeKind::Captured(one) | ChangeKind::Updated(one), ChangeKind::Updated(other)) => {
                one.seq == other.seq
            }
            _ => false,
        };
        all.iter().filter(|other| other.number > change.number).find(same).is_some()
    };
    let updates = |change: &&Change| matches!(change.what, ChangeKind::Updated(_));
    let expected: Vec<i64> = all
        .iter()
        .filter(|change| !(updates(change) && replaced(change)))
        .map(|change| change.number)
        .collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn a_log_that_grew_too_long_gives_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for number in 0..10_200 {
        rename(&*store, endpoint.id, &number.to_string()).await.unwrap();
    }
    let last = store.last_change(endpoint.workspace).await.unwrap();
    assert_eq!(store.changes_after(endpoint.workspace, 0, 10).await.unwrap(), Backlog::Gap(last));
    let Backlog::Changes { changes: rest, .. } =
        store.changes_after(endpoint.workspace, last - 9_000, 100).await.unwrap()
    else {
        panic!("a gap though the log reaches back that far")
    };
    assert_eq!(rest[0].number, last - 8_999);
}

#[tokio::test]
async fn a_gone_endpoint_takes_nothing_and_comes_back_to_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
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
    let OpenDatabase { store, .. } = open(folder.path()).await;
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
    let OpenDatabase { store, .. } = open(folder.path()).await;
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
    let OpenDatabase { store, .. } = open(folder.path()).await;
    assert_eq!(store.workspace(&key.hash()).await.unwrap(), Some(made.workspace));
    assert_eq!(store.workspace(&Key::random().unwrap().hash()).await.unwrap(), None);
    assert_eq!(store.body(made.id, kept, 0..10).await.unwrap(), b"last");
    assert_eq!(store.last_change(WorkspaceId(made.workspace.0)).await.unwrap(), 2);
    assert_eq!(store.append(made.id, captured(b"next")).await.unwrap(), kept + 1);
}

/// Waits for background work of the store.
async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let wait = async {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !is_so().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect(what);
}

/// Counts the rows of a table, as another process would.
async fn rows(folder: &Path, count: &'static str) -> i64 {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.join("contract.db"))
        .read_only(true);
    let mut connection = options.connect().await.unwrap();
    let rows = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows
}

const PIECES: &str = "select count(*) from body_pieces";

async fn list(store: &dyn Store, id: EndpointId) -> Vec<i64> {
    let window = Window { after: Some(0), limit: Some(200), ..Window::default() };
    let page = store.requests(id, window).await.unwrap();
    page.requests.iter().map(|request| request.seq).collect()
}

#[tokio::test]
async fn a_body_that_went_ahead_is_the_start_of_its_request() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    let body: Vec<u8> = (0..=250).cycle().take(2 * PIECE_BYTES + 1000).collect();
    let mut upload = None;
    for piece in body.chunks_exact(PIECE_BYTES) {
        upload = Some(store.upload(upload, id, Bytes::copy_from_slice(piece)).await.unwrap());
        // Other requests are stored meanwhile.
        store.append(id, captured(b"between")).await.unwrap();
    }
    assert_eq!(list(&*store, id).await, [1, 2], "an unfinished upload is not listed");
    let sent = CapturedRequest {
        upload,
        body_bytes: body.len() as u64,
        ..captured(&body[2 * PIECE_BYTES..])
    };
    let seq = store.append(id, sent).await.unwrap();
    assert_eq!(seq, 3);
    let stored = store.request(id, RequestRef::Latest).await.unwrap();
    assert_eq!((stored.summary.seq, stored.summary.body_bytes), (3, body.len() as u64));
    assert!(store.body(id, 3, 0..u64::MAX).await.unwrap() == body);
    let end = PIECE_BYTES as u64 + 5;
    assert!(store.body(id, 3, 7..end).await.unwrap() == body[7..PIECE_BYTES + 5]);
    assert_eq!(
        rows(folder.path(), "select count(*) from uploads").await,
        0,
        "it is no longer an upload"
    );
    assert!(matches!(
        store.append(id, CapturedRequest { upload, ..captured(b"") }).await,
        Err(StoreError::NotFound)
    ));
}

#[tokio::test]
async fn what_was_given_up_is_deleted_soon_and_at_the_latest_when_it_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    let piece = Bytes::from(vec![7; PIECE_BYTES]);
    let abandoned = store.upload(None, id, piece.clone()).await.unwrap();
    // More than one step deletes.
    for _ in 0..33 {
        store.upload(Some(abandoned), id, piece.clone()).await.unwrap();
    }
    let forgotten = store.upload(None, id, piece.clone()).await.unwrap();
    assert_ne!(abandoned, forgotten);
    assert_eq!(rows(folder.path(), PIECES).await, 35);
    store.abandon(abandoned);
    eventually("its pieces deleted", async || rows(folder.path(), PIECES).await == 1).await;
    assert!(matches!(store.upload(Some(abandoned), id, piece).await, Err(StoreError::NotFound)));
    store.close().await;
    drop(store);
    let OpenDatabase { store, .. } = open(folder.path()).await;
    eventually("all deleted", async || rows(folder.path(), PIECES).await == 0).await;
    assert_eq!(rows(folder.path(), "select count(*) from uploads").await, 0);
    eventually("counted out", async || {
        rows(folder.path(), "select bytes from workspaces").await == 0
    })
    .await;
    assert_eq!(store.append(id, captured(b"x")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_first_piece_that_nobody_waits_for_any_more_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    // The piece is sent, and its caller is gone before the result.
    let piece = Bytes::from(vec![7; PIECE_BYTES]);
    assert!(store.upload(None, id, piece).now_or_never().is_none());
    // The writer processes one command after the other: the piece has been stored.
    store.append(id, captured(b"")).await.unwrap();
    eventually("the piece deleted", async || {
        rows(folder.path(), PIECES).await == 0
            && rows(folder.path(), "select count(*) from uploads").await == 0
    })
    .await;
}

#[tokio::test]
async fn what_its_owner_deletes_goes_with_all_of_its_body_and_in_small_steps() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    let large = vec![7; 2 * PIECE_BYTES + 5000];
    store.append(id, captured(&large)).await.unwrap();
    store.append(id, captured(&large)).await.unwrap();
    assert_eq!(rows(folder.path(), PIECES).await, 6);
    store.delete_request(id, 1).await.unwrap();
    assert_eq!(rows(folder.path(), PIECES).await, 3);
    store.delete_requests(id, vec![2]).await.unwrap();
    assert_eq!(rows(folder.path(), PIECES).await, 0);
    let appends = (0..40).map(|_| store.append(id, captured(&[7; 250_000])));
    let seqs = futures_util::future::try_join_all(appends).await.unwrap();
    // Up to the one that makes it 8 MiB.
    let step = store.delete_requests(id, seqs.clone()).await.unwrap();
    assert_eq!((step.done, step.deleted), (34, 34));
    let step = store.delete_requests(id, seqs).await.unwrap();
    assert_eq!((step.done, step.deleted), (40, 6), "deleted requests do not count");
    assert_eq!(rows(folder.path(), PIECES).await, 0);
    assert_eq!(rows(folder.path(), "select bytes from workspaces").await, 0);
}

#[tokio::test]
async fn deletions_that_a_stop_interrupts_go_on_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    for _ in 0..5 {
        store.append(id, captured(b"x")).await.unwrap();
    }
    store.close().await;
    drop(store);
    // Cleared, and stopped before the first row was deleted.
    let path = folder.path().join("contract.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    let cleared = "update endpoints set floor = last_seq, requests = 0";
    sqlx::query(cleared).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let _store = open(folder.path()).await;
    eventually("rows deleted", async || {
        rows(folder.path(), "select count(*) from requests").await == 0
    })
    .await;
    assert_eq!(rows(folder.path(), PIECES).await, 0);
}

#[tokio::test]
async fn a_page_that_holds_all_there_is_says_that_there_is_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    for _ in 0..3 {
        store.append(id, captured(b"x")).await.unwrap();
    }
    for (before, after) in [(None, None), (None, Some(0)), (Some(4), None)] {
        for (limit, more) in [(2, true), (3, false), (4, false)] {
            let window = Window { before, after, limit: Some(limit), ..Window::default() };
            let page = store.requests(id, window).await.unwrap();
            assert_eq!(page.more, more, "{before:?} {after:?} {limit}");
        }
    }
}

#[tokio::test]
async fn a_full_endpoint_drops_its_oldest_exactly_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        || Options { max_requests: 5, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, published } = open_with(options()).await;
    let made = endpoint(&*store, "abc").await;
    for _ in 0..4 {
        store.append(made.id, captured(b"x")).await.unwrap();
    }
    store.delete_request(made.id, 2).await.unwrap();
    for _ in 0..3 {
        store.append(made.id, captured(b"x")).await.unwrap();
    }
    assert_eq!(list(&*store, made.id).await, [3, 4, 5, 6, 7], "the hole does not count");
    for _ in 0..6 {
        store.append(made.id, captured(b"x")).await.unwrap();
    }
    assert_eq!(list(&*store, made.id).await, [9, 10, 11, 12, 13]);
    let slug: Slug = "abc".parse().unwrap();
    let now = store.endpoint(&slug).await.unwrap().unwrap();
    assert_eq!((now.requests, now.last_seq, now.dropped_through), (5, 13, 8));
    assert!(matches!(store.request(made.id, RequestRef::Seq(8)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.body(made.id, 8, 0..1).await, Err(StoreError::NotFound)));
    assert!(matches!(store.delete_request(made.id, 8).await, Err(StoreError::NotFound)));
    let told: Vec<i64> = published
        .lock()
        .unwrap()
        .iter()
        .filter_map(|change| match change.what {
            ChangeKind::Dropped(below) => Some(below),
            _ => None,
        })
        .collect();
    assert_eq!(told, [2, 4, 5, 6, 7, 8, 9]);
    store.close().await;
    drop(store);
    let OpenDatabase { store, .. } = open_with(options()).await;
    let Backlog::Changes { changes: backlog, .. } =
        store.changes_after(made.workspace, 0, 100).await.unwrap()
    else {
        panic!("a gap")
    };
    let dropped: Vec<_> =
        backlog.iter().filter(|change| matches!(change.what, ChangeKind::Dropped(_))).collect();
    assert_eq!(dropped.len(), 1, "only the last one is kept");
    assert_eq!(dropped[0].what, ChangeKind::Dropped(9));
    eventually("rows deleted", async || {
        rows(folder.path(), "select count(*) from requests").await == 5
    })
    .await;
    assert_eq!(rows(folder.path(), PIECES).await, 5);
    store.clear(made.id).await.unwrap();
    let now = store.endpoint(&slug).await.unwrap().unwrap();
    assert_eq!((now.requests, now.dropped_through), (0, 0));
}

#[tokio::test]
async fn a_flood_at_a_full_endpoint_leaves_no_row_behind() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_requests: 7, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let made = endpoint(&*store, "abc").await;
    // Batches of far more than it keeps: some requests are evicted in their own transaction.
    for _ in 0..6 {
        let appends = (0..300).map(|_| store.append(made.id, captured(b"x")));
        futures_util::future::try_join_all(appends).await.unwrap();
    }
    assert_eq!(list(&*store, made.id).await, (1794..=1800).collect::<Vec<i64>>());
    eventually("rows deleted", async || {
        rows(folder.path(), "select count(*) from requests").await == 7
    })
    .await;
    assert_eq!(rows(folder.path(), PIECES).await, 7);
    let unaccounted = "select bytes - (
            select sum(length(head) + length(trailers) + body_bytes + 512) from requests
        ) from workspaces";
    assert_eq!(rows(folder.path(), unaccounted).await, 0);
    store.close().await;
}

#[tokio::test]
async fn an_endpoint_that_refuses_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_requests: 3, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let id = endpoint(&*store, "abc").await.id;
    let settings =
        EndpointSettings { on_limit: Some(OnLimit::Refuse), ..EndpointSettings::default() };
    assert_eq!(store.update_endpoint(id, settings).await.unwrap().on_limit, OnLimit::Refuse);
    for _ in 0..3 {
        store.append(id, captured(b"x")).await.unwrap();
    }
    let full = store.append(id, captured(b"x")).await;
    assert!(matches!(full, Err(StoreError::Full { limit: "max-requests", value: 3 })), "{full:?}");
    let piece = Bytes::from(vec![7; PIECE_BYTES]);
    assert!(matches!(store.upload(None, id, piece).await, Err(StoreError::Full { .. })));
    assert_eq!(list(&*store, id).await, [1, 2, 3]);
    store.delete_request(id, 2).await.unwrap();
    assert_eq!(store.append(id, captured(b"x")).await.unwrap(), 4);
}

#[tokio::test]
async fn a_refused_request_says_which_limit_it_ran_into() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let made = endpoint(&*store, "abc").await;
    let refused = Some(Refused { limit: "max-body".to_owned(), value: 26_214_400 });
    let sent = CapturedRequest { refused: refused.clone(), ..captured(b"") };
    store.append(made.id, sent).await.unwrap();
    let stored = store.request(made.id, RequestRef::Latest).await.unwrap();
    assert_eq!(stored.summary.refused, refused);
    let page = store.requests(made.id, Window::default()).await.unwrap();
    assert_eq!(page.requests.as_slice(), std::slice::from_ref(&stored.summary));
    let last = published.lock().unwrap().last().unwrap().what.clone();
    assert_eq!(last, ChangeKind::Captured(Arc::new(stored.summary)));
}

#[tokio::test]
async fn clearing_and_deleting_are_seen_at_once_and_rows_go_later() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let (cleared, deleted) = (endpoint(&*store, "abc").await, endpoint(&*store, "def").await);
    for id in [cleared.id, deleted.id] {
        let appends: Vec<_> = (0..700)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.append(id, captured(b"x")).await.unwrap() })
            })
            .collect();
        for append in appends {
            append.await.unwrap();
        }
    }
    assert_eq!(store.clear(cleared.id).await.unwrap(), 700);
    store.delete_endpoint(deleted.id).await.unwrap();
    assert_eq!(list(&*store, cleared.id).await, Vec::<i64>::new());
    let Backlog::Changes { changes: backlog, .. } =
        store.changes_after(cleared.workspace, 1, 100).await.unwrap()
    else {
        panic!("a gap")
    };
    assert_eq!(
        backlog.iter().map(|c| c.what.clone()).collect::<Vec<_>>(),
        [ChangeKind::Cleared(700)]
    );
    assert_eq!(store.append(cleared.id, captured(b"x")).await.unwrap(), 701);
    eventually("rows deleted", async || {
        rows(folder.path(), "select count(*) from requests").await == 1
    })
    .await;
    assert_eq!(rows(folder.path(), PIECES).await, 1);
    assert_eq!(list(&*store, cleared.id).await, [701]);
    let held = rows(folder.path(), "select max(bytes) from workspaces").await;
    assert!((512..1024).contains(&held), "one request is left: {held}");
}

#[tokio::test]
async fn space_that_nothing_needs_goes_back_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    let piece = Bytes::from(vec![7; PIECE_BYTES]);
    for _ in 0..60 {
        let sent =
            CapturedRequest { body_bytes: 262_144, body: vec![piece.clone()], ..captured(b"") };
        store.append(id, sent).await.unwrap();
    }
    assert!(!store.shrink().await.unwrap(), "everything is in use");
    store.clear(id).await.unwrap();
    eventually("rows deleted", async || rows(folder.path(), PIECES).await == 0).await;
    let pages = rows(folder.path(), "select page_count from pragma_page_count").await;
    assert!(pages > 60 * 64, "{pages}");
    let mut steps = 0;
    while store.shrink().await.unwrap() {
        steps += 1;
    }
    let left = rows(folder.path(), "select page_count from pragma_page_count").await;
    assert!(left < 1200, "{left} pages after {steps} steps");
    assert!(steps > 10, "in small steps: {steps}");
    store.close().await;
    let bytes = std::fs::metadata(folder.path().join("contract.db")).unwrap().len();
    assert!(bytes < 6 << 20, "{bytes}");
}

#[tokio::test]
async fn a_flood_drops_its_own_requests_and_no_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contract.db");
    let limit = 16 << 20;
    let options = Options { max_storage_bytes: limit, ..Options::new(&path) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let quiet = endpoint(&*store, "quiet").await;
    for _ in 0..20 {
        store.append(quiet.id, captured(b"quiet")).await.unwrap();
    }
    let loud = endpoint(&*store, "loud").await;
    let other = new(Owner::Workspace(loud.workspace), "louder");
    let louder = store.create_endpoint(other).await.unwrap();
    let body = Bytes::from(vec![b'x'; 200_000]);
    for number in 0..300 {
        let id = if number % 3 == 0 { loud.id } else { louder.id };
        let sent =
            CapturedRequest { body_bytes: 200_000, body: vec![body.clone()], ..captured(b"") };
        store.append(id, sent).await.unwrap();
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes <= limit, "{bytes} after {number}");
    }
    let last = store.append(louder.id, captured(b"last")).await.unwrap();
    assert_eq!(list(&*store, quiet.id).await, (1..=20).collect::<Vec<_>>());
    let (first, second) = (list(&*store, loud.id).await, list(&*store, louder.id).await);
    assert!(first.len() + second.len() > 20, "it uses the whole storage: {first:?} {second:?}");
    assert_eq!(second.last(), Some(&last));
    let slug: Slug = "loud".parse().unwrap();
    let now = store.endpoint(&slug).await.unwrap().unwrap();
    assert_eq!(now.dropped_through + 1, first[0]);
    assert_eq!(usize::try_from(now.requests).unwrap(), first.len());
}

#[tokio::test]
async fn uploads_of_one_workspace_alone_cannot_fill_the_storage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contract.db");
    let options = Options { max_storage_bytes: 16 << 20, ..Options::new(&path) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let quiet = endpoint(&*store, "quiet").await;
    store.append(quiet.id, captured(b"quiet")).await.unwrap();
    let loud = endpoint(&*store, "loud").await;
    let piece = Bytes::from(vec![7; PIECE_BYTES]);
    let fill = async |id: EndpointId| {
        let upload = store.upload(None, id, piece.clone()).await.unwrap();
        let mut pieces = 1;
        let refused = loop {
            match store.upload(Some(upload), id, piece.clone()).await {
                Ok(_) => pieces += 1,
                Err(error) => break error,
            }
            assert!(pieces < 100, "more than there is room for");
        };
        assert!(matches!(refused, StoreError::Full { limit: "max-storage", .. }), "{refused}");
        assert!(pieces > 40, "{pieces}");
        upload
    };
    let upload = fill(loud.id).await;
    assert_eq!(store.append(quiet.id, captured(b"quiet")).await.unwrap(), 2);
    assert_eq!(list(&*store, quiet.id).await, [1, 2]);
    store.abandon(upload);
    eventually("room again", async || store.append(loud.id, captured(b"x")).await.is_ok()).await;
    eventually("all of the room", async || rows(folder.path(), PIECES).await < 10).await;
    // It is not locked out because of another workspace.
    let other = endpoint(&*store, "other").await;
    fill(other.id).await;
    store.append(loud.id, captured(b"x")).await.unwrap();
}

#[tokio::test]
async fn who_has_nothing_to_drop_does_not_lift_the_limit_for_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contract.db");
    let limit = 16 << 20;
    let options = Options { max_storage_bytes: limit, ..Options::new(&path) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let loud = endpoint(&*store, "loud").await;
    let piece = Bytes::from(vec![7; PIECE_BYTES]);
    let upload = store.upload(None, loud.id, piece.clone()).await.unwrap();
    for _ in 0..40 {
        store.upload(Some(upload), loud.id, piece.clone()).await.unwrap();
    }
    let mut others = Vec::new();
    for slug in ["one", "two", "three"] {
        others.push(endpoint(&*store, slug).await.id);
    }
    let body = Bytes::from(vec![b'x'; 200_000]);
    let mut last = 0;
    for number in 0..150 {
        let sent =
            CapturedRequest { body_bytes: 200_000, body: vec![body.clone()], ..captured(b"") };
        last = store.append(others[number % 3], sent).await.unwrap();
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes <= limit, "{bytes} after {number}");
    }
    assert_eq!(list(&*store, others[2]).await.last(), Some(&last));
}

#[tokio::test]
async fn how_endpoints_answer_takes_only_a_part_of_the_storage() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { max_storage_bytes: 16 << 20, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let first = endpoint(&*store, "first").await;
    let second = new(Owner::Workspace(first.workspace), "second");
    let second = store.create_endpoint(second).await.unwrap();
    let long = "x".repeat(1_500_000);
    let set = store.update_endpoint(first.id, answers(None, &long, None)).await.unwrap();
    let refused = store.update_endpoint(second.id, answers(None, &long, None)).await;
    assert!(
        matches!(refused, Err(StoreError::AnswersTooLarge(most)) if most == 2 << 20),
        "{refused:?}"
    );
    let version = set.answers.map(|answers| answers.version);
    store.update_endpoint(first.id, answers(version, "short", None)).await.unwrap();
    store.update_endpoint(second.id, answers(None, &long, None)).await.unwrap();
    let mut refused = None;
    for slug in ["third", "fourth", "fifth"] {
        let other = endpoint(&*store, slug).await;
        refused = store.update_endpoint(other.id, answers(None, &long, None)).await.err();
    }
    let most = 4 << 20;
    assert!(
        matches!(refused, Some(StoreError::AnswersTooLarge(limit)) if limit == most),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_unused_endpoint_ends_and_a_used_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let ttl = Duration::from_secs(3);
    let options = Options { endpoint_ttl: ttl, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, published } = open_with(options).await;
    let unused = endpoint(&*store, "unused").await;
    assert_eq!(unused.expires_at, Some(unused.created_at + 3_000_000));
    let used = endpoint(&*store, "used").await;
    let forever = endpoint(&*store, "forever").await;
    let settings = EndpointSettings { expires_in: Some(0), ..EndpointSettings::default() };
    assert_eq!(store.update_endpoint(forever.id, settings).await.unwrap().expires_at, None);
    eventually("the end of one", async || {
        store.append(used.id, captured(b"x")).await.unwrap();
        store.expire().await.unwrap() == 1
    })
    .await;
    let gone =
        published.lock().unwrap().iter().find(|c| matches!(c.what, ChangeKind::Gone(_))).cloned();
    let gone = gone.unwrap();
    assert_eq!(
        (gone.endpoint.as_str(), gone.what),
        ("unused", ChangeKind::Gone(GoneReason::Expired))
    );
    assert!(matches!(
        store.append(unused.id, captured(b"x")).await,
        Err(StoreError::Gone(GoneReason::Expired))
    ));
    let put_off = published.lock().unwrap().iter().rev().find_map(|change| match &change.what {
        ChangeKind::Endpoint(endpoint) if endpoint.slug == used.slug => endpoint.expires_at,
        _ => None,
    });
    assert!(put_off > used.expires_at, "feeds learn of the new end: {put_off:?}");
    for slug in ["used", "forever"] {
        let slug: Slug = slug.parse().unwrap();
        assert_eq!(store.resolve(&slug).await.unwrap().unwrap().gone, None);
    }
}

#[tokio::test]
async fn an_endpoint_lives_its_whole_time_from_its_last_use_on() {
    let folder = tempfile::tempdir().unwrap();
    let ttl = Duration::from_secs(1);
    let options = Options { endpoint_ttl: ttl, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let made = std::time::Instant::now();
    let id = endpoint(&*store, "abc").await.id;
    // Each use follows too soon after the last to be worth writing.
    let mut used = made;
    while made.elapsed() < ttl / 20 {
        used = std::time::Instant::now();
        store.touch(id).await.unwrap();
        store.append(id, captured(b"x")).await.unwrap();
    }
    eventually("its end", async || store.expire().await.unwrap() == 1).await;
    let lived = used.elapsed();
    assert!(lived >= ttl - Duration::from_millis(2), "only {lived:?} since its last use");
}

#[tokio::test]
async fn endpoints_from_when_none_ended_end_once_the_server_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let with_ttl =
        |endpoint_ttl| Options { endpoint_ttl, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(with_ttl(Duration::ZERO)).await;
    let made = endpoint(&*store, "abc").await;
    assert_eq!(made.expires_at, None);
    let kept = endpoint(&*store, "kept").await;
    let settings = EndpointSettings { expires_in: Some(0), ..EndpointSettings::default() };
    store.update_endpoint(kept.id, settings).await.unwrap();
    store.close().await;
    drop(store);
    let OpenDatabase { store, .. } = open_with(with_ttl(Duration::from_secs(3600))).await;
    let end = store.endpoint(&made.slug).await.unwrap().unwrap().expires_at;
    assert!(end.is_some_and(|end| end >= made.created_at + 3_600_000_000), "{end:?}");
    let kept = store.endpoint(&kept.slug).await.unwrap().unwrap();
    assert_eq!(kept.expires_at, None, "its owner said so");
}

#[tokio::test]
async fn an_endpoint_that_comes_back_has_the_settings_of_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let made = endpoint(&*store, "abc").await;
    let settings = EndpointSettings {
        name: Some(Some("Shop".to_owned())),
        expires_in: Some(60),
        on_limit: Some(OnLimit::Refuse),
        answers: None,
    };
    store.update_endpoint(made.id, settings).await.unwrap();
    store.delete_endpoint(made.id).await.unwrap();
    let new = new(Owner::Workspace(made.workspace), "abc");
    let back = store.create_endpoint(new).await.unwrap();
    store.close().await;
    drop(store);
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let kept = store.endpoint(&made.slug).await.unwrap().unwrap();
    for endpoint in [back, kept] {
        assert_eq!((&endpoint.name, endpoint.expires_in), (&None, None));
        assert_eq!((endpoint.on_limit, endpoint.gone), (OnLimit::DropOldest, None));
    }
}

#[tokio::test]
async fn there_are_only_so_many_endpoints_in_all() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { max_endpoints_total: 2, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let first = endpoint(&*store, "first").await;
    endpoint(&*store, "second").await;
    let owner = Owner::New(Key::random().unwrap().hash());
    assert!(matches!(
        store.create_endpoint(new(owner, "third")).await,
        Err(StoreError::TooManyEndpointsInAll(2))
    ));
    store.delete_endpoint(first.id).await.unwrap();
    endpoint(&*store, "third").await;
}

fn pin(pinned: bool) -> Annotation {
    Annotation { pinned: Some(pinned), note: None }
}

#[tokio::test]
async fn what_is_pinned_outlives_the_limits_and_goes_when_all_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        || Options { max_requests: 3, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options()).await;
    let id = endpoint(&*store, "abc").await.id;
    for number in 1..=3 {
        store.append(id, captured(&[number; 300_000])).await.unwrap();
    }
    store.annotate(id, 1, pin(true)).await.unwrap();
    for _ in 0..5 {
        store.append(id, captured(b"x")).await.unwrap();
    }
    assert_eq!(list(&*store, id).await, [1, 6, 7, 8]);
    eventually("the rows of the others", async || {
        rows(folder.path(), "select count(*) from requests").await == 4
    })
    .await;
    store.close().await;
    drop(store);

    let OpenDatabase { store, published } = open_with(options()).await;
    assert_eq!(list(&*store, id).await, [1, 6, 7, 8]);
    assert!(store.body(id, 1, 0..300_000).await.unwrap() == [1; 300_000]);
    assert!(store.request(id, RequestRef::Seq(1)).await.unwrap().summary.pinned);
    store.append(id, captured(b"x")).await.unwrap();
    assert_eq!(list(&*store, id).await, [1, 7, 8, 9]);
    let now = store.endpoint(&"abc".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((now.requests, now.dropped_through), (4, 6));

    // Once unpinned, it is deleted like the others.
    let summary = store.annotate(id, 1, pin(false)).await.unwrap();
    assert!(!summary.pinned);
    assert_eq!(list(&*store, id).await, [7, 8, 9]);
    let last = published.lock().unwrap().last().unwrap().what.clone();
    assert_eq!(last, ChangeKind::Deleted(vec![1]));
    assert!(matches!(store.annotate(id, 1, pin(true)).await, Err(StoreError::NotFound)));

    store.annotate(id, 8, pin(true)).await.unwrap();
    assert_eq!(store.clear(id).await.unwrap(), 3);
    assert_eq!(list(&*store, id).await, [0; 0]);
    eventually("all rows", async || {
        rows(
            folder.path(),
            "select (select count(*) from requests) + (select count(*) from body_pieces)",
        )
        .await
            == 0
    })
    .await;
    let bytes = rows(folder.path(), "select sum(bytes) from workspaces").await;
    assert_eq!(bytes, 0);
}

#[tokio::test]
async fn what_was_pinned_and_is_deleted_is_no_pin_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { max_requests: 3, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let id = endpoint(&*store, "abc").await.id;
    for seq in 1..=2 {
        store.append(id, captured(b"x")).await.unwrap();
        store.annotate(id, seq, pin(true)).await.unwrap();
    }
    store.delete_request(id, 1).await.unwrap();
    store.delete_requests(id, vec![2]).await.unwrap();
    for _ in 0..5 {
        store.append(id, captured(b"x")).await.unwrap();
    }
    assert_eq!(list(&*store, id).await, [5, 6, 7]);
}

#[tokio::test]
async fn pins_have_a_limit_and_take_only_a_part_of_the_storage() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { max_storage_bytes: 16 << 20, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let id = endpoint(&*store, "abc").await.id;
    for _ in 0..101 {
        store.append(id, captured(b"x")).await.unwrap();
    }
    for seq in 1..=100 {
        store.annotate(id, seq, pin(true)).await.unwrap();
    }
    assert!(matches!(store.annotate(id, 101, pin(true)).await, Err(StoreError::TooManyPins(100))));
    // Pinning twice counts once, and unpinning one makes room for another.
    store.annotate(id, 1, pin(true)).await.unwrap();
    store.annotate(id, 1, pin(false)).await.unwrap();
    store.annotate(id, 101, pin(true)).await.unwrap();

    let other = endpoint(&*store, "other").await.id;
    for _ in 0..9 {
        store.append(other, captured(&[0; 250_000])).await.unwrap();
    }
    for seq in 1..=8 {
        store.annotate(other, seq, pin(true)).await.unwrap();
    }
    let most = (16 << 20) / 8;
    let refused = store.annotate(other, 9, pin(true)).await;
    assert!(
        matches!(refused, Err(StoreError::PinsTooLarge(limit)) if limit == most),
        "{refused:?}"
    );
    store.delete_request(other, 1).await.unwrap();
    store.annotate(other, 9, pin(true)).await.unwrap();
}

#[tokio::test]
async fn what_all_have_pinned_takes_half_of_the_storage_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { max_storage_bytes: 16 << 20, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let (mut pinned, mut refused) = (0, None);
    for slug in ["one", "two", "three", "four", "five"] {
        let id = endpoint(&*store, slug).await.id;
        for seq in 1..=8 {
            store.append(id, captured(&[0; 250_000])).await.unwrap();
            match store.annotate(id, seq, pin(true)).await {
                Ok(_) => pinned += 1,
                Err(error) => refused = Some(error),
            }
            if refused.is_some() {
                break;
            }
        }
    }
    let most = (16 << 20) / 2;
    assert!(
        matches!(refused, Some(StoreError::PinsTooLarge(limit)) if limit == most),
        "{refused:?}"
    );
    assert_eq!(pinned, 33);
}

#[tokio::test]
async fn what_is_pinned_does_not_count_in_who_holds_most() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { max_storage_bytes: 8 << 20, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let (careful, loud) =
        (endpoint(&*store, "careful").await.id, endpoint(&*store, "loud").await.id);
    let body = [1; 200_000];
    for _ in 0..19 {
        store.append(careful, captured(&body)).await.unwrap();
    }
    for seq in 1..=5 {
        store.annotate(careful, seq, pin(true)).await.unwrap();
    }
    for _ in 0..20 {
        store.append(loud, captured(&body)).await.unwrap();
    }
    assert!(list(&*store, loud).await[0] > 1, "the storage is full");
    // New requests are counted beside those that were there when it became full.
    store.append(careful, captured(b"x")).await.unwrap();
    for _ in 0..20 {
        store.append(loud, captured(&body)).await.unwrap();
    }
    assert_eq!(list(&*store, careful).await, (1..=20).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_note_counts_as_what_its_workspace_holds() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    store.append(id, captured(b"x")).await.unwrap();
    let bytes = "select bytes from workspaces";
    let before = rows(folder.path(), bytes).await;
    for (note, longer) in [(Some("é".repeat(500)), 1000), (Some("x".to_owned()), 1), (None, 0)] {
        let annotation = Annotation { note: Some(note), pinned: None };
        store.annotate(id, 1, annotation).await.unwrap();
        assert_eq!(rows(folder.path(), bytes).await, before + longer);
    }
    let note = Annotation { note: Some(Some("x".repeat(2000))), pinned: None };
    store.annotate(id, 1, note).await.unwrap();
    store.delete_request(id, 1).await.unwrap();
    assert_eq!(rows(folder.path(), bytes).await, 0);
}

#[tokio::test]
async fn a_full_storage_spares_what_is_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { max_storage_bytes: 8 << 20, ..Options::new(&folder.path().join("contract.db")) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let id = endpoint(&*store, "abc").await.id;
    let body = [1; 200_000];
    for _ in 0..3 {
        store.append(id, captured(&body)).await.unwrap();
    }
    store.annotate(id, 2, pin(true)).await.unwrap();
    for _ in 0..60 {
        store.append(id, captured(&body)).await.unwrap();
    }
    let left = list(&*store, id).await;
    assert_eq!(left[0], 2);
    assert!(left[1] > 3, "{left:?}");
    assert!(store.body(id, 2, 0..200_000).await.unwrap() == body);
}

#[tokio::test]
async fn lists_and_feeds_carry_the_start_of_what_is_very_long() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    let target = format!("/{}?end", "é".repeat(30_000));
    let sent = CapturedRequest {
        target: target.clone().into_bytes(),
        content_type: Some(vec![b'y'; 60_000]),
        ..captured(b"x")
    };
    store.append(endpoint.id, sent).await.unwrap();
    store.annotate(endpoint.id, 1, pin(true)).await.unwrap();
    let listed = store.requests(endpoint.id, Window::default()).await.unwrap().requests;
    let Backlog::Changes { changes: missed, .. } =
        store.changes_after(endpoint.workspace, 0, 100).await.unwrap()
    else {
        panic!("a gap");
    };
    let told = [published.lock().unwrap().clone(), missed].concat();
    let told = told.iter().filter_map(|change| match &change.what {
        ChangeKind::Captured(summary) | ChangeKind::Updated(summary) => Some(&**summary),
        _ => None,
    });
    let all: Vec<_> = listed.iter().chain(told).collect();
    assert!(all.len() >= 4, "{}", all.len());
    let (start, content_type) = (format!("/{}", "é".repeat(1023)), "y".repeat(2048));
    for summary in all {
        assert_eq!(summary.target, Text::Utf8(start.clone()));
        assert_eq!(summary.content_type, Some(Text::Utf8(content_type.clone())));
    }
    let whole = store.request(endpoint.id, RequestRef::Seq(1)).await.unwrap().summary;
    assert_eq!(whole.target, Text::Utf8(target));
    assert_eq!(whole.content_type, Some(Text::Utf8("y".repeat(60_000))));
}

#[tokio::test]
async fn marks_are_told_once_to_whoever_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for _ in 0..2 {
        store.append(endpoint.id, captured(b"x")).await.unwrap();
    }
    for note in ["one", "two"] {
        let note = Some(Some(note.to_owned()));
        let annotation = Annotation { note, pinned: None };
        store.annotate(endpoint.id, 1, annotation.clone()).await.unwrap();
        // The same values again change nothing.
        store.annotate(endpoint.id, 1, annotation).await.unwrap();
    }
    let told: Vec<_> = published
        .lock()
        .unwrap()
        .iter()
        .filter_map(|change| match &change.what {
            ChangeKind::Updated(summary) => Some((change.number, summary.note.clone().unwrap())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(4, "one".to_owned()), (5, "two".to_owned())]);
    let Backlog::Changes { changes: later, .. } =
        store.changes_after(endpoint.workspace, 3, 100).await.unwrap()
    else {
        panic!("a gap")
    };
    let [Change { number: 5, what: ChangeKind::Updated(summary), .. }] = later.as_slice() else {
        panic!("{later:?}")
    };
    assert_eq!((summary.seq, summary.note.as_deref()), (1, Some("two")));
    let stored = store.request(endpoint.id, RequestRef::Seq(1)).await.unwrap();
    assert_eq!(stored.summary.note.as_deref(), Some("two"));
}

/// An operation at one of two endpoints.
#[derive(Debug, Clone)]
enum Step {
    /// This many at once.
    PendingInsert(usize),
    /// The n-th existing one.
    Delete(usize),
    /// The first n existing ones, and one that does not exist.
    DeleteMany(usize),
    /// Whether the n-th existing one is pinned.
    Pin(usize, bool),
    Clear,
    Reopen,
}

/// The expected state of an endpoint.
#[derive(Debug, Default)]
struct Model {
    seqs: Vec<i64>,
    last_seq: i64,
    dropped_through: i64,
    /// Requests at or below it exist only while they are pinned.
    floor: i64,
    pinned: BTreeSet<i64>,
}

impl Model {
    /// Evicts the oldest unpinned requests beyond the limit.
    fn drop_surplus(&mut self, max: usize) {
        let counted: Vec<i64> =
            self.seqs.iter().copied().filter(|seq| !self.pinned.contains(seq)).collect();
        let surplus = counted.len().saturating_sub(max);
        if surplus > 0 {
            self.dropped_through = counted[surplus - 1];
            self.floor = self.dropped_through;
            self.seqs.retain(|seq| !counted[..surplus].contains(seq));
        }
    }
}

#[test]
fn whatever_is_done_the_store_is_what_was_done_to_it() {
    const MAX: usize = 6;
    let step = prop_oneof![
        4 => (1..12_usize).prop_map(Step::PendingInsert),
        3 => (0..8_usize).prop_map(Step::Delete),
        1 => (0..4_usize).prop_map(Step::DeleteMany),
        3 => (0..8_usize, any::<bool>()).prop_map(|(place, pinned)| Step::Pin(place, pinned)),
        1 => Just(Step::Clear),
        1 => Just(Step::Reopen),
    ];
    let steps = proptest::collection::vec((0..2_usize, step), 1..25);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config = proptest::test_runner::Config::with_cases(40);
    let mut runner = TestRunner::new(config);
    let run = runner.run(&steps, |steps| {
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let options = || Options {
                max_requests: u32::try_from(MAX).unwrap(),
                ..Options::new(&folder.path().join("contract.db"))
            };
            let OpenDatabase { mut store, mut published } = open_with(options()).await;
            let first = endpoint(&*store, "abc").await;
            let second =
                store.create_endpoint(new(Owner::Workspace(first.workspace), "def")).await.unwrap();
            let mut models = [Model::default(), Model::default()];
            let mut seen = Seen::default();
            for (which, step) in steps {
                let id = [first.id, second.id][which];
                let model = &mut models[which];
                match step {
                    Step::PendingInsert(count) => {
                        let appends: Vec<_> = (0..count)
                            .map(|_| {
                                let store = store.clone();
                                tokio::spawn(async move { store.append(id, captured(b"x")).await })
                            })
                            .collect();
                        for append in appends {
                            append.await.unwrap().unwrap();
                            model.last_seq += 1;
                            model.seqs.push(model.last_seq);
                        }
                        model.drop_surplus(MAX);
                    }
                    Step::DeleteMany(count) => {
                        let count = count.min(model.seqs.len());
                        let mut seqs: Vec<i64> = model.seqs.drain(..count).collect();
                        model.pinned.retain(|seq| !seqs.contains(seq));
                        seqs.push(model.last_seq + 1);
                        let deleted = store.delete_requests(id, seqs).await.unwrap();
                        prop_assert_eq!((deleted.done, deleted.deleted), (count + 1, count as u64));
                    }
                    Step::Pin(place, pinned) => {
                        let Some(&seq) = model.seqs.get(place) else { continue };
                        let annotation = Annotation { pinned: Some(pinned), note: None };
                        let summary = store.annotate(id, seq, annotation).await.unwrap();
                        prop_assert_eq!((summary.seq, summary.pinned), (seq, pinned));
                        let floor = model.floor;
                        if pinned {
                            model.pinned.insert(seq);
                        } else if model.pinned.remove(&seq) && seq <= floor {
                            model.seqs.retain(|other| *other != seq);
                        }
                        model.drop_surplus(MAX);
                    }
                    Step::Delete(place) if place < model.seqs.len() => {
                        let seq = model.seqs.remove(place);
                        model.pinned.remove(&seq);
                        store.delete_request(id, seq).await.unwrap();
                    }
                    Step::Delete(_) => {
                        let deleted = store.delete_request(id, model.last_seq + 1).await;
                        prop_assert!(matches!(deleted, Err(StoreError::NotFound)));
                    }
                    Step::Clear => {
                        let cleared = store.clear(id).await.unwrap();
                        prop_assert_eq!(cleared, model.seqs.len() as u64);
                        model.seqs.clear();
                        model.pinned.clear();
                        model.dropped_through = 0;
                        model.floor = model.last_seq;
                    }
                    Step::Reopen => {
                        store.close().await;
                        drop(store);
                        seen.take(&published.lock().unwrap());
                        OpenDatabase { store, published } = open_with(options()).await;
                    }
                }
            }
            seen.take(&published.lock().unwrap());
            for ((model, slug), id) in models.iter().zip(["abc", "def"]).zip([first.id, second.id])
            {
                let slug: Slug = slug.parse().unwrap();
                let now = store.endpoint(&slug).await.unwrap().unwrap();
                prop_assert_eq!(&list(&*store, id).await, &model.seqs);
                prop_assert_eq!(now.requests, model.seqs.len() as i64);
                prop_assert_eq!(now.last_seq, model.last_seq);
                prop_assert_eq!(now.dropped_through, model.dropped_through);
                // A subscriber of all changes and a later reader see the same requests.
                prop_assert_eq!(&seen.requests(&slug), &model.seqs);
                let Backlog::Changes { changes: backlog, .. } =
                    store.changes_after(first.workspace, 0, 10_000).await.unwrap()
                else {
                    panic!("a gap")
                };
                let mut afterwards = Seen::default();
                afterwards.take(&backlog);
                prop_assert_eq!(&afterwards.requests(&slug), &model.seqs);
            }
            Ok(())
        })
    });
    run.unwrap();
}

#[tokio::test]
async fn secrets_stay_with_their_endpoint_as_they_were_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let (one, other) = (endpoint(&*store, "one").await, endpoint(&*store, "other").await);
    assert_eq!(store.any_secret().await.unwrap(), None);
    let new = |endpoint: &StoredEndpoint, sealed: &[u8]| NewSecret {
        endpoint: endpoint.id,
        id: SecretId::random(),
        provider: "stripe".to_owned(),
        name: Some("Live".to_owned()),
        sealed: sealed.to_vec(),
        max_secrets: 2,
    };
    let first = store.add_secret(new(&one, &[0, 255])).await.unwrap();
    let second = store.add_secret(new(&one, b"x")).await.unwrap();
    let full = store.add_secret(new(&one, b"y")).await.unwrap_err();
    assert!(matches!(full, StoreError::TooManySecrets(2)), "{full:?}");
    let kept = store.secrets(one.id).await.unwrap();
    assert_eq!(kept, [first.clone(), second.clone()]);
    assert_eq!((kept[0].sealed.as_slice(), kept[0].provider.as_str()), (&[0, 255][..], "stripe"));
    assert!(store.secrets(other.id).await.unwrap().is_empty());
    assert!(store.any_secret().await.unwrap().is_some());
    let has_secrets = |endpoint: &StoredEndpoint| {
        let (store, slug) = (store.clone(), endpoint.slug.clone());
        async move {
            let kept = store.endpoint(&slug).await.unwrap().unwrap().has_secrets;
            assert_eq!(store.resolve(&slug).await.unwrap().unwrap().has_secrets, kept);
            kept
        }
    };
    assert_eq!((has_secrets(&one).await, has_secrets(&other).await), (true, false));
    let stranger = store.delete_secret(other.id, first.id).await.unwrap_err();
    assert!(matches!(stranger, StoreError::NotFound));
    store.delete_secret(one.id, first.id).await.unwrap();
    assert!(has_secrets(&one).await);
    store.delete_endpoint(one.id).await.unwrap();
    assert_eq!(store.any_secret().await.unwrap(), None);
    let gone = store.add_secret(new(&one, b"z")).await.unwrap_err();
    assert!(matches!(gone, StoreError::Gone(_)), "{gone:?}");
    let told = published.lock().unwrap();
    let told = told.iter().filter(|change| change.endpoint == one.slug);
    assert_eq!(told.count(), 5, "made, two secrets, one less, gone");
}

#[tokio::test]
async fn a_verdict_is_told_once_and_to_feeds_that_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    for _ in 0..3 {
        store.append(endpoint.id, captured(b"x")).await.unwrap();
    }
    let before = store.last_change(endpoint.workspace).await.unwrap();
    let verdicts = vec![(1, Some("valid")), (9, Some("valid")), (3, Some("invalid"))];
    for _ in 0..2 {
        store.note_verdicts(endpoint.id, verdicts.clone()).await.unwrap();
    }
    let told: Vec<_> = published
        .lock()
        .unwrap()
        .iter()
        .filter_map(|change| match &change.what {
            ChangeKind::Updated(summary) => {
                Some((change.number, summary.seq, summary.verdict.clone()))
            }
            _ => None,
        })
        .collect();
    let expected =
        [(before + 1, 1, Some("valid".to_owned())), (before + 2, 3, Some("invalid".to_owned()))];
    assert_eq!(told, expected, "requests that are missing or unchanged are skipped");
    let Backlog::Changes { changes: backlog, .. } =
        store.changes_after(endpoint.workspace, before, 10).await.unwrap()
    else {
        panic!("a gap")
    };
    let numbers: Vec<i64> = backlog.iter().map(|change| change.number).collect();
    assert_eq!(numbers, [before + 1, before + 2]);
    store.note_verdicts(endpoint.id, vec![(1, None)]).await.unwrap();
    let request = store.request(endpoint.id, RequestRef::Seq(1)).await.unwrap();
    assert_eq!(request.summary.verdict, None);
}

/// Response settings as an owner sets them.
fn answers(from: Option<i64>, settings: &str, answered: Option<u64>) -> EndpointSettings {
    let settings = Some(settings.to_owned());
    let words = Some("in a word".to_owned());
    let answers = Some(NewResponseSettings { from, settings, words, answered });
    EndpointSettings { answers, ..EndpointSettings::default() }
}

#[tokio::test]
async fn how_an_endpoint_answers_is_set_by_whoever_knows_what_was_set() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let made = endpoint(&*store, "abc").await;
    let id = made.id;
    assert_eq!((made.answers, store.answers(id).await.unwrap()), (None, None));
    let bytes = "select bytes from workspaces";
    assert_eq!(rows(folder.path(), bytes).await, 0);

    let set = store.update_endpoint(id, answers(None, "{one}", None)).await.unwrap();
    let first = set.answers.clone().unwrap();
    assert_eq!(first.words.as_deref(), Some("in a word"));
    assert_eq!(first.version, store.last_change(made.workspace).await.unwrap());
    assert_eq!(store.resolve(&made.slug).await.unwrap().unwrap().answers, set.answers);
    assert_eq!(store.endpoint(&made.slug).await.unwrap().unwrap().answers, set.answers);
    let kept = store.answers(id).await.unwrap().unwrap();
    assert_eq!((kept.settings.as_str(), kept.answered), ("{one}", 0));
    assert_eq!(rows(folder.path(), bytes).await, 5, "it counts as what the workspace holds");

    // An update from an older version is refused and changes nothing.
    for from in [None, Some(first.version - 1)] {
        let outdated = store.update_endpoint(id, answers(from, "{other}", None)).await;
        assert!(matches!(outdated, Err(StoreError::Outdated)), "{outdated:?}");
    }
    assert_eq!(store.answers(id).await.unwrap().unwrap(), kept);

    // The progress of the simulation never decreases unless it starts over.
    let went_on = |version, answered| {
        let words = Some("further".to_owned());
        let progress = Some(Progress { version, answered, words });
        store.note_answer(id, 99, LateResponse { progress, ..LateResponse::default() })
    };
    went_on(first.version, 3).await.unwrap();
    went_on(first.version, 2).await.unwrap();
    went_on(first.version - 1, 9).await.unwrap();
    assert_eq!(store.answers(id).await.unwrap().unwrap().answered, 3);
    let words = store.endpoint(&made.slug).await.unwrap().unwrap().answers.unwrap().words;
    assert_eq!(words.as_deref(), Some("further"));
    let from = Some(first.version);
    let set = store.update_endpoint(id, answers(from, "{two}", Some(2))).await.unwrap();
    assert_eq!(store.answers(id).await.unwrap().unwrap().answered, 3);
    let from = set.answers.map(|answers| answers.version);
    let set = store.update_endpoint(id, answers(from, "{three}", None)).await.unwrap();
    assert_eq!(store.answers(id).await.unwrap().unwrap().answered, 0);

    // Reset to the default; and a restored endpoint has no settings.
    let from = set.answers.map(|answers| answers.version);
    let plain = NewResponseSettings { from, settings: None, words: None, answered: None };
    let plain = EndpointSettings { answers: Some(plain), ..EndpointSettings::default() };
    assert_eq!(store.update_endpoint(id, plain).await.unwrap().answers, None);
    assert_eq!(rows(folder.path(), bytes).await, 0);
    store.update_endpoint(id, answers(None, "{four}", None)).await.unwrap();
    store.delete_endpoint(id).await.unwrap();
    assert_eq!(rows(folder.path(), bytes).await, 0);
    let again = new(Owner::Workspace(made.workspace), "abc");
    assert_eq!(store.create_endpoint(again).await.unwrap().answers, None);
    assert_eq!(store.answers(id).await.unwrap(), None);
}

#[tokio::test]
async fn what_became_of_an_answer_is_told_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, published } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    let sent = CapturedRequest { status: None, answer: Some(vec![1; 100]), ..captured(b"x") };
    for _ in 0..3 {
        store.append(id, sent.clone()).await.unwrap();
    }
    let pin = Annotation { pinned: Some(true), ..Annotation::default() };
    store.annotate(id, 2, pin).await.unwrap();
    let late = |bytes: usize| LateResponse {
        status: Some(503),
        answer: (bytes > 0).then(|| vec![2; bytes]),
        progress: None,
    };
    store.note_answer(id, 1, late(5000)).await.unwrap();
    store.note_answer(id, 2, late(0)).await.unwrap();
    store.note_answer(id, 9, late(5000)).await.unwrap();
    let first = store.request(id, RequestRef::Seq(1)).await.unwrap();
    assert_eq!((first.summary.status, first.answer), (Some(503), Some(vec![2; 5000])));
    assert_eq!(store.request(id, RequestRef::Seq(2)).await.unwrap().answer, None);
    assert_eq!(store.request(id, RequestRef::Seq(3)).await.unwrap().answer, Some(vec![1; 100]));
    let told: Vec<_> = published
        .lock()
        .unwrap()
        .iter()
        .filter_map(|change| match &change.what {
            ChangeKind::Updated(summary) => Some((summary.seq, summary.status)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(2, None), (1, Some(503)), (2, Some(503))]);
    let unaccounted = "select bytes - (
            select sum(length(head) + length(trailers) + body_bytes + 512
                + coalesce(length(answer), 0)) from requests
        ) from workspaces";
    assert_eq!(rows(folder.path(), unaccounted).await, 0);
    for seq in 1..=3 {
        store.delete_request(id, seq).await.unwrap();
    }
    assert_eq!(rows(folder.path(), "select bytes from workspaces").await, 0);
}

/// A feed's subscriber: the requests that exist after the changes it received.
#[derive(Default)]
struct Seen {
    last: i64,
    requests: BTreeSet<(Slug, i64)>,
    pinned: BTreeSet<(Slug, i64)>,
}

impl Seen {
    fn take(&mut self, changes: &[Change]) {
        for change in changes {
            assert!(change.number > self.last, "in order: {change:?}");
            self.last = change.number;
            let here = |slug: &Slug| *slug == change.endpoint;
            match &change.what {
                ChangeKind::Captured(summary) | ChangeKind::Updated(summary) => {
                    let request = (change.endpoint.clone(), summary.seq);
                    self.requests.insert(request.clone());
                    if summary.pinned {
                        self.pinned.insert(request);
                    } else {
                        self.pinned.remove(&request);
                    }
                }
                ChangeKind::Deleted(seqs) => {
                    self.requests.retain(|(slug, seq)| !here(slug) || !seqs.contains(seq));
                }
                ChangeKind::Cleared(through) => {
                    self.requests.retain(|(slug, seq)| !here(slug) || seq > through);
                }
                ChangeKind::Dropped(below) => {
                    let pinned = &self.pinned;
                    self.requests.retain(|request| {
                        !here(&request.0) || request.1 >= *below || pinned.contains(request)
                    });
                }
                ChangeKind::Gone(_) => self.requests.retain(|(slug, _)| !here(slug)),
                ChangeKind::Endpoint(_) => {}
            }
        }
    }

    fn requests(&self, slug: &Slug) -> Vec<i64> {
        self.requests.iter().filter(|(here, _)| here == slug).map(|(_, seq)| *seq).collect()
    }
}

#[tokio::test]
async fn the_tries_of_a_delivery_are_numbered_and_read_together() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path()).await;
    let store = opened.store.as_ref();
    let id = endpoint(store, "deliveries").await.id;
    let neighbour = endpoint(store, "neighbour").await.id;
    let named = |name: &str| CapturedRequest { delivery: Some(name.to_owned()), ..captured(b"x") };
    // Several at once, in one transaction or more.
    let appends = ["a", "b", "a", "a"].map(|name| store.append(id, named(name)));
    futures_util::future::join_all(appends).await;
    store.append(neighbour, named("a")).await.unwrap();
    let tries = |delivery: hookglass_wire::Delivery| {
        let tries = delivery.attempts.into_iter();
        tries.map(|attempt| (attempt.seq, attempt.attempt)).collect::<Vec<_>>()
    };
    let delivery = store.delivery(id, 3).await.unwrap().unwrap();
    assert_eq!((delivery.attempt, delivery.guessed, delivery.id.as_str()), (2, false, "a"));
    assert_eq!(tries(delivery), [(1, 1), (3, 2), (4, 3)]);
    let alone = store.delivery(neighbour, 1).await.unwrap().unwrap();
    assert_eq!(tries(alone), [(1, 1)]);

    store.delete_request(id, 1).await.unwrap();
    assert_eq!(tries(store.delivery(id, 4).await.unwrap().unwrap()), [(3, 2), (4, 3)]);
    assert!(matches!(store.delivery(id, 1).await, Err(StoreError::NotFound)));
    store.append(id, named("a")).await.unwrap();
    assert_eq!(
        store.delivery(id, 5).await.unwrap().unwrap().attempt,
        4,
        "a deleted attempt still counts"
    );

    store.clear(id).await.unwrap();
    store.append(id, named("a")).await.unwrap();
    assert_eq!(tries(store.delivery(id, 6).await.unwrap().unwrap()), [(6, 1)]);
    assert!(matches!(store.delivery(id, 5).await, Err(StoreError::NotFound)));
    let published = opened.published.lock().unwrap();
    let attempts: Vec<_> = published
        .iter()
        .filter_map(|change| match &change.what {
            ChangeKind::Captured(summary) if summary.endpoint == "deliveries" => summary.attempt,
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [1, 1, 2, 3, 4, 1]);
}

#[tokio::test]
async fn a_search_whose_time_is_over_says_from_where_to_go_on() {
    const REQUESTS: i64 = 300;
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let endpoint = endpoint(&*store, "abc").await;
    let appended = (0..REQUESTS).map(|_| store.append(endpoint.id, captured(b"body")));
    futures_util::future::try_join_all(appended).await.unwrap();
    // By columns, by heads and by bodies; nothing matches, so that only the time limit ends it.
    for q in ["method:GET", "header.none:*", "nothing-like-it", "-method:POST"] {
        let query = Arc::new(Query::parse(q, 0).unwrap().unwrap());
        for from in [SearchFrom::Before(i64::MAX), SearchFrom::After(0)] {
            let search = |from, budget| Search { query: query.clone(), from, limit: 10, budget };
            let mut steps = 0;
            let mut next = Some(from);
            while let Some(from) = next {
                let found = store.search(endpoint.id, search(from, Duration::ZERO)).await.unwrap();
                let SearchPage { requests, next: edge, .. } = found;
                assert_eq!(requests, [], "{q}");
                if let Some(edge) = edge {
                    // The minimum that is examined, however short the time limit.
                    let looked_at = match from {
                        SearchFrom::Before(before) => before.min(REQUESTS + 1) - edge,
                        SearchFrom::After(after) => edge - after,
                    };
                    assert!((1..=100).contains(&looked_at), "{q}: {looked_at} at once");
                }
                next = edge.map(|edge| match from {
                    SearchFrom::Before(_) => SearchFrom::Before(edge),
                    SearchFrom::After(_) => SearchFrom::After(edge),
                });
                steps += 1;
            }
            assert!(steps > 2, "{q}: {steps} steps");
            let whole = store.search(endpoint.id, search(from, Duration::from_secs(60))).await;
            assert_eq!(whole.unwrap().next, None, "{q}: with enough time it examines all");
        }
    }
}

#[tokio::test]
async fn tries_are_counted_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let id = endpoint(&*store, "abc").await.id;
    let named = || CapturedRequest { delivery: Some("a".to_owned()), ..captured(b"x") };
    for _ in 0..3 {
        store.append(id, named()).await.unwrap();
    }
    store.close().await;
    drop(store);
    let OpenDatabase { store, .. } = open(folder.path()).await;
    let seq = store.append(id, named()).await.unwrap();
    assert_eq!(store.delivery(id, seq).await.unwrap().unwrap().attempt, 4);
}

/// A clock that a test sets; its wall time starts when requests of `captured` arrived.
#[derive(Clone)]
struct TestClock(Arc<Mutex<ClockReading>>);

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl TestClock {
    fn new() -> Self {
        let wall_us = captured(b"").received_at;
        Self(Arc::new(Mutex::new(ClockReading { wall_us, monotonic: Duration::ZERO })))
    }

    fn read(&self) -> ReadClock {
        let clock = self.0.clone();
        Arc::new(move || *clock.lock().unwrap())
    }

    /// Advances time.
    fn pass(&self, time_us: i64) {
        let mut reading = self.0.lock().unwrap();
        reading.wall_us += time_us;
        reading.monotonic += Duration::from_micros(time_us.try_into().unwrap());
    }

    /// Steps the wall clock.
    fn step(&self, by_us: i64) {
        self.0.lock().unwrap().wall_us += by_us;
    }

    fn options(&self, folder: &Path) -> Options {
        Options { clock: self.read(), ..Options::new(&folder.join("contract.db")) }
    }
}

async fn expires_at(store: &dyn Store, slug: &str) -> Option<i64> {
    let endpoint = store.endpoint(&slug.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(endpoint.gone, None, "{slug}");
    endpoint.expires_at
}

#[tokio::test]
async fn a_clock_that_steps_back_brings_no_end_nearer() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let OpenDatabase { store, .. } = open_with(clock.options(folder.path())).await;
    let before = endpoint(&*store, "before").await.id;
    clock.pass(DAY);
    store.append(before, captured(b"x")).await.unwrap();
    store.annotate(before, 1, pin(true)).await.unwrap();
    let end = expires_at(&*store, "before").await;
    clock.step(-10 * DAY);
    store.append(before, captured(b"x")).await.unwrap();
    store.touch(before).await.unwrap();
    let meanwhile = endpoint(&*store, "meanwhile").await;
    assert_eq!(expires_at(&*store, "before").await, end);
    assert!(meanwhile.expires_at >= end, "endpoints created meanwhile stay as long");
    // Nor does a step that is trusted by now, if the last use is not in memory.
    store.close().await;
    drop(store);
    let OpenDatabase { store, .. } = open_with(clock.options(folder.path())).await;
    for _ in 0..=11 {
        assert_eq!(store.expire().await.unwrap(), 0);
        clock.pass(60 * 1_000_000);
    }
    store.append(before, captured(b"x")).await.unwrap();
    assert_eq!(expires_at(&*store, "before").await, end);
    clock.step(10 * DAY);
    clock.pass(DAY);
    assert_eq!(store.expire().await.unwrap(), 0);
    assert_eq!(list(&*store, before).await, [1, 2, 3]);
    assert_eq!(expires_at(&*store, "before").await, end);
    // Its owner may choose an earlier expiry.
    let settings = EndpointSettings { expires_in: Some(3600), ..EndpointSettings::default() };
    store.update_endpoint(before, settings).await.unwrap();
    assert!(expires_at(&*store, "before").await < end);
}

#[tokio::test]
async fn a_clock_that_steps_forward_ends_nothing_before_it_went_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let OpenDatabase { store, .. } = open_with(clock.options(folder.path())).await;
    endpoint(&*store, "abc").await;
    for step in [3650 * DAY, -3650 * DAY] {
        clock.step(step);
        clock.pass(1_000_000);
        assert_eq!(store.expire().await.unwrap(), 0);
    }
    expires_at(&*store, "abc").await;
    store.close().await;
    drop(store);

    // It starts with a wrong clock until a time server responds.
    clock.step(3650 * DAY);
    let OpenDatabase { store, .. } = open_with(clock.options(folder.path())).await;
    assert_eq!(store.expire().await.unwrap(), 0);
    clock.step(-3650 * DAY);
    clock.pass(1_000_000);
    assert_eq!(store.expire().await.unwrap(), 0);
    expires_at(&*store, "abc").await;

    // A clock that continues for ten minutes is right.
    clock.step(8 * DAY);
    for minute in 0..=10 {
        assert_eq!(store.expire().await.unwrap(), 0, "{minute}");
        clock.pass(60 * 1_000_000 - 1);
    }
    clock.pass(1_000_000);
    assert_eq!(store.expire().await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_pinned_leaves_the_file_though_purging_had_passed_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let options = Options { max_requests: 1, ..clock.options(folder.path()) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let mut ids = Vec::new();
    for slug in ["cleared", "deleted", "unpinned", "expired"] {
        let id = endpoint(&*store, slug).await.id;
        store.append(id, captured(&[1; 300_000])).await.unwrap();
        store.annotate(id, 1, pin(true)).await.unwrap();
        for _ in 0..3 {
            store.append(id, captured(b"x")).await.unwrap();
        }
        ids.push(id);
    }
    eventually("purging past the pins", async || {
        rows(folder.path(), "select count(*) from endpoints where purged >= 3").await == 4
    })
    .await;
    assert_eq!(rows(folder.path(), "select count(*) from requests").await, 8);
    store.clear(ids[0]).await.unwrap();
    store.delete_endpoint(ids[1]).await.unwrap();
    store.annotate(ids[2], 1, pin(false)).await.unwrap();
    store.delete_request(ids[2], 4).await.unwrap();
    let keep = EndpointSettings { expires_in: Some(0), ..EndpointSettings::default() };
    store.update_endpoint(ids[0], keep.clone()).await.unwrap();
    store.update_endpoint(ids[2], keep).await.unwrap();
    clock.pass(8 * DAY);
    assert_eq!(store.expire().await.unwrap(), 1);
    eventually("all rows", async || {
        rows(
            folder.path(),
            "select (select count(*) from requests) + (select count(*) from body_pieces)",
        )
        .await
            == 0
    })
    .await;
    assert_eq!(rows(folder.path(), "select sum(bytes) from workspaces").await, 0);
}

#[tokio::test]
async fn the_log_stays_short_while_somebody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contract.db");
    let options = Options { max_log_bytes: 1 << 20, ..Options::new(&path) };
    let OpenDatabase { store, .. } = open_with(options).await;
    let id = endpoint(&*store, "abc").await.id;
    let reading = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).read_only(true);
    let mut reader = reading.connect().await.unwrap();
    let mut snapshot = reader.begin().await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from requests")
        .fetch_one(&mut *snapshot)
        .await
        .unwrap();
    assert_eq!(seen, 0);
    let log = || std::fs::metadata(folder.path().join("contract.db-wal")).unwrap().len();
    while log() < 1 << 20 {
        store.append(id, captured(&[1; 200_000])).await.unwrap();
    }
    // The next command waits for the reader, and does not grow the log.
    let mut next = {
        let store = store.clone();
        tokio::spawn(async move { store.append(id, captured(&[1; 200_000])).await })
    };
    let length = log();
    tokio::time::timeout(Duration::from_millis(100), &mut next).await.unwrap_err();
    assert_eq!(log(), length);
    snapshot.rollback().await.unwrap();
    next.await.unwrap().unwrap();
    assert!(log() < 1 << 20, "it was emptied: {}", log());
}
