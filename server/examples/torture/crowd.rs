//! Thousands of almost idle connections from one address, while someone else sends.

use std::{
    cell::Cell,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    bed::Setting,
    guests::{House, behave, mib},
    report::Row,
};

pub(crate) const NAME: &str = "Thousands of slow connections";
/// A source address of their own.
const FROM: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), 0);
/// Few enough that the endpoint keeps all of them.
const PER_SECOND: u32 = 150;
/// The interval between two bytes of a slow sender.
const PACE: Duration = Duration::from_secs(3);
/// The delay before a rejected or closed connection is opened again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// One in this many requests of the well-behaved sender may fail.
const FAILURES_ONE_IN: usize = 1000;

/// How many connections, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) connections: usize,
    pub(crate) lasts: Duration,
}

pub(crate) async fn run(setting: &Setting, crowd: Crowd) -> Result<Row> {
    let mut row = Row::new(NAME);
    let house = House::open(setting, "crowd", &[])?;
    let (slow, quiet) = (house.guest().await?, house.guest().await?);
    let open = Rc::new(Cell::new(0));
    let local = tokio::task::LocalSet::new();
    let address = house.server.address;
    let (manners, peak, most) = local
        .run_until(async {
            let mut tasks = JoinSet::new();
            for number in 0..crowd.connections {
                let (open, id) = (open.clone(), slow.id.clone());
                tasks.spawn_local(async move {
                    loop {
                        // Ignore how it ends: such a client just comes back.
                        let _ = dawdle(address, number, &id, &open).await;
                        sleep(AGAIN_AFTER).await;
                    }
                });
            }
            let behaved = behave(&house, &quiet, PER_SECOND, crowd.lasts);
            tokio::pin!(behaved);
            let mut most = 0;
            loop {
                tokio::select! {
                    behaved = &mut behaved => {
                        let (manners, peak) = behaved?;
                        break anyhow::Ok((manners, peak, most));
                    }
                    () = sleep(AGAIN_AFTER) => most = most.max(open.get()),
                }
            }
        })
        .await?;
    let failed = manners.sent - manners.acknowledged;
    if failed * FAILURES_ONE_IN > manners.sent {
        row.wrong(format!("{failed} of {} requests got no 2xx", manners.sent));
    }
    if most < crowd.connections / 2 {
        row.wrong(format!("only {most} connections were open at once: that is no crowd"));
    }
    let kept = house.look(&quiet).await?.requests;
    if kept < manners.acknowledged as u64 {
        row.wrong(format!("{} were acknowledged, {kept} are there", manners.acknowledged));
    }
    row.single(manners.acknowledged);
    row.note(format!(
        "up to {most} open at once for {:.0?}; {} of {} requests of another sender answered, the \
         slowest after {:.0?}; {} MiB resident at most",
        crowd.lasts,
        manners.acknowledged,
        manners.sent,
        manners.slowest,
        mib(peak.resident)
    ));
    Ok(row)
}

/// Runs one connection until the server closes it: a head that never ends, a body that hardly
/// arrives, or responses that are not read, by number.
async fn dawdle(
    address: SocketAddr,
    number: usize,
    id: &str,
    open: &Rc<Cell<usize>>,
) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(1024)?;
    socket.bind(FROM)?;
    let mut stream = socket.connect(address).await?;
    let _counted = Counted::new(open);
    match number % 3 {
        0 => {
            stream.write_all(format!("POST /{id} HTTP/1.1\r\nHost: x\r\n").as_bytes()).await?;
            drip(&mut stream, b"X-a: b\r\n").await
        }
        1 => {
            let head = format!("POST /{id} HTTP/1.1\r\nHost: x\r\nContent-Length: 8192\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            drip(&mut stream, b"slow").await
        }
        _ => {
            let request = format!("GET /{id} HTTP/1.1\r\nHost: x\r\n\r\n").repeat(64);
            stream.write_all(request.as_bytes()).await?;
            loop {
                sleep(PACE).await;
                let mut byte = [0];
                if stream.read(&mut byte).await? == 0 {
                    return Ok(());
                }
            }
        }
    }
}

async fn drip(stream: &mut TcpStream, drop: &[u8]) -> Result<()> {
    let mut answer = [0; 256];
    loop {
        stream.write_all(drop).await?;
        // Any response ends it.
        if timeout(PACE, stream.read(&mut answer)).await.is_ok() {
            return Ok(());
        }
    }
}

/// Counts while it is held.
struct Counted(Rc<Cell<usize>>);

impl Counted {
    fn new(open: &Rc<Cell<usize>>) -> Self {
        open.set(open.get() + 1);
        Self(open.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
