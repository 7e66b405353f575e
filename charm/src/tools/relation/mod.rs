//! `relation-ids`, `relation-list`, `relation-get`, `relation-set`: relations and their databags.
//!
//! Values are text, and a key without a value does not exist: writing `""` deletes it.

mod memory;
mod write;

use std::collections::BTreeMap;

use serde_json::Value;

use super::ToolError;
use crate::{Event, Juju, RelationId, UnitName};

/// The contents of one databag.
pub type Databag = BTreeMap<String, String>;

/// One of the databags of a relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bag {
    /// This unit's own.
    OwnUnit,
    /// This application's. Only the leader may read it, except on peer relations.
    OwnApp,
    /// The other application's.
    RemoteApp,
    /// Another unit's, of the other application or, on peer relations, of ours.
    RemoteUnit(UnitName),
}

/// The databags that may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Own {
    /// This unit's.
    Unit,
    /// The application's: only by the leader.
    App,
}

impl From<Own> for Bag {
    fn from(own: Own) -> Self {
        match own {
            Own::Unit => Self::OwnUnit,
            Own::App => Self::OwnApp,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Session {
    ids: BTreeMap<String, Vec<RelationId>>,
    units: BTreeMap<RelationId, Vec<UnitName>>,
    apps: BTreeMap<RelationId, Option<String>>,
    bags: BTreeMap<(RelationId, Bag), Databag>,
    /// What is to be written; a key with nothing is to be deleted.
    writes: BTreeMap<(RelationId, Own), Databag>,
    /// The peer relation that remembers what was written.
    memory: Option<RelationId>,
}

impl Session {
    pub(super) fn discard(&mut self) {
        self.writes.clear();
    }
}

impl Juju {
    /// The relations of an endpoint, oldest first.
    ///
    /// A relation that is being broken is not among them: some versions of Juju still list it in
    /// its `relation-broken` hook, where nothing can be done with it any more.
    pub fn relation_ids(&self, endpoint: &str) -> Result<Vec<RelationId>, ToolError> {
        if let Some(known) = self.session().relation.ids.get(endpoint) {
            return Ok(known.clone());
        }
        let ids: Option<Vec<RelationId>> = self.read("relation-ids", &[endpoint])?;
        let broken = self.broken();
        let mut ids = ids.unwrap_or_default();
        ids.retain(|id| Some(id) != broken.as_ref());
        ids.sort();
        self.session()
            .relation
            .ids
            .insert(endpoint.to_owned(), ids.clone());
        Ok(ids)
    }

    /// The remote units in a relation, in their natural order; in a peer relation the others.
    pub fn relation_list(&self, id: &RelationId) -> Result<Vec<UnitName>, ToolError> {
        if let Some(known) = self.session().relation.units.get(id) {
            return Ok(known.clone());
        }
        let units: Option<Vec<UnitName>> = self.read("relation-list", &["-r", id.as_str()])?;
        let mut units = units.unwrap_or_default();
        units.sort();
        self.session()
            .relation
            .units
            .insert(id.clone(), units.clone());
        Ok(units)
    }

    /// The application on the other side; on a peer relation this one.
    ///
    /// Asks Juju only when neither the event nor a unit already read names it. `None` when Juju
    /// does not say, as can happen in `relation-broken`.
    pub fn relation_app(&self, id: &RelationId) -> Result<Option<String>, ToolError> {
        let at_hand = {
            let session = self.session();
            let event = self.context().relation.as_ref().filter(|at| at.id == *id);
            let of_event = event.and_then(|at| at.app.clone());
            let of_units = || {
                let first = session.relation.units.get(id)?.first()?;
                Some(first.application().to_owned())
            };
            let asked = || session.relation.apps.get(id).cloned();
            of_event.or_else(of_units).map(Some).or_else(asked)
        };
        if let Some(app) = at_hand {
            return Ok(app);
        }
        let app: Option<String> = self.read("relation-list", &["-r", id.as_str(), "--app"])?;
        let app = app.filter(|name| !name.is_empty());
        self.session().relation.apps.insert(id.clone(), app.clone());
        Ok(app)
    }

    /// The contents of a databag, with what this hook has written to it so far.
    pub fn relation_get(&self, id: &RelationId, bag: &Bag) -> Result<Databag, ToolError> {
        let mut contents = self.stored_bag(id, bag)?;
        let own = match bag {
            Bag::OwnUnit => Own::Unit,
            Bag::OwnApp => Own::App,
            Bag::RemoteApp | Bag::RemoteUnit(_) => return Ok(contents),
        };
        if let Some(writes) = self.session().relation.writes.get(&(id.clone(), own)) {
            for (key, value) in writes {
                if value.is_empty() {
                    contents.remove(key);
                } else {
                    contents.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(contents)
    }

    /// The databag as Juju has it, read once in a hook.
    fn stored_bag(&self, id: &RelationId, bag: &Bag) -> Result<Databag, ToolError> {
        let place = (id.clone(), bag.clone());
        if let Some(known) = self.session().relation.bags.get(&place) {
            return Ok(known.clone());
        }
        let (entity, is_app) = match bag {
            Bag::OwnUnit => (self.context().unit.to_string(), false),
            Bag::OwnApp => (self.context().application().to_owned(), true),
            Bag::RemoteUnit(unit) => (unit.to_string(), false),
            Bag::RemoteApp => match self.relation_app(id)? {
                Some(app) => (app, true),
                None => return Ok(Databag::new()),
            },
        };
        let mut args = vec!["-r", id.as_str()];
        if is_app {
            args.push("--app");
        }
        args.extend(["-", &entity]);
        let contents: Option<Databag> = self.read("relation-get", &args)?;
        let contents = contents.unwrap_or_default();
        self.session().relation.bags.insert(place, contents.clone());
        Ok(contents)
    }

    /// The relation that this very hook is the end of.
    fn broken(&self) -> Option<RelationId> {
        match Event::from_context(self.context()) {
            Ok(Event::RelationBroken(at)) => Some(at.id),
            _ => None,
        }
    }

    /// `relation-model-get`: the UUID of the model on the other side (Juju 3.6.2 and later).
    pub fn relation_model_uuid(&self, id: &RelationId) -> Result<Option<String>, ToolError> {
        let answer: Value = self.read("relation-model-get", &["-r", id.as_str()])?;
        Ok(answer
            .get("uuid")
            .and_then(Value::as_str)
            .map(str::to_owned))
    }
}
