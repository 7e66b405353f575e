//! Removing units and applications.

use super::relate;
use crate::agent::{UnitKey, remove_unit};
use crate::api::{AttachedStorage, Code, Failure, RemoveApplications, RemoveUnits, Removed};
use crate::daemon::{Daemon, application_of, unit_of};
use crate::model::relation::ScopeState;
use crate::model::{Life, Model};
use std::sync::Arc;

pub async fn units(daemon: &Arc<Daemon>, request: &RemoveUnits) -> Result<Removed, Failure> {
    let report = daemon.read(&request.model, |model| {
        for name in &request.units {
            let unit = unit_of(model, name)?;
            if let Some(principal) = &unit.principal {
                return Err(Failure::invalid(format!(
                    "unit \"{name}\" is a subordinate, to remove use remove-relation. Note: this will remove the \
                     subordinate from {principal}"
                )));
            }
        }
        Ok(report(model, &request.units, &[], request.destroy_storage))
    })?;
    if !request.dry_run {
        begin(
            daemon,
            &request.model,
            &request.units,
            request.destroy_storage,
        )?;
        if request.force {
            force(daemon, &request.model, &request.units).await?;
        }
    }
    Ok(report)
}

pub async fn applications(
    daemon: &Arc<Daemon>,
    request: &RemoveApplications,
) -> Result<Removed, Failure> {
    let (report, units) = daemon.read(&request.model, |model| {
        let mut units = Vec::new();
        for name in &request.applications {
            application_of(model, name)?;
            let offers = model.offers.values().filter(|it| it.application == *name);
            let offers = offers.count();
            if offers > 0 && !request.force {
                let plural = if offers == 1 { "" } else { "s" };
                return Err(Failure::invalid(format!(
                    "cannot destroy application \"{name}\": application is used by {offers} offer{plural}\nhint: \
                     'juju remove-offer' removes an offer"
                )));
            }
            units.extend(model.units_of(name).map(|unit| unit.name.clone()));
        }
        Ok((
            report(
                model,
                &units,
                &request.applications,
                request.destroy_storage,
            ),
            units,
        ))
    })?;
    if request.dry_run {
        return Ok(report);
    }
    daemon.update(&request.model, |model| {
        for name in &request.applications {
            if let Some(application) = model.applications.get_mut(name) {
                application.life = Life::Dying;
            }
            model.offers.retain(|_, offer| offer.application != *name);
            for relation in model
                .relations
                .values_mut()
                .filter(|relation| relation.end_of(name).is_some())
            {
                relation.life = Life::Dying;
            }
        }
        begin_units(model, &units, request.destroy_storage);
        for name in &request.applications {
            crate::agent::sweep_application(model, name);
        }
        Ok::<_, Failure>(())
    })?;
    if request.force {
        force(daemon, &request.model, &units).await?;
    }
    Ok(report)
}

fn begin(
    daemon: &Daemon,
    model: &str,
    units: &[String],
    destroy_storage: bool,
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        begin_units(model, units, destroy_storage);
        Ok(())
    })
}

fn begin_units(model: &mut Model, units: &[String], destroy_storage: bool) {
    for name in units {
        if let Some(unit) = model.units.get_mut(name) {
            unit.destroy_storage |= destroy_storage;
        }
        begin_unit(model, name);
    }
    relate::settle(model);
}

/// A unit begins to die: related units see it departed at once, it runs its own last hooks.
pub(super) fn begin_unit(model: &mut Model, name: &str) {
    let Some(unit) = model.units.get_mut(name) else {
        return;
    };
    if unit.life == Life::Alive {
        unit.life = Life::Dying;
    }
    for relation in model.relations.values_mut() {
        if let Some(scope) = relation.units.get_mut(name)
            && scope.state == ScopeState::In
        {
            scope.state = ScopeState::Leaving;
        }
    }
    crate::agent::lifecycle::retire(model, name);
}

/// Removes units without waiting for their hooks.
async fn force(daemon: &Arc<Daemon>, model: &str, units: &[String]) -> Result<(), Failure> {
    let uuid = daemon.read(model, |model| Ok(model.uuid.clone()))?;
    let model = crate::daemon::bare(model).to_owned();
    for unit in units {
        daemon.agents.kill(&uuid, unit);
        let key = UnitKey {
            model: model.clone(),
            uuid: uuid.clone(),
            unit: unit.clone(),
        };
        remove_unit(daemon, &key).await?;
    }
    let settled = daemon.update(&model, |model| {
        relate::settle(model);
        Ok::<_, Failure>(())
    });
    match settled {
        // A dying model goes with its last unit.
        Err(failure) if failure.code == Code::NotFound => Ok(()),
        other => other,
    }
}

fn report(
    model: &Model,
    units: &[String],
    applications: &[String],
    destroy_storage: bool,
) -> Removed {
    let mut removed = Removed {
        applications: applications.to_vec(),
        units: units.to_vec(),
        ..Removed::default()
    };
    for unit in units {
        for storage in model.storage_of(unit) {
            let entry = AttachedStorage {
                unit: unit.clone(),
                storage: storage.id.clone(),
            };
            if destroy_storage || !storage.is_persistent() {
                removed.destroyed_storage.push(entry);
            } else {
                removed.detached_storage.push(entry);
            }
        }
    }
    removed
}

/// Retries or skips the failed hooks of units.
pub fn resolve(
    daemon: &Daemon,
    model: &str,
    units: &[String],
    all: bool,
    no_retry: bool,
) -> Result<Vec<String>, Failure> {
    use crate::model::unit::Resolution;
    daemon.update(model, |model| {
        let chosen: Vec<String> = if all {
            let failed = model
                .units
                .values()
                .filter(|unit| unit.progress.failed().is_some());
            failed.map(|unit| unit.name.clone()).collect()
        } else {
            for name in units {
                if unit_of(model, name)?.progress.failed().is_none() {
                    return Err(Failure::invalid(format!(
                        "unit \"{name}\" is not in an error state"
                    )));
                }
            }
            units.to_vec()
        };
        for name in &chosen {
            if let Some(unit) = model.units.get_mut(name) {
                unit.resolved = Some(if no_retry {
                    Resolution::NoRetry
                } else {
                    Resolution::Retry
                });
            }
        }
        Ok(chosen)
    })
}
