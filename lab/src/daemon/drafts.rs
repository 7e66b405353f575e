//! Copies of models that a change works on, so that a refused change leaves the originals alone.

use super::{bare, unknown_model};
use crate::api::Failure;
use crate::model::Model;
use std::collections::BTreeMap;

/// All models as a change sees them. A model is copied when it is first written to.
#[derive(Debug)]
pub struct Drafts<'a> {
    originals: &'a BTreeMap<String, Model>,
    changed: BTreeMap<String, Model>,
}

impl<'a> Drafts<'a> {
    pub(super) fn of(originals: &'a BTreeMap<String, Model>) -> Self {
        Self {
            originals,
            changed: BTreeMap::new(),
        }
    }

    /// A model named `dev` or `admin/dev`.
    pub fn get(&self, name: &str) -> Result<&Model, Failure> {
        let found = self.changed.get(bare(name));
        found
            .or_else(|| self.originals.get(bare(name)))
            .ok_or_else(|| unknown_model(name))
    }

    pub fn get_mut(&mut self, name: &str) -> Result<&mut Model, Failure> {
        let key = bare(name);
        if !self.changed.contains_key(key) {
            let original = self.originals.get(key).ok_or_else(|| unknown_model(name))?;
            self.changed.insert(key.to_owned(), original.clone());
        }
        self.changed.get_mut(key).ok_or_else(|| unknown_model(name))
    }

    pub fn with_uuid(&self, uuid: &str) -> Option<&Model> {
        self.iter().find(|model| model.uuid == uuid)
    }

    /// Every model, in the state the change has brought it to.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        let current = |name: &String, original| self.changed.get(name).unwrap_or(original);
        self.originals
            .iter()
            .map(move |(name, original)| current(name, original))
    }

    /// Names of changed models that are, or were before the change, related to others.
    pub(super) fn crossing(&self) -> Vec<String> {
        let crosses = |model: &Model| model.relations.values().any(|it| it.across.is_some());
        self.changed
            .iter()
            .filter(|(name, draft)| {
                crosses(draft) || self.originals.get(*name).is_some_and(crosses)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) fn changed_mut(&mut self) -> impl Iterator<Item = &mut Model> {
        self.changed.values_mut()
    }

    pub(super) fn into_changed(self) -> BTreeMap<String, Model> {
        self.changed
    }
}
