//! The debug log of each model: one JSON object per line in an append-only file that only its owner may read.

use crate::api::{Level, LogFilter, LogPage, LogRecord};
use crate::model::log;
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Records in a page if the reader does not say.
const PAGE: usize = 5000;

#[derive(Debug)]
pub struct DebugLogs {
    directory: PathBuf,
    files: Mutex<HashMap<String, File>>,
}

impl DebugLogs {
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            files: Mutex::new(HashMap::new()),
        }
    }

    fn path(&self, uuid: &str) -> PathBuf {
        self.directory.join(format!("debug-{uuid}.log"))
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
            tracing::error!("cannot append to {}: {error}", self.path(uuid).display());
        }
    }

    fn write(&self, uuid: &str, record: &LogRecord) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if !files.contains_key(uuid) {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(self.path(uuid))?;
            files.insert(uuid.to_owned(), file);
        }
        match files.get_mut(uuid) {
            Some(file) => file.write_all(&line),
            None => Ok(()),
        }
    }

    /// Removes the log of a model that is gone.
    pub fn remove(&self, uuid: &str) {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(uuid);
        // It may never have been written.
        let _ = std::fs::remove_file(self.path(uuid));
    }

    /// A page of matching records; cursors are byte offsets of lines.
    pub fn page(&self, uuid: &str, filter: &LogFilter) -> std::io::Result<LogPage> {
        let mut file = match File::open(self.path(uuid)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(LogPage {
                    records: Vec::new(),
                    next: 0,
                    at_end: true,
                });
            }
            Err(error) => return Err(error),
        };
        let mut next = filter.after.unwrap_or_default();
        file.seek(SeekFrom::Start(next))?;
        let keep = if filter.after.is_none() {
            filter.last
        } else {
            None
        };
        let limit = filter.limit.unwrap_or(PAGE);
        let mut reader = BufReader::new(file);
        let mut records = VecDeque::new();
        let mut line = Vec::new();
        loop {
            if keep.is_none() && records.len() == limit {
                return Ok(LogPage {
                    records: records.into(),
                    next,
                    at_end: false,
                });
            }
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if !line.ends_with(b"\n") {
                break;
            }
            next += length as u64;
            let Ok(record) = serde_json::from_slice::<LogRecord>(&line) else {
                continue;
            };
            if log::matches(filter, &record) {
                records.push_back(record);
                if keep.is_some_and(|keep| records.len() > keep) {
                    records.pop_front();
                }
            }
        }
        Ok(LogPage {
            records: records.into(),
            next,
            at_end: true,
        })
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
            limit: None,
            include: Vec::new(),
            exclude: Vec::new(),
            include_module: Vec::new(),
            exclude_module: Vec::new(),
            level: Some(Level::Info),
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
        let messages = |page: &LogPage| {
            page.records
                .iter()
                .map(|it| it.message.clone())
                .collect::<Vec<_>>()
        };
        let page = logs.page("u", &filter(None, Some(2))).unwrap();
        assert_eq!(messages(&page), ["two", "three"]);
        logs.append("u", "unit-a-0", Level::Error, "m", "four");
        assert_eq!(
            messages(&logs.page("u", &filter(Some(page.next), None)).unwrap()),
            ["four"]
        );
    }

    #[test]
    fn others_cannot_read_a_debug_log() {
        let directory = tempfile::tempdir().unwrap();
        DebugLogs::new(directory.path()).append("u", "unit-a-0", Level::Info, "m", "x");
        let mode = directory
            .path()
            .join("debug-u.log")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
