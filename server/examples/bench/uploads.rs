//! Measures the memory of a hundred concurrent large uploads.

use std::{cell::Cell, rc::Rc, time::Duration};

use anyhow::Result;
use tokio::{
    task::LocalSet,
    time::{Instant, sleep},
};

use super::{
    http::Connection,
    process::{Setting, Target},
    report::{Row, mebibytes, row},
};

const UPLOADS: usize = 100;
const BODY_BYTES: usize = 25_000_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const RESIDENT_BOUND: u64 = 600 << 20;

pub(crate) async fn at_once(setting: &Setting) -> Result<Row> {
    let server = setting.hookglass_with("uploads", false, &["--max-storage", "16GiB"])?;
    let target = Target::new(&server).await?;
    let mut request = format!(
        "POST /{} HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Length: {BODY_BYTES}\r\n\r\n",
        target.id
    )
    .into_bytes();
    request.resize(request.len() + BODY_BYTES, b'b');
    let request: Rc<[u8]> = request.into();
    let (kept, refused) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let started = Instant::now();
    let local = LocalSet::new();
    for _ in 0..UPLOADS {
        let (request, kept, refused) = (request.clone(), kept.clone(), refused.clone());
        let mut connection = Connection::open(server.address).await?;
        local.spawn_local(async move {
            let told = match connection.exchange(&request).await {
                Ok(()) => kept,
                Err(_) => refused,
            };
            told.set(told.get() + 1);
        });
    }
    let most = local
        .run_until(async {
            let mut most = 0;
            while kept.get() + refused.get() < UPLOADS {
                sleep(LOOK_EVERY).await;
                most = most.max(server.resident_bytes()?);
            }
            anyhow::Ok(most)
        })
        .await?;
    Ok(row(
        "100 uploads of 25 MB at once, resident at most",
        format!("at most {}", mebibytes(RESIDENT_BOUND)),
        format!(
            "{} ({} kept, {} refused, in {:.1?})",
            mebibytes(most),
            kept.get(),
            refused.get(),
            started.elapsed()
        ),
        most <= RESIDENT_BOUND,
    ))
}
