//! What a unit's agent remembers between operations. It is stored with the unit, so that an agent that dies at any
//! moment continues where it was.

use super::hook::Hook;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent milestones: each may be reached without the others"
)]
pub struct Progress {
    pub installed: bool,
    pub started: bool,
    pub stopped: bool,
    /// The remove hook ran; nothing is left to do.
    pub removed: bool,
    /// Key of the charm whose files lie in the charm directory.
    pub charm: Option<String>,
    /// Key of the charm that an upgrade is replacing it with, while files may be half replaced.
    pub upgrading: Option<String>,
    /// Fingerprint of config, trust and address that config-changed last reported.
    pub config: Option<String>,
    /// The unit knows itself as leader (leader-elected was accepted).
    pub leader: bool,
    /// A non-leader was told once, as Juju 3 does with leader-settings-changed.
    pub told_follower: bool,
    /// The machine's boot for which start ran.
    pub boot: u64,
    /// A hook that is to be run next, or that failed and awaits its retry.
    pub hook: Option<PendingHook>,
    pub running: Option<Running>,
    pub relations: BTreeMap<u64, RelationProgress>,
    /// Storage instances whose attached hook ran.
    pub storage: BTreeSet<String>,
    /// Latest revision of consumed secrets that secret-changed reported.
    pub secrets_changed: BTreeMap<String, u64>,
    /// Obsolete revisions of owned secrets that secret-remove reported.
    pub secrets_removed: BTreeSet<(String, u64)>,
    /// When update-status is due.
    pub update_status: Option<Timestamp>,
    /// Hooks a test asked to be delivered once more.
    #[serde(default)]
    pub repeat: Vec<Hook>,
    /// The last hook of each name, for [`Self::repeat`].
    #[serde(default)]
    pub last: BTreeMap<String, Hook>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingHook {
    pub hook: Hook,
    pub failure: Option<HookFailure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookFailure {
    /// How often it failed in a row.
    pub attempts: u32,
    pub since: Timestamp,
    /// When it is tried again; none if the model retries nothing automatically.
    pub retry_at: Option<Timestamp>,
}

/// A process the agent started and has not seen the end of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    pub context: String,
    pub what: RunningKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunningKind {
    Hook(Hook),
    Task(u64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationProgress {
    pub created: bool,
    pub broken: bool,
    /// Remote units that joined, with the bag version last reported.
    pub members: BTreeMap<String, u64>,
    /// Version of the remote application's bag last reported; for peers of the own application's.
    pub app_version: u64,
    /// The unit that just joined and whose changed hook follows.
    pub changed_pending: Option<String>,
}

impl Progress {
    /// The hook that failed, if the unit is in error.
    pub fn failed(&self) -> Option<(&Hook, &HookFailure)> {
        self.hook.as_ref().and_then(|pending| {
            pending
                .failure
                .as_ref()
                .map(|failure| (&pending.hook, failure))
        })
    }

    pub fn queue(&mut self, hook: Hook) {
        self.hook = Some(PendingHook {
            hook,
            failure: None,
        });
    }
}
