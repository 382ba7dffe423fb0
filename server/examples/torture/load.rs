//! Senders by the clock: a fixed number of requests per second over keep-alive connections, each
//! with a different body, all recorded in the ledger.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::Result;
use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    chance::Chance,
    http::{Answer, Connection},
    ledger::{Ledger, Outcome},
};

const CONNECTIONS: u32 = 64;
/// A sender without a response for this long counts as forgotten.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The delay before a refused connection is retried.
const RECONNECT_AFTER: Duration = Duration::from_millis(5);
/// Turns that are late by more than this are skipped, so that a stalled server does not get all of
/// them at once.
const CATCH_UP: Duration = Duration::from_millis(250);

const LARGEST_COMMON_BYTES: f64 = 65536.0;
/// Most are small: sizes are distributed by this power of a number from 0 to 1, which makes 7 KiB
/// on average.
const SIZE_EXPONENT: i32 = 8;
/// Occasionally one that does not fit into a row.
const LARGE_BYTES: usize = 1 << 20;
const LARGE_EVERY: u64 = 1000;

/// Sends until it is told to stop, then waits for outstanding responses.
pub(crate) async fn run(
    address: SocketAddr,
    endpoints: &[String],
    per_second: u32,
    ledger: &Rc<RefCell<Ledger>>,
    chance: &mut Chance,
    stop: &CancellationToken,
) {
    let start = Instant::now();
    let period = Duration::from_secs(1) * CONNECTIONS / per_second;
    join_all((0..CONNECTIONS).map(|index| {
        let sender = Sender {
            address,
            endpoints,
            ledger: ledger.clone(),
            chance: Chance::new(chance.any()),
            connection: None,
        };
        sender.run(start + period * index / CONNECTIONS, period, stop)
    }))
    .await;
}

struct Sender<'a> {
    address: SocketAddr,
    endpoints: &'a [String],
    ledger: Rc<RefCell<Ledger>>,
    chance: Chance,
    connection: Option<Connection>,
}

impl Sender<'_> {
    async fn run(mut self, first: Instant, period: Duration, stop: &CancellationToken) {
        let mut due = first;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = sleep_until(due) => {}
            }
            if self.connection.is_none() {
                match Connection::open(self.address).await {
                    Ok(connection) => self.connection = Some(connection),
                    Err(_) => {
                        sleep(RECONNECT_AFTER).await;
                        continue;
                    }
                }
            }
            self.send().await;
            due += period;
            if due + CATCH_UP < Instant::now() {
                due = Instant::now();
            }
        }
    }

    /// Sends one request. Without a response it closes the connection.
    async fn send(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let body = self.body();
        let count = self.endpoints.len() as u64;
        let endpoint = usize::try_from(self.chance.below(count)).unwrap_or(0);
        let number = self.ledger.borrow_mut().begin(endpoint, Sha256::digest(&body).into());
        let mut request = format!(
            "POST /{}/n/{number} HTTP/1.1\r\n\
             Host: hooks.example.com\r\n\
             Content-Type: application/octet-stream\r\n\
             Content-Length: {}\r\n\r\n",
            self.endpoints[endpoint],
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        match timeout(ANSWER_TIMEOUT, connection.request(&request)).await {
            Ok(Ok(answer)) => {
                if answer.field("connection") != Some("close") {
                    self.connection = Some(connection);
                }
                let outcome = self.judge(&answer);
                self.ledger.borrow_mut().end(number, outcome);
            }
            // The connection ended: nothing was promised.
            Ok(Err(_)) => {}
            Err(_) => self.complain(format!("a sender got no answer within {ANSWER_TIMEOUT:?}")),
        }
    }

    fn judge(&self, answer: &Answer) -> Outcome {
        let status = answer.status();
        match (status, seq(answer)) {
            (200, Ok(seq)) => Outcome::Acknowledged(seq),
            (200, Err(_)) => {
                self.complain("a 200 without Hookglass-Seq".to_owned());
                Outcome::Refused(status)
            }
            (503, _) => {
                if answer.field("retry-after").is_none() {
                    self.complain("a 503 without Retry-After".to_owned());
                }
                Outcome::Refused(status)
            }
            _ => {
                let text = String::from_utf8_lossy(&answer.body);
                self.complain(format!("an unexpected {status}: {}", text.trim()));
                Outcome::Refused(status)
            }
        }
    }

    fn complain(&self, what: String) {
        self.ledger.borrow_mut().complain(what);
    }

    fn body(&mut self) -> Vec<u8> {
        let length = if self.chance.below(LARGE_EVERY) == 0 {
            LARGE_BYTES
        } else {
            let length = self.chance.fraction().powi(SIZE_EXPONENT) * LARGEST_COMMON_BYTES;
            // An integer between 0 and the largest size by construction.
            format!("{length:.0}").parse().unwrap_or(0)
        };
        let mut body = vec![0; length];
        self.chance.fill(&mut body);
        body
    }
}

fn seq(answer: &Answer) -> Result<i64> {
    Ok(answer.field("hookglass-seq").unwrap_or_default().parse()?)
}
