//! Applications.

use super::charm::Charm;
use super::lease::Lease;
use super::status::{Status, severity};
use super::{Life, Model};
use crate::api::StorageDirective;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Application {
    pub name: String,
    /// Stored in a file of its own under its key, because it is large and never changes.
    #[serde(with = "by_key")]
    pub charm: Arc<Charm>,
    pub life: Life,
    /// Values the operator set, of the option's type.
    pub config: BTreeMap<String, Value>,
    pub trust: bool,
    pub exposed: bool,
    pub lease: Option<Lease>,
    /// Set by `status-set --application`.
    pub status: Option<Status>,
    /// Set by `application-version-set`.
    pub workload_version: String,
    pub storage: BTreeMap<String, StorageDirective>,
    /// Files of resources, below the lab's home.
    pub resources: BTreeMap<String, PathBuf>,
    pub constraints: BTreeMap<String, String>,
    /// Counts changes of resources: each looks like a new charm to the units.
    #[serde(default)]
    pub resource_revision: u32,
    /// Counts changes of what config-get and trust say.
    #[serde(default)]
    pub config_revision: u64,
    pub created: Timestamp,
}

/// A model's file names a charm by its key; whoever reads the file puts the charm in its place.
mod by_key {
    use crate::model::charm::Charm;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(charm: &Arc<Charm>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&charm.key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Charm>, D::Error> {
        Ok(Arc::new(Charm::named(String::deserialize(from)?)))
    }
}

impl Application {
    /// What config-get reports for an option: the operator's value, else the default, else null.
    pub fn value(&self, option: &str) -> Option<&Value> {
        let spec = self.charm.options.get(option)?;
        self.config.get(option).or(spec.default.as_ref())
    }

    /// Identifies the charm together with its resources; when it changes, units run upgrade-charm.
    pub fn charm_key(&self) -> String {
        match self.resource_revision {
            0 => self.charm.key.clone(),
            revision => format!("{}+{revision}", self.charm.key),
        }
    }
}

/// The status shown for an application: what its leader set, else the gravest of its units' with its message.
pub fn shown_status(model: &Model, application: &Application) -> Status {
    if let Some(status) = &application.status {
        return status.clone();
    }
    let mut worst: Option<Status> = None;
    for unit in model.units_of(&application.name) {
        let status = unit.shown_workload();
        if worst
            .as_ref()
            .is_none_or(|worst| severity(&status.current) > severity(&worst.current))
        {
            worst = Some(status);
        }
    }
    worst.unwrap_or_else(|| Status::new("unknown", "", application.created))
}
