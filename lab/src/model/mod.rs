//! What the controller knows: models with their applications, units, relations, machines, storage, secrets and
//! operations. Plain data with the rules that hold between it; no I/O and no clock (times are passed in).

pub mod application;
pub mod charm;
pub mod config;
pub mod constraints;
pub mod crossing;
pub mod faults;
pub mod hook;
pub mod identity;
pub mod lease;
pub mod log;
pub mod machine;
pub mod operation;
pub mod progress;
pub mod relation;
pub mod secret;
pub mod status;
pub mod storage;
pub mod unit;

use application::Application;
use constraints::Constraints;
use jiff::Timestamp;
use machine::Machine;
use operation::{Operation, Task};
use relation::Relation;
use secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use storage::StorageInstance;
use unit::Unit;

/// How far an entity is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    Alive,
    Dying,
    Dead,
}

impl Life {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Dying => "dying",
            Self::Dead => "dead",
        }
    }
}

/// One model. Everything in it is durable; see [`crate::daemon::persist`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Model {
    pub name: String,
    pub uuid: String,
    pub created: Timestamp,
    pub life: Life,
    /// Only settings that differ from the defaults.
    pub config: BTreeMap<String, String>,
    /// The operator's defaults for all models.
    #[serde(default)]
    pub inherited: BTreeMap<String, String>,
    /// What machines are asked to be, unless their application says otherwise.
    #[serde(default)]
    pub constraints: Constraints,
    pub applications: BTreeMap<String, Application>,
    pub units: BTreeMap<String, Unit>,
    pub relations: BTreeMap<u64, Relation>,
    pub machines: BTreeMap<u32, Machine>,
    pub storage: BTreeMap<String, StorageInstance>,
    pub secrets: BTreeMap<String, Secret>,
    pub operations: BTreeMap<u64, Operation>,
    pub tasks: BTreeMap<u64, Task>,
    #[serde(default)]
    pub offers: BTreeMap<String, crate::api::Offer>,
    #[serde(default)]
    pub saas: BTreeMap<String, crossing::Saas>,
    pub sequences: Sequences,
}

/// Counters whose values are never given out twice.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sequences {
    pub machine: u32,
    pub relation: u64,
    pub storage: u32,
    /// Operations and tasks share one counter.
    pub operation: u64,
    /// Next revision of each charm name uploaded to this model.
    pub charm: BTreeMap<String, u32>,
    /// Next unit number of each application name; survives the application.
    pub unit: BTreeMap<String, u32>,
}

impl Model {
    pub fn new(name: &str, uuid: String, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            uuid,
            created: now,
            life: Life::Alive,
            config: BTreeMap::new(),
            inherited: BTreeMap::new(),
            constraints: BTreeMap::new(),
            applications: BTreeMap::new(),
            units: BTreeMap::new(),
            relations: BTreeMap::new(),
            machines: BTreeMap::new(),
            storage: BTreeMap::new(),
            secrets: BTreeMap::new(),
            operations: BTreeMap::new(),
            tasks: BTreeMap::new(),
            offers: BTreeMap::new(),
            saas: BTreeMap::new(),
            sequences: Sequences {
                operation: 1,
                ..Sequences::default()
            },
        }
    }

    /// Units of an application, by name.
    pub fn units_of<'a>(&'a self, application: &'a str) -> impl Iterator<Item = &'a Unit> {
        self.units
            .values()
            .filter(move |unit| unit.application == application)
    }

    /// Relations with an end at this application.
    pub fn relations_of<'a>(&'a self, application: &'a str) -> impl Iterator<Item = &'a Relation> {
        self.relations
            .values()
            .filter(move |relation| relation.end_of(application).is_some())
    }

    /// Storage instances attached, or to be attached, to this unit.
    pub fn storage_of<'a>(&'a self, unit: &'a str) -> impl Iterator<Item = &'a StorageInstance> {
        self.storage
            .values()
            .filter(move |storage| storage.unit.as_deref() == Some(unit))
    }

    /// The application of this unit.
    pub fn application_of(&self, unit: &str) -> Option<&Application> {
        self.applications.get(identity::application_of(unit))
    }

    /// True while this unit holds an unexpired lease on its application.
    pub fn is_leader(&self, unit: &str, now: Timestamp) -> bool {
        self.application_of(unit)
            .and_then(|application| application.lease.as_ref())
            .is_some_and(|lease| lease.holder == unit && lease.expires > now)
    }

    /// Next number of the counter that operations and tasks share.
    pub fn next_operation(&mut self) -> u64 {
        let number = self.sequences.operation;
        self.sequences.operation += 1;
        number
    }
}

/// Next value of a counter that starts at zero.
pub fn take<N: Copy + std::ops::AddAssign + From<u8>>(counter: &mut N) -> N {
    let value = *counter;
    *counter += N::from(1);
    value
}
