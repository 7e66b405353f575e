//! `relation-set`: collected, compared, and sent once for each databag.

use std::collections::BTreeMap;

use super::memory::Memory;
use super::{Databag, Own};
use crate::tools::{ToolError, yaml_safe_json};
use crate::{Juju, RelationId};

impl Juju {
    /// Writes a value into a databag of ours when the hook ends. Nothing (`""`) deletes the key.
    pub fn relation_set(
        &self,
        id: &RelationId,
        own: Own,
        key: impl Into<String>,
        value: impl Into<String>,
    ) {
        let mut session = self.session();
        let writes = session
            .relation
            .writes
            .entry((id.clone(), own))
            .or_default();
        writes.insert(key.into(), value.into());
    }

    /// Deletes a key from a databag of ours when the hook ends.
    pub fn relation_delete(&self, id: &RelationId, own: Own, key: impl Into<String>) {
        self.relation_set(id, own, key, "");
    }

    /// Remembers in the application's databag of a peer relation what was last written to the
    /// application's databags of all other relations.
    ///
    /// Without it, each of these databags is read once in a hook to compare it with what is
    /// written: one call for each relation. With it, a databag is read only when a hook writes
    /// something else than the one before. Worth it from a handful of relations on.
    ///
    /// Juju commits all databags together and only the leader writes them, so the memory is right
    /// for every later leader. `upgrade-charm` starts it anew, in case another version of the
    /// charm wrote without it.
    pub fn remember_app_writes_in(&self, peers: &RelationId) {
        self.session().relation.memory = Some(peers.clone());
    }

    /// Sends what was written and differs from what is there, one call for each databag.
    pub(crate) fn flush_relations(&self) -> Result<(), ToolError> {
        let mut writes = std::mem::take(&mut self.session().relation.writes);
        if writes.is_empty() {
            return Ok(());
        }
        let broken = self.broken();
        // Nobody can read it any more.
        writes.retain(|(id, _), _| Some(id) != broken.as_ref());

        let peers = self.session().relation.memory.clone();
        let Some(peers) = peers.filter(|_| writes.keys().any(|(_, own)| *own == Own::App)) else {
            return writes
                .into_iter()
                .try_for_each(|((id, own), to)| self.write_bag(&id, own, to));
        };
        let last = writes.remove(&(peers.clone(), Own::App));
        let mut memory = Memory::load(self, &peers)?;
        if let Some(broken) = broken {
            memory.forget(&broken);
        }
        for ((id, own), values) in writes {
            if own == Own::Unit {
                self.write_bag(&id, own, values)?;
                continue;
            }
            self.must_lead_to_write(&id)?;
            if memory.note(&id, &values) {
                self.write_bag(&id, own, values)?;
            }
        }
        let mut last = last.unwrap_or_default();
        last.extend(memory.changed());
        self.write_bag(&peers, Own::App, last)
    }

    fn write_bag(&self, id: &RelationId, own: Own, values: Databag) -> Result<(), ToolError> {
        if values.is_empty() {
            return Ok(());
        }
        if own == Own::App {
            self.must_lead_to_write(id)?;
        }
        let mut contents = self.stored_bag(id, &own.into())?;
        let changed: BTreeMap<&str, &str> = values
            .iter()
            .filter(|(key, value)| contents.get(*key).map_or("", String::as_str) != *value)
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        let mut args = vec!["-r", id.as_str()];
        if own == Own::App {
            args.push("--app");
        }
        args.extend(["--file", "-"]);
        self.call("relation-set", &args, Some(&yaml_safe_json(&changed)))?;
        for (key, value) in values {
            if value.is_empty() {
                contents.remove(&key);
            } else {
                contents.insert(key, value);
            }
        }
        self.session()
            .relation
            .bags
            .insert((id.clone(), own.into()), contents);
        Ok(())
    }

    fn must_lead_to_write(&self, id: &RelationId) -> Result<(), ToolError> {
        self.must_lead(
            "relation-set",
            &format!("write the application's data of {id}"),
        )
    }
}
