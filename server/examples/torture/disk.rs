//! The controller of `disk.c`: a folder for a database on a disk that can fail, the switches of its
//! faults, and its counters. The layout of the control file is repeated there.

use std::{
    cell::Cell,
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

/// 64-bit words of the control file, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    /// The power fails at the operation that counts this down to 0; 0 for never.
    CutAfter,
    /// 0 before that operation, 1 in the middle of it, 2 after it.
    CutWhere,
    /// 0 for none; 1: writes that make a file longer need space; 2: every write does.
    SpaceLimit,
    /// The number of bytes left.
    Space,
    /// This many of the next writes fail with EIO.
    WriteErrors,
    /// This many of the next syncs fail with EIO.
    SyncErrors,
    /// 0: of write-ahead logs, 1: of other files.
    SyncErrorsOf,
    /// 1: syncing the write-ahead log does nothing and reports success.
    Lies,
    /// Writes so far; this and the following words are counted by the disk.
    Writes,
    /// Syncs so far.
    Syncs,
    /// Writes that failed with ENOSPC.
    NoSpace,
    /// Writes that failed with EIO.
    FailedWrites,
    /// Syncs that failed with EIO.
    FailedSyncs,
    /// Syncs that did nothing.
    SwallowedSyncs,
    /// Changes by calls that the disk does not model.
    Unmodelled,
}

const WORDS: usize = 15;

/// A folder behind the shim, with its control file.
pub(crate) struct Disk {
    shim: PathBuf,
    root: PathBuf,
    control: File,
    /// Whether the disk is full when the next program starts.
    full: Cell<bool>,
}

impl Disk {
    /// Creates an empty folder `data` in `root`, which must not exist yet.
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

    /// Where the shim keeps unlinked files.
    pub(crate) fn graves(&self) -> PathBuf {
        self.root.join("graves")
    }

    /// The shim's journal of writes since the last sync.
    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Makes every write of the next program fail for lack of space.
    pub(crate) fn fill_at_next_start(&self) {
        self.full.set(true);
    }

    /// Runs a program on the disk, with all faults off, unless it should be full. Unsynced writes
    /// of an earlier program count as written, unless the power was cut.
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

    /// Sets a switch.
    pub(crate) fn set(&self, word: Word, value: i64) -> Result<()> {
        Ok(self.control.write_all_at(&value.to_ne_bytes(), word as u64 * 8)?)
    }

    /// Reads a switch or a counter.
    pub(crate) fn get(&self, word: Word) -> Result<i64> {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word as u64 * 8)?;
        Ok(i64::from_ne_bytes(bytes))
    }

    /// Checks that the shim was active and modelled every call.
    pub(crate) fn vouch(&self) -> Result<()> {
        ensure!(self.get(Word::Writes)? > 0, "the shim saw no write: the program did not load it");
        let unmodelled = self.get(Word::Unmodelled)?;
        ensure!(
            unmodelled == 0,
            "{unmodelled} changes were made by calls that the shim does not model"
        );
        Ok(())
    }
}
