//! The file as it comes, piece by piece.

use std::collections::VecDeque;
use std::io::BufRead as _;

use super::{BackupInfo, FILE, backup, label};
use crate::domain::backups::databases::Sections;
use crate::domain::backups::ini::{Place, Unreadable};
use crate::domain::words::BackupLabel;

/// Reads the file while it is still being fetched, and keeps the lines of the newest backups only: one that nobody asked for
/// costs a glance at its label.
pub struct Reader {
    limit: usize,
    place: Place,
    sections: Sections,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// In the order of their ids, which is nearly that of the lines.
    newest: VecDeque<Kept>,
    older: usize,
    /// What comes after the first line that cannot be read is not looked at.
    failed: Option<Unreadable>,
}

/// A line as it came.
struct Kept {
    label: BackupLabel,
    line: usize,
    /// JSON.
    value: String,
}

impl Reader {
    /// Keeps as many of the newest backups as the limit says.
    pub const fn of_newest(limit: usize) -> Self {
        Self {
            limit,
            place: Place::at_the_beginning_of(FILE),
            sections: Sections::of(FILE),
            begun: Vec::new(),
            newest: VecDeque::new(),
            older: 0,
            failed: None,
        }
    }

    /// Takes the next piece of the file, wherever it begins and ends.
    pub fn push(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() && self.failed.is_none() {
            let mut rest = piece;
            // Finds the end of the line at the speed of the memory; it cannot fail, as nothing is read from outside.
            let length = rest.skip_until(b'\n').unwrap_or(piece.len());
            let line = &piece[..length];
            piece = rest;
            if self.begun.is_empty() && line.ends_with(b"\n") {
                self.failed = self.take_line(line).err();
                continue;
            }
            self.begun.extend_from_slice(line);
            if line.ends_with(b"\n") {
                self.failed = self.take_begun().err();
            }
        }
    }

    /// What the file says, of which nothing more comes.
    ///
    /// # Errors
    ///
    /// When a line cannot be read, or the file ends before its checksum.
    pub fn finish(mut self) -> Result<BackupInfo, Unreadable> {
        if self.failed.is_none() && !self.begun.is_empty() {
            self.take_begun()?;
        }
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let encrypted = self.sections.encrypted;
        let (current, databases) = self.sections.finish()?;
        let mut backups = (self.newest.iter())
            .map(|kept| backup(kept.label, &kept.value, kept.line))
            .collect::<Result<Vec<_>, _>>()?;
        backups.sort_by_key(|backup| backup.label);
        Ok(BackupInfo {
            current,
            databases,
            backups,
            older: self.older,
            encrypted,
        })
    }

    /// Takes the line that is complete now.
    fn take_begun(&mut self) -> Result<(), Unreadable> {
        let mut line = std::mem::take(&mut self.begun);
        let taken = self.take_line(&line);
        line.clear();
        self.begun = line;
        taken
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), Unreadable> {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        self.take(content.strip_suffix(b"\r").unwrap_or(content))
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Unreadable> {
        let Some(entry) = self.place.next(line) else {
            return Ok(());
        };
        let entry = entry?;
        if entry.section != "backup:current" {
            return self.sections.take(&entry);
        }
        let label = label(&entry)?;
        let at = (self.newest).partition_point(|kept| kept.label.id() <= label.id());
        let mut kept = Kept {
            label,
            line: entry.line,
            value: String::new(),
        };
        if self.newest.len() < self.limit {
            entry.value.clone_into(&mut kept.value);
            self.newest.insert(at, kept);
            return Ok(());
        }
        self.older += 1;
        if at > 0
            && let Some(oldest) = self.newest.pop_front()
        {
            // Its memory serves the next one.
            kept.value = oldest.value;
            entry.value.clone_into(&mut kept.value);
            self.newest.insert(at - 1, kept);
        }
        Ok(())
    }
}
