//! Reads from the model what the choice of a unit's next operation depends on.

use super::next_operation::Snapshot;
use super::relations_watch::RelationView;
use crate::api::TaskStatus;
use crate::model::application::Application;
use crate::model::faults::rank;
use crate::model::hook::{SecretEvent, SecretHook, StorageHook};
use crate::model::operation::Work;
use crate::model::unit::Unit;
use crate::model::{Life, Model};
use jiff::Timestamp;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// What the agent of `unit` sees; none if the unit is gone.
pub(super) fn take(
    models: &BTreeMap<String, Model>,
    model: &Model,
    unit: &str,
    address: &str,
    now: Timestamp,
) -> Option<Snapshot> {
    let unit = model.units.get(unit)?;
    let application = model.applications.get(&unit.application)?;
    let leader = model.is_leader(&unit.name, now);
    let (mut secrets, secrets_due) = secrets(model, unit, leader, now);
    secrets.extend(foreign_secrets(models, model, unit));
    Some(Snapshot {
        life: unit.life,
        progress: unit.progress.clone(),
        boot: model
            .machines
            .get(&unit.machine)
            .map_or(0, |machine| machine.boot),
        leader,
        config: fingerprint(application, address),
        charm: application.charm_key(),
        relations: relations(model, unit),
        storage: model
            .storage_of(&unit.name)
            .map(|storage| StorageHook {
                attached: storage.life == Life::Alive,
                id: storage.id.clone(),
                kind: storage.kind.clone(),
                location: storage.location.clone(),
            })
            .collect(),
        secrets,
        secrets_due,
        tasks: model
            .tasks
            .values()
            .filter(|task| task.unit == unit.name && task.status == TaskStatus::Pending)
            .filter(|task| !matches!(task.work, Work::MachineExec { .. }))
            .map(|task| task.id)
            .collect(),
        resolved: unit.resolved,
        force_upgrade: unit.force_upgrade,
        now,
    })
}

/// Changes whenever config-changed has something to report.
pub(super) fn fingerprint(application: &Application, address: &str) -> String {
    format!("{} {address}", application.config_revision)
}

/// The unit's relations in random order, because Juju promises none between relations.
fn relations(model: &Model, unit: &Unit) -> Vec<RelationView> {
    let principal_of = |name: &str| {
        model
            .units
            .get(name)
            .and_then(|unit| unit.principal.clone())
    };
    let mut views: Vec<_> = model
        .relations_of(&unit.application)
        .filter(|relation| relation.is_inside(&unit.name))
        .filter_map(|relation| {
            let relation = model.relation_seen_by(&unit.name, relation.id)?;
            let own = relation.end_of(&unit.application)?;
            let remote = relation.remote_end(&unit.application)?;
            Some(RelationView {
                id: relation.id,
                local_unit: unit.name.clone(),
                endpoint: own.endpoint.clone(),
                remote_app: remote.application.clone(),
                alive: relation.is_active() && !relation.is_leaving(&unit.name),
                peer: relation.is_peer(),
                members: relation.members_seen_by(&unit.name, &principal_of),
                app_version: relation
                    .applications
                    .get(&remote.application)
                    .map_or(0, |bag| bag.version),
                order: unit.faults.order,
            })
        })
        .collect();
    match unit.faults.order {
        Some(seed) => views.sort_by_key(|view| rank(seed, &view.endpoint)),
        None => views.shuffle(&mut rand::rng()),
    }
    views
}

/// News of secrets that other models granted this unit.
fn foreign_secrets(
    models: &BTreeMap<String, Model>,
    model: &Model,
    unit: &Unit,
) -> Vec<SecretHook> {
    if unit.life != Life::Alive {
        return Vec::new();
    }
    let mut due = Vec::new();
    for (uuid, alias) in model.aliases(&unit.name) {
        let Some(source) = models.values().find(|model| model.uuid == uuid) else {
            continue;
        };
        for secret in source.secrets.values() {
            let Some(consumer) = secret.consumers.get(&alias) else {
                continue;
            };
            let told = unit.progress.secrets_changed.get(&secret.id).copied();
            if consumer.revision < secret.latest
                && told.unwrap_or_default() < secret.latest
                && secret.may_read(&alias)
            {
                due.push(SecretHook {
                    event: SecretEvent::Changed,
                    id: secret.id.clone(),
                    source: Some(uuid.clone()),
                    label: consumer.label.clone().unwrap_or_default(),
                    revision: secret.latest,
                });
            }
        }
    }
    due
}

/// Secret events that are due, expired before rotate before changed before remove, and when the next one is.
fn secrets(
    model: &Model,
    unit: &Unit,
    leader: bool,
    now: Timestamp,
) -> (Vec<SecretHook>, Option<Timestamp>) {
    let mut due: [Vec<SecretHook>; 4] = Default::default();
    let mut next: Option<Timestamp> = None;
    if unit.life != Life::Alive {
        return (Vec::new(), None);
    }
    for secret in model.secrets.values() {
        let owner_label = || secret.label.clone().unwrap_or_default();
        let hook = |event, label: String, revision| SecretHook {
            event,
            id: secret.id.clone(),
            source: None,
            label,
            revision,
        };
        if secret.is_managed_by(&unit.name, leader) {
            for (index, event, at) in [
                (0, SecretEvent::Expired, secret.expires),
                (1, SecretEvent::Rotate, secret.rotates),
            ] {
                match at {
                    Some(at) if at <= now => {
                        due[index].push(hook(event, owner_label(), secret.latest));
                    }
                    Some(at) => next = Some(next.map_or(at, |next| next.min(at))),
                    None => {}
                }
            }
            for revision in secret.obsolete() {
                if !unit
                    .progress
                    .secrets_removed
                    .contains(&(secret.id.clone(), revision))
                {
                    due[3].push(hook(SecretEvent::Remove, owner_label(), revision));
                }
            }
        }
        if let Some(consumer) = secret.consumers.get(&unit.name) {
            let told = unit
                .progress
                .secrets_changed
                .get(&secret.id)
                .copied()
                .unwrap_or_default();
            if consumer.revision < secret.latest
                && told < secret.latest
                && secret.may_read(&unit.name)
            {
                let label = consumer.label.clone().or_else(|| {
                    secret
                        .is_owned_by(&unit.name)
                        .then(|| secret.label.clone())
                        .flatten()
                });
                due[2].push(hook(
                    SecretEvent::Changed,
                    label.unwrap_or_default(),
                    secret.latest,
                ));
            }
        }
    }
    for events in &mut due {
        events.shuffle(&mut rand::rng());
    }
    (due.into_iter().flatten().collect(), next)
}
