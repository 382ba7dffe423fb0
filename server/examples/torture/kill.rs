//! Kills the process at random moments under load, always on the same database.

use std::time::Duration;

use anyhow::Result;

use super::{
    bed::{Bed, Setting, kill_after},
    chance::Chance,
    report::Row,
};

pub(crate) const NAME: &str = "kill -9 under load";
pub(crate) const PER_SECOND: u32 = 2000;
const LIFE: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1500)];

pub(crate) async fn run(setting: &Setting, rounds: usize, chance: Chance) -> Result<Row> {
    let mut row = Row::new(NAME);
    let mut bed = Bed::new(setting, "kill", false, &[], chance).await?;
    let mut server = bed.start().await?;
    for _ in 0..rounds {
        let life = bed.life(LIFE);
        bed.storm(server.address, PER_SECOND, kill_after(&mut server, life)).await??;
        server = bed.start().await?;
        let findings = bed.check_with_feeds(&server).await?;
        row.round(&bed, findings);
        if !row.holds() {
            break;
        }
    }
    bed.finish(&mut row, server).await?;
    row.note(bed.rate());
    Ok(row)
}
