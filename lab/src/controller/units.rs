//! Adding units.

use crate::agent::commit::{add_storage, location};
use crate::api::{AddUnits, Failure};
use crate::daemon::machines::architecture;
use crate::daemon::{Daemon, application_of};
use crate::model::machine::Machine;
use crate::model::unit::Unit;
use crate::model::{Life, Model, constraints, take};
use jiff::Timestamp;
use std::path::Path;

pub fn add(daemon: &Daemon, request: &AddUnits) -> Result<Vec<String>, Failure> {
    daemon.update(&request.model, |model| {
        let application = application_of(model, &request.application)?;
        if application.life != Life::Alive {
            return Err(Failure::invalid(format!("application \"{}\" is not alive", request.application)));
        }
        if application.charm.subordinate {
            return Err(Failure::invalid(format!(
                "cannot add unit to subordinate application \"{}\"\nhint: relate it to a principal application instead",
                request.application
            )));
        }
        place(model, &request.application, request.count, &request.to, &request.attach_storage)
    })
}

/// Adds `count` units on the machines named by `to`, or on new ones.
pub(super) fn place(
    model: &mut Model,
    application: &str,
    count: u32,
    to: &[String],
    attach: &[String],
) -> Result<Vec<String>, Failure> {
    if !attach.is_empty() && count != 1 {
        return Err(Failure::invalid("--attach-storage requires a single unit"));
    }
    if to.len() > count as usize {
        return Err(Failure::invalid(format!(
            "{} placements given for {count} units",
            to.len()
        )));
    }
    let mut names = Vec::new();
    for index in 0..count as usize {
        let machine = match to.get(index) {
            Some(text) => existing_machine(model, text)?,
            None => new_machine(model, application),
        };
        names.push(add_unit(model, application, machine, None)?);
    }
    for id in attach {
        attach_storage(model, &names[0], id)?;
    }
    Ok(names)
}

fn existing_machine(model: &mut Model, text: &str) -> Result<u32, Failure> {
    let number: u32 = text.parse().map_err(|_| {
        Failure::invalid(format!("placement \"{text}\" is not a machine number\nhint: this lab places units on machines only"))
    })?;
    match model.machines.get_mut(&number) {
        Some(machine) if machine.life == Life::Alive => {
            machine.kept = false;
            Ok(number)
        }
        _ => Err(Failure::not_found(format!("machine {number} not found"))),
    }
}

/// A machine for a unit of `application`, with the constraints of both.
pub(super) fn new_machine(model: &mut Model, application: &str) -> u32 {
    let number = take(&mut model.sequences.machine);
    let mut machine = Machine::new(number, Timestamp::now());
    machine.constraints = match model.applications.get(application) {
        Some(application) => constraints::merged(&model.constraints, &application.constraints),
        None => model.constraints.clone(),
    };
    machine
        .constraints
        .entry("arch".to_owned())
        .or_insert_with(|| architecture().to_owned());
    model.machines.insert(number, machine);
    number
}

/// Adds one unit with the storage its charm requires.
pub(super) fn add_unit(
    model: &mut Model,
    application: &str,
    machine: u32,
    principal: Option<&str>,
) -> Result<String, Failure> {
    let now = Timestamp::now();
    let number = take(
        model
            .sequences
            .unit
            .entry(application.to_owned())
            .or_default(),
    );
    let mut unit = Unit::new(application, number, machine, now);
    unit.principal = principal.map(str::to_owned);
    let name = unit.name.clone();
    model.units.insert(name.clone(), unit);
    add_missing_storage(model, application)?;
    Ok(name)
}

/// Gives the units of an application the storage that the charm requires and that they lack.
pub(super) fn add_missing_storage(model: &mut Model, application: &str) -> Result<(), Failure> {
    let Some(it) = model.applications.get(application) else {
        return Ok(());
    };
    let wanted: Vec<(String, usize)> = it
        .charm
        .storage
        .iter()
        .map(|(storage, spec)| {
            let asked = it
                .storage
                .get(storage)
                .and_then(|directive| directive.count);
            (storage.clone(), asked.unwrap_or(spec.min) as usize)
        })
        .collect();
    let units: Vec<String> = model
        .units_of(application)
        .filter(|unit| unit.life == Life::Alive)
        .map(|unit| unit.name.clone())
        .collect();
    for unit in units {
        for (storage, count) in &wanted {
            let present = model
                .storage_of(&unit)
                .filter(|it| it.name == *storage)
                .count();
            for _ in present..*count {
                // The machine may have no root yet; the path gets its root when the machine does.
                add_storage(model, &unit, storage, Path::new(""), Timestamp::now())
                    .map_err(|error| Failure::invalid(error.to_string()))?;
            }
        }
    }
    Ok(())
}

/// Gives a detached instance to a unit in place of a fresh one.
fn attach_storage(model: &mut Model, unit: &str, id: &str) -> Result<(), Failure> {
    let instance = model
        .storage
        .get(id)
        .ok_or_else(|| Failure::not_found(format!("storage \"{id}\" not found")))?;
    if let Some(owner) = &instance.unit {
        return Err(Failure::invalid(format!(
            "cannot attach storage {id}: it is attached to unit {owner}"
        )));
    }
    let (name, number) = (
        instance.name.clone(),
        id.rsplit('/')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0),
    );
    let spec = model
        .application_of(unit)
        .and_then(|application| application.charm.storage.get(&name))
        .ok_or_else(|| {
            Failure::invalid(format!("charm of unit {unit} has no storage \"{name}\""))
        })?;
    let place = location(
        spec.location.as_deref(),
        spec.is_multiple(),
        &name,
        number,
        Path::new(""),
    );
    let fresh = model
        .storage_of(unit)
        .find(|storage| storage.name == name)
        .map(|storage| storage.id.clone());
    if let Some(fresh) = fresh {
        model.storage.remove(&fresh);
    }
    if let Some(instance) = model.storage.get_mut(id) {
        instance.unit = Some(unit.to_owned());
        instance.life = Life::Alive;
        instance.location = place;
        instance.since = Timestamp::now();
    }
    Ok(())
}
