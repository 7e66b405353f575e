//! Relations between models: each side keeps a copy, and what one side does shows up at the other.
//!
//! Everything here compares states, so it may run any number of times and after a crash between the two.

use super::{offers, relate};
use crate::api::Failure;
use crate::daemon::Drafts;
use crate::model::crossing::renamed;
use crate::model::relation::{Bag, Relation, ScopeState, UnitScope};
use crate::model::{Life, Model, identity};
use std::collections::{BTreeMap, BTreeSet};

/// Brings relations between models in line, after the models named in `changed` were changed.
pub fn settle(drafts: &mut Drafts<'_>, mut changed: Vec<String>) -> Result<(), Failure> {
    while let Some(name) = changed.pop() {
        for (model, relation) in relations_with(drafts, &name) {
            if pull(drafts, &model, relation)? && !changed.contains(&model) {
                changed.push(model);
            }
        }
    }
    Ok(())
}

/// The copies, in any model, of relations that this model takes part in.
fn relations_with(drafts: &Drafts<'_>, name: &str) -> Vec<(String, u64)> {
    let uuid = drafts.get(name).map(|model| model.uuid.clone());
    let mut found = Vec::new();
    for model in drafts.iter() {
        let touched = |relation: &&Relation| {
            relation.across.as_ref().is_some_and(|across| {
                model.name == name || uuid.as_ref().is_ok_and(|uuid| across.model == *uuid)
            })
        };
        let ids = model.relations.values().filter(touched).map(|it| it.id);
        found.extend(ids.map(|id| (model.name.clone(), id)));
    }
    found
}

/// What the other model's side of a relation says, in this model's names.
#[derive(Default, PartialEq, Eq)]
struct FarSide {
    over: bool,
    /// What the model that offers says.
    suspended: Option<String>,
    units: BTreeMap<String, UnitScope>,
    bag: Bag,
}

/// Takes over the other side's state. True if that changed anything.
fn pull(drafts: &mut Drafts<'_>, model: &str, id: u64) -> Result<bool, Failure> {
    let near = drafts.get(model)?;
    let Some(relation) = near.relations.get(&id) else {
        return Ok(false);
    };
    let Some(across) = &relation.across else {
        return Ok(false);
    };
    let known = known(relation, &across.name);
    let far = drafts
        .with_uuid(&across.model)
        .and_then(|model| model.relations.get(&across.relation))
        .map_or_else(|| gone(&known), |far| seen_from(far, &across.name));
    let far = FarSide {
        over: far.over || known.over,
        suspended: if across.offering {
            known.suspended.clone()
        } else {
            far.suspended
        },
        ..far
    };
    if far == known {
        return Ok(false);
    }
    let name = across.name.clone();
    take_over(drafts.get_mut(model)?, id, &name, far);
    Ok(true)
}

fn is_of(application: &str, unit: &str) -> bool {
    identity::application_of(unit) == application
}

/// The far side as this model knows it.
fn known(relation: &Relation, name: &str) -> FarSide {
    let units = relation.units.iter().filter(|(unit, _)| is_of(name, unit));
    FarSide {
        over: relation.life != Life::Alive,
        suspended: relation.suspended.clone(),
        units: units
            .map(|(unit, scope)| (unit.clone(), scope.clone()))
            .collect(),
        bag: relation.applications.get(name).cloned().unwrap_or_default(),
    }
}

/// The far side's own copy, its application renamed to `name`.
fn seen_from(far: &Relation, name: &str) -> FarSide {
    let own = far.near_application().unwrap_or_default();
    let units = far.units.iter().filter(|(unit, _)| is_of(own, unit));
    FarSide {
        over: far.life != Life::Alive,
        suspended: far.suspended.clone(),
        units: units
            .map(|(unit, scope)| (renamed(unit, name), scope.clone()))
            .collect(),
        bag: far.applications.get(own).cloned().unwrap_or_default(),
    }
}

/// The other model, or its copy of the relation, does not exist any more: everybody there has left.
fn gone(known: &FarSide) -> FarSide {
    let left = |scope: &UnitScope| UnitScope {
        state: ScopeState::Left,
        ..scope.clone()
    };
    FarSide {
        over: true,
        suspended: known.suspended.clone(),
        units: known
            .units
            .iter()
            .map(|(unit, scope)| (unit.clone(), left(scope)))
            .collect(),
        bag: known.bag.clone(),
    }
}

fn take_over(model: &mut Model, id: u64, name: &str, far: FarSide) {
    offers::set_suspended(model, id, far.suspended.as_ref());
    let units: BTreeSet<String> = far.units.keys().cloned().collect();
    if let Some(relation) = model.relations.get_mut(&id) {
        if far.over {
            relation.life = Life::Dying;
        }
        relation
            .units
            .retain(|unit, _| !is_of(name, unit) || units.contains(unit));
        relation.units.extend(far.units);
        if far.bag.version > 0 {
            relation.applications.insert(name.to_owned(), far.bag);
        }
    }
    for unit in &units {
        if !model.relations.values().any(|it| it.is_inside(unit)) {
            model.forget_unit_in_secrets(unit);
        }
    }
    relate::settle(model);
}
