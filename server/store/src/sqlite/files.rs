//! Detects whether the files of an open database are still at their paths. A process continues to
//! write to a removed file, and all of it is lost with the last handle.

use std::{
    fs::{self, File, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The identity of a file, independent of its path: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl From<Metadata> for FileId {
    fn from(about: Metadata) -> Self {
        Self(about.dev(), about.ino())
    }
}

/// A path and the file that was there when it was opened; `None` if there was none.
#[derive(Debug, Clone)]
struct WatchedPath {
    path: PathBuf,
    file: Option<FileId>,
}

impl WatchedPath {
    fn look(&mut self) {
        self.file = fs::metadata(&self.path).ok().map(FileId::from);
    }

    /// Whether there is another file now, or none. Unknown counts as unchanged.
    fn is_displaced(&self) -> bool {
        match (self.file, fs::metadata(&self.path)) {
            (None, _) => false,
            (Some(file), Ok(about)) => file != FileId::from(about),
            (Some(_), Err(error)) => {
                matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
            }
        }
    }
}

/// The files of an open database.
#[derive(Debug, Clone)]
pub(super) struct Files {
    database: WatchedPath,
    /// The write-ahead log and the shared memory.
    companions: [WatchedPath; 2],
}

/// The file that is no longer at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Displaced {
    /// The database.
    Database,
    /// Its write-ahead log, or the shared memory.
    Companion,
}

impl Files {
    /// Returns the files of the database at a path, which is open as `database`.
    pub(super) fn new(path: &Path, database: &File) -> io::Result<Self> {
        let file = Some(database.metadata()?.into());
        let companions =
            ["-wal", "-shm"].map(|end| WatchedPath { path: beside(path, end), file: None });
        Ok(Self { database: WatchedPath { path: path.to_owned(), file }, companions })
    }

    /// Records the files beside the database. Call while it is open: they stay the same until its
    /// last connection closes.
    pub(super) fn note_companions(&mut self) {
        for place in &mut self.companions {
            place.look();
        }
    }

    /// Whether the database is still at its path.
    pub(super) fn has_database(&self) -> bool {
        !self.database.is_displaced()
    }

    /// Returns the file that is no longer at its path. The files beside the database only count
    /// while a connection is certainly open.
    pub(super) fn displaced(&self, is_connected: bool) -> Option<Displaced> {
        if self.database.is_displaced() {
            Some(Displaced::Database)
        } else if is_connected && self.companions.iter().any(WatchedPath::is_displaced) {
            Some(Displaced::Companion)
        } else {
            None
        }
    }
}

/// Returns the path of a file that SQLite keeps beside a database.
pub(super) fn beside(database: &Path, end: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(end);
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_or_replaced_is_missed_until_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let database = File::create(&path).unwrap();
        let mut files = Files::new(&path, &database).unwrap();
        assert_eq!(files.displaced(true), None, "a file that never existed is not displaced");
        for end in ["-wal", "-shm"] {
            File::create(beside(&path, end)).unwrap();
        }
        files.note_companions();
        assert_eq!(files.displaced(true), None);
        for (end, displaced) in [
            ("", Displaced::Database),
            ("-wal", Displaced::Companion),
            ("-shm", Displaced::Companion),
        ] {
            let (place, away) = (beside(&path, end), folder.path().join("away"));
            fs::rename(&place, &away).unwrap();
            assert_eq!(files.displaced(true), Some(displaced), "{end} was moved");
            File::create(&place).unwrap();
            assert_eq!(files.displaced(true), Some(displaced), "{end} was replaced");
            assert_eq!(files.displaced(false).is_some(), end.is_empty());
            assert_eq!(files.has_database(), !end.is_empty());
            fs::rename(&away, &place).unwrap();
            assert_eq!(files.displaced(true), None, "{end} is back");
        }
    }
}
