//! Units.

use super::Life;
use super::faults::UnitFaults;
use super::progress::Progress;
use super::status::{History, Status};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

#[derive(Clone, Serialize, Deserialize)]
pub struct Unit {
    /// `postgresql/0`
    pub name: String,
    pub application: String,
    pub number: u32,
    pub life: Life,
    pub machine: u32,
    /// Set for subordinates.
    pub principal: Option<String>,
    /// What the charm (or Juju on its behalf) last said.
    pub workload: Status,
    pub agent: Status,
    /// Whether the charm ever called status-set.
    pub spoke: bool,
    pub history: History,
    pub ports: BTreeSet<OpenPort>,
    /// The `state-set` store.
    pub state: BTreeMap<String, String>,
    pub progress: Progress,
    pub resolved: Option<Resolution>,
    /// The charm is replaced although the unit is in error.
    #[serde(default)]
    pub force_upgrade: bool,
    /// Storage dies with the unit.
    #[serde(default)]
    pub destroy_storage: bool,
    #[serde(default)]
    pub faults: UnitFaults,
}

// The charm state may hold secrets.
impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit")
            .field("name", &self.name)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    Retry,
    NoRetry,
}

/// A port range opened for one endpoint, or for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OpenPort {
    pub protocol: String,
    pub from: u16,
    pub to: u16,
    /// Empty for all endpoints.
    pub endpoint: String,
}

impl fmt::Display for OpenPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.protocol, self.from, self.to) {
            (protocol, _, _) if protocol == "icmp" => f.write_str("icmp"),
            (protocol, from, to) if from == to => write!(f, "{from}/{protocol}"),
            (protocol, from, to) => write!(f, "{from}-{to}/{protocol}"),
        }
    }
}

impl Unit {
    pub fn new(application: &str, number: u32, machine: u32, now: Timestamp) -> Self {
        let workload = Status::new("waiting", "waiting for machine", now);
        let agent = Status::new("allocating", "", now);
        let mut history = History::default();
        history.push("workload", &workload);
        history.push("juju-unit", &agent);
        Self {
            name: format!("{application}/{number}"),
            application: application.to_owned(),
            number,
            life: Life::Alive,
            machine,
            principal: None,
            workload,
            agent,
            spoke: false,
            history,
            ports: BTreeSet::new(),
            state: BTreeMap::new(),
            progress: Progress::default(),
            resolved: None,
            force_upgrade: false,
            destroy_storage: false,
            faults: UnitFaults::default(),
        }
    }

    pub fn set_workload(&mut self, current: &str, message: &str, now: Timestamp) {
        self.workload = Status::new(current, message, now);
        self.history.push("workload", &self.workload);
    }

    pub fn set_agent(&mut self, current: &str, message: &str, now: Timestamp) {
        if self.agent.current != current || self.agent.message != message {
            self.agent = Status::new(current, message, now);
            self.history.push("juju-unit", &self.agent);
        }
    }

    /// The workload status as shown: a failed hook that is not being retried right now covers what the charm said.
    pub fn shown_workload(&self) -> Status {
        match self.progress.failed() {
            Some((hook, failure)) if self.progress.running.is_none() => Status {
                current: "error".into(),
                message: format!("hook failed: \"{}\"", hook.name()),
                since: failure.since,
            },
            _ => self.workload.clone(),
        }
    }
}
