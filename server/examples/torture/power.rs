//! The power fails: unsynced data is lost completely or in part.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use super::{
    audit::Findings,
    bed::{Bed, Setting, died, kill_after},
    chance::Chance,
    cut::{self, Loss, Survival},
    disk::Word,
    kill,
    ledger::Outcome,
    report::Row,
    server::Server,
};

pub(crate) const FULL: &str = "Power loss, `--durability full`";
pub(crate) const NORMAL: &str = "Power loss, `--durability normal` (must lose some)";
pub(crate) const LIES: &str = "Power loss, a disk that lies about syncing (must lose some)";

const LIFE: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(1000)];
/// The most writes and syncs before the power fails, in rounds that count them.
const OPERATIONS: u64 = 600;

/// Nothing that was acknowledged may be lost.
pub(crate) async fn full(setting: &Setting, rounds: usize, chance: Chance) -> Result<Row> {
    let mut row = Row::new(FULL);
    let flags: &[&str] =
        if setting.knows("--durability") { &["--durability", "full"] } else { &[] };
    let mut bed = Bed::new(setting, "power-full", true, flags, chance).await?;
    let (mut all, mut syncs) = (Loss::default(), 0);
    let mut server = bed.start().await?;
    for round in 0..rounds {
        let loss = strike(&mut bed, &mut server, round).await?;
        all.changes += loss.changes;
        all.sectors += loss.sectors;
        syncs += bed.disk()?.get(Word::Syncs)?;
        server = bed.start().await?;
        let findings = bed.check_with_feeds(&server).await?;
        row.round(&bed, findings);
        if !row.holds() {
            break;
        }
    }
    bed.finish(&mut row, server).await?;
    row.note(format!(
        "{syncs} syncs; {} writes after the last one were cut off, in {} sectors; {}",
        all.changes,
        all.sectors,
        bed.rate()
    ));
    Ok(row)
}

/// The same in the weaker mode, each round on a new database: if nothing is lost, the test is
/// blind. Only the end may be lost, and the rest must be intact.
pub(crate) async fn normal(setting: &Setting, rounds: usize, mut chance: Chance) -> Result<Row> {
    let mut row = Row::new(NORMAL);
    if !setting.knows("--durability") {
        row.wrong("not run: the program does not know --durability");
        return Ok(row);
    }
    for round in 0..rounds {
        let name = format!("power-normal-{round}");
        let flags = ["--durability", "normal"];
        let chance = Chance::new(chance.any());
        let mut bed = Bed::new(setting, &name, true, &flags, chance).await?;
        let mut server = bed.start().await?;
        strike(&mut bed, &mut server, round).await?;
        server = bed.start().await?;
        let findings = bed.check(&server).await?;
        row.round_with_losses(findings);
        row.close(&bed);
    }
    if row.lost == 0 {
        row.wrong("nothing was lost: the test proves nothing");
    }
    Ok(row)
}

/// The same with syncs of the write-ahead log that do nothing: whatever the program does, the
/// harness must detect that acknowledged requests are lost.
pub(crate) async fn lies(setting: &Setting, rounds: usize, mut chance: Chance) -> Result<Row> {
    let mut row = Row::new(LIES);
    for round in 0..rounds {
        let name = format!("power-lies-{round}");
        let mut bed = Bed::new(setting, &name, true, &[], Chance::new(chance.any())).await?;
        let mut server = bed.start().await?;
        let disk = bed.disk()?;
        disk.set(Word::Lies, 1)?;
        let life = bed.life(LIFE);
        bed.storm(server.address, kill::PER_SECOND, kill_after(&mut server, life)).await??;
        disk.vouch()?;
        ensure!(disk.get(Word::SwallowedSyncs)? > 0, "the disk never had to lie");
        cut::power(&disk, Survival::Nothing, &mut bed.chance)?;
        // Such a disk may also leave a file that cannot be opened.
        let lost = match survey(&mut bed).await {
            Ok(findings) => findings.lost,
            Err(_) => acknowledged(&bed),
        };
        row.round_with_losses(Findings { lost, ..Findings::default() });
        row.close(&bed);
    }
    if row.lost == 0 {
        row.wrong("nothing was lost: the harness is blind");
    }
    Ok(row)
}

/// Sends until the power fails, after a time or at an operation, and puts the disk into the
/// resulting state.
async fn strike(bed: &mut Bed<'_>, server: &mut Server, round: usize) -> Result<Loss> {
    let disk = bed.disk()?;
    let life = bed.life(LIFE);
    let address = server.address;
    if round % 4 < 2 {
        bed.storm(address, kill::PER_SECOND, kill_after(server, life)).await??;
    } else {
        let place = bed.chance.below(3).cast_signed();
        let operation = bed.chance.below(OPERATIONS).cast_signed() + 1;
        let ending = async {
            sleep(life / 2).await;
            disk.set(Word::CutWhere, place)?;
            disk.set(Word::CutAfter, operation)?;
            died(server).await
        };
        bed.storm(address, kill::PER_SECOND, ending).await??;
    }
    disk.vouch()?;
    let survival = if round.is_multiple_of(2) { Survival::Nothing } else { Survival::Torn };
    cut::power(&disk, survival, &mut bed.chance)
}

async fn survey(bed: &mut Bed<'_>) -> Result<Findings> {
    let server = bed.start().await?;
    bed.check(&server).await
}

fn acknowledged(bed: &Bed<'_>) -> Vec<(usize, i64)> {
    let ledger = bed.ledger.borrow();
    let sent = ledger.sent.iter().enumerate();
    sent.filter_map(|(number, sent)| match sent.outcome {
        Outcome::Acknowledged(seq) => Some((number, seq)),
        Outcome::Unknown | Outcome::Refused(_) => None,
    })
    .collect()
}
