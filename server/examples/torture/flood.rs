//! One workspace sends the largest heads and bodies as fast as possible, while another sends a
//! little.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::Result;
use tokio::{
    task::{JoinSet, LocalSet},
    time::sleep,
};

use super::{
    bed::Setting,
    guests::{House, behave, mib},
    http::Connection,
    report::Row,
};

pub(crate) const NAME: &str = "A flood of large heads and bodies";
const PER_SECOND: u32 = 50;
/// Connections that send heads, and the same number that send bodies.
const CONNECTIONS: usize = 32;
const HEAD_BYTES: usize = 64 * 1024;
const BODY_BYTES: usize = 25 << 20;
/// The delay after a rejection.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const RESIDENT_BOUND: u64 = 600 << 20;
/// The limit of the write-ahead log.
const LOG_BOUND: u64 = 64 << 20;

/// The duration, and the limit that must hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flood {
    pub(crate) lasts: Duration,
    pub(crate) storage_mib: u64,
}

pub(crate) async fn run(setting: &Setting, flood: Flood) -> Result<Row> {
    let mut row = Row::new(NAME);
    let limit = format!("{}MiB", flood.storage_mib);
    let house = House::open(setting, "flood", &["--max-storage", &limit])?;
    let (loud, quiet) = (house.guest().await?, house.guest().await?);
    let address = house.server.address;
    let sent = Rc::new(Cell::new(0_usize));
    let requests = [large_head(&loud.id), large_body(&loud.id)].map(Rc::<[u8]>::from);
    let local = LocalSet::new();
    let (manners, peak) = local
        .run_until(async {
            let mut tasks = JoinSet::new();
            for number in 0..2 * CONNECTIONS {
                let request = requests[number % 2].clone();
                tasks.spawn_local(pour(address, request, sent.clone()));
            }
            behave(&house, &quiet, PER_SECOND, flood.lasts).await
        })
        .await?;
    let (of_quiet, of_loud) = (house.look(&quiet).await?, house.look(&loud).await?);
    if manners.acknowledged < manners.sent {
        let failed = manners.sent - manners.acknowledged;
        row.wrong(format!("the quiet sender got no 2xx for {failed} of {}", manners.sent));
    }
    if of_quiet.requests != manners.acknowledged as u64 || of_quiet.dropped_through != 0 {
        row.wrong(format!(
            "of {} quiet requests {} are kept",
            manners.acknowledged, of_quiet.requests
        ));
    }
    if of_loud.dropped_through == 0 {
        row.wrong("nothing of the flood had to be dropped: that is no flood");
    }
    if mib(peak.database) > flood.storage_mib {
        row.wrong(format!("the database grew to {} MiB", mib(peak.database)));
    }
    if peak.log > LOG_BOUND {
        row.wrong(format!("the write-ahead log grew to {} MiB", mib(peak.log)));
    }
    if peak.resident > RESIDENT_BOUND {
        row.wrong(format!("{} MiB were resident", mib(peak.resident)));
    }
    row.single(manners.acknowledged);
    row.note(format!(
        "{:.0?} of {} requests of 64 KiB or 25 MiB; at most {} of {} MiB of database, {} MiB of \
         log, {} MiB resident; the quiet workspace kept all of its {}, the slowest answered after \
         {:.0?}",
        flood.lasts,
        sent.get(),
        mib(peak.database),
        flood.storage_mib,
        mib(peak.log),
        mib(peak.resident),
        of_quiet.requests,
        manners.slowest,
    ));
    Ok(row)
}

async fn pour(address: SocketAddr, request: Rc<[u8]>, sent: Rc<Cell<usize>>) {
    loop {
        let Ok(mut connection) = Connection::open(address).await else {
            sleep(AGAIN_AFTER).await;
            continue;
        };
        while connection.exchange(&request).await.is_ok() {
            sent.set(sent.get() + 1);
        }
        sleep(AGAIN_AFTER).await;
    }
}

fn large_head(id: &str) -> Vec<u8> {
    let start = format!("GET /{id} HTTP/1.1\r\nHost: hooks.test\r\nX-Large: ");
    let end = "\r\n\r\n";
    let value = "h".repeat(HEAD_BYTES - start.len() - end.len());
    format!("{start}{value}{end}").into_bytes()
}

fn large_body(id: &str) -> Vec<u8> {
    let mut request =
        format!("POST /{id} HTTP/1.1\r\nHost: hooks.test\r\nContent-Length: {BODY_BYTES}\r\n\r\n")
            .into_bytes();
    request.resize(request.len() + BODY_BYTES, b'b');
    request
}
