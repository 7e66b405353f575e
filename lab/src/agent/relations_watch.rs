//! Which relation hook is due: what the agent last saw against what the model has now.

use crate::model::faults::rank;
use crate::model::hook::{Hook, RelationEvent, RelationHook};
use crate::model::progress::{Progress, RelationProgress};
use std::collections::BTreeMap;

/// A relation as one unit may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RelationView {
    pub id: u64,
    /// The unit's own name.
    pub local_unit: String,
    pub endpoint: String,
    pub remote_app: String,
    pub alive: bool,
    pub peer: bool,
    /// Remote units in scope with the versions of their bags.
    pub members: BTreeMap<String, u64>,
    /// Version of the remote application's bag.
    pub app_version: u64,
    /// Seed of another order than the usual one. Juju promises none between units, nor between a unit and the
    /// application.
    pub order: Option<u64>,
}

fn hook(view: &RelationView, event: RelationEvent, unit: Option<&str>, version: u64) -> Hook {
    Hook::Relation(RelationHook {
        event,
        endpoint: view.endpoint.clone(),
        relation: view.id,
        remote_app: view.remote_app.clone(),
        remote_unit: unit.map(str::to_owned),
        version,
        departing: None,
    })
}

/// relation-created, if it did not run yet.
pub(super) fn created_hook(view: &RelationView, progress: &Progress) -> Option<Hook> {
    let created = progress
        .relations
        .get(&view.id)
        .is_some_and(|seen| seen.created);
    (view.alive && !created).then(|| hook(view, RelationEvent::Created, None, 0))
}

/// The next hook of a relation that was created. Departures come first, then the end, then news of the remote
/// application, arrivals, and news of units.
pub(super) fn next_hook(view: &RelationView, progress: &Progress, dying: bool) -> Option<Hook> {
    let seen = progress
        .relations
        .get(&view.id)
        .filter(|seen| seen.created && !seen.broken)?;
    if let Some(unit) = &seen.changed_pending {
        let version = view
            .members
            .get(unit)
            .or_else(|| seen.members.get(unit))
            .copied()
            .unwrap_or_default();
        return Some(hook(view, RelationEvent::Changed, Some(unit), version));
    }
    let ending = dying || !view.alive;
    if let Some(departed) = departed_hook(view, seen, ending, dying) {
        return Some(departed);
    }
    if ending {
        return (!view.peer).then(|| hook(view, RelationEvent::Broken, None, 0));
    }
    if let Some(order) = view.order {
        return in_order(view, seen, order);
    }
    if view.app_version != seen.app_version {
        return Some(hook(view, RelationEvent::Changed, None, view.app_version));
    }
    for (unit, version) in &view.members {
        if !seen.members.contains_key(unit) {
            return Some(hook(view, RelationEvent::Joined, Some(unit), *version));
        }
    }
    view.members
        .iter()
        .find(|(unit, version)| seen.members.get(*unit) != Some(version))
        .map(|(unit, version)| hook(view, RelationEvent::Changed, Some(unit), *version))
}

/// The next news in the order that follows from the seed.
fn in_order(view: &RelationView, seen: &RelationProgress, order: u64) -> Option<Hook> {
    let application = (view.app_version != seen.app_version)
        .then(|| hook(view, RelationEvent::Changed, None, view.app_version));
    let units = view.members.iter().filter_map(|(unit, version)| {
        let event = match seen.members.get(unit) {
            None => RelationEvent::Joined,
            Some(known) if known != version => RelationEvent::Changed,
            Some(_) => return None,
        };
        Some(hook(view, event, Some(unit), *version))
    });
    application
        .into_iter()
        .chain(units)
        .min_by_key(|hook| rank(order, &hook.running_message()))
}

fn departed_hook(
    view: &RelationView,
    seen: &RelationProgress,
    ending: bool,
    dying: bool,
) -> Option<Hook> {
    let mut leaving = seen
        .members
        .iter()
        .filter(|(unit, _)| ending || !view.members.contains_key(*unit));
    let (unit, version) = match view.order {
        Some(order) => leaving.min_by_key(|(unit, _)| rank(order, unit)),
        None => leaving.next(),
    }?;
    let departing = if dying { &view.local_unit } else { unit };
    Some(Hook::Relation(RelationHook {
        event: RelationEvent::Departed,
        endpoint: view.endpoint.clone(),
        relation: view.id,
        remote_app: view.remote_app.clone(),
        remote_unit: Some(unit.clone()),
        version: *version,
        departing: Some(departing.clone()),
    }))
}

/// True if the unit has nothing left to do in a relation that ends for it, so that it may leave.
pub(super) fn is_over(peer: bool, seen: Option<&RelationProgress>) -> bool {
    match seen {
        None => true,
        Some(seen) if !seen.created => true,
        Some(seen) => {
            seen.broken || (peer && seen.members.is_empty() && seen.changed_pending.is_none())
        }
    }
}
