//! The other end of `disk.c`: a folder for a database on a disk that can fail, the switches of its
//! faults, and what it counted. The layout of the control file is repeated there.

use std::{
    cell::Cell,
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

/// Words of 64 bits in the control file, in their order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    /// The power goes at the operation that counts this down to 0; 0 for never.
    CutAfter,
    /// 0 before that operation, 1 in the middle of it, 2 after it.
    CutWhere,
    /// 0 for none; 1: writes that make a file longer need space; 2: every write does.
    SpaceLimit,
    /// How many bytes are left.
    Space,
    /// So many of the next writes fail with EIO.
    WriteErrors,
    /// So many of the next syncs fail with EIO.
    SyncErrors,
    /// 0: of write-ahead logs, 1: of other files.
    SyncErrorsOf,
    /// 1: syncing the write-ahead log does nothing and says that it did.
    Lies,
    /// Writes so far; this and what follows is counted by the disk.
    Writes,
    /// Syncs so far.
    Syncs,
    /// Writes refused with ENOSPC.
    NoSpace,
    /// Writes refused with EIO.
    FailedWrites,
    /// Syncs refused with EIO.
    FailedSyncs,
    /// Syncs that were lies.
    SwallowedSyncs,
    /// Changes by calls that the disk does not understand.
    Unmodelled,
}

const WORDS: usize = 15;

/// A folder under which everything goes through the shim, and what belongs to it.
pub(crate) struct Disk {
    shim: PathBuf,
    root: PathBuf,
    control: File,
    /// Whether it is full when the next program starts.
    full: Cell<bool>,
}

impl Disk {
    /// Makes an empty folder `data` in `root`, which must not be there yet.
    pub(crate) fn new(shim: &Path, root: PathBuf) -> Result<Self> {
        fs::create_dir(&root).with_context(|| format!("cannot make {}", root.display()))?;
        fs::create_dir(root.join("data"))?;
        fs::create_dir(root.join("graves"))?;
        File::create(root.join("journal"))?;
        let path = root.join("control");
        fs::write(&path, [0; WORDS * 8])?;
        let control = File::options().read(true).write(true).open(path)?;
        Ok(Self { shim: shim.to_owned(), root, control, full: Cell::new(false) })
    }

    /// The folder on the disk.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Where the shim keeps what was unlinked.
    pub(crate) fn graves(&self) -> PathBuf {
        self.root.join("graves")
    }

    /// What the shim noted of the writes since the last sync.
    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Has the next program find no room for any write, from the first on.
    pub(crate) fn fill_at_next_start(&self) {
        self.full.set(true);
    }

    /// Puts the disk under a program, with all faults off unless it was to be full. What a program
    /// before it had not synced counts as written by now, unless the power was cut.
    pub(crate) fn put_under(&self, command: &mut Command) -> Result<()> {
        self.control.write_all_at(&[0; WORDS * 8], 0)?;
        if self.full.take() {
            self.set(Word::SpaceLimit, 2)?;
        }
        File::create(self.journal())?;
        command
            .env("LD_PRELOAD", &self.shim)
            .env("TORTURE_DIRECTORY", self.data())
            .env("TORTURE_CONTROL", self.root.join("control"))
            .env("TORTURE_JOURNAL", self.journal())
            .env("TORTURE_GRAVES", self.graves());
        Ok(())
    }

    /// Throws a switch.
    pub(crate) fn set(&self, word: Word, value: i64) -> Result<()> {
        Ok(self.control.write_all_at(&value.to_ne_bytes(), word as u64 * 8)?)
    }

    /// Reads a switch or a count.
    pub(crate) fn get(&self, word: Word) -> Result<i64> {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word as u64 * 8)?;
        Ok(i64::from_ne_bytes(bytes))
    }

    /// Makes sure that the shim was under the program and understood all that it did.
    pub(crate) fn vouch(&self) -> Result<()> {
        ensure!(self.get(Word::Writes)? > 0, "the shim saw no write: it was not under the program");
        let unmodelled = self.get(Word::Unmodelled)?;
        ensure!(
            unmodelled == 0,
            "{unmodelled} changes were made by calls that the shim does not model"
        );
        Ok(())
    }
}
