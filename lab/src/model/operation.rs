//! Operations and tasks: actions and `juju exec`.

use crate::api::TaskStatus;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Finished tasks kept per model.
pub const KEPT_TASKS: usize = 500;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    pub id: u64,
    pub summary: String,
    pub tasks: Vec<u64>,
    pub failures: Vec<String>,
    pub enqueued: Timestamp,
}

/// What it delivered is kept outside the model, see [`crate::daemon::task_store`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub id: u64,
    pub operation: u64,
    pub unit: String,
    pub work: Work,
    pub status: TaskStatus,
    pub message: Option<String>,
    pub enqueued: Timestamp,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    Action {
        name: String,
        params: Arc<Map<String, Value>>,
        parallel: bool,
        group: Option<String>,
    },
    /// `juju exec` in a hook context of a unit.
    Exec { command: String },
    /// `juju-exec` on the unit's machine: the same, and nobody waits for it but the one who called.
    Command { command: String },
    /// `juju exec --machine`: no hook context.
    MachineExec { machine: u32, command: String },
}

impl Work {
    /// The name under which the task runs.
    pub fn name(&self) -> &str {
        match self {
            Self::Action { name, .. } => name,
            Self::Exec { .. } | Self::Command { .. } | Self::MachineExec { .. } => "juju-exec",
        }
    }
}

impl Task {
    pub fn finish(&mut self, status: TaskStatus, message: Option<String>, now: Timestamp) {
        self.status = status;
        self.message = message;
        self.completed = Some(now);
    }
}
