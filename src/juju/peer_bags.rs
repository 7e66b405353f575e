//! What the units have told their peers, remembered between two hooks.
//!
//! Juju lets a hook see a peer's bag as it was when a hook was last told that it changed. What such a hook has read
//! therefore holds until the next one, and a regular look need not ask for it once more for each unit.

use std::collections::BTreeMap;
use std::path::Path;

use juju_charm::{Bag, Databag, Event, Juju, RelationId, UnitName};
use serde::{Deserialize, Serialize};

use super::view::because;
use crate::domain::words::Timestamp;
use crate::error::StepError;
use crate::unit::records;

/// Seconds after which all is asked for again: whoever skips a failed hook (`resolved --no-retry`) skips what it was told.
const HOLDS: i64 = 3600;

#[derive(Default, Serialize, Deserialize)]
struct Remembered {
    relation: String,
    since: Timestamp,
    bags: BTreeMap<String, Databag>,
}

/// The bags of the other units, by unit.
///
/// # Errors
///
/// When Juju cannot be asked, or what was remembered is out of date and cannot be forgotten.
pub(super) fn read(
    juju: &Juju,
    relation: &RelationId,
    memory: &Path,
    now: Timestamp,
) -> Result<Vec<(UnitName, Databag)>, StepError> {
    let remembered = records::read(memory)
        .ok()
        .flatten()
        .unwrap_or_else(Remembered::default);
    let age = now.duration_since(remembered.since).as_secs();
    let holds = is_regular(juju)
        && remembered.relation == relation.to_string()
        && (0..HOLDS).contains(&age);
    let mut bags = Vec::new();
    for unit in juju.relation_list(relation).map_err(because)? {
        let told = remembered.bags.get(unit.as_str()).filter(|_| holds);
        let bag = if let Some(bag) = told {
            bag.clone()
        } else {
            let bag = Bag::RemoteUnit(unit.clone());
            juju.relation_get(relation, &bag).map_err(because)?
        };
        bags.push((unit, bag));
    }
    let current = Remembered {
        relation: relation.to_string(),
        since: if holds { remembered.since } else { now },
        bags: (bags.iter())
            .map(|(unit, bag)| (unit.to_string(), bag.clone()))
            .collect(),
    };
    let is_known = current.bags == remembered.bags && current.relation == remembered.relation;
    // Its time alone is worth no write in each hook.
    if !is_known || !(0..HOLDS / 2).contains(&age) {
        keep(memory, &current)?;
    }
    Ok(bags)
}

/// Whether nothing was told to this hook: all others are the occasion to look at everything.
fn is_regular(juju: &Juju) -> bool {
    let event = Event::from_context(juju.context());
    matches!(event, Ok(Event::UpdateStatus | Event::Custom(_)))
}

/// Without the memory all works, with a wrong one it does not.
fn keep(memory: &Path, current: &Remembered) -> Result<(), StepError> {
    let Err(error) = records::write(memory, current) else {
        return Ok(());
    };
    tracing::debug!("cannot remember what the peers have told: {error}");
    records::forget(memory).map_err(|error| StepError::because(&error))
}
