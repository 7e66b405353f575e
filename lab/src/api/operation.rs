//! Operations and their tasks: actions and `juju exec`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Runs an action on units of one application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunAction {
    pub model: String,
    /// `app/0` or `app/leader`
    pub units: Vec<String>,
    pub action: String,
    #[serde(default)]
    pub params: serde_json::Map<String, serde_json::Value>,
}

/// Runs a shell command in a hook context of units, or on the first unit of machines.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exec {
    pub model: String,
    #[serde(default)]
    pub units: Vec<String>,
    #[serde(default)]
    pub applications: Vec<String>,
    #[serde(default)]
    pub machines: Vec<String>,
    #[serde(default)]
    pub all: bool,
    /// Text for `/bin/sh -c`.
    pub command: String,
}

/// A scheduled operation. Tasks that could not be scheduled carry a `failure` and no `id`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enqueued {
    pub operation: String,
    pub tasks: Vec<EnqueuedTask>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnqueuedTask {
    pub id: Option<String>,
    /// The real unit behind `app/leader`, or `machine-N`.
    pub receiver: String,
    pub failure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
    Aborting,
    Aborted,
    Error,
}

impl TaskStatus {
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Aborting)
    }

    /// The word Juju prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Aborting => "aborting",
            Self::Aborted => "aborted",
            Self::Error => "error",
        }
    }
}

/// One `action-log` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub time: Timestamp,
    pub message: String,
}

/// Everything a task delivered. Captured streams and the exit status are kept apart from what `action-set` wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskResults {
    /// Nested maps whose leaves are strings.
    pub values: serde_json::Map<String, serde_json::Value>,
    pub return_code: Option<i32>,
    #[serde(default)]
    pub stdout: String,
    #[serde(default)]
    pub stderr: String,
    /// `base64` if the stream was not UTF-8.
    #[serde(default)]
    pub stdout_encoding: Option<String>,
    #[serde(default)]
    pub stderr_encoding: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskView {
    pub id: String,
    pub operation: String,
    /// `postgresql/0`
    pub unit: String,
    pub action: String,
    pub status: TaskStatus,
    #[serde(default)]
    pub message: Option<String>,
    /// Lines from the index asked for.
    pub log: Vec<LogLine>,
    /// Index to ask from next time.
    pub next_line: usize,
    pub results: TaskResults,
    pub enqueued: Timestamp,
    #[serde(default)]
    pub started: Option<Timestamp>,
    #[serde(default)]
    pub completed: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OperationView {
    pub id: String,
    /// `create-backup run on unit-postgresql-0`
    pub summary: String,
    pub status: TaskStatus,
    pub tasks: Vec<TaskView>,
    /// Reasons of tasks that could not be scheduled.
    #[serde(default)]
    pub failures: Vec<String>,
    pub enqueued: Timestamp,
    #[serde(default)]
    pub started: Option<Timestamp>,
    #[serde(default)]
    pub completed: Option<Timestamp>,
}

/// A declared action, for `juju actions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActionSpec {
    pub description: String,
    /// The JSON schema of the parameters.
    pub schema: serde_json::Value,
}
