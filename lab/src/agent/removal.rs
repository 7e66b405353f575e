//! The end of a unit: what it leaves in the model and on its machine goes.

use super::UnitKey;
use super::environment::UnitPaths;
use super::lifecycle::sweep_relations;
use crate::api::{Failure, TaskStatus};
use crate::daemon::{Daemon, machines};
use crate::model::relation::ScopeState;
use crate::model::secret::Owner;
use crate::model::{Life, Model};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

/// A hook that started just before its unit's removal is killed after this time at the latest.
const BETWEEN_KILLS: Duration = Duration::from_millis(50);

/// Removes a unit whose hooks are done (or are not waited for), its machine if it was the last unit there, and its
/// application if that is dying and was waiting for its last unit.
pub async fn remove_unit(daemon: &Arc<Daemon>, key: &UnitKey) -> Result<(), Failure> {
    let machine = daemon.update(&key.model, |model| {
        let Some(number) = model.units.get(&key.unit).map(|unit| unit.machine) else {
            return Ok(None);
        };
        let last = !model
            .units
            .values()
            .any(|other| other.machine == number && other.name != key.unit);
        let machine = model.machines.get_mut(&number);
        Ok::<_, Failure>(machine.map(|machine| {
            if last {
                // Nothing is placed there any more.
                machine.life = Life::Dying;
            }
            (number, machine.slot, last)
        }))
    })?;
    let Some((number, slot, last)) = machine else {
        return daemon.update(&key.model, |model| {
            forget(model, &key.unit);
            Ok(())
        });
    };
    // What the agent does right now writes to the machine; nothing new begins until the unit is gone.
    let _idle = end_operation(daemon, key, slot).await;
    let (daemon, key) = (Arc::clone(daemon), key.clone());
    let removed = tokio::task::spawn_blocking(move || {
        if last {
            return machines::remove(&daemon, &key.model, number, |model| {
                forget(model, &key.unit);
            });
        }
        machines::alter(&daemon, &key.model, number, |slot| {
            clear_unit(&daemon, slot, &key)?;
            daemon.update(&key.model, |model| {
                forget(model, &key.unit);
                Ok(())
            })
        })
        .map(|_| ())
    });
    removed
        .await
        .map_err(|error| Failure::internal(error.to_string()))?
}

/// Kills what the unit's agent runs until it runs nothing, and keeps it from beginning anything else.
async fn end_operation(
    daemon: &Daemon,
    key: &UnitKey,
    slot: Option<u32>,
) -> Option<OwnedMutexGuard<()>> {
    let slot = slot?;
    loop {
        daemon.agents.kill(&key.uuid, &key.unit);
        let idle = daemon.agents.operations.acquire(slot, &key.unit);
        if let Ok(guard) = tokio::time::timeout(BETWEEN_KILLS, idle).await {
            return Some(guard);
        }
    }
}

/// Takes a unit off a machine that stays.
fn clear_unit(daemon: &Daemon, slot: u32, key: &UnitKey) -> Result<(), Failure> {
    let paths = UnitPaths::new(&daemon.home.machine(slot), &key.unit);
    for directory in [&paths.agent, &paths.tools] {
        match std::fs::remove_dir_all(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::internal(format!(
                    "cannot remove {}: {error}",
                    directory.display()
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Removes every trace of a unit from the model.
fn forget(model: &mut Model, name: &str) {
    let Some(unit) = model.units.remove(name) else {
        return;
    };
    for relation in model.relations.values_mut() {
        if let Some(scope) = relation.units.get_mut(name) {
            scope.state = ScopeState::Left;
        }
    }
    model.forget_unit_in_secrets(name);
    let destroy = unit.destroy_storage;
    model.storage.retain(|_, storage| {
        storage.unit.as_deref() != Some(name) || (storage.is_persistent() && !destroy)
    });
    for storage in model
        .storage
        .values_mut()
        .filter(|storage| storage.unit.as_deref() == Some(name))
    {
        storage.unit = None;
    }
    for task in model
        .tasks
        .values_mut()
        .filter(|task| task.unit == name && !task.status.is_final())
    {
        let message = format!("unit \"{name}\" was removed");
        let now = jiff::Timestamp::now();
        task.finish(TaskStatus::Cancelled, Some(message), now);
    }
    if let Some(application) = model.applications.get_mut(&unit.application)
        && application
            .lease
            .as_ref()
            .is_some_and(|lease| lease.holder == name)
    {
        application.lease = None;
    }
    sweep_relations(model);
    sweep_application(model, &unit.application);
}

/// Removes a dying application without units.
pub(crate) fn sweep_application(model: &mut Model, name: &str) {
    let dying = model
        .applications
        .get(name)
        .is_some_and(|application| application.life != Life::Alive);
    if !dying || model.units_of(name).next().is_some() {
        return;
    }
    for relation in model
        .relations
        .values_mut()
        .filter(|relation| relation.end_of(name).is_some())
    {
        relation.life = Life::Dying;
    }
    sweep_relations(model);
    let owner = Owner::Application(name.to_owned());
    model.secrets.retain(|_, secret| secret.owner != owner);
    for secret in model.secrets.values_mut() {
        secret.grants.retain(|grant| grant.to != name);
    }
    model.applications.remove(name);
}
