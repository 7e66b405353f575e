//! Machines of the lab: finding a place for them, booting, stopping.

use super::Daemon;
use crate::api::{Failure, Level};
use crate::machine::{self, MachineSpec};
use crate::model::Model;
use crate::model::machine::Machine;
use jiff::Timestamp;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// `juju-0a1b2c-3`
pub fn hostname(model: &Model, machine: &Machine) -> String {
    format!(
        "juju-{}-{}",
        &model.uuid[model.uuid.len().saturating_sub(6)..],
        machine.number
    )
}

pub fn state_word(machine: &Machine) -> &'static str {
    match (machine.powered && !machine.frozen, machine.started) {
        (false, _) => "down",
        (true, None) => "pending",
        (true, Some(_)) => "started",
    }
}

pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// `arch=amd64 cores=2 mem=8192M`
pub fn hardware() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        });
    let memory = memory
        .map(|kib| format!(" mem={}M", kib / 1024))
        .unwrap_or_default();
    format!("arch={} cores={cores}{memory}", architecture())
}

/// Gives a place in the lab to every machine that has none. Slots of removed machines are used again.
pub fn place(daemon: &Daemon) -> Result<(), Failure> {
    let (mut used, homeless) = daemon.read_all(|models| {
        let used: BTreeSet<u32> = models
            .values()
            .flat_map(|model| model.machines.values().filter_map(|machine| machine.slot))
            .collect();
        let homeless: Vec<(String, u32)> = models
            .values()
            .flat_map(|model| {
                let without = model
                    .machines
                    .values()
                    .filter(|machine| machine.slot.is_none());
                without.map(|machine| (model.name.clone(), machine.number))
            })
            .collect();
        (used, homeless)
    });
    for (model, number) in homeless {
        let slot = (0..=u32::MAX)
            .find(|slot| !used.contains(slot))
            .unwrap_or_default();
        if daemon.address(Some(slot)).is_none() {
            return Err(Failure::invalid(
                "the lab has no address left for another machine".to_owned(),
            ));
        }
        used.insert(slot);
        let root = daemon.home.machine(slot);
        // What a crash left of a former machine in this slot must not leak into the new one.
        if root.exists() {
            stop_dir(daemon.home.path(), &root, slot).map_err(Failure::internal)?;
        }
        match std::fs::remove_dir_all(&root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::internal(format!(
                    "cannot clear {}: {error}",
                    root.display()
                )));
            }
            _ => {}
        }
        daemon.update(&model, |model| {
            if let Some(machine) = model.machines.get_mut(&number) {
                machine.slot = Some(slot);
            }
            Ok::<_, Failure>(())
        })?;
    }
    Ok(())
}

fn spec(daemon: &Daemon, model: &Model, machine: &Machine) -> Option<MachineSpec> {
    let slot = machine.slot?;
    Some(MachineSpec {
        dir: daemon.home.machine(slot),
        home: daemon.home.path().to_owned(),
        number: slot,
        hostname: hostname(model, machine),
        address: daemon.address(Some(slot))?,
    })
}

fn find(
    daemon: &Daemon,
    model: &str,
    number: u32,
) -> Result<(Machine, MachineSpec, String), Failure> {
    daemon.read(model, |model| {
        let machine = model
            .machines
            .get(&number)
            .ok_or_else(|| Failure::not_found(format!("machine {number} not found")))?;
        let spec = spec(daemon, model, machine).ok_or_else(|| {
            Failure::internal(format!("machine {number} has no place in the lab"))
        })?;
        Ok((machine.clone(), spec, model.uuid.clone()))
    })
}

/// Boots a machine unless it runs, and makes it reachable for its hook tools. Blocks.
pub fn boot(daemon: &Arc<Daemon>, model: &str, number: u32) -> Result<(), Failure> {
    let (machine, spec, uuid) = find(daemon, model, number)?;
    if !machine.powered {
        return Ok(());
    }
    let failed = |text: String| Failure::internal(format!("cannot boot machine {number}: {text}"));
    let was_running = machine::is_running(&spec);
    if !was_running {
        machine::prepare(&spec).map_err(|error| failed(error.to_string()))?;
        machine::ensure_running(&spec).map_err(|error| failed(error.to_string()))?;
    }
    daemon
        .sockets
        .listen(daemon, spec.number)
        .map_err(|error| failed(error.to_string()))?;
    let again = !was_running && machine.started.is_some();
    if machine.started.is_some() && !again {
        return Ok(());
    }
    let entity = format!("machine-{number}");
    daemon.logs.append(
        &uuid,
        &entity,
        Level::Info,
        "juju.worker.machiner",
        &format!("\"{entity}\" started"),
    );
    daemon.update(model, |model| {
        if let Some(machine) = model.machines.get_mut(&number) {
            machine.started = Some(Timestamp::now());
            machine.boot += u64::from(again);
        }
        Ok(())
    })
}

/// Cuts a machine's power: its services and its units' hooks die at once.
pub fn power_off(daemon: &Arc<Daemon>, model: &str, number: &str) -> Result<(), Failure> {
    let number = parse(number)?;
    let (_, spec, uuid) = find(daemon, model, number)?;
    let units = daemon.update(model, |model| {
        if let Some(machine) = model.machines.get_mut(&number) {
            machine.powered = false;
            machine.frozen = false;
        }
        Ok::<_, Failure>(units_on(model, number))
    })?;
    for unit in units {
        daemon.agents.kill(&uuid, &unit);
    }
    daemon.sockets.close(spec.number);
    machine::power_off(&spec).map_err(|error| Failure::internal(error.to_string()))
}

/// Lets a machine hang or go on, with its services and its units' hooks.
pub fn freeze(
    daemon: &Arc<Daemon>,
    model: &str,
    number: &str,
    frozen: bool,
) -> Result<(), Failure> {
    let number = parse(number)?;
    let (_, spec, uuid) = find(daemon, model, number)?;
    let units = daemon.update(model, |model| {
        if let Some(machine) = model.machines.get_mut(&number) {
            machine.frozen = frozen;
        }
        Ok::<_, Failure>(units_on(model, number))
    })?;
    let signal = if frozen { Signal::STOP } else { Signal::CONT };
    for unit in units {
        daemon.agents.signal(&uuid, &unit, signal);
    }
    let switched = if frozen {
        machine::freeze(&spec)
    } else {
        machine::thaw(&spec)
    };
    switched.map_err(|error| Failure::internal(error.to_string()))
}

fn units_on(model: &Model, number: u32) -> Vec<String> {
    let here = model.units.values().filter(|unit| unit.machine == number);
    here.map(|unit| unit.name.clone()).collect()
}

pub fn power_on(daemon: &Arc<Daemon>, model: &str, number: &str) -> Result<(), Failure> {
    let number = parse(number)?;
    daemon.update(model, |model| match model.machines.get_mut(&number) {
        Some(machine) => {
            machine.powered = true;
            Ok(())
        }
        None => Err(Failure::not_found(format!("machine {number} not found"))),
    })?;
    boot(daemon, model, number)
}

fn parse(number: &str) -> Result<u32, Failure> {
    number
        .parse()
        .map_err(|_| Failure::invalid(format!("\"{number}\" is not a machine number")))
}

/// Restarts the machine of a unit in order.
pub fn reboot_of(daemon: &Arc<Daemon>, model: &str, unit: &str) -> Result<(), Failure> {
    let number = daemon.read(model, |model| {
        super::unit_of(model, unit).map(|unit| unit.machine)
    })?;
    let (_, spec, _) = find(daemon, model, number)?;
    daemon.sockets.close(spec.number);
    machine::stop(&spec).map_err(|error| Failure::internal(error.to_string()))?;
    boot(daemon, model, number)
}

/// Ends a machine and removes all that is on it. Blocks.
pub fn remove(daemon: &Daemon, slot: u32, number: u32) -> Result<(), Failure> {
    daemon.sockets.close(slot);
    let dir = daemon.home.machine(slot);
    if !dir.exists() {
        return Ok(());
    }
    stop_dir(daemon.home.path(), &dir, slot)
        .map_err(|text| Failure::internal(format!("cannot stop machine {number}: {text}")))?;
    remove_dir(&dir)
        .map_err(|error| Failure::internal(format!("cannot remove machine {number}: {error}")))
}

/// Whatever dies with the machine may still write a last file while its directory goes, and two removals may meet.
fn remove_dir(dir: &Path) -> std::io::Result<()> {
    const TRIES: u32 = 20;
    for attempt in 1.. {
        match std::fs::remove_dir_all(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !dir.exists() => break,
            Err(_) if attempt < TRIES => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            other => return other,
        }
    }
    Ok(())
}

/// Stops the machine in this directory, whether or not a model knows it.
pub(super) fn stop_dir(home: &Path, dir: &Path, slot: u32) -> Result<(), String> {
    let address = machine::address::machine(home, slot).ok_or("its number is too large")?;
    let spec = MachineSpec {
        dir: dir.to_owned(),
        home: home.to_owned(),
        number: slot,
        hostname: format!("machine-{slot}"),
        address,
    };
    machine::stop(&spec).map_err(|error| error.to_string())
}

/// Stops every machine below a home; the texts of failures are returned.
pub(super) fn stop_all(home: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(home.join("m"))
        .into_iter()
        .flatten()
        .flatten();
    let machines = entries.filter_map(|entry| {
        Some((
            entry.file_name().to_str()?.parse::<u32>().ok()?,
            entry.path(),
        ))
    });
    let stops: Vec<_> = machines
        .map(|(slot, dir)| {
            let home = home.to_owned();
            std::thread::spawn(move || {
                stop_dir(&home, &dir, slot)
                    .err()
                    .map(|text| format!("cannot stop the machine in {}: {text}", dir.display()))
            })
        })
        .collect();
    stops
        .into_iter()
        .filter_map(|stop| {
            stop.join()
                .unwrap_or_else(|_| Some("a machine's stop crashed".into()))
        })
        .collect()
}

/// Machines that no unit uses any more and that no agent will remove.
pub fn abandoned(model: &Model) -> Vec<(u32, Option<u32>)> {
    model
        .machines
        .values()
        .filter(|machine| {
            !model
                .units
                .values()
                .any(|unit| unit.machine == machine.number)
        })
        .map(|machine| (machine.number, machine.slot))
        .collect()
}
