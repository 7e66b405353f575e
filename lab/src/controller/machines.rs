//! Machines without units, and removing machines.

use super::{remove, units};
use crate::api::{Failure, RemoveMachines, RemoveUnits};
use crate::daemon::Daemon;
use crate::model::{Life, Model};
use std::sync::Arc;

/// Adds machines that stay although they are empty. Answers their numbers.
pub fn add(daemon: &Daemon, model: &str, count: u32) -> Result<Vec<String>, Failure> {
    daemon.update(model, |model| {
        let mut added = Vec::new();
        for _ in 0..count {
            let number = units::new_machine(model, "");
            if let Some(machine) = model.machines.get_mut(&number) {
                machine.kept = true;
            }
            added.push(number.to_string());
        }
        Ok(added)
    })
}

fn number(model: &Model, text: &str) -> Result<u32, Failure> {
    text.parse()
        .ok()
        .filter(|number| model.machines.contains_key(number))
        .ok_or_else(|| Failure::not_found(format!("machine {text} not found")))
}

/// Removes machines, with `force` also those that have units. Answers the units that go with them.
pub async fn remove(
    daemon: &Arc<Daemon>,
    request: &RemoveMachines,
) -> Result<Vec<String>, Failure> {
    let (numbers, principals) = daemon.read(&request.model, |model| {
        let mut numbers = Vec::new();
        let mut principals = Vec::new();
        for text in &request.machines {
            let number = number(model, text)?;
            let here = model.units.values().filter(|unit| unit.machine == number);
            let here: Vec<String> = here
                .filter(|unit| unit.principal.is_none())
                .map(|unit| unit.name.clone())
                .collect();
            if !here.is_empty() && !request.force {
                return Err(Failure::invalid(format!(
                    "removing machine {number} failed: machine {number} has unit \"{}\" assigned",
                    here.join("\", \"")
                )));
            }
            numbers.push(number);
            principals.extend(here);
        }
        Ok((numbers, principals))
    })?;
    let removal = RemoveUnits {
        model: request.model.clone(),
        units: principals.clone(),
        destroy_storage: false,
        force: true,
        dry_run: false,
    };
    remove::units(daemon, &removal).await?;
    daemon.update(&request.model, |model| {
        for number in numbers {
            if let Some(machine) = model.machines.get_mut(&number) {
                machine.life = Life::Dying;
            }
        }
        Ok::<_, Failure>(())
    })?;
    Ok(principals)
}
