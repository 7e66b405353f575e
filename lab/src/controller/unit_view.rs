//! One unit in detail: `juju show-unit`, `juju show-status-log`.

use super::status::open_ports;
use crate::api::{Failure, RelationView, StatusEntry, UnitBag, UnitView};
use crate::daemon::{Daemon, unit_of};
use crate::model::relation::ScopeState;
use jiff::Timestamp;

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
                    cross_model: relation.across.is_some(),
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
