//! The process is asked to stop under load.

use std::{thread, time::Duration};

use anyhow::Result;
use tokio::task::spawn_blocking;

use super::{
    bed::{Bed, Setting, size},
    chance::Chance,
    kill,
    report::Row,
};

pub(crate) const NAME: &str = "SIGTERM under load";
const LIFE: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1200)];
const STOPPED_BOUND: Duration = Duration::from_secs(2);

pub(crate) async fn run(setting: &Setting, rounds: usize, chance: Chance) -> Result<Row> {
    let mut row = Row::new(NAME);
    let mut bed = Bed::new(setting, "term", false, &[], chance).await?;
    let mut slowest = Duration::ZERO;
    let mut server = bed.start().await?;
    for _ in 0..rounds {
        let life = bed.life(LIFE);
        let address = server.address;
        let stop = spawn_blocking(move || {
            thread::sleep(life);
            server.stop()
        });
        match bed.storm(address, kill::PER_SECOND, stop).await??? {
            None => row.wrong("it did not stop and had to be killed"),
            Some((status, took)) => {
                slowest = slowest.max(took);
                if !status.success() {
                    row.wrong(format!("it ended with {status}"));
                }
                if took > STOPPED_BOUND {
                    row.wrong(format!("it took {took:.1?} to stop"));
                }
            }
        }
        let mut log = bed.database().into_os_string();
        log.push("-wal");
        let left = size(log.as_ref());
        if left > 0 {
            row.wrong(format!("{left} bytes of the write-ahead log are not folded in"));
        }
        server = bed.start().await?;
        let findings = bed.check_with_feeds(&server).await?;
        row.round(&bed, findings);
        if !row.holds() {
            break;
        }
    }
    bed.finish(&mut row, server).await?;
    row.note(format!("slowest to stop: {slowest:.0?}; {}", bed.rate()));
    Ok(row)
}
