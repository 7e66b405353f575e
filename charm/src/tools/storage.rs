//! `storage-list`, `storage-get`, `storage-add`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::ToolError;
use crate::{Juju, StorageId};

#[derive(Debug, Default)]
pub(super) struct Session {
    lists: BTreeMap<String, Vec<StorageId>>,
    details: BTreeMap<StorageId, Storage>,
}

/// An attached storage.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Storage {
    /// `filesystem` or `block`.
    pub kind: String,
    /// Where it is mounted, or the block device.
    pub location: PathBuf,
}

impl Juju {
    /// The instances of a storage that are attached to this unit.
    pub fn storage_list(&self, name: &str) -> Result<Vec<StorageId>, ToolError> {
        if let Some(known) = self.session().storage.lists.get(name) {
            return Ok(known.clone());
        }
        let mut ids = self
            .read::<Option<Vec<StorageId>>>("storage-list", &[name])?
            .unwrap_or_default();
        ids.sort();
        self.session()
            .storage
            .lists
            .insert(name.to_owned(), ids.clone());
        Ok(ids)
    }

    /// What and where an instance is.
    pub fn storage_get(&self, id: &StorageId) -> Result<Storage, ToolError> {
        if let Some(known) = self.session().storage.details.get(id) {
            return Ok(known.clone());
        }
        let storage: Storage = self.read("storage-get", &["-s", id.as_str()])?;
        self.session()
            .storage
            .details
            .insert(id.clone(), storage.clone());
        Ok(storage)
    }

    /// Asks Juju for more instances of a storage; they arrive as `storage-attached`.
    pub fn storage_add(&self, name: &str, count: u32) -> Result<(), ToolError> {
        self.call("storage-add", &[&format!("{name}={count}")], None)
    }
}
