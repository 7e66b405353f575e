//! The debug log of each model: one JSON object per line in append-only files that only their owner may read.
//!
//! A log is one long text of which the oldest part is dropped in time. Its parts lie in files that are named after the
//! place of their first byte in that text, so a reader's cursor means the same before and after a rotation.

use crate::api::{Level, LogFilter, LogPage, LogRecord};
use crate::model::log;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Records in a page if the reader does not say.
const PAGE: usize = 5000;
/// A file that reached this many bytes is followed by another.
const LARGEST_FILE: u64 = 4 << 20;
/// So many files of a model's log are kept.
const FILES: usize = 8;

#[derive(Debug)]
pub struct DebugLogs {
    directory: PathBuf,
    largest_file: u64,
    open: Mutex<HashMap<String, Part>>,
}

/// The newest file of a log.
#[derive(Debug)]
struct Part {
    file: File,
    start: u64,
    length: u64,
}

impl DebugLogs {
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            largest_file: LARGEST_FILE,
            open: Mutex::new(HashMap::new()),
        }
    }

    fn path(&self, uuid: &str, start: u64) -> PathBuf {
        self.directory.join(format!("debug-{uuid}-{start}.log"))
    }

    /// Where the kept parts of a log begin, oldest first.
    fn starts(&self, uuid: &str) -> std::io::Result<Vec<u64>> {
        let prefix = format!("debug-{uuid}-");
        let mut starts = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let start = name
                .to_str()
                .and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".log"));
            starts.extend(start.and_then(|start| start.parse::<u64>().ok()));
        }
        starts.sort_unstable();
        Ok(starts)
    }

    /// Appends a record. A log that cannot be written must not stop a hook, so the failure goes to the daemon's log.
    pub fn append(&self, uuid: &str, entity: &str, level: Level, module: &str, message: &str) {
        let record = LogRecord {
            time: Timestamp::now(),
            entity: entity.to_owned(),
            level,
            module: module.to_owned(),
            message: message.to_owned(),
        };
        if let Err(error) = self.write(uuid, &record) {
            let directory = self.directory.display();
            tracing::error!(
                "cannot append to the debug log of model {uuid} in {directory}: {error}"
            );
        }
    }

    fn write(&self, uuid: &str, record: &LogRecord) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut part = match open.remove(uuid) {
            Some(part) => part,
            None => self.open_part(uuid, self.starts(uuid)?.last().copied().unwrap_or_default())?,
        };
        if part.length >= self.largest_file {
            part = self.open_part(uuid, part.start + part.length)?;
            let starts = self.starts(uuid)?;
            for start in &starts[..starts.len().saturating_sub(FILES)] {
                std::fs::remove_file(self.path(uuid, *start))?;
            }
        }
        let written = part.file.write_all(&line);
        if written.is_ok() {
            part.length += line.len() as u64;
            // After a failure nobody knows how much was written: the file is opened and measured again.
            open.insert(uuid.to_owned(), part);
        }
        written
    }

    fn open_part(&self, uuid: &str, start: u64) -> std::io::Result<Part> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.path(uuid, start))?;
        let length = file.metadata()?.len();
        Ok(Part {
            file,
            start,
            length,
        })
    }

    /// Removes the log of a model that is gone.
    pub fn remove(&self, uuid: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(uuid);
        for start in self.starts(uuid).unwrap_or_default() {
            // What stays is small and has no reader.
            let _ = std::fs::remove_file(self.path(uuid, start));
        }
    }

    /// A page of matching records; cursors are places of lines in the whole log. What was dropped is passed over.
    pub fn page(&self, uuid: &str, filter: &LogFilter) -> std::io::Result<LogPage> {
        let starts = self.starts(uuid)?;
        let after = filter.after.unwrap_or_default();
        let keep = filter.last.filter(|_| filter.after.is_none());
        let mut page = Page {
            records: VecDeque::new(),
            next: after.max(starts.first().copied().unwrap_or_default()),
            keep,
            limit: filter.limit.unwrap_or(PAGE),
        };
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied();
            if end.is_some_and(|end| end <= page.next) {
                continue;
            }
            let file = match File::open(self.path(uuid, *start)) {
                // It was dropped just now.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other?,
            };
            page.next = page.next.max(*start);
            if !page.read(file, *start, filter)? {
                return Ok(page.done(false));
            }
            // A line that a crash cut off ends with its file.
            page.next = end.unwrap_or(page.next);
        }
        Ok(page.done(true))
    }
}

/// A page in the making.
struct Page {
    records: VecDeque<LogRecord>,
    next: u64,
    /// Only so many of the newest records are wanted.
    keep: Option<usize>,
    limit: usize,
}

impl Page {
    /// Takes what matches from the part that begins at `start`. False if the page is full.
    fn read(&mut self, mut file: File, start: u64, filter: &LogFilter) -> std::io::Result<bool> {
        file.seek(SeekFrom::Start(self.next - start))?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            if self.keep.is_none() && self.records.len() == self.limit {
                return Ok(false);
            }
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                return Ok(true);
            }
            self.next += length as u64;
            let Ok(record) = serde_json::from_slice::<LogRecord>(&line) else {
                continue;
            };
            if log::matches(filter, &record) {
                self.records.push_back(record);
                if self.keep.is_some_and(|keep| self.records.len() > keep) {
                    self.records.pop_front();
                }
            }
        }
    }

    fn done(self, at_end: bool) -> LogPage {
        LogPage {
            records: self.records.into(),
            next: self.next,
            at_end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn filter(after: Option<u64>, last: Option<usize>) -> LogFilter {
        LogFilter {
            model: String::new(),
            after,
            last,
            level: Some(Level::Info),
            ..LogFilter::default()
        }
    }

    #[test]
    fn a_reader_follows_with_its_cursor_and_misses_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let logs = DebugLogs::new(directory.path());
        for message in ["one", "two", "three"] {
            logs.append("u", "unit-a-0", Level::Info, "m", message);
        }
        logs.append("u", "unit-a-0", Level::Debug, "m", "too chatty");
        let page = logs.page("u", &filter(None, Some(2))).unwrap();
        assert_eq!(messages(&page), ["two", "three"]);
        logs.append("u", "unit-a-0", Level::Error, "m", "four");
        assert_eq!(
            messages(&logs.page("u", &filter(Some(page.next), None)).unwrap()),
            ["four"]
        );
    }

    fn messages(page: &LogPage) -> Vec<String> {
        page.records.iter().map(|it| it.message.clone()).collect()
    }

    fn numbered(logs: &DebugLogs, numbers: std::ops::Range<usize>) {
        for number in numbers {
            logs.append("u", "unit-a-0", Level::Info, "m", &format!("{number:04}"));
        }
    }

    /// A log whose files hold few records each.
    fn small(directory: &Path) -> DebugLogs {
        DebugLogs {
            largest_file: 1000,
            ..DebugLogs::new(directory)
        }
    }

    #[test]
    fn a_long_log_takes_bounded_room_and_keeps_its_newest_records() {
        let directory = tempfile::tempdir().unwrap();
        let logs = small(directory.path());
        // Another model's log shares the directory, and its files do not count.
        logs.append("u2", "unit-a-0", Level::Info, "m", "other");
        numbered(&logs, 0..1000);
        let sizes: Vec<u64> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .collect();
        assert_eq!(sizes.len(), FILES + 1);
        assert!(sizes.iter().all(|size| *size < 1200), "{sizes:?}");
        let all = messages(&logs.page("u", &filter(None, None)).unwrap());
        let first: usize = all[0].parse().unwrap();
        let expected: Vec<String> = (first..1000).map(|it| format!("{it:04}")).collect();
        assert_eq!(all, expected);
        assert_eq!(
            messages(&logs.page("u", &filter(None, Some(2))).unwrap()),
            ["0998", "0999"]
        );
        logs.remove("u");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_reader_goes_on_across_rotations_and_restarts_and_sees_each_record_once() {
        let directory = tempfile::tempdir().unwrap();
        let mut logs = small(directory.path());
        let (mut cursor, mut seen) = (Some(0), Vec::new());
        for round in 0..40 {
            numbered(&logs, round * 7..(round + 1) * 7);
            if round % 10 == 0 {
                logs = small(directory.path());
            }
            let mut wanted = filter(cursor, None);
            wanted.limit = Some(3);
            loop {
                let page = logs.page("u", &wanted).unwrap();
                seen.extend(messages(&page));
                wanted.after = Some(page.next);
                if page.at_end {
                    break;
                }
            }
            cursor = wanted.after;
        }
        let expected: Vec<String> = (0..280).map(|it| format!("{it:04}")).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_reader_that_fell_behind_goes_on_with_the_oldest_record_that_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let logs = small(directory.path());
        numbered(&logs, 0..3);
        let page = logs.page("u", &filter(None, None)).unwrap();
        numbered(&logs, 3..1000);
        let late = messages(&logs.page("u", &filter(Some(page.next), None)).unwrap());
        let all = messages(&logs.page("u", &filter(None, None)).unwrap());
        assert_eq!(late, all);
        assert_ne!(late[0], "0003");
    }

    #[test]
    fn others_cannot_read_a_debug_log() {
        let directory = tempfile::tempdir().unwrap();
        DebugLogs::new(directory.path()).append("u", "unit-a-0", Level::Info, "m", "x");
        let mode = directory
            .path()
            .join("debug-u-0.log")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
