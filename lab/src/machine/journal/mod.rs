//! The machine's journal: one text file per unit, bounded in size, readable by its owner and group only.

mod entry;
mod read;
mod write;

pub(crate) use entry::Entry;
pub(crate) use read::{Follower, read_unit, units};
pub(crate) use write::Journal;

use std::path::{Path, PathBuf};

/// A unit's journal is its current file and the one before it, each at most this many bytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Units that are gone leave their journals; of more than this many files the oldest are removed.
const MAX_FILES: usize = 400;
/// Longer lines are cut into several entries.
const MAX_LINE_BYTES: usize = 48 * 1024;

fn current_file(directory: &Path, unit: &str) -> PathBuf {
    directory.join(format!("{unit}.log"))
}

fn previous_file(directory: &Path, unit: &str) -> PathBuf {
    directory.join(format!("{unit}.log.1"))
}
