//! Views of a model: `juju status`, `juju show-unit`, machines.

use super::models;
use crate::agent::environment::{UnitPaths, machine_path};
use crate::api::{
    ApplicationStatus, Base, Endpoint, Failure, FullStatus, Machine, MachineSpecReply,
    MachineStatus, RelatedApplication, RelationStatus, RelationView, StatusEntry, StatusInfo,
    StorageStatus, UnitBag, UnitStatus, UnitView,
};
use crate::daemon::{Daemon, machines, unit_of};
use crate::model::application::{Application, shown_status};
use crate::model::relation::{Relation, ScopeState};
use crate::model::unit::Unit;
use crate::model::{Life, Model, identity};
use crate::tools::mac_address;
use jiff::Timestamp;
use std::collections::BTreeMap;

pub fn full(daemon: &Daemon, model: &str) -> Result<FullStatus, Failure> {
    let now = Timestamp::now();
    daemon.read(model, |model| {
        let word = if model.life == Life::Alive {
            "available"
        } else {
            "destroying"
        };
        Ok(FullStatus {
            model: models::view(daemon, model),
            controller: models::controller(daemon).name,
            model_status: StatusInfo {
                current: word.to_owned(),
                message: String::new(),
                since: model.created,
            },
            machines: model
                .machines
                .values()
                .map(|it| (it.number.to_string(), machine(daemon, model, it)))
                .collect(),
            applications: model
                .applications
                .values()
                .map(|it| (it.name.clone(), application(daemon, model, it, now)))
                .collect(),
            relations: model
                .relations
                .values()
                .map(|it| relation(model, it))
                .collect(),
            storage: model
                .storage
                .values()
                .map(|it| (it.id.clone(), storage(model, it)))
                .collect(),
            offers: model.offers.values().cloned().collect(),
            remote_applications: BTreeMap::new(),
            timestamp: now,
        })
    })
}

fn machine(
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
        constraints: format!("arch={}", machines::architecture()),
        mac_address: mac_address(&address),
        address,
    }
}

fn application(
    daemon: &Daemon,
    model: &Model,
    it: &Application,
    now: Timestamp,
) -> ApplicationStatus {
    let mut relations: BTreeMap<String, Vec<RelatedApplication>> = BTreeMap::new();
    for relation in model.relations_of(&it.name) {
        if let (Some(own), Some(remote)) =
            (relation.end_of(&it.name), relation.remote_end(&it.name))
        {
            let scope = if relation.container_scoped {
                "container"
            } else {
                "global"
            };
            relations
                .entry(own.endpoint.clone())
                .or_default()
                .push(RelatedApplication {
                    application: remote.application.clone(),
                    interface: relation.interface.clone(),
                    scope: scope.to_owned(),
                });
        }
    }
    let endpoints = it
        .charm
        .endpoints
        .keys()
        .chain(&it.charm.extra_bindings)
        .cloned()
        .chain([String::new()]);
    let principals = model
        .units_of(&it.name)
        .filter_map(|unit| unit.principal.as_deref().map(identity::application_of))
        .collect::<std::collections::BTreeSet<_>>();
    ApplicationStatus {
        charm: it.charm.url(),
        charm_name: it.charm.name.clone(),
        charm_revision: it.charm.revision,
        charm_version: it.charm.version.clone(),
        base: it.charm.base.clone(),
        exposed: it.exposed,
        life: it.life.as_str().to_owned(),
        status: shown_status(model, it).info(),
        workload_version: it.workload_version.clone(),
        relations,
        endpoint_bindings: endpoints
            .map(|endpoint| (endpoint, "alpha".to_owned()))
            .collect(),
        subordinate_to: principals.into_iter().map(str::to_owned).collect(),
        units: model
            .units_of(&it.name)
            .filter(|unit| unit.principal.is_none())
            .map(|it| (it.name.clone(), unit(daemon, model, it, now)))
            .collect(),
    }
}

fn unit(daemon: &Daemon, model: &Model, it: &Unit, now: Timestamp) -> UnitStatus {
    let machine = model.machines.get(&it.machine);
    let agent = match machine {
        Some(machine) if !machine.powered => StatusInfo {
            current: "lost".to_owned(),
            message: "agent is not communicating with the server".to_owned(),
            since: it.agent.since,
        },
        _ => it.agent.info(),
    };
    UnitStatus {
        workload: it.shown_workload().info(),
        agent,
        life: it.life.as_str().to_owned(),
        leader: model.is_leader(&it.name, now),
        machine: if it.principal.is_none() {
            it.machine.to_string()
        } else {
            String::new()
        },
        address: daemon.unit_address(model, &it.name),
        open_ports: open_ports(it),
        charm_upgrading_from: it.progress.charm.clone().filter(|key| {
            model
                .application_of(&it.name)
                .is_some_and(|app| app.charm_key() != *key)
        }),
        subordinates: model
            .units
            .values()
            .filter(|other| other.principal.as_ref() == Some(&it.name))
            .map(|other| (other.name.clone(), unit(daemon, model, other, now)))
            .collect(),
    }
}

fn open_ports(unit: &Unit) -> Vec<String> {
    let mut ports: Vec<String> = unit.ports.iter().map(ToString::to_string).collect();
    ports.sort();
    ports.dedup();
    ports
}

fn relation(model: &Model, it: &Relation) -> RelationStatus {
    let end = |index: usize| {
        let end = it.ends.get(index).or(it.ends.first());
        end.map_or_else(
            || Endpoint {
                application: String::new(),
                endpoint: None,
            },
            |end| Endpoint {
                application: end.application.clone(),
                endpoint: Some(end.endpoint.clone()),
            },
        )
    };
    let subordinate = it.ends.iter().any(|end| {
        model
            .applications
            .get(&end.application)
            .is_some_and(|it| it.charm.subordinate)
    });
    let kind = if it.is_peer() {
        "peer"
    } else if subordinate && it.container_scoped {
        "subordinate"
    } else {
        "regular"
    };
    let joined = it.units.values().any(|scope| scope.state == ScopeState::In);
    let status = match (it.life, joined) {
        (Life::Alive, true) => "joined",
        (Life::Alive, false) => "joining",
        _ => "broken",
    };
    RelationStatus {
        id: it.id,
        provider: end(0),
        requirer: end(1),
        interface: it.interface.clone(),
        kind: kind.to_owned(),
        status: status.to_owned(),
    }
}

fn storage(model: &Model, it: &crate::model::storage::StorageInstance) -> StorageStatus {
    let owner = it.unit.as_ref().and_then(|unit| model.units.get(unit));
    let attached = owner.is_some_and(|unit| unit.progress.storage.contains(&it.id));
    let word = match (owner, attached, it.life) {
        (None, ..) => "detached",
        (Some(_), true, Life::Alive) => "attached",
        (Some(_), false, Life::Alive) => "pending",
        (Some(_), ..) => "detaching",
    };
    StorageStatus {
        kind: it.kind.clone(),
        life: it.life.as_str().to_owned(),
        status: StatusInfo {
            current: word.to_owned(),
            message: String::new(),
            since: it.since,
        },
        persistent: it.is_persistent(),
        pool: it.pool.clone(),
        size: it.size,
        unit: it.unit.clone(),
        machine: owner.map(|unit| unit.machine.to_string()),
        location: it.location.display().to_string(),
        read_only: it.read_only,
    }
}

pub fn show_unit(daemon: &Daemon, model: &str, name: &str) -> Result<UnitView, Failure> {
    let now = Timestamp::now();
    daemon.read(model, |model| {
        let unit = unit_of(model, name)?;
        let Some(application) = model.applications.get(&unit.application) else {
            return Err(Failure::not_found(format!(
                "application \"{}\" not found",
                unit.application
            )));
        };
        let principal_of = |name: &str| {
            model
                .units
                .get(name)
                .and_then(|unit| unit.principal.clone())
        };
        let relations = model
            .relations_of(&unit.application)
            .filter_map(|relation| {
                let own = relation.end_of(&unit.application)?;
                let remote = relation.remote_end(&unit.application)?;
                let bag = |name: &str| UnitBag {
                    in_scope: relation
                        .units
                        .get(name)
                        .is_some_and(|scope| scope.state == ScopeState::In),
                    data: relation
                        .units
                        .get(name)
                        .map(|scope| scope.bag.data.clone())
                        .unwrap_or_default(),
                };
                let members = relation.members_seen_by(name, &principal_of);
                Some(RelationView {
                    relation_id: relation.id,
                    endpoint: own.endpoint.clone(),
                    related_endpoint: remote.endpoint.clone(),
                    related_application: remote.application.clone(),
                    application_data: relation
                        .applications
                        .get(&remote.application)
                        .map(|bag| bag.data.clone())
                        .unwrap_or_default(),
                    local_unit: bag(name),
                    related_units: members
                        .into_keys()
                        .map(|unit| (unit.clone(), bag(&unit)))
                        .collect(),
                })
            });
        Ok(UnitView {
            unit: unit.name.clone(),
            charm: application.charm.url(),
            workload_version: application.workload_version.clone(),
            machine: unit.machine.to_string(),
            opened_ports: open_ports(unit),
            address: daemon.unit_address(model, name),
            leader: model.is_leader(name, now),
            life: unit.life.as_str().to_owned(),
            relations: relations.collect(),
        })
    })
}

pub fn status_log(
    daemon: &Daemon,
    model: &str,
    unit: &str,
    limit: usize,
) -> Result<Vec<StatusEntry>, Failure> {
    daemon.read(model, |model| {
        Ok(unit_of(model, unit)?.history.latest(limit))
    })
}

pub fn machines(daemon: &Daemon, model: &str) -> Result<Vec<Machine>, Failure> {
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

pub fn machine_of(daemon: &Daemon, model: &str, target: &str) -> Result<MachineSpecReply, Failure> {
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
        let root = daemon.home.machine(slot);
        Ok(MachineSpecReply {
            number: machine.number.to_string(),
            hostname: machines::hostname(model, machine),
            address: daemon
                .address(Some(slot))
                .map(|address| address.to_string())
                .unwrap_or_default(),
            path: machine_path(&root),
            charm_dir: unit.map(|unit| UnitPaths::new(&root, &unit.name).charm),
            root,
        })
    })
}
