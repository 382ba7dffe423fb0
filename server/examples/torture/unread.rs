//! A thousand connections from one address request the largest responses and do not read them,
//! while someone else sends.

use std::{
    cell::Cell,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::{JoinSet, LocalSet},
    time::sleep,
};

use super::{
    bed::Setting,
    guests::{Guest, House, Peak, behave, mib},
    http::Connection,
    report::Row,
};

/// The source address of the connections.
const FROM: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);
/// The most that one address may have.
const CONNECTIONS: usize = 1024;
/// The streams of each HTTP/2 connection.
const STREAMS: u32 = 128;
/// The number of requests stored at the endpoint.
const REQUESTS: usize = 200;
const LONG: usize = 2 * 1024;
const BODY_BYTES: usize = 25 << 20;
/// The well-behaved sender's rate: few enough that its endpoint keeps all.
const PER_SECOND: u32 = 150;
/// One request in this many of the sender who behaves may fail.
const FAILURES_ONE_IN: usize = 1000;
/// The delay before a closed connection is opened again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// The interval at which open connections are counted.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The time limit for all of them to connect and send, before the other sender's times count.
const WARM_UP: Duration = Duration::from_secs(3);
/// How long after they are gone their workspace may still be rejected.
const GIVEN_BACK_AFTER: Duration = Duration::from_secs(2);
const RESIDENT_BOUND: u64 = 300 << 20;
const P99_BOUND: Duration = Duration::from_millis(250);

/// The protocol of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "Responses that nobody reads, HTTP/1",
            Self::Http2 => "Responses that nobody reads, HTTP/2",
        }
    }
}

pub(crate) async fn run(setting: &Setting, protocol: Protocol, lasts: Duration) -> Result<Row> {
    let mut row = Row::new(protocol.name());
    let name = if protocol == Protocol::Http1 { "unread-1" } else { "unread-2" };
    let house = House::open(setting, name, &[])?;
    let (idle, quiet) = (house.guest().await?, house.guest().await?);
    fill(&house, &idle).await?;
    let asked = Rc::new(asked_for(&idle));
    let address = house.server.address;
    let open = Rc::new(Cell::new(0));
    let local = LocalSet::new();
    let (manners, resident, most) = local
        .run_until(async {
            let mut tasks = JoinSet::new();
            for number in 0..CONNECTIONS {
                let (open, asked) = (open.clone(), asked.clone());
                tasks.spawn_local(async move {
                    loop {
                        // Ignore how it ends: such a client just comes back.
                        let _ = ask(address, protocol, number, &asked, &open).await;
                        sleep(AGAIN_AFTER).await;
                    }
                });
            }
            let (mut most, mut first) = (0, Peak::default());
            let started = Instant::now();
            while started.elapsed() < WARM_UP {
                sleep(LOOK_EVERY).await;
                most = most.max(open.get());
                house.measure(&mut first)?;
            }
            let behaved = behave(&house, &quiet, PER_SECOND, lasts);
            tokio::pin!(behaved);
            loop {
                tokio::select! {
                    behaved = &mut behaved => {
                        let (manners, peak) = behaved?;
                        let resident = peak.resident.max(first.resident);
                        break anyhow::Ok((manners, resident, most));
                    }
                    () = sleep(LOOK_EVERY) => most = most.max(open.get()),
                }
            }
        })
        .await?;
    let failed = manners.sent - manners.acknowledged;
    if failed * FAILURES_ONE_IN > manners.sent {
        row.wrong(format!("{failed} of {} requests got no 2xx", manners.sent));
    }
    if manners.p99() > P99_BOUND {
        row.wrong(format!("the other sender waited {:.0?} at p99", manners.p99()));
    }
    if resident > RESIDENT_BOUND {
        row.wrong(format!("{} MiB were resident", mib(resident)));
    }
    // Over HTTP/2 most are cut off: their streams were refused.
    let enough = if protocol == Protocol::Http1 { CONNECTIONS / 2 } else { CONNECTIONS / 16 };
    if most < enough {
        row.wrong(format!("only {most} connections were open at once"));
    }
    // What they held is released once they are gone.
    drop(local);
    let gone = Instant::now();
    while let Err(error) = house.look(&idle).await {
        if gone.elapsed() > GIVEN_BACK_AFTER {
            row.wrong(format!("their workspace is still refused: {error:#}"));
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    row.single(manners.acknowledged);
    row.note(format!(
        "up to {most} connections that read nothing for {lasts:.0?}; {} of {} requests of another \
         sender answered, p99 {:.0?}, the slowest after {:.0?}; {} MiB resident at most",
        manners.acknowledged,
        manners.sent,
        manners.p99(),
        manners.slowest,
        mib(resident)
    ));
    Ok(row)
}

/// Stores requests that make lists as long as possible, and one large body.
async fn fill(house: &House, guest: &Guest) -> Result<()> {
    let mut connection = Connection::open(house.server.address).await?;
    let (id, key) = (&guest.id, &guest.key);
    let note = "n".repeat(2000);
    let change = format!("{{\"note\":\"{note}\"}}");
    for seq in 1..=REQUESTS {
        let long = "l".repeat(LONG);
        let request = format!(
            "POST /{id}/{long} HTTP/1.1\r\nHost: x\r\nContent-Type: text/{long}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        connection.exchange(request.as_bytes()).await?;
        let request = format!(
            "PATCH /api/endpoints/{id}/requests/{seq} HTTP/1.1\r\nHost: x\r\n\
             Authorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{change}",
            change.len()
        );
        let answer = connection.request(request.as_bytes()).await?;
        ensure!(answer.status() == 200, "a note was refused: {}", answer.status());
    }
    let mut request =
        format!("POST /{id} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_BYTES}\r\n\r\n")
            .into_bytes();
    request.resize(request.len() + BODY_BYTES, b'b');
    connection.exchange(&request).await
}

/// A target and the key, if it is needed.
type Asked = (String, Option<String>);

/// The largest responses.
fn asked_for(guest: &Guest) -> Vec<Asked> {
    let requests = format!("/api/endpoints/{}/requests", guest.id);
    let bearer = Some(format!("Bearer {}", guest.key));
    vec![
        (format!("{requests}?limit=200"), bearer.clone()),
        ("/".to_owned(), None),
        (format!("/api/endpoints/{}/live?after=0", guest.id), bearer.clone()),
        (format!("{requests}/{}/body", REQUESTS + 1), bearer),
    ]
}

/// Runs one connection until the server closes it.
async fn ask(
    address: SocketAddr,
    protocol: Protocol,
    number: usize,
    asked: &[Asked],
    open: &Rc<Cell<usize>>,
) -> Result<()> {
    // Every second HTTP/2 connection responds to pings, and leaves no window for responses.
    let has_window = number.is_multiple_of(2);
    let socket = TcpSocket::new_v4()?;
    if protocol == Protocol::Http1 || has_window {
        socket.set_recv_buffer_size(1024)?;
    }
    socket.bind(FROM)?;
    let mut stream = socket.connect(address).await?;
    open.set(open.get() + 1);
    let _counted = Counted(open.clone());
    match protocol {
        Protocol::Http1 => {
            let (target, key) = &asked[number % asked.len()];
            let key = key.as_ref().map(|key| format!("Authorization: {key}\r\n"));
            let request = format!(
                "GET {target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n{}\r\n",
                key.unwrap_or_default()
            );
            stream.write_all(request.as_bytes()).await?;
            closed(&stream).await
        }
        Protocol::Http2 => {
            stream.write_all(&requests(asked, has_window)).await?;
            if has_window { closed(&stream).await } else { answer_pings(stream).await }
        }
    }
}

/// Waits until the peer has closed, without reading.
async fn closed(stream: &TcpStream) -> Result<()> {
    loop {
        sleep(LOOK_EVERY).await;
        if let Some(error) = stream.take_error()? {
            return Err(error.into());
        }
    }
}

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header that is in no table (RFC 7541 §6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).ok().filter(|&length| length < 127);
        [&[length.unwrap_or_default()], text.as_bytes()].concat()
    };
    [vec![0], text(name), text(value)].concat()
}

/// An HTTP/2 connection with the maximum number of requests.
fn requests(asked: &[Asked], has_window: bool) -> Vec<u8> {
    let window: u32 = if has_window { (1 << 31) - 1 } else { 0 };
    let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &settings));
    // The window of the connection.
    bytes.extend(frame(8, 0, 0, &((1_u32 << 31) - 1 - 65_535).to_be_bytes()));
    for (number, (target, key)) in (0..STREAMS).zip(asked.iter().cycle()) {
        let mut head = [
            literal(":method", "GET"),
            literal(":scheme", "http"),
            literal(":path", target),
            literal(":authority", "x"),
        ]
        .concat();
        if let Some(key) = key {
            head.extend(literal("authorization", key));
        }
        // END_STREAM and END_HEADERS.
        bytes.extend(frame(1, 5, 2 * number + 1, &head));
    }
    bytes
}

/// Reads frames and responds to pings.
async fn answer_pings(mut stream: TcpStream) -> Result<()> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await?;
        match (kind, flags & 1) {
            (4, 0) => stream.write_all(&frame(4, 1, 0, &[])).await?,
            (6, 0) => stream.write_all(&frame(6, 1, 0, &payload)).await?,
            _ => {}
        }
    }
}

/// Counts while it is held.
struct Counted(Rc<Cell<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
