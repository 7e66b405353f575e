//! The reading end, used by `journalctl` straight from the files.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::{current_file, previous_file};

/// All kept entries of a unit, the oldest first.
pub(crate) fn read_unit(directory: &Path, unit: &str) -> Vec<Entry> {
    [
        previous_file(directory, unit),
        current_file(directory, unit),
    ]
    .iter()
    .flat_map(|path| {
        let text = fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().filter_map(Entry::parse).collect::<Vec<_>>()
    })
    .collect()
}

/// The units that have a journal.
pub(crate) fn units(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".log").map(str::to_owned)
        })
        .collect();
    names.sort();
    names
}

/// Reads what is appended to a unit's journal, over rotations.
pub(crate) struct Follower {
    path: PathBuf,
    open: Option<(File, u64)>,
    partial: Vec<u8>,
}

impl Follower {
    /// Starts at the present end of the journal.
    pub(crate) fn at_end(directory: &Path, unit: &str) -> Self {
        let path = current_file(directory, unit);
        let open = File::open(&path).ok().and_then(|mut file| {
            file.seek(SeekFrom::End(0)).ok()?;
            let inode = file.metadata().ok()?.ino();
            Some((file, inode))
        });
        Self {
            path,
            open,
            partial: Vec::new(),
        }
    }

    /// The entries that came since the last call.
    pub(crate) fn poll(&mut self) -> Vec<Entry> {
        let mut entries = self.read_new();
        let inode = fs::metadata(&self.path).map(|data| data.ino()).ok();
        if inode.is_some() && self.open.as_ref().map(|(_, inode)| *inode) != inode {
            self.open = File::open(&self.path).ok().zip(inode);
            entries.extend(self.read_new());
        }
        entries
    }

    fn read_new(&mut self) -> Vec<Entry> {
        if let Some((file, _)) = &mut self.open {
            // What could not be read now is read by the next call.
            let _ = file.read_to_end(&mut self.partial);
        }
        let Some(end) = self.partial.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.partial.split_off(end + 1);
        let whole = std::mem::replace(&mut self.partial, rest);
        String::from_utf8_lossy(&whole)
            .lines()
            .filter_map(Entry::parse)
            .collect()
    }
}
