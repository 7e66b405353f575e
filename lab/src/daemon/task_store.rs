//! What tasks delivered: their log lines and results, in files of their own below `<home>/state/tasks/<model>`, because
//! they can be large and the model's file is written again with every change.

use crate::api::{LogLine, TaskResults};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct TaskStore {
    directory: PathBuf,
}

impl TaskStore {
    pub fn new(state: &Path) -> Self {
        Self {
            directory: state.join("tasks"),
        }
    }

    fn path(&self, uuid: &str, task: u64, extension: &str) -> PathBuf {
        self.directory
            .join(uuid)
            .join(format!("{task}.{extension}"))
    }

    fn open(&self, uuid: &str, path: &Path, append: bool) -> io::Result<fs::File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(self.directory.join(uuid))?;
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600);
        if append {
            options.append(true).open(path)
        } else {
            options.write(true).truncate(true).open(path)
        }
    }

    /// Adds a line to a task's log.
    pub fn append(&self, uuid: &str, task: u64, line: &LogLine) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.open(uuid, &self.path(uuid, task, "log"), true)?
            .write_all(&bytes)
    }

    /// Lines of a task's log from an index on, and the number of all lines.
    pub fn log(&self, uuid: &str, task: u64, since: usize) -> io::Result<(Vec<LogLine>, usize)> {
        let text = match fs::read_to_string(self.path(uuid, task, "log")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(error) => return Err(error),
        };
        // A line that is being written has no end yet and is read next time.
        let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
        let lines = complete
            .lines()
            .skip(since)
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?;
        Ok((lines, complete.lines().count()))
    }

    /// Stores a task's results; they appear as a whole.
    pub fn save(&self, uuid: &str, task: u64, results: &TaskResults) -> io::Result<()> {
        let path = self.path(uuid, task, "results");
        let draft = self.path(uuid, task, "new");
        self.open(uuid, &draft, false)?
            .write_all(&serde_json::to_vec(results)?)?;
        fs::rename(draft, path)
    }

    /// A task's results; empty if it delivered none.
    pub fn results(&self, uuid: &str, task: u64) -> io::Result<TaskResults> {
        match fs::read(self.path(uuid, task, "results")) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(TaskResults::default()),
            Err(error) => Err(error),
        }
    }

    /// Forgets what tasks delivered that the model does not know any more.
    pub fn retain(&self, uuid: &str, known: impl Fn(u64) -> bool) {
        for entry in fs::read_dir(self.directory.join(uuid))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let task = name
                .to_str()
                .and_then(|name| name.split('.').next()?.parse().ok());
            if task.is_none_or(|task| !known(task)) {
                // Tried again after the next operation.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Forgets everything of a model.
    pub fn remove(&self, uuid: &str) {
        // It may never have had a task.
        let _ = fs::remove_dir_all(self.directory.join(uuid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn line(message: &str) -> LogLine {
        LogLine {
            time: Timestamp::UNIX_EPOCH,
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_log_is_read_from_where_the_reader_was() {
        let directory = tempfile::tempdir().unwrap();
        let store = TaskStore::new(directory.path());
        assert_eq!(store.log("u", 2, 0).unwrap(), (Vec::new(), 0));
        store.append("u", 2, &line("one\ntwo")).unwrap();
        store.append("u", 2, &line("three")).unwrap();
        assert_eq!(store.log("u", 2, 1).unwrap(), (vec![line("three")], 2));
    }

    #[test]
    fn forgotten_tasks_leave_no_files() {
        let directory = tempfile::tempdir().unwrap();
        let store = TaskStore::new(directory.path());
        for task in [2, 4] {
            let results = TaskResults {
                stdout: "x".into(),
                ..TaskResults::default()
            };
            store.save("u", task, &results).unwrap();
        }
        store.retain("u", |task| task == 4);
        assert_eq!(store.results("u", 2).unwrap(), TaskResults::default());
        assert_eq!(store.results("u", 4).unwrap().stdout, "x");
    }
}
