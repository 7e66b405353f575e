//! What happens in the model, as a stream of events to one page.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::http;
use super::picture::Picture;
use crate::api::{FullStatus, LogFilter, LogPage, Request, TaskView};
use crate::client::{CallError, Client};

/// How often the daemon is asked.
const PAUSE: Duration = Duration::from_millis(300);
/// How long nothing is sent at most, so that a page that was closed is noticed.
const SILENCE: Duration = Duration::from_secs(10);
/// How many lines of the log a page starts with.
const FIRST_LINES: usize = 200;
/// How many tasks are shown, besides those that are not done.
const TASKS: usize = 8;
/// How many lines of each task.
const TASK_LINES: usize = 6;

/// Sends what changes until the page is closed.
pub(super) fn stream(to: &mut impl Write, home: &Path, model: &str) -> io::Result<()> {
    http::start_events(to)?;
    let mut page = Page {
        to,
        model,
        shown: String::new(),
        cursor: None,
        sent: Instant::now(),
    };
    loop {
        // Connects anew after trouble, because the daemon may have been started again.
        let trouble = match Client::connect(home) {
            Ok(mut client) => loop {
                match page.follow(&mut client) {
                    Ok(()) => std::thread::sleep(PAUSE),
                    Err(Stop::Closed(error)) => return Err(error),
                    Err(Stop::Trouble(error)) => break error,
                }
            },
            Err(error) => error,
        };
        let text = json!(
            trouble
                .to_string()
                .split("\nhint: ")
                .collect::<Vec<_>>()
                .join("; ")
        )
        .to_string();
        if page.shown != text {
            page.send("trouble", &text)?;
            page.shown = text;
        }
        page.keep_alive()?;
        std::thread::sleep(PAUSE * 3);
    }
}

/// Why following ended.
enum Stop {
    /// The page is closed.
    Closed(io::Error),
    /// The daemon does not answer, or the model is gone.
    Trouble(CallError),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Closed(error)
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        Self::Trouble(error)
    }
}

struct Page<'a, W> {
    to: &'a mut W,
    model: &'a str,
    /// What was sent last.
    shown: String,
    /// Where the log goes on.
    cursor: Option<u64>,
    sent: Instant,
}

impl<W: Write> Page<'_, W> {
    /// Asks once, and sends what is new.
    fn follow(&mut self, client: &mut Client) -> Result<(), Stop> {
        let model = self.model.to_owned();
        let status: FullStatus = client.call(&Request::Status {
            model: model.clone(),
        })?;
        let recent = Request::RecentTasks {
            model,
            last: TASKS,
            lines: TASK_LINES,
        };
        let tasks: Vec<TaskView> = client.call(&recent)?;
        let picture =
            serde_json::to_string(&Picture::new(&status, tasks)).map_err(CallError::Garbled)?;
        if picture != self.shown {
            self.send("picture", &picture)?;
            self.shown = picture;
        }
        let log: LogPage = client.call(&Request::DebugLog(self.filter()))?;
        self.cursor = Some(log.next);
        if !log.records.is_empty() {
            self.send("log", &json!(log.records).to_string())?;
        }
        Ok(self.keep_alive()?)
    }

    fn filter(&self) -> LogFilter {
        LogFilter {
            model: self.model.to_owned(),
            after: self.cursor,
            last: Some(FIRST_LINES).filter(|_| self.cursor.is_none()),
            ..LogFilter::default()
        }
    }

    fn send(&mut self, name: &str, data: &str) -> io::Result<()> {
        self.sent = Instant::now();
        http::event(self.to, name, data)
    }

    fn keep_alive(&mut self) -> io::Result<()> {
        if self.sent.elapsed() < SILENCE {
            return Ok(());
        }
        self.sent = Instant::now();
        self.to.write_all(b":\n\n")?;
        self.to.flush()
    }
}
