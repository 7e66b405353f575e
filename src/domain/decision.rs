//! What a decision can be.

use std::fmt;
use std::time::Duration;

use super::plan::Plan;

/// What one decider says.
#[must_use = "an unread decision is not acted upon"]
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Do this, then look again.
    Do(Plan),
    /// Nothing can be done until something happens.
    Wait(Wait),
    /// Nothing can be done until a person acts.
    Blocked(Blocked),
    /// All is as it should be.
    Settled,
}

/// Why nothing can be done, and what will wake the unit.
///
/// Juju has no requeue: a wait without a wake would be a hang, so every wait names its wake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What is waited for, as the status shows it.
    pub reason: String,
    /// What will bring the unit back here.
    pub wake: Wake,
    /// How long this dispatch may stay and look again; zero to leave at once.
    pub patience: Duration,
}

impl Wait {
    /// Waits for an event.
    pub fn until(wake: Wake, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            wake,
            patience: Duration::ZERO,
        }
    }

    /// Waits for something the machine does by itself; a dispatch may stay for a while to see it.
    pub fn a_while(patience: Duration, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            wake: Wake::UpdateStatus,
            patience,
        }
    }
}

/// What brings a waiting unit back. Each is an event that reaches reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// A peer, or the leader, writes to the peer relation.
    PeersChanged,
    /// Juju makes the peer relation after `install`.
    PeersCreated,
    /// The leader's secret is committed and reaches the next hook: at the latest `config-changed` and `start`.
    NextHook,
    /// The relation with the object store's integrator changes.
    ObjectStorageChanged,
    /// An option is set.
    ConfigChanged,
    /// The regular look.
    UpdateStatus,
}

impl Wake {
    /// Every wake.
    pub const ALL: [Self; 6] = [
        Self::PeersChanged,
        Self::PeersCreated,
        Self::NextHook,
        Self::ObjectStorageChanged,
        Self::ConfigChanged,
        Self::UpdateStatus,
    ];
}

/// Why a person has to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The fact.
    pub problem: String,
    /// The way out.
    pub hint: String,
}

impl Blocked {
    /// A fact and the way out.
    pub fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hint.is_empty() {
            write!(f, "{}", self.problem)
        } else {
            write!(f, "{} ({})", self.problem, self.hint)
        }
    }
}
