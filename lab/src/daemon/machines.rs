//! Machines of the lab: finding a place for them, booting, stopping.

use super::{Daemon, machine_faults};
use crate::api::{Code, Failure, Level};
use crate::machine::{self, MachineSpec, disk, network};
use crate::model::machine::Machine;
use crate::model::{Life, Model};
use jiff::Timestamp;
use rustix::process::Signal;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One lock per place in the lab: a machine is not booted while it is removed, nor the other way round.
#[derive(Debug, Default)]
pub struct MachineLocks(Mutex<HashMap<u32, Arc<Mutex<()>>>>);

impl MachineLocks {
    fn of(&self, slot: u32) -> Arc<Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(slot).or_default())
    }
}

fn hold(lock: &Mutex<()>) -> MutexGuard<'_, ()> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a machine; none if it has none, or is in the model no more.
fn slot_of(daemon: &Daemon, model: &str, number: u32) -> Option<u32> {
    let slot = |model: &Model| Ok(model.machines.get(&number).and_then(|machine| machine.slot));
    daemon.read(model, slot).ok().flatten()
}

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
        remove_dir(&root).map_err(|text| {
            Failure::internal(format!("cannot clear {}: {text}", root.display()))
        })?;
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

pub(super) fn find(
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
    boot_and(daemon, model, number, |_| Ok(())).map(|_| ())
}

/// Boots a machine and lets `then` work on it, with its place in the lab, while nobody can remove it. None if it has
/// no place, or is in the model no more. Blocks.
pub fn boot_and<R>(
    daemon: &Arc<Daemon>,
    model: &str,
    number: u32,
    then: impl FnOnce(u32) -> Result<R, Failure>,
) -> Result<Option<R>, Failure> {
    alter(daemon, model, number, |slot| {
        boot_held(daemon, model, number)?;
        then(slot)
    })
}

/// Boots the machine whose lock the caller holds.
fn boot_held(daemon: &Arc<Daemon>, model: &str, number: u32) -> Result<(), Failure> {
    let (machine, spec, uuid) = find(daemon, model, number)?;
    if !machine.powered {
        return Ok(());
    }
    let failed = |text: String| Failure::internal(format!("cannot boot machine {number}: {text}"));
    let was_running = machine::is_running(&spec);
    if !was_running {
        disk::attach(&spec.dir).map_err(|error| failed(error.to_string()))?;
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
pub fn power_off(daemon: &Arc<Daemon>, model: &str, number: u32) -> Result<(), Failure> {
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
    // A boot that is under way ends first.
    alter(daemon, model, number, |slot| {
        daemon.sockets.close(slot);
        machine::power_off(&spec).map_err(|error| Failure::internal(error.to_string()))
    })
    .map(|_| ())
}

/// Lets a machine hang or go on, with its services and its units' hooks.
pub fn freeze(daemon: &Arc<Daemon>, model: &str, number: u32, frozen: bool) -> Result<(), Failure> {
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

pub fn power_on(daemon: &Arc<Daemon>, model: &str, number: u32) -> Result<(), Failure> {
    daemon.update(model, |model| match model.machines.get_mut(&number) {
        Some(machine) => {
            machine.powered = true;
            Ok(())
        }
        None => Err(Failure::not_found(format!("machine {number} not found"))),
    })?;
    boot(daemon, model, number)
}

/// The machine that `target` names: a machine's number, or a unit on it.
pub fn named(daemon: &Daemon, model: &str, target: &str) -> Result<u32, Failure> {
    if target.contains('/') {
        return daemon.read(model, |model| {
            super::unit_of(model, target).map(|unit| unit.machine)
        });
    }
    target
        .parse()
        .map_err(|_| Failure::invalid(format!("\"{target}\" is not a machine number")))
}

/// Restarts the machine of a unit in order.
pub fn reboot_of(daemon: &Arc<Daemon>, model: &str, unit: &str) -> Result<(), Failure> {
    let number = daemon.read(model, |model| {
        super::unit_of(model, unit).map(|unit| unit.machine)
    })?;
    let (_, spec, _) = find(daemon, model, number)?;
    alter(daemon, model, number, |slot| {
        daemon.sockets.close(slot);
        machine::stop(&spec).map_err(|error| Failure::internal(error.to_string()))?;
        boot_held(daemon, model, number)
    })
    .map(|_| ())
}

/// Ends a machine, removes all that is on it, and takes it out of the model together with what `forget` takes. Blocks.
pub fn remove(
    daemon: &Daemon,
    model: &str,
    number: u32,
    forget: impl FnOnce(&mut Model),
) -> Result<(), Failure> {
    let slot = slot_of(daemon, model, number);
    let lock = slot.map(|slot| daemon.machines.of(slot));
    let _held = lock.as_deref().map(hold);
    // Somebody else may have removed it while this one waited, and the place may have been given away.
    if let Some(slot) = slot.filter(|slot| slot_of(daemon, model, number) == Some(*slot)) {
        daemon.sockets.close(slot);
        let dir = daemon.home.machine(slot);
        if dir.exists() {
            stop_dir(daemon.home.path(), &dir, slot).map_err(|text| {
                Failure::internal(format!("cannot stop machine {number}: {text}"))
            })?;
            remove_dir(&dir).map_err(|text| {
                Failure::internal(format!("cannot remove machine {number}: {text}"))
            })?;
        }
    }
    let forgotten = daemon.update(model, |model| {
        forget(model);
        model.machines.remove(&number);
        Ok::<_, Failure>(())
    });
    match forgotten {
        // The model went meanwhile, and the machine with it.
        Err(failure) if failure.code == Code::NotFound => {}
        other => other?,
    }
    if let Err(error) = machine_faults::settle_network(daemon) {
        tracing::warn!("the network of other machines stays as it is: {error}");
    }
    Ok(())
}

/// Removes the directory of a machine that does not run, with what it had of its own.
fn remove_dir(dir: &Path) -> Result<(), String> {
    network::forget(dir);
    disk::remove(dir).map_err(|error| error.to_string())?;
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Lets `work` change the directory of a machine that stays, while it is neither booted nor removed. Blocks.
pub fn alter<R>(
    daemon: &Daemon,
    model: &str,
    number: u32,
    work: impl FnOnce(u32) -> Result<R, Failure>,
) -> Result<Option<R>, Failure> {
    let Some(slot) = slot_of(daemon, model, number) else {
        return Ok(None);
    };
    let lock = daemon.machines.of(slot);
    let _held = hold(&lock);
    if slot_of(daemon, model, number) != Some(slot) {
        return Ok(None);
    }
    work(slot).map(Some)
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
                let stopped = stop_dir(&home, &dir, slot)
                    .and_then(|()| disk::detach(&dir).map_err(|error| error.to_string()));
                stopped
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
pub fn abandoned(model: &Model) -> Vec<u32> {
    model
        .machines
        .values()
        .filter(|machine| !machine.kept || machine.life != Life::Alive)
        .filter(|machine| {
            !model
                .units
                .values()
                .any(|unit| unit.machine == machine.number)
        })
        .map(|machine| machine.number)
        .collect()
}
