//! What the machine's tools and its init say to each other: per connection one request and one answer (two
//! for a transient unit that is waited for), as JSON.
//! The init tells facts; the tools turn them into the words and exit codes of systemd's programs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::unit::name::UnitName;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Request {
    Ping,
    Job {
        verb: Verb,
        units: Vec<String>,
        /// Answer only when the jobs are done.
        wait: bool,
    },
    DaemonReload,
    Show {
        unit: String,
    },
    List,
    Change {
        change: Change,
        units: Vec<String>,
        runtime: bool,
    },
    Kill {
        units: Vec<String>,
        whom: Whom,
        /// By number.
        signal: i32,
    },
    /// Of all units when none is named.
    ResetFailed {
        units: Vec<String>,
    },
    Transient(TransientUnit),
    Processes,
    Freeze,
    Thaw,
    /// Stops everything in order; the init ends, or boots again.
    Shutdown {
        reboot: bool,
    },
}

/// A unit to make and start. With `streams`, three file descriptors come along. Its text may hold secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TransientUnit {
    pub(crate) unit: String,
    pub(crate) text: String,
    pub(crate) collect: bool,
    pub(crate) streams: bool,
    pub(crate) wait: Wait,
}

impl fmt::Debug for TransientUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TransientUnit")
            .field("unit", &self.unit)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verb {
    Start,
    Stop,
    Restart,
    TryRestart,
    Reload,
    ReloadOrRestart,
    TryReloadOrRestart,
}

impl Verb {
    /// As in `Failed to … x.service`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::TryRestart => "try-restart",
            Self::Reload => "reload",
            Self::ReloadOrRestart => "reload-or-restart",
            Self::TryReloadOrRestart => "reload-or-try-restart",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    Enable,
    Disable,
    Mask,
    Unmask,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Whom {
    All,
    Main,
    Control,
}

/// How long a request for a transient unit lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wait {
    No,
    Started,
    Ended,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Jobs(Vec<JobReport>),
    /// In the order `systemctl show` prints them.
    Properties(Vec<(String, String)>),
    Units(Vec<UnitSummary>),
    Changes {
        lines: Vec<String>,
        nothing_to_install: bool,
    },
    /// Per unit: none when done, else the cause.
    Each(Vec<(String, Option<String>)>),
    Transient(TransientReport),
    Processes(Vec<ProcessReport>),
    /// Nothing was changed.
    Refused(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JobReport {
    pub(crate) unit: String,
    pub(crate) outcome: Outcome,
    /// The unit's files changed since they were read.
    pub(crate) stale: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Done,
    /// Accepted, and nobody waits for it.
    Queued,
    /// With the unit's `Result`.
    Failed(String),
    Dependency,
    Canceled,
    /// A reload of a unit that does not run.
    NotActive,
    /// A reload of a unit that has no way to.
    Inapplicable,
    /// `Assert…=` did not hold.
    Assert,
    InvalidName,
    NotFound(UnitName),
    NotLoaded,
    Masked(UnitName),
    BadSetting(UnitName),
    /// Not a kind of unit that this machine runs.
    Unsupported,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnitSummary {
    pub(crate) name: String,
    pub(crate) load: String,
    pub(crate) active: String,
    pub(crate) sub: String,
    pub(crate) description: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransientReport {
    pub(crate) outcome: Outcome,
    /// When waited for the end: `Result`, how the main process ended, and how long it ran.
    pub(crate) result: String,
    pub(crate) exit_kind: String,
    pub(crate) exit_number: i32,
    pub(crate) runtime_micros: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessReport {
    pub(crate) pid: u32,
    pub(crate) unit: Option<String>,
    pub(crate) command: String,
}
