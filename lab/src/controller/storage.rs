//! Storage instances at the operator's hands.

use crate::agent::{StorageArea, commit};
use crate::api::Failure;
use crate::daemon::{Daemon, unit_of};
use crate::model::{Life, Model};
use jiff::Timestamp;

pub fn add(
    daemon: &Daemon,
    model: &str,
    unit: &str,
    name: &str,
    count: u32,
) -> Result<Vec<String>, Failure> {
    daemon.update(model, |model| {
        let slot = unit_of(model, unit).map(|unit| {
            model
                .machines
                .get(&unit.machine)
                .and_then(|machine| machine.slot)
        })?;
        let root = slot
            .map(|slot| daemon.home.machine(slot))
            .unwrap_or_default();
        (0..count)
            .map(|_| {
                commit::add_storage(model, unit, name, &root, Timestamp::now())
                    .map_err(|error| Failure::invalid(error.to_string()))
            })
            .collect()
    })
}

fn check(model: &Model, ids: &[String]) -> Result<(), Failure> {
    match ids.iter().find(|id| !model.storage.contains_key(*id)) {
        Some(id) => Err(Failure::not_found(format!("storage \"{id}\" not found"))),
        None => Ok(()),
    }
}

pub fn detach(daemon: &Daemon, model: &str, ids: &[String]) -> Result<(), Failure> {
    daemon.update(model, |model| {
        check(model, ids)?;
        for id in ids {
            if let Some(instance) = model
                .storage
                .get_mut(id)
                .filter(|instance| instance.unit.is_some())
            {
                instance.life = Life::Dying;
            }
        }
        Ok(())
    })
}

pub fn remove(daemon: &Daemon, model: &str, ids: &[String]) -> Result<(), Failure> {
    let uuid = daemon.read(model, |model| {
        check(model, ids)?;
        match ids.iter().find_map(|id| model.storage.get(id).filter(|it| it.unit.is_some())) {
            Some(attached) => Err(Failure::invalid(format!(
                "cannot remove storage {}: it is attached\nhint: 'juju detach-storage {}' detaches it first",
                attached.id, attached.id
            ))),
            None => Ok(model.uuid.clone()),
        }
    })?;
    let area = StorageArea::new(&daemon.home, &uuid);
    for id in ids {
        area.remove(id)
            .map_err(|error| Failure::internal(format!("cannot remove storage {id}: {error}")))?;
    }
    daemon.update(model, |model| {
        for id in ids {
            model.storage.remove(id);
        }
        Ok(())
    })
}
