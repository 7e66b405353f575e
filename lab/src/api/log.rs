//! The debug log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Ordered from chatty to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warning,
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        })
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_uppercase().as_str() {
            "TRACE" => Ok(Self::Trace),
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" | "WARN" => Ok(Self::Warning),
            "ERROR" | "CRITICAL" => Ok(Self::Error),
            _ => Err(()),
        }
    }
}

/// One line of the debug log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecord {
    pub time: Timestamp,
    /// `unit-postgresql-0`, `machine-0`, `controller-0`
    pub entity: String,
    pub level: Level,
    pub module: String,
    pub message: String,
}

/// Which records of a model's log are wanted; by default all of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LogFilter {
    pub model: String,
    /// Continue after this cursor. Absent: start with the newest `last` records.
    #[serde(default)]
    pub after: Option<u64>,
    /// Only without a cursor: how many matching records from the end; absent means from the beginning.
    #[serde(default)]
    pub last: Option<usize>,
    /// At most this many records in the page; absent means a page size of the daemon's choice.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Units (`app/0`), applications, `machine-N` or entity tags; empty means all. `*` at an end is a wildcard.
    #[serde(default)]
    pub include: Vec<String>,
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Module prefixes.
    #[serde(default)]
    pub include_module: Vec<String>,
    #[serde(default)]
    pub exclude_module: Vec<String>,
    /// Records below this level are left out.
    #[serde(default)]
    pub level: Option<Level>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogPage {
    pub records: Vec<LogRecord>,
    /// Cursor for the next page.
    pub next: u64,
    /// True if nothing more was stored when the page was made.
    pub at_end: bool,
}
