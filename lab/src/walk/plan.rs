//! What a walk may do, from a file of whoever wrote the charm.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error("cannot read the plan {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot understand the plan {}: {source}", path.display())]
    Format {
        path: PathBuf,
        source: serde_yaml::Error,
    },
    #[error("the plan {} wants {min} to {max} units\nhint: min is at least 1 and at most max", path.display())]
    Units { path: PathBuf, min: u32, max: u32 },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Plan {
    pub units: Units,
    /// Values to choose from, by option. If there is none at all: options and types are the charm's.
    pub options: BTreeMap<String, Vec<Value>>,
    /// Sets of parameters to choose from, by action.
    pub actions: BTreeMap<String, Vec<Map<String, Value>>>,
    /// Pairs of endpoints, `application:endpoint`.
    pub relations: Vec<(String, String)>,
    /// Charms to upgrade to, one after the other and again.
    pub upgrades: Vec<PathBuf>,
    /// Kinds of steps that are left out, by their command.
    pub without: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Units {
    pub min: u32,
    pub max: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            units: Units { min: 1, max: 3 },
            options: BTreeMap::new(),
            actions: BTreeMap::new(),
            relations: Vec::new(),
            upgrades: Vec::new(),
            without: BTreeSet::new(),
        }
    }
}

impl Plan {
    /// Reads a plan; paths in it are relative to the file.
    pub(super) fn read(path: &Path) -> Result<Self, PlanError> {
        let text = std::fs::read_to_string(path).map_err(|source| PlanError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut plan: Self = serde_yaml::from_str(&text).map_err(|source| PlanError::Format {
            path: path.to_owned(),
            source,
        })?;
        let Units { min, max } = plan.units;
        if min == 0 || min > max {
            let path = path.to_owned();
            return Err(PlanError::Units { path, min, max });
        }
        let directory = path.parent().unwrap_or(Path::new(""));
        for charm in &mut plan.upgrades {
            *charm = std::path::absolute(directory.join(&charm)).unwrap_or_else(|_| charm.clone());
        }
        Ok(plan)
    }
}
