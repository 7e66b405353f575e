//! Faults of machines that are more than a power cut: their network, disk and clock.

use super::Daemon;
use super::machines::{alter, boot, find, power_off, power_on};
use crate::api::Failure;
use crate::machine::{Kind, clock, disk, network};
use crate::model::Model;
use std::sync::Arc;

/// Cuts machines off as the models say. Why not, if the computer cannot do it.
pub(crate) fn settle_network(daemon: &Daemon) -> Result<(), network::NetworkError> {
    let cut = daemon.read_all(|models| {
        let machines = models.values().flat_map(|model| model.machines.values());
        let cut = machines.filter(|machine| machine.cut_off);
        cut.filter_map(|machine| machine.slot).collect::<Vec<_>>()
    });
    network::cut_off(daemon.home.path(), &cut)
}

/// Cuts a machine off the network, or lets it back. Where the network cannot be cut the machine hangs instead, which
/// its peers cannot tell from a cut; then the reason is returned.
pub(crate) fn network(
    daemon: &Arc<Daemon>,
    model: &str,
    number: u32,
    cut_off: bool,
) -> Result<Option<String>, Failure> {
    let set = |cut_off| {
        daemon.update(model, |model| {
            if let Some(machine) = model.machines.get_mut(&number) {
                machine.cut_off = cut_off;
            }
            Ok::<_, Failure>(())
        })
    };
    let (machine, ..) = find(daemon, model, number)?;
    if !cut_off && !machine.cut_off && machine.frozen {
        // It hangs in place of a cut.
        super::machines::freeze(daemon, model, number, false)?;
    }
    set(cut_off)?;
    match settle_network(daemon) {
        Ok(()) => Ok(None),
        Err(error) => {
            set(false)?;
            super::machines::freeze(daemon, model, number, cut_off)?;
            Ok(cut_off.then(|| {
                format!(
                    "the network of machine {number} cannot be cut here ({error}); the machine hangs instead, until \
                     'juju-lab fault heal-network {number}'"
                )
            }))
        }
    }
}

/// Gives a machine a disk of `size` bytes. Its power is cut for that, and it boots again.
pub(crate) fn limit_disk(
    daemon: &Arc<Daemon>,
    model: &str,
    number: u32,
    size: u64,
) -> Result<(), Failure> {
    simple(daemon, "a disk of its own")?;
    power_off(daemon, model, number)?;
    let limited = altered(daemon, model, number, |machine| disk::limit(machine, size));
    power_on(daemon, model, number)?;
    limited
}

pub(crate) fn fill_disk(
    daemon: &Arc<Daemon>,
    model: &str,
    number: u32,
    full: bool,
) -> Result<(), Failure> {
    if full {
        simple(daemon, "a disk of its own")?;
    }
    altered(daemon, model, number, |machine| {
        if full {
            disk::fill(machine)
        } else {
            disk::free(machine)
        }
    })
}

/// Moves a machine's clock by so many seconds from the computer's. The first time the machine boots.
pub(crate) fn set_clock(
    daemon: &Arc<Daemon>,
    model: &str,
    number: u32,
    seconds: i64,
) -> Result<(), Failure> {
    simple(daemon, "a clock of its own")?;
    let boots = alter(daemon, model, number, |slot| {
        clock::set(&daemon.home.machine(slot), seconds).map_err(|error| {
            Failure::invalid(format!(
                "cannot move the clock of machine {number}: {error}"
            ))
        })
    })?;
    if boots == Some(true) {
        power_off(daemon, model, number)?;
        power_on(daemon, model, number)?;
    }
    Ok(())
}

/// Refuses what only simple machines have.
fn simple(daemon: &Daemon, what: &str) -> Result<(), Failure> {
    match Kind::of_lab(daemon.home.path()) {
        Kind::Simple => Ok(()),
        Kind::Systemd => Err(Failure::invalid(format!(
            "a machine with systemd has not {what}\nhint: use a lab with simple machines"
        ))),
    }
}

/// Ends every fault of a model that lasts.
pub(crate) fn heal(daemon: &Arc<Daemon>, model: &str) -> Result<(), Failure> {
    let numbers = daemon.update(model, |model: &mut Model| {
        for unit in model.units.values_mut() {
            unit.faults = crate::model::faults::UnitFaults::default();
        }
        Ok::<_, Failure>(
            model
                .machines
                .values()
                .map(|it| (it.number, it.powered, it.frozen, it.cut_off))
                .collect::<Vec<_>>(),
        )
    })?;
    for (number, powered, frozen, cut_off) in numbers {
        fill_disk(daemon, model, number, false)?;
        if cut_off {
            network(daemon, model, number, false)?;
        }
        if frozen {
            super::machines::freeze(daemon, model, number, false)?;
        }
        // Without the library no clock was moved.
        let _ = alter(daemon, model, number, |slot| {
            Ok(clock::set(&daemon.home.machine(slot), 0))
        });
        if powered {
            boot(daemon, model, number)?;
        } else {
            power_on(daemon, model, number)?;
        }
    }
    Ok(())
}

fn altered(
    daemon: &Arc<Daemon>,
    model: &str,
    number: u32,
    work: impl FnOnce(&std::path::Path) -> Result<(), disk::DiskError>,
) -> Result<(), Failure> {
    alter(daemon, model, number, |slot| {
        work(&daemon.home.machine(slot)).map_err(|error| {
            Failure::invalid(format!(
                "cannot change the disk of machine {number}: {error}"
            ))
        })
    })
    .map(|_| ())
}
