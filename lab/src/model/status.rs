//! Status values and their severity.

use crate::api::{StatusEntry, StatusInfo};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Entries kept per unit for `juju show-status-log`.
const HISTORY: usize = 64;

/// A status with the time it was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub current: String,
    pub message: String,
    pub since: Timestamp,
}

impl Status {
    pub fn new(current: &str, message: &str, since: Timestamp) -> Self {
        Self {
            current: current.to_owned(),
            message: message.to_owned(),
            since,
        }
    }

    pub fn info(&self) -> StatusInfo {
        StatusInfo {
            current: self.current.clone(),
            message: self.message.clone(),
            since: self.since,
        }
    }
}

/// Statuses that a charm may set, in the order in which Juju lists them.
pub const SETTABLE: [&str; 4] = ["maintenance", "blocked", "waiting", "active"];

/// How much a unit's workload status weighs when its application's status is derived.
pub fn severity(status: &str) -> u8 {
    match status {
        "error" => 100,
        "blocked" => 90,
        "maintenance" => 80,
        "waiting" => 70,
        "active" => 60,
        "terminated" => 50,
        "unknown" => 40,
        _ => 0,
    }
}

/// Latest statuses of one unit, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History(VecDeque<StatusEntry>);

impl History {
    pub fn push(&mut self, kind: &str, status: &Status) {
        if self.0.len() == HISTORY {
            self.0.pop_front();
        }
        self.0.push_back(StatusEntry {
            time: status.since,
            kind: kind.to_owned(),
            status: status.current.clone(),
            message: status.message.clone(),
        });
    }

    /// The newest `limit` entries, oldest first.
    pub fn latest(&self, limit: usize) -> Vec<StatusEntry> {
        self.0
            .iter()
            .skip(self.0.len().saturating_sub(limit))
            .cloned()
            .collect()
    }
}
