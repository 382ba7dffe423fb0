use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::sleep,
};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Returns a gate, the sender's end of its socket and the slot for its exchanges.
fn gate(buffer_bytes: usize) -> (Gate<DuplexStream>, DuplexStream, ExchangeSlot) {
    let (ours, theirs) = duplex(buffer_bytes);
    let slot = ExchangeSlot::default();
    let large_heads = Arc::new(Semaphore::new(1));
    (Gate::new(theirs, BytesMut::new(), slot.clone(), large_heads), ours, slot)
}

/// Returns what the gate passes on until it stops, and how long that takes.
async fn handed_on(gate: &mut Gate<DuplexStream>) -> (String, Duration) {
    let started = Instant::now();
    let mut output = Vec::new();
    gate.read_to_end(&mut output).await.unwrap();
    (String::from_utf8(output).unwrap(), started.elapsed())
}

fn malformed(slot: &ExchangeSlot) -> Option<Malformed> {
    slot.take().and_then(|exchange| exchange.malformed)
}

#[tokio::test(start_paused = true)]
async fn a_head_has_ten_seconds_from_its_first_byte() {
    let (mut gate, mut sender, slot) = gate(1024);
    let dribble = tokio::spawn(async move {
        sleep(20 * SECOND).await;
        for byte in b"GET /some/where HTTP/1.1" {
            sender.write_all(&[*byte]).await.unwrap();
            sleep(SECOND).await;
        }
    });
    let (output, took) = handed_on(&mut gate).await;
    assert_eq!(took, 30 * SECOND);
    // The target is incomplete.
    assert!(output.starts_with("POST / HTTP/1.1\r\n"), "{output}");
    let exchange = slot.take().unwrap();
    assert_eq!(exchange.malformed, Some(Malformed::HeadTimeout));
    assert_eq!(exchange.wire.as_ref().unwrap().bytes, b"GET /some/"[..]);
    dribble.abort();
}

#[tokio::test(start_paused = true)]
async fn a_head_that_waits_behind_a_body_has_its_own_ten_seconds() {
    let (mut gate, mut sender, slot) = gate(1024);
    let message = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";
    sender.write_all(format!("{message}GET").as_bytes()).await.unwrap();
    let mut read = vec![0; message.len()];
    gate.read_exact(&mut read).await.unwrap();
    assert_eq!(read, message.as_bytes());
    assert_eq!(malformed(&slot), None);
    let (_, took) = handed_on(&mut gate).await;
    assert_eq!((took, malformed(&slot)), (HEAD_TIMEOUT, Some(Malformed::HeadTimeout)));
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_be_silent_for_so_long_before_and_between_messages() {
    let (mut gate, mut sender, slot) = gate(1024);
    assert_eq!(handed_on(&mut gate).await, (String::new(), IDLE_TIMEOUT));
    assert!(slot.take().is_none());
    drop(sender);

    let message = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let (mut gate, slot) = {
        let (gate, other, slot) = self::gate(1024);
        sender = other;
        (gate, slot)
    };
    for _ in 0..3 {
        sleep(70 * SECOND).await;
        sender.write_all(message.as_bytes()).await.unwrap();
        let mut read = vec![0; message.len()];
        gate.read_exact(&mut read).await.unwrap();
        assert!(slot.take().is_some());
    }
    assert_eq!(handed_on(&mut gate).await, (String::new(), IDLE_TIMEOUT));
}

#[tokio::test(start_paused = true)]
async fn an_empty_line_between_messages_is_silence_and_no_head() {
    let (mut gate, mut sender, slot) = gate(1024);
    sender.write_all(b"\r\n").await.unwrap();
    assert_eq!(handed_on(&mut gate).await, (String::new(), IDLE_TIMEOUT));
    assert!(slot.take().is_none());
}

#[tokio::test(start_paused = true)]
async fn empty_lines_now_and_then_do_not_keep_a_connection_open() {
    let (mut gate, mut sender, slot) = gate(1024);
    let dribble = tokio::spawn(async move {
        while sender.write_all(b"\r\n").await.is_ok() {
            sleep(30 * SECOND).await;
        }
    });
    assert_eq!(handed_on(&mut gate).await, (String::new(), IDLE_TIMEOUT));
    assert!(slot.take().is_none());
    dribble.abort();
}

#[tokio::test(start_paused = true)]
async fn an_idle_gate_holds_no_buffer() {
    let (mut gate, mut sender, slot) = gate(1 << 20);
    let message = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nX<>: {}\r\nContent-Length: 50000\r\n\r\n{}",
        "x".repeat(30_000),
        "b".repeat(50_000)
    );
    sender.write_all(message.as_bytes()).await.unwrap();
    let idle = tokio::time::timeout(60 * SECOND, handed_on(&mut gate)).await;
    assert!(idle.is_err(), "{idle:?}");
    assert_eq!(gate.input.capacity(), 0);
    assert!(gate.output.is_empty());
    drop(slot.take());
    // The permit for its large head is free again.
    assert_eq!(gate.large_heads.available_permits(), 1);
}

#[tokio::test(start_paused = true)]
async fn large_heads_past_the_limit_are_told_to_come_again() {
    let (mut gate, mut sender, slot) = gate(1 << 20);
    let _taken = gate.large_heads.clone().try_acquire_owned().unwrap();
    let start = format!("GET /id HTTP/1.1\r\nX: {}", "x".repeat(LARGE_HEAD_BYTES));
    sender.write_all(start.as_bytes()).await.unwrap();
    let (output, took) = handed_on(&mut gate).await;
    assert!(output.starts_with("POST /id HTTP/1.1\r\n"), "{output}");
    assert_eq!((took, malformed(&slot)), (Duration::ZERO, Some(Malformed::Crowded)));
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_loses_the_connection() {
    let (mut gate, mut sender, _) = gate(10);
    let started = Instant::now();
    let slow = tokio::spawn(async move {
        // Slow is not stalled.
        for _ in 0..4 {
            sleep(60 * SECOND).await;
            sender.read_exact(&mut [0; 5]).await.unwrap();
        }
        sender
    });
    let error = gate.write_all(&[b'x'; 1000]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(started.elapsed(), 4 * 60 * SECOND + IDLE_TIMEOUT);
    drop(slow.await);
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_what_still_arrives_is_thrown_away_for_a_while() {
    let (mut gate, mut sender, slot) = gate(64 * 1024);
    sender.write_all(b"GET / HTTP/1.1\n").await.unwrap();
    handed_on(&mut gate).await;
    assert_eq!(malformed(&slot), Some(Malformed::BareLineFeed));
    let sending = tokio::spawn(async move {
        sender.write_all(&vec![b'x'; 10 * 1024 * 1024]).await.unwrap();
        let mut answer = String::new();
        sender.read_to_string(&mut answer).await.unwrap();
        (sender, answer)
    });
    gate.write_all(b"the answer").await.unwrap();
    let started = Instant::now();
    gate.shutdown().await.unwrap();
    // The sender has not closed its end.
    assert_eq!(started.elapsed(), LINGER);
    assert_eq!(sending.await.unwrap().1, "the answer");
    assert_eq!(gate.input.len(), 0);
    assert_eq!(handed_on(&mut gate).await.0, "");
}

#[tokio::test(start_paused = true)]
async fn lingering_ends_with_the_sender_and_does_not_start_without_need() {
    let (mut gate, mut sender, _slot) = gate(1024);
    sender.write_all(b"GET / HTTP/1.1\n").await.unwrap();
    handed_on(&mut gate).await;
    drop(sender);
    let started = Instant::now();
    gate.shutdown().await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);

    let (mut gate, mut sender, _slot) = self::gate(1024);
    let message = b"GET / HTTP/1.0\r\n\r\n";
    sender.write_all(message).await.unwrap();
    gate.read_exact(&mut [0; 18]).await.unwrap();
    gate.shutdown().await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
    // Unread input would reset the connection.
    sender.write_all(b"\r\n").await.unwrap();
    gate.shutdown().await.unwrap();
    assert_eq!(started.elapsed(), LINGER);
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_is_kept_without_what_follows_it() {
    for (sent, kept) in [
        ("GET /a HTTP/1.1\nHost: h\n\nGET /b", "GET /a HTTP/1.1\nHost: h\n\n"),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\nGET /b", "GET /a HTTP/1.1\r\nHost: h\r\n\n"),
        ("GET /a HTTP/1.1\nHost: h\r\n\r\nGET /b", "GET /a HTTP/1.1\nHost: h\r\n\r\n"),
        ("\nGET /a HTTP/1.1\n\nGET /b", "\nGET /a HTTP/1.1\n\n"),
        ("(GET /a HTTP/1.1\r\n\r\nGET /b", "(GET /a HTTP/1.1\r\n\r\n"),
        ("GET /a HTTP/1.1\nHost: h\nX: y", "GET /a HTTP/1.1\nHost: h\nX: y"),
        ("GET /a HTTP/1.1\r\n\r\r\nGET /b\r\n\r\n", "GET /a HTTP/1.1\r\n\r\r\n"),
        ("GET /a HTTP/1.1\r\n\r\nGET /b", "GET /a HTTP/1.1\r\n\r\n"),
    ] {
        let (mut gate, mut sender, slot) = gate(1024);
        sender.write_all(sent.as_bytes()).await.unwrap();
        handed_on(&mut gate).await;
        let exchange = slot.take().unwrap();
        assert!(exchange.malformed.is_some(), "{sent:?}");
        let bytes = exchange.wire.as_ref().unwrap().bytes.escape_ascii().to_string();
        assert_eq!(bytes, kept.escape_default().to_string(), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_with_little_room_reads_the_same() {
    let chunked = "POST /<> HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let sent = format!("{chunked}03;x\r\nabc\r\nA\r\n0123456789\r\n000\r\nT: 1\r\n\r\n");
    let (mut gate, mut sender, slot) = gate(1024);
    sender.write_all(sent.as_bytes()).await.unwrap();
    sender.shutdown().await.unwrap();
    let mut output = Vec::new();
    let mut byte = [0];
    while gate.read(&mut byte).await.unwrap() == 1 {
        output.push(byte[0]);
    }
    let tame = "POST /%3C%3E HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let expected = format!("{tame}3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n");
    assert_eq!(String::from_utf8(output).unwrap(), expected);
    let exchange = slot.take().unwrap();
    assert_eq!(exchange.wire.as_ref().unwrap().bytes, chunked.as_bytes());
    assert_eq!(exchange.trailers(), b"T: 1\r\n");
}
