//! The process is killed while the disk is full, sometimes by a power cut, and started on the full
//! disk: it must listen, read what is there, and report that it stores nothing, until there is
//! space again.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use tokio::time::{Instant, sleep};

use super::{
    audit::{Findings, Owned},
    bed::{Bed, READY_BOUND, Setting, kill_after},
    chance::Chance,
    cut::{self, Survival},
    disk::{Disk, Word},
    faults::{listen, read},
    http,
    kill::PER_SECOND,
    ledger::Outcome,
    report::Row,
};

pub(crate) const NAME: &str = "kill -9 on a full disk, then a start on it";
/// Load before the disk is full: long enough for some checkpoints.
const BEFORE: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(2500)];
/// From then until the process dies.
const FULL: [Duration; 2] = [Duration::ZERO, Duration::from_millis(1500)];
/// It dies within this many writes and syncs, if it is cut off at one of them.
const OPERATIONS: u64 = 300;
/// The most space left before the disk is full.
const LAST_BYTES: u64 = 4 << 20;
/// How long the new server is observed while the disk is full.
const LOOK: Duration = Duration::from_millis(1200);
/// Load once there is space again.
const AFTER: Duration = Duration::from_millis(1500);
/// The time limit until requests are captured again.
const RECOVERY_BOUND: Duration = Duration::from_secs(5);
/// The time limit until it dies at an operation; on a full disk there may be few.
const DEATH_TIMEOUT: Duration = Duration::from_secs(2);

/// The observations of a round.
struct Seen {
    /// From the start on the full disk until it listened.
    listened_after: Duration,
    /// From the return of space until a request was captured.
    stored_after: Duration,
    refused: usize,
}

pub(crate) async fn run(setting: &Setting, rounds: usize, chance: Chance) -> Result<Row> {
    let mut row = Row::new(NAME);
    let mut bed = Bed::new(setting, "full-start", true, &[], chance).await?;
    let (mut listened, mut stored, mut refused) = (Duration::ZERO, Duration::ZERO, 0);
    for round in 0..rounds {
        match self::round(&mut bed, round).await {
            Ok(seen) => {
                listened = listened.max(seen.listened_after);
                stored = stored.max(seen.stored_after);
                refused += seen.refused;
            }
            Err(error) => row.wrong(format!("round {}: {error:#}", round + 1)),
        }
        if row.holds() {
            let mut server = bed.start().await?;
            let findings = bed.check_with_feeds(&server).await?;
            row.round(&bed, findings);
            server.stop()?;
        }
        if !row.holds() {
            break;
        }
    }
    if row.holds() {
        let server = bed.start().await?;
        bed.finish(&mut row, server).await?;
    } else {
        row.close(&bed);
    }
    row.note(format!(
        "listening on the full disk within {listened:.0?}; {refused} were told 503; captured again \
         {stored:.0?} after there was space"
    ));
    Ok(row)
}

async fn round(bed: &mut Bed<'_>, round: usize) -> Result<Seen> {
    let disk = bed.disk()?;
    let mut server = bed.start().await?;
    let (before, life) = (bed.life(BEFORE), bed.life(FULL));
    // Sometimes every write needs space, sometimes only those that extend a file: then checkpoints
    // continue.
    let limit = if bed.chance.below(2) == 0 { 1 } else { 2 };
    let left = i64::try_from(bed.chance.below(LAST_BYTES))?;
    // In every second round it dies at a random write or sync.
    let cut = (round % 2 == 1).then(|| (bed.chance.below(OPERATIONS), bed.chance.below(3)));
    let address = server.address;
    let ending = async {
        sleep(before).await;
        disk.set(Word::Space, left)?;
        disk.set(Word::SpaceLimit, limit)?;
        if let Some((after, place)) = cut {
            disk.set(Word::CutWhere, i64::try_from(place)?)?;
            disk.set(Word::CutAfter, i64::try_from(after)? + 1)?;
            let until = Instant::now() + DEATH_TIMEOUT;
            while server.ended()?.is_none() && Instant::now() < until {
                sleep(Duration::from_millis(5)).await;
            }
            if server.ended()?.is_some() {
                return Ok(());
            }
        } else {
            sleep(life).await;
        }
        kill_after(&mut server, Duration::ZERO).await
    };
    bed.storm(address, PER_SECOND, ending).await??;
    disk.vouch()?;

    if round % 3 == 2 {
        let survival = if bed.chance.below(2) == 0 { Survival::Nothing } else { Survival::Torn };
        cut::power(&disk, survival, &mut bed.chance)?;
    }

    // No write succeeds from the start, not even to shared memory.
    disk.fill_at_next_start();
    let server = bed.launch()?;
    let listened_after = server.started_after;
    ensure!(listened_after <= READY_BOUND, "it listened only after {listened_after:.1?}");
    let Findings { lost, wrong, .. } = bed.check_reads(&server).await?;
    ensure!(lost.is_empty(), "{} acknowledged requests cannot be read", lost.len());
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    let address = server.address;
    let endpoints = bed.endpoints.clone();
    let sent_before = bed.ledger.borrow().sent.len();
    let course = async {
        let until = Instant::now() + LOOK;
        while Instant::now() < until {
            look(address, &endpoints).await?;
            sleep(Duration::from_millis(100)).await;
        }
        listen(address, &endpoints, false).await.context("a feed on the full disk")?;
        ensure!(disk.get(Word::NoSpace)? > 0, "no write ran into the full disk");
        disk.set(Word::SpaceLimit, 0)?;
        let ended = Instant::now();
        sleep(AFTER).await;
        listen(address, &endpoints, true).await.context("a feed once there was space")?;
        anyhow::Ok(ended)
    };
    let ended = bed.storm(address, PER_SECOND, course).await??;
    let (refused, stored_after) = judge(bed, sent_before, ended, &disk)?;
    Ok(Seen { listened_after, stored_after, refused })
}

/// Reads, which must work, and checks readiness, which must fail.
async fn look(address: SocketAddr, endpoints: &[Owned]) -> Result<()> {
    for endpoint in endpoints {
        read(address, endpoint).await.context("reading on the full disk")?;
    }
    let ready = http::fetch(address, &["GET /readyz"], "").await;
    ensure!(ready.is_err(), "/readyz says that it is ready on a full disk");
    Ok(())
}

/// Returns how many requests got a 503 while the disk was full, which must be all, and how soon
/// after that one was captured.
fn judge(bed: &Bed<'_>, from: usize, ended: Instant, disk: &Disk) -> Result<(usize, Duration)> {
    let ended = ended.into_std();
    let ledger = bed.ledger.borrow();
    let mut refused = 0;
    let mut stored_after = None;
    for sent in ledger.sent.iter().skip(from) {
        match sent.outcome {
            Outcome::Refused(503) => refused += 1,
            Outcome::Acknowledged(_) => {
                let at = sent.answered_at.unwrap_or(sent.sent_at);
                ensure!(at >= ended, "a request was acknowledged on a full disk");
                stored_after.get_or_insert(at - ended);
            }
            _ => {}
        }
    }
    ensure!(refused > 0, "no sender got a 503");
    let stored_after = stored_after.context("nothing was captured once there was space")?;
    ensure!(stored_after <= RECOVERY_BOUND, "captured again only after {stored_after:.1?}");
    disk.vouch()?;
    Ok((refused, stored_after))
}
