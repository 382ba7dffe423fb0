//! Measures how long senders wait, relative to the time that the disk needs for a durable write.

use std::{cell::RefCell, rc::Rc, time::Duration};

use anyhow::Result;
use tokio::{
    task::LocalSet,
    time::{Instant, sleep_until},
};

use super::{
    http::Connection,
    process::{Setting, Target},
    report::{Row, row},
    server::quantile,
};

const RATE_PER_SECOND: u32 = 2000;
const CONNECTIONS: u32 = 128;
const REQUESTS_PER_CONNECTION: u32 = 160;
const WARM_UP_PER_CONNECTION: u32 = 16;
const P50_BOUND: f64 = 2.0;
const P99_BOUND: f64 = 6.0;

pub(crate) async fn against_disk(setting: &Setting) -> Result<[Row; 2]> {
    let mut disk = setting.disk()?;
    let mut waits = waits(setting).await?;
    disk.extend(setting.disk()?);
    disk.sort_unstable();
    waits.sort_unstable();

    let disk = quantile(&disk, 500);
    let compare = |name: &str, thousandths, bound: f64| {
        let wait = quantile(&waits, thousandths);
        let times = wait.as_secs_f64() / disk.as_secs_f64();
        row(
            &format!(
                "Request to 2xx at {RATE_PER_SECOND}/s, {name}, against the disk's median fsync"
            ),
            format!("at most {bound:.0} times"),
            format!("{times:.1} times ({wait:.2?} against {disk:.2?})"),
            times <= bound,
        )
    };
    Ok([compare("p50", 500, P50_BOUND), compare("p99", 990, P99_BOUND)])
}

/// Returns how long senders waited. Each sends by the clock, not after responses: a delay past its
/// next turn counts in both requests.
async fn waits(setting: &Setting) -> Result<Vec<Duration>> {
    let server = setting.hookglass("latency", false)?;
    let request: Rc<[u8]> = Target::new(&server).await?.request().into();
    let waits = Rc::new(RefCell::new(Vec::new()));
    let period = Duration::from_secs(1) * CONNECTIONS / RATE_PER_SECOND;

    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(server.address).await?);
    }
    let start = Instant::now() + Duration::from_millis(100);
    let local = LocalSet::new();
    let mut tasks = Vec::new();
    for (index, mut connection) in (0..CONNECTIONS).zip(connections) {
        let (request, waits) = (request.clone(), waits.clone());
        let first = start + period * index / CONNECTIONS;
        tasks.push(local.spawn_local(async move {
            for turn in 0..REQUESTS_PER_CONNECTION {
                let due = first + period * turn;
                let late = Instant::now() > due;
                sleep_until(due).await;
                // The timer's granularity of a millisecond is not the server's.
                let sent = if late { due } else { Instant::now() };
                connection.exchange(&request).await?;
                if turn >= WARM_UP_PER_CONNECTION {
                    waits.borrow_mut().push(sent.elapsed());
                }
            }
            anyhow::Ok(())
        }));
    }
    local.await;
    for task in tasks {
        task.await??;
    }
    Ok(waits.take())
}
