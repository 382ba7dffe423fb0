//! What the shim noted: every change of a file since the last sync that covered it, in order, with
//! the bytes that stood there before. The layout is repeated in `disk.c`.

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

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No sync has covered it.
    Pending,
    /// A sync has.
    Durable,
    /// The sync that was to cover it failed, and no later one makes up for that.
    Doomed,
}

/// A change of the contents or the length of a file.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) fate: Fate,
    number: u64,
    /// Where it begins; of a truncation, the new size.
    pub(crate) offset: u64,
    /// How many bytes were to be written; none by a truncation.
    pub(crate) length: u64,
    /// The size of the file before.
    pub(crate) old_size: u64,
    /// What stood there before, as far as the file went.
    pub(crate) old: Vec<u8>,
    pub(crate) truncates: bool,
}

/// A change of a folder that no sync of the folder has covered.
#[derive(Debug)]
pub(crate) enum Name {
    Created {
        path: PathBuf,
    },
    /// With the second name under which the file is still there.
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
    /// Reads a journal. A last record that is not whole is of a change that was never begun.
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
                    // Whatever is noted under this number was about an earlier file.
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
            // Nothing before a doomed change can matter any more.
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
