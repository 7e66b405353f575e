//! Faults that are armed for a unit, or that hold for a time.

use super::Model;
use super::relation::Relation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Stored with the unit, so that they outlive a restart of the daemon.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitFaults {
    pub at_call: Option<AtCall>,
    /// The next time a hook or action hears that the unit leads, it no longer does when its changes are to count.
    pub lose_leadership: bool,
    /// Seed of the order in which hooks of relations come.
    pub order: Option<u64>,
    pub stale: Option<Stale>,
    /// Until then the unit cannot read secrets of others that it never read.
    pub secrets_late: Option<Timestamp>,
}

/// What happens at a hook's n-th call of a hook tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtCall {
    /// Counted from 1.
    pub number: u32,
    /// Counts only calls with this text in an argument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saying: Option<String>,
    pub strike: Strike,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strike {
    /// The charm's process group dies by SIGKILL; the agent lives.
    Kill,
    /// The unit's agent dies and starts again.
    RestartAgent,
}

/// The unit's relations as it sees them: news reaches it late.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stale {
    pub until: Timestamp,
    pub relations: BTreeMap<u64, Relation>,
}

impl UnitFaults {
    /// Ends what is over. True if anything was.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let stale = self.stale.take_if(|stale| stale.until <= now).is_some();
        self.secrets_late.take_if(|until| *until <= now).is_some() || stale
    }
}

impl Model {
    /// A relation as a unit sees it, which may be late.
    pub fn relation_seen_by(&self, unit: &str, id: u64) -> Option<&Relation> {
        let stale = self.units.get(unit)?.faults.stale.as_ref();
        let relation = self.relations.get(&id)?;
        Some(
            stale
                .and_then(|stale| stale.relations.get(&id))
                .unwrap_or(relation),
        )
    }

    /// Lets a unit see its relations as they are now, until `until`.
    pub fn hold_back_news(&mut self, unit: &str, until: Timestamp) {
        let relations = self
            .relations
            .values()
            .filter(|relation| relation.is_inside(unit))
            .map(|relation| (relation.id, relation.clone()))
            .collect();
        if let Some(unit) = self.units.get_mut(unit) {
            match &mut unit.faults.stale {
                Some(stale) => stale.until = stale.until.max(until),
                none => *none = Some(Stale { until, relations }),
            }
        }
    }
}

/// A number that follows from seed and text alone: who is lowest comes first.
pub fn rank(seed: u64, text: &str) -> u64 {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // The last bytes of a text decide as much as the first.
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
