//! Machines as the operator sees them.

use crate::agent::environment::{UnitPaths, machine_path};
use crate::api::{Base, Failure, Machine, MachineSpecReply, MachineStatus, StatusInfo};
use crate::daemon::{Daemon, machines, unit_of};
use crate::machine::{Kind, container, root_inside};
use crate::model::{Model, constraints, identity};
use crate::tools::mac_address;

pub(super) fn status(
    daemon: &Daemon,
    model: &Model,
    machine: &crate::model::machine::Machine,
) -> MachineStatus {
    let address = daemon
        .address(machine.slot)
        .map(|address| address.to_string())
        .unwrap_or_default();
    let state = machines::state_word(machine);
    let (instance, message) = if machine.started.is_some() {
        ("running", "Running")
    } else {
        ("pending", "")
    };
    let since = machine.started.unwrap_or(machine.created);
    let base = model
        .units
        .values()
        .filter(|unit| unit.machine == machine.number)
        .find_map(|unit| model.applications.get(&unit.application))
        .map_or_else(
            || Base {
                name: "ubuntu".to_owned(),
                channel: "22.04".to_owned(),
            },
            |application| application.charm.base.clone(),
        );
    MachineStatus {
        agent: StatusInfo {
            current: state.to_owned(),
            message: String::new(),
            since,
        },
        instance: StatusInfo {
            current: instance.to_owned(),
            message: message.to_owned(),
            since,
        },
        hostname: machines::hostname(model, machine),
        instance_id: machines::hostname(model, machine),
        base,
        hardware: machines::hardware(),
        constraints: constraints::text(&machine.constraints),
        mac_address: mac_address(&address),
        address,
    }
}

pub fn list(daemon: &Daemon, model: &str) -> Result<Vec<Machine>, Failure> {
    daemon.read(model, |model| {
        let view = |machine: &crate::model::machine::Machine| Machine {
            number: machine.number.to_string(),
            hostname: machines::hostname(model, machine),
            address: daemon
                .address(machine.slot)
                .map(|address| address.to_string())
                .unwrap_or_default(),
            state: machines::state_word(machine).to_owned(),
            units: model
                .units
                .values()
                .filter(|unit| unit.machine == machine.number)
                .map(|unit| unit.name.clone())
                .collect(),
        };
        Ok(model.machines.values().map(view).collect())
    })
}

pub fn find(daemon: &Daemon, model: &str, target: &str) -> Result<MachineSpecReply, Failure> {
    daemon.read(model, |model| {
        let unit = if identity::unit_number(target).is_some() {
            Some(unit_of(model, target)?)
        } else {
            model
                .units
                .values()
                .find(|unit| unit.machine.to_string() == target)
        };
        let machine = match unit {
            Some(unit) => model.machines.get(&unit.machine),
            None => target
                .parse()
                .ok()
                .and_then(|number: u32| model.machines.get(&number)),
        };
        let machine =
            machine.ok_or_else(|| Failure::not_found(format!("machine {target} not found")))?;
        let slot = machine.slot.ok_or_else(|| {
            Failure::invalid(format!(
                "machine {} has no address yet\nhint: wait until 'juju status' shows it",
                machine.number
            ))
        })?;
        let dir = daemon.home.machine(slot);
        let (leader, root) = match Kind::of_machine(&dir) {
            Kind::Simple => (None, dir.clone()),
            Kind::Systemd => {
                let leader = container::leader(&dir).ok_or_else(|| {
                    Failure::invalid(format!("machine {} does not run", machine.number))
                })?;
                (Some(leader), container::root_of(leader))
            }
        };
        let inside = root_inside(&dir);
        Ok(MachineSpecReply {
            number: machine.number.to_string(),
            hostname: machines::hostname(model, machine),
            address: daemon
                .address(Some(slot))
                .map(|address| address.to_string())
                .unwrap_or_default(),
            path: machine_path(&inside),
            charm_dir: unit.map(|unit| UnitPaths::new(&inside, &unit.name).charm),
            root,
            leader,
        })
    })
}
