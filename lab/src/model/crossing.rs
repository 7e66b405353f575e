//! What a model knows of others: offers it consumes, and the far side of its relations with them.
//!
//! Each model keeps its own copy of such a relation, with the other model's units under the names they have here. The
//! copies are brought in line by [`crate::controller::across`].

use super::{Life, Model, identity};
use crate::api::OfferedEndpoint;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An offer of another model, consumed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saas {
    /// The name relations know it by in this model.
    pub name: String,
    /// UUID of the offering model.
    pub model: String,
    /// Name of the offer there.
    pub offer: String,
    /// `admin/dev.pg`
    pub url: String,
    pub endpoints: BTreeMap<String, OfferedEndpoint>,
    pub life: Life,
    pub consumed: Timestamp,
}

/// The far side of a relation between models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Across {
    /// UUID of the other model.
    pub model: String,
    /// The relation's id there.
    pub relation: u64,
    /// Name of the offer, in the model that offers.
    pub offer: String,
    /// Whether this is the model that offers.
    pub offering: bool,
    /// What the other model's application is called here: the name it was consumed as, or `remote-<hex>`.
    pub name: String,
    /// What this model's application is called there.
    pub known_as: String,
}

impl Across {
    /// The name that a unit of this model has in the other.
    pub fn alias(&self, unit: &str) -> String {
        renamed(unit, &self.known_as)
    }
}

/// The unit's number under another application's name.
pub fn renamed(unit: &str, application: &str) -> String {
    let number = unit.rsplit('/').next().unwrap_or_default();
    format!("{application}/{number}")
}

/// A name for an application of another model that nobody can have chosen.
pub fn remote_name() -> String {
    format!("remote-{}", identity::token())
}

impl Model {
    /// The models that know this unit through a relation, by UUID, with the names it has there.
    pub fn aliases(&self, unit: &str) -> BTreeSet<(String, String)> {
        let application = identity::application_of(unit);
        self.relations_of(application)
            .filter_map(|relation| relation.across.as_ref())
            .map(|across| (across.model.clone(), across.alias(unit)))
            .collect()
    }

    /// Forgets consumed offers that were removed, once their last relation is gone.
    pub fn sweep_saas(&mut self) {
        let relations = &self.relations;
        self.saas.retain(|name, saas| {
            saas.life == Life::Alive || relations.values().any(|it| it.end_of(name).is_some())
        });
    }
}
