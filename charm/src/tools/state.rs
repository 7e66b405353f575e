//! `state-get`, `state-set`, `state-delete`: what Juju keeps for this unit between hooks.
//!
//! It is committed together with the databags, so it can remember what was written to them.

use std::collections::BTreeMap;

use super::{ToolError, yaml_safe_json};
use crate::Juju;

#[derive(Debug, Default)]
pub(super) struct Session {
    stored: Option<BTreeMap<String, String>>,
    writes: BTreeMap<String, Option<String>>,
}

impl Session {
    pub(super) fn discard(&mut self) {
        self.writes.clear();
    }
}

impl Juju {
    /// The value kept under a key, with what this hook has written so far.
    pub fn state_get(&self, key: &str) -> Result<Option<String>, ToolError> {
        if let Some(written) = self.session().state.writes.get(key) {
            return Ok(written.clone());
        }
        Ok(self.stored_state()?.get(key).cloned())
    }

    /// Keeps a value for later hooks. At most 2 MiB in all, by Juju's default.
    pub fn state_set(&self, key: impl Into<String>, value: impl Into<String>) {
        self.session()
            .state
            .writes
            .insert(key.into(), Some(value.into()));
    }

    /// Forgets a value.
    pub fn state_delete(&self, key: impl Into<String>) {
        self.session().state.writes.insert(key.into(), None);
    }

    /// Everything Juju keeps, read once in a hook.
    fn stored_state(&self) -> Result<BTreeMap<String, String>, ToolError> {
        if let Some(known) = &self.session().state.stored {
            return Ok(known.clone());
        }
        // An empty state is `{}` on Juju 3 and `null` on Juju 4.
        let stored: Option<BTreeMap<String, String>> = self.read("state-get", &[])?;
        let stored = stored.unwrap_or_default();
        self.session().state.stored = Some(stored.clone());
        Ok(stored)
    }

    pub(crate) fn flush_state(&self) -> Result<(), ToolError> {
        let writes = std::mem::take(&mut self.session().state.writes);
        if writes.is_empty() {
            return Ok(());
        }
        let mut stored = self.stored_state()?;
        let changed: BTreeMap<&str, &str> = writes
            .iter()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)))
            .filter(|(key, value)| stored.get(*key).map(String::as_str) != Some(*value))
            .collect();
        if !changed.is_empty() {
            self.call(
                "state-set",
                &["--file", "-"],
                Some(&yaml_safe_json(&changed)),
            )?;
        }
        for (key, value) in &writes {
            if value.is_none() && stored.contains_key(key) {
                self.call("state-delete", &[key], None)?;
            }
        }
        for (key, value) in writes {
            match value {
                Some(value) => stored.insert(key, value),
                None => stored.remove(&key),
            };
        }
        self.session().state.stored = Some(stored);
        Ok(())
    }
}
