//! `goal-state`, `credential-get` and `juju-reboot`: the unit and what surrounds it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ToolError;
use crate::Juju;

/// What the operator wants to exist, whether or not it is there yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct GoalState {
    /// The units of this application, this one included, by name.
    #[serde(default)]
    pub units: BTreeMap<String, GoalStatus>,
    /// By endpoint: the applications and units on the other side.
    #[serde(default)]
    pub relations: BTreeMap<String, BTreeMap<String, GoalStatus>>,
}

/// How far something is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GoalStatus {
    /// Such as `active`, `waiting`, `dying`.
    pub status: String,
    /// Since when, as Juju writes it.
    #[serde(default)]
    pub since: String,
}

/// When the machine shall reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reboot {
    /// After this hook, with its writes committed.
    AfterHook,
    /// At once: Juju kills this hook, drops its writes, and runs it again after the boot.
    Now,
}

impl Juju {
    /// What the operator wants to exist.
    pub fn goal_state(&self) -> Result<GoalState, ToolError> {
        self.read("goal-state", &[])
    }

    /// Access to the cloud; refused unless the operator ran `juju trust`.
    ///
    /// The text is the cloud's specification as JSON, credentials included.
    pub fn credential_get(&self) -> Result<crate::Redacted, ToolError> {
        let output = self
            .tools()
            .run("credential-get", &["--format=json"], None)?;
        String::from_utf8(output)
            .map(crate::Redacted::new)
            .map_err(|_| ToolError::malformed("credential-get", "its answer is not text"))
    }

    /// Reboots the machine. Not for actions.
    pub fn reboot(&self, when: Reboot) -> Result<(), ToolError> {
        match when {
            Reboot::AfterHook => self.call("juju-reboot", &[], None),
            Reboot::Now => self.call("juju-reboot", &["--now"], None),
        }
    }
}
