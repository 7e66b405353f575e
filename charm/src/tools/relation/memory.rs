//! What was last written to the application's databags, kept in the peer relation's.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Bag, Databag};
use crate::tools::ToolError;
use crate::{Event, Juju, RelationId};

/// The key in the peer relation's databag. Its value is a JSON map from the number of a relation
/// to a fingerprint of the keys and values last written to it.
const KEY: &str = "written-databags";

/// Fingerprints of what was written.
pub(super) struct Memory {
    written: BTreeMap<u32, String>,
    is_changed: bool,
}

impl Memory {
    pub(super) fn load(juju: &Juju, peers: &RelationId) -> Result<Self, ToolError> {
        let upgraded = matches!(Event::from_context(juju.context()), Ok(Event::UpgradeCharm));
        let stored = juju.stored_bag(peers, &Bag::OwnApp)?;
        let written = match stored.get(KEY) {
            // A value that cannot be read is no reason to stop: everything is compared once.
            Some(json) if !upgraded => serde_json::from_str(json).unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        Ok(Self {
            written,
            is_changed: false,
        })
    }

    /// Notes what is to be written. Whether it is anything else than last time.
    pub(super) fn note(&mut self, id: &RelationId, values: &Databag) -> bool {
        let fingerprint = fingerprint(values);
        let last = self.written.insert(id.number(), fingerprint.clone());
        let differs = last != Some(fingerprint);
        self.is_changed |= differs;
        differs
    }

    /// Drops a relation that is over.
    pub(super) fn forget(&mut self, id: &RelationId) {
        self.is_changed |= self.written.remove(&id.number()).is_some();
    }

    /// What is to be written into the peer relation's databag, if anything.
    pub(super) fn changed(&self) -> Option<(String, String)> {
        let json = serde_json::json!(self.written).to_string();
        self.is_changed.then(|| (KEY.to_owned(), json))
    }
}

/// A fingerprint need not be the same in another version of the charm: then it only differs, and
/// the databag is read to compare.
fn fingerprint(values: &Databag) -> String {
    let mut hasher = DefaultHasher::new();
    values.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
