//! The shim's journal: every change of a file since the last sync that covered it, in order, with
//! the old bytes. The layout is repeated in `disk.c`.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

/// Seven words of 64 bits.
const HEADER_BYTES: usize = 56;

/// The fate of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not synced yet.
    Pending,
    /// Synced.
    Durable,
    /// The sync that should have covered it failed, and a later one does not make up for that.
    Doomed,
}

/// A change of a file's content or length.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) fate: Fate,
    number: u64,
    /// Its start; for a truncation, the new size.
    pub(crate) offset: u64,
    /// The number of bytes to write; 0 for a truncation.
    pub(crate) length: u64,
    /// The size of the file before.
    pub(crate) old_size: u64,
    /// The old bytes, as far as the file had any.
    pub(crate) old: Vec<u8>,
    pub(crate) truncates: bool,
}

/// A change of a folder that is not synced.
#[derive(Debug)]
pub(crate) enum Name {
    Created {
        path: PathBuf,
    },
    /// With the second name that keeps the file.
    Unlinked {
        path: PathBuf,
        grave: PathBuf,
    },
    Renamed {
        from: PathBuf,
        to: PathBuf,
    },
}

/// A whole journal.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// By inode, each in order.
    pub(crate) files: BTreeMap<u64, Vec<Change>>,
    /// In order.
    pub(crate) names: Vec<Name>,
}

impl Journal {
    /// Reads a journal. An incomplete last record belongs to a change that never started.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).context("cannot read the journal")?;
        let mut journal = Self::default();
        let mut rest = bytes.as_slice();
        while let Some((header, after)) = rest.split_at_checked(HEADER_BYTES) {
            let mut words = header.chunks_exact(8).map(|word| {
                word.try_into().map(u64::from_ne_bytes).context("a word has eight bytes")
            });
            let mut word = || words.next().context("a header has seven words")?;
            let (kind, number, inode) = (word()?, word()?, word()?);
            let (offset, length, old_size) = (word()?, word()?, word()?);
            let payload_bytes = usize::try_from(word()?)?;
            let Some((payload, next)) = after.split_at_checked(payload_bytes) else { break };
            rest = next;
            match kind {
                1 | 2 => journal.files.entry(inode).or_default().push(Change {
                    fate: Fate::Pending,
                    number,
                    offset,
                    length,
                    old_size,
                    old: payload.to_vec(),
                    truncates: kind == 2,
                }),
                3 => journal.settle(inode, number, Fate::Durable),
                4 => journal.settle(inode, number, Fate::Doomed),
                5 => {
                    // Records under this inode belong to an earlier file.
                    journal.files.remove(&inode);
                    let (path, _) = two_paths(payload)?;
                    journal.names.push(Name::Created { path });
                }
                6 => {
                    let (path, grave) = two_paths(payload)?;
                    journal.names.push(Name::Unlinked { path, grave });
                }
                7 => {
                    let (from, to) = two_paths(payload)?;
                    journal.names.push(Name::Renamed { from, to });
                }
                8 => journal.names.clear(),
                kind => bail!("a record of the unknown kind {kind}"),
            }
        }
        for changes in journal.files.values_mut() {
            // Changes before a doomed one no longer matter.
            let first = changes.iter().position(|change| change.fate != Fate::Durable);
            changes.drain(..first.unwrap_or(changes.len()));
        }
        Ok(journal)
    }

    fn settle(&mut self, inode: u64, through: u64, fate: Fate) {
        for change in self.files.entry(inode).or_default() {
            if change.fate == Fate::Pending && change.number <= through {
                change.fate = fate;
            }
        }
    }
}

fn two_paths(payload: &[u8]) -> Result<(PathBuf, PathBuf)> {
    let mut names = payload.split(|byte| *byte == 0).map(|name| OsStr::from_bytes(name).into());
    let first = names.next().context("a record without a name")?;
    Ok((first, names.next().context("a record with one name")?))
}
