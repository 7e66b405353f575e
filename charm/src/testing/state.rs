//! A unit's Juju world, as values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::Secret;
use crate::context::JujuVersion;
use crate::{Databag, Network, Port, RelationId, SecretId, Status, StorageId, UnitName};

/// What Juju knows, from the point of view of one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The unit that runs the charm.
    pub unit: UnitName,
    /// Whether it is the leader.
    pub leader: bool,
    /// The options the operator set; the others have their defaults.
    pub config: BTreeMap<String, Value>,
    /// Its relations.
    pub relations: Vec<Relation>,
    /// The secrets it owns or was told about.
    pub secrets: Vec<Secret>,
    /// Its storage.
    pub storage: Vec<StorageInstance>,
    /// Networks by binding; a binding not named here gets `10.0.0.10` plus the unit's number.
    pub networks: BTreeMap<String, Network>,
    /// Its open ports.
    pub opened_ports: BTreeSet<Port>,
    /// What `state-get` gives.
    pub stored: BTreeMap<String, String>,
    /// Its status; none before it set one.
    pub status: Option<Status>,
    /// The application's status, if the leader set one.
    pub app_status: Option<Status>,
    /// The workload's version.
    pub version: Option<String>,
    /// Files of the resources that were attached.
    pub resources: BTreeMap<String, PathBuf>,
    /// Name of the model.
    pub model_name: String,
    /// UUID of the model.
    pub model_uuid: String,
    /// Version of Juju.
    pub juju_version: JujuVersion,
}

/// A relation, from this unit's side. Databags hold what charms wrote: the three keys that Juju
/// itself puts into a unit's bag are there when it is read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// Local endpoint.
    pub endpoint: String,
    /// Number, unique in the model.
    pub number: u32,
    /// The application on the other side; on a peer relation this one.
    pub remote_app: String,
    /// This unit's bag.
    pub local_unit: Databag,
    /// This application's bag.
    pub local_app: Databag,
    /// The other application's bag; not on a peer relation.
    pub remote_app_data: Databag,
    /// Bags of the remote units, or of the other peers, by number.
    pub remote_units: BTreeMap<u32, Databag>,
    /// Bags of units that have left: no longer listed, still readable.
    pub departed_units: BTreeMap<u32, Databag>,
}

/// An attached storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageInstance {
    /// Such as `pgdata/0`.
    pub id: StorageId,
    /// Where it is mounted, or the block device.
    pub location: PathBuf,
}

#[expect(
    clippy::panic,
    reason = "a test that describes an impossible world has to fail"
)]
impl State {
    /// The world of a unit that has nothing yet, on Juju 3.6.
    ///
    /// # Panics
    /// When `unit` is not a unit's name.
    pub fn new(unit: &str) -> Self {
        Self {
            unit: unit.parse().unwrap_or_else(|error| panic!("{error}")),
            leader: false,
            config: BTreeMap::new(),
            relations: Vec::new(),
            secrets: Vec::new(),
            storage: Vec::new(),
            networks: BTreeMap::new(),
            opened_ports: BTreeSet::new(),
            stored: BTreeMap::new(),
            status: None,
            app_status: None,
            version: None,
            resources: BTreeMap::new(),
            model_name: "test".to_owned(),
            model_uuid: "3f1c2b0a-0000-4000-8000-000000000000".to_owned(),
            juju_version: JujuVersion::new(3, 6, 11),
        }
    }

    /// The same with this unit as the leader.
    #[must_use]
    pub fn leader(self) -> Self {
        Self {
            leader: true,
            ..self
        }
    }

    /// The same with an option set.
    #[must_use]
    pub fn with_config(mut self, option: &str, value: impl Into<Value>) -> Self {
        self.config.insert(option.to_owned(), value.into());
        self
    }

    /// The same with a relation more.
    #[must_use]
    pub fn with_relation(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// The same with a secret more.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The same with a storage more.
    ///
    /// # Panics
    /// When `id` is not a storage's id.
    #[must_use]
    pub fn with_storage(mut self, id: &str, location: impl Into<PathBuf>) -> Self {
        let id = id.parse().unwrap_or_else(|error| panic!("{error}"));
        self.storage.push(StorageInstance {
            id,
            location: location.into(),
        });
        self
    }

    /// The relation with this number.
    ///
    /// # Panics
    /// When there is none.
    pub fn relation(&self, number: u32) -> &Relation {
        let found = self
            .relations
            .iter()
            .find(|relation| relation.number == number);
        found.unwrap_or_else(|| panic!("there is no relation {number}"))
    }

    /// The relation with this number, to change it between two events.
    ///
    /// # Panics
    /// When there is none.
    pub fn relation_mut(&mut self, number: u32) -> &mut Relation {
        let found = self
            .relations
            .iter_mut()
            .find(|relation| relation.number == number);
        found.unwrap_or_else(|| panic!("there is no relation {number}"))
    }

    /// The secret with this id.
    pub fn secret(&self, id: &SecretId) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.id == *id)
    }

    /// The secret with this label on our side.
    pub fn secret_by_label(&self, label: &str) -> Option<&Secret> {
        self.secrets
            .iter()
            .find(|secret| secret.label.as_deref() == Some(label))
    }
}

#[expect(
    clippy::panic,
    reason = "a test that describes an impossible world has to fail"
)]
impl Relation {
    /// A relation without units, such as `Relation::new("database:5", "client")`.
    ///
    /// # Panics
    /// When `id` is not a relation's id.
    pub fn new(id: &str, remote_app: &str) -> Self {
        let id: RelationId = id.parse().unwrap_or_else(|error| panic!("{error}"));
        Self {
            endpoint: id.endpoint().to_owned(),
            number: id.number(),
            remote_app: remote_app.to_owned(),
            ..Self::default()
        }
    }

    /// The same with a remote unit and its bag.
    #[must_use]
    pub fn with_unit<const N: usize>(mut self, number: u32, bag: [(&str, &str); N]) -> Self {
        self.remote_units.insert(number, databag(bag));
        self
    }

    /// The same with this in the remote application's bag.
    #[must_use]
    pub fn with_remote_data<const N: usize>(mut self, bag: [(&str, &str); N]) -> Self {
        self.remote_app_data.extend(databag(bag));
        self
    }

    /// The same with this in our application's bag.
    #[must_use]
    pub fn with_app_data<const N: usize>(mut self, bag: [(&str, &str); N]) -> Self {
        self.local_app.extend(databag(bag));
        self
    }

    /// The same with this in our unit's bag.
    #[must_use]
    pub fn with_unit_data<const N: usize>(mut self, bag: [(&str, &str); N]) -> Self {
        self.local_unit.extend(databag(bag));
        self
    }

    /// Its id.
    pub fn id(&self) -> RelationId {
        RelationId::new(&self.endpoint, self.number)
    }
}

fn databag<const N: usize>(bag: [(&str, &str); N]) -> Databag {
    bag.into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}
