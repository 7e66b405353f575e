//! Status values and their severity.

use crate::api::{StatusEntry, StatusInfo};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

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
///
/// They are most of what a model consists of, and every change of a model copies and stores it. So each is text from
/// the start, made once: time, kind, status and message with tabs between.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct History(VecDeque<Arc<str>>);

impl History {
    pub fn push(&mut self, kind: &str, status: &Status) {
        if self.0.len() == HISTORY {
            self.0.pop_front();
        }
        let Status {
            current,
            message,
            since,
        } = status;
        self.0
            .push_back(format!("{since}\t{kind}\t{current}\t{message}").into());
    }

    /// The newest `limit` entries, oldest first.
    pub fn latest(&self, limit: usize) -> Vec<StatusEntry> {
        self.0
            .iter()
            .skip(self.0.len().saturating_sub(limit))
            .filter_map(|text| entry(text))
            .collect()
    }
}

fn entry(text: &str) -> Option<StatusEntry> {
    // Only the message may contain a tab itself.
    let mut parts = text.splitn(4, '\t');
    Some(StatusEntry {
        time: parts.next()?.parse().ok()?,
        kind: parts.next()?.to_owned(),
        status: parts.next()?.to_owned(),
        message: parts.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_statuses_come_back_as_they_were() {
        let mut history = History::default();
        let at = Timestamp::UNIX_EPOCH;
        for number in 0..HISTORY {
            history.push("juju-unit", &Status::new("idle", &number.to_string(), at));
        }
        history.push(
            "workload",
            &Status::new("blocked", "a\ttab, \"quotes\"", at),
        );
        let latest = history.latest(2);
        assert_eq!(latest[0].message, (HISTORY - 1).to_string());
        let expected = StatusEntry {
            time: at,
            kind: "workload".to_owned(),
            status: "blocked".to_owned(),
            message: "a\ttab, \"quotes\"".to_owned(),
        };
        assert_eq!(latest[1], expected);
        assert_eq!(history.latest(usize::MAX).len(), HISTORY);
    }
}
