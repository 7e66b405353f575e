//! The writing end, owned by the machine's init.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;

use super::entry::{self, Entry};
use super::{MAX_FILE_BYTES, MAX_FILES, MAX_LINE_BYTES, current_file, previous_file};

/// Files kept open; with more, all are closed and opened again as they are needed.
const MAX_OPEN: usize = 64;

pub(crate) struct Journal {
    directory: PathBuf,
    open: RefCell<HashMap<String, (File, u64)>>,
}

impl Journal {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            open: RefCell::new(HashMap::new()),
        }
    }

    /// Records output of a unit's process. A full or broken disk loses entries, never the machine.
    pub(crate) fn record(&self, unit: &str, identifier: &str, pid: Option<u32>, message: &str) {
        let source = entry::source(identifier, pid);
        let mut rest = message;
        loop {
            let mut cut = rest.len().min(MAX_LINE_BYTES);
            while !rest.is_char_boundary(cut) {
                cut -= 1;
            }
            let line = Entry {
                time: Timestamp::now(),
                source: source.clone(),
                message: rest[..cut].to_owned(),
            }
            .line();
            if let Err(error) = self.append(unit, line.as_bytes()) {
                eprintln!("cannot write the journal of {unit}: {error}");
                self.open.borrow_mut().remove(unit);
            }
            rest = &rest[cut..];
            if rest.is_empty() {
                return;
            }
        }
    }

    /// Records what the machine itself has to say about a unit.
    pub(crate) fn say(&self, unit: &str, message: &str) {
        self.record(unit, "systemd", Some(1), message);
    }

    fn append(&self, unit: &str, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.borrow_mut();
        if open
            .get(unit)
            .is_some_and(|(_, size)| *size >= MAX_FILE_BYTES)
        {
            open.remove(unit);
            fs::rename(
                current_file(&self.directory, unit),
                previous_file(&self.directory, unit),
            )?;
        }
        if !open.contains_key(unit) {
            if open.len() >= MAX_OPEN {
                open.clear();
            }
            self.remove_oldest(&open);
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o640)
                .open(current_file(&self.directory, unit))?;
            let size = file.metadata()?.len();
            open.insert(unit.to_owned(), (file, size));
        }
        if let Some((file, size)) = open.get_mut(unit) {
            file.write_all(line)?;
            *size += line.len() as u64;
        }
        Ok(())
    }

    /// Keeps the number of files bounded. Files that are open stay.
    fn remove_oldest(&self, open: &HashMap<String, (File, u64)>) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        if files.len() <= MAX_FILES {
            return;
        }
        files.sort();
        let is_open = |path: &PathBuf| {
            open.keys()
                .any(|unit| *path == current_file(&self.directory, unit))
        };
        let surplus = files.len() - MAX_FILES;
        for (_, path) in files
            .iter()
            .take(surplus)
            .filter(|(_, path)| !is_open(path))
        {
            // The next file that is made tries again.
            let _ = fs::remove_file(path);
        }
    }

    /// Closes the file of a unit that is gone; a later entry opens it again.
    pub(crate) fn close(&self, unit: &str) {
        self.open.borrow_mut().remove(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_unit;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_journal_stays_bounded_and_keeps_the_latest_entries() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path().to_owned());
        let message = "x".repeat(40_000);
        for number in 0..300 {
            journal.record("a.service", "sh", None, &format!("{number} {message}"));
        }
        let total: u64 = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(total <= 2 * (MAX_FILE_BYTES + 50_000), "{total}");
        let entries = read_unit(directory.path(), "a.service");
        assert!(entries.last().unwrap().message.starts_with("299 "));
        assert!(entries.len() >= 100);
    }

    #[test]
    fn units_that_are_gone_do_not_fill_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path().to_owned());
        journal.say("kept.service", "first");
        for number in 0..MAX_FILES + 50 {
            let unit = format!("run-{number}.service");
            journal.say(&unit, "ran");
            journal.close(&unit);
        }
        let files = fs::read_dir(directory.path()).unwrap().count();
        assert!(files <= MAX_FILES + 2, "{files}");
        assert_eq!(read_unit(directory.path(), "kept.service").len(), 1);
    }

    #[test]
    fn others_cannot_read_a_journal() {
        let directory = tempfile::tempdir().unwrap();
        Journal::new(directory.path().to_owned()).say("a.service", "Started.");
        let mode = fs::metadata(directory.path().join("a.service.log"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o007, 0);
    }

    #[test]
    fn a_long_line_becomes_several_entries_without_loss() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path().to_owned());
        let message = "é".repeat(MAX_LINE_BYTES);
        journal.record("a.service", "sh", None, &message);
        let entries = read_unit(directory.path(), "a.service");
        assert_eq!(entries.len(), 2);
        let joined: String = entries.into_iter().map(|entry| entry.message).collect();
        assert_eq!(joined, message);
    }
}
