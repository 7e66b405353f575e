//! The status of a model: `juju status`.

use super::{machine_view, models, offers, relate};
use crate::api::{
    ApplicationStatus, Endpoint, Failure, FullStatus, RelatedApplication, RelationStatus,
    StatusInfo, StorageStatus, UnitStatus,
};
use crate::daemon::{Daemon, bare, unknown_model};
use crate::model::application::{Application, shown_status};
use crate::model::relation::Relation;
use crate::model::unit::Unit;
use crate::model::{Life, Model, identity};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub fn full(daemon: &Daemon, model: &str) -> Result<FullStatus, Failure> {
    let now = Timestamp::now();
    daemon.read_all(|models| {
        let Some(model) = models.get(bare(model)) else {
            return Err(unknown_model(model));
        };
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
                .map(|it| {
                    (
                        it.number.to_string(),
                        machine_view::status(daemon, model, it),
                    )
                })
                .collect(),
            applications: model
                .applications
                .values()
                .map(|it| (it.name.clone(), application(daemon, model, it, now)))
                .collect(),
            relations: model
                .relations
                .values()
                .filter(|it| it.across.as_ref().is_none_or(|across| !across.offering))
                .map(|it| relation(model, it))
                .collect(),
            storage: model
                .storage
                .values()
                .map(|it| (it.id.clone(), storage(model, it)))
                .collect(),
            offers: offers::views(model),
            remote_applications: offers::remote_applications(models, model),
            timestamp: now,
        })
    })
}

fn application(
    daemon: &Daemon,
    model: &Model,
    it: &Application,
    now: Timestamp,
) -> ApplicationStatus {
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
        relations: related(model, &it.name),
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

/// The applications related to this one, by its endpoints. Whoever uses an offer is counted there instead.
pub(super) fn related(
    model: &Model,
    application: &str,
) -> BTreeMap<String, Vec<RelatedApplication>> {
    let mut relations: BTreeMap<String, Vec<RelatedApplication>> = BTreeMap::new();
    for relation in model.relations_of(application) {
        let (Some(own), Some(remote)) = (
            relation.end_of(application),
            relation.remote_end(application),
        ) else {
            continue;
        };
        if relation.across.as_ref().is_some_and(|it| it.offering) {
            continue;
        }
        let scope = if relation.container_scoped {
            "container"
        } else {
            "global"
        };
        let related = RelatedApplication {
            application: remote.application.clone(),
            interface: relation.interface.clone(),
            scope: scope.to_owned(),
        };
        relations
            .entry(own.endpoint.clone())
            .or_default()
            .push(related);
    }
    relations
}

fn unit(daemon: &Daemon, model: &Model, it: &Unit, now: Timestamp) -> UnitStatus {
    let machine = model.machines.get(&it.machine);
    let agent = match machine {
        Some(machine) if !machine.powered || machine.frozen => StatusInfo {
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

/// By protocol, then by number.
pub(super) fn open_ports(unit: &Unit) -> Vec<String> {
    let mut ports: Vec<String> = unit.ports.iter().map(ToString::to_string).collect();
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
    RelationStatus {
        id: it.id,
        provider: end(0),
        requirer: end(1),
        interface: it.interface.clone(),
        kind: kind.to_owned(),
        status: relate::status_of(it).to_owned(),
        message: it.suspended.clone().unwrap_or_default(),
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
