//! Simulates a power cut: puts the files of a disk into a state in which a real one could be found
//! after it. Only what was synced is certain.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    ops::Range,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result};

use super::{
    chance::Chance,
    disk::Disk,
    journal::{Change, Fate, Journal, Name},
};

/// The unit that a disk writes atomically.
const SECTOR_BYTES: u64 = 512;

/// How much of the unsynced writes reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survival {
    /// Nothing.
    Nothing,
    /// Some sectors, in any order, each in a state that it had since its last sync.
    Torn,
}

/// What a cut undid.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Loss {
    /// Writes and truncations without a sync.
    pub(crate) changes: usize,
    /// Sectors that were reverted.
    pub(crate) sectors: usize,
}

/// Cuts the power of a disk whose program is already dead.
pub(crate) fn power(disk: &Disk, survival: Survival, chance: &mut Chance) -> Result<Loss> {
    let journal = Journal::read(&disk.journal())?;
    let paths = paths(disk)?;
    let mut loss = Loss::default();
    for (inode, changes) in &journal.files {
        // A deleted file has nothing to lose.
        if let Some(path) = paths.get(inode) {
            let file = File::options().read(true).write(true).open(path)?;
            loss.changes += changes.iter().filter(|change| change.fate != Fate::Durable).count();
            loss.sectors += take_back(&file, changes, survival, chance)
                .with_context(|| format!("cannot put back {}", path.display()))?;
        }
    }
    // Journaling file systems keep the order of such changes: a prefix of them survives.
    let kept = match survival {
        Survival::Nothing => 0,
        Survival::Torn => chance.below(journal.names.len() as u64 + 1),
    };
    let lost = journal.names.into_iter().skip(usize::try_from(kept)?).collect::<Vec<_>>();
    for name in lost.into_iter().rev() {
        rename_back(name)?;
    }
    shared_memory(disk, chance)?;
    File::create(disk.journal())?;
    for grave in fs::read_dir(disk.graves())? {
        fs::remove_file(grave?.path())?;
    }
    Ok(loss)
}

/// Maps inodes to paths, including unlinked files.
fn paths(disk: &Disk) -> Result<HashMap<u64, PathBuf>> {
    let mut paths = HashMap::new();
    for folder in [disk.graves(), disk.data()] {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            paths.insert(entry.metadata()?.ino(), entry.path());
        }
    }
    Ok(paths)
}

/// Reverts changes of one file, the last one first. Returns the number of sectors.
fn take_back(
    file: &File,
    changes: &[Change],
    survival: Survival,
    chance: &mut Chance,
) -> Result<usize> {
    let torn = survival == Survival::Torn;
    // A cached page has all writes up to some moment, and the disk got it at some moment: each
    // sector has a prefix of the changes.
    let likely = chance.below(4);
    let mut moments: BTreeMap<u64, usize> = BTreeMap::new();
    let mut moment = |sector: u64, chance: &mut Chance| {
        *moments.entry(sector).or_insert_with(|| match (torn, chance.below(4)) {
            (false, _) => 0,
            (true, roll) if roll < likely => changes.len(),
            (true, roll) if roll == likely => pick(chance, changes.len()),
            (true, _) => 0,
        })
    };
    // Written after a lost change, and synced: must not be touched.
    let mut covered: Vec<Range<u64>> = Vec::new();
    for (index, change) in changes.iter().enumerate().rev() {
        if change.fate == Fate::Durable {
            covered.push(change.offset..change.offset + change.length);
            continue;
        }
        let end = change.offset + change.length.max(change.old.len() as u64);
        let mut at = change.offset;
        while at < end {
            let sector = at / SECTOR_BYTES;
            let next = ((sector + 1) * SECTOR_BYTES).min(end);
            if moment(sector, chance) <= index {
                for piece in without(at..next, &covered) {
                    restore(file, change, piece)?;
                }
            }
            at = next;
        }
    }
    let pending = |change: &&Change| change.fate == Fate::Pending;
    let sizes: Vec<u64> = changes.iter().filter(pending).map(|change| change.old_size).collect();
    // The length is metadata of the file system, not a sector: a later sync keeps it even if an
    // earlier one failed.
    if let Some(size) = sizes.first() {
        let size = if torn { sizes.get(pick(chance, sizes.len())) } else { Some(size) };
        let now = file.metadata()?.len();
        let size = if torn && chance.below(2) == 0 { now } else { size.copied().unwrap_or(now) };
        file.set_len(size)?;
    }
    Ok(moments.len())
}

fn pick(chance: &mut Chance, length: usize) -> usize {
    usize::try_from(chance.below(length as u64)).unwrap_or(0)
}

/// Returns a range without the covered ones.
fn without(range: Range<u64>, covered: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = vec![range];
    for cover in covered {
        left = left
            .into_iter()
            .flat_map(|range| {
                [range.start..range.end.min(cover.start), range.start.max(cover.end)..range.end]
            })
            .filter(|range| range.start < range.end)
            .collect();
    }
    left
}

/// Restores the bytes of a range before a change; beyond the old end of the file there are none.
fn restore(file: &File, change: &Change, range: Range<u64>) -> Result<()> {
    let start = usize::try_from(range.start - change.offset)?;
    let end = usize::try_from(range.end - change.offset)?;
    let old = change.old.get(start.min(change.old.len())..end.min(change.old.len()));
    let mut bytes = old.unwrap_or_default().to_vec();
    if !change.truncates {
        bytes.resize(end - start, 0);
    }
    Ok(file.write_all_at(&bytes, range.start)?)
}

fn rename_back(name: Name) -> Result<()> {
    match name {
        Name::Created { path } => {
            // It may have been renamed or unlinked later; that was undone before.
            if path.exists() {
                fs::remove_file(&path).context("cannot revert a new file")?;
            }
        }
        Name::Unlinked { path, grave } => {
            if !path.exists() {
                fs::hard_link(grave, &path).context("cannot restore a file")?;
            }
        }
        Name::Renamed { from, to } => {
            fs::rename(to, from).context("cannot revert a new name")?;
        }
    }
    Ok(())
}

/// Shared memory in a file: there are no guarantees for it, and nothing may depend on it.
fn shared_memory(disk: &Disk, chance: &mut Chance) -> Result<()> {
    for entry in fs::read_dir(disk.data())? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with("-shm") {
            continue;
        }
        match chance.below(3) {
            0 => fs::remove_file(path)?,
            1 => {
                let mut noise = vec![0; usize::try_from(fs::metadata(&path)?.len())?];
                chance.fill(&mut noise);
                fs::write(path, noise)?;
            }
            _ => {}
        }
    }
    Ok(())
}
