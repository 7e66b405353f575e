//! Faults that tests inject: what a real controller or cloud does to a charm.

use crate::api::{Failure, Fault};
use crate::daemon::{Daemon, application_of, machines, unit_of};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

pub async fn inject(daemon: &Arc<Daemon>, fault: Fault) -> Result<(), Failure> {
    match fault {
        Fault::ExpireLeadership { model, application } => daemon.update(&model, |model| {
            application_of(model, &application)?;
            if let Some(lease) = model
                .applications
                .get_mut(&application)
                .and_then(|it| it.lease.as_mut())
            {
                lease.expires = Timestamp::now() - SignedDuration::from_secs(1);
            }
            Ok(())
        }),
        Fault::RejectCommit {
            model,
            unit,
            message,
        } => {
            let uuid = known_unit(daemon, &model, &unit)?;
            daemon.agents.reject_next_commit(&uuid, &unit, &message);
            Ok(())
        }
        Fault::KillDispatch { model, unit } => {
            let uuid = known_unit(daemon, &model, &unit)?;
            if daemon.agents.kill(&uuid, &unit) {
                Ok(())
            } else {
                Err(Failure::invalid(format!(
                    "unit \"{unit}\" runs no hook right now"
                )))
            }
        }
        Fault::PowerOff { model, machine } => {
            blocking(daemon, move |daemon| {
                machines::power_off(daemon, &model, &machine)
            })
            .await
        }
        Fault::PowerOn { model, machine } => {
            blocking(daemon, move |daemon| {
                machines::power_on(daemon, &model, &machine)
            })
            .await
        }
        Fault::Freeze { model, machine } => {
            blocking(daemon, move |daemon| {
                machines::freeze(daemon, &model, &machine, true)
            })
            .await
        }
        Fault::Thaw { model, machine } => {
            blocking(daemon, move |daemon| {
                machines::freeze(daemon, &model, &machine, false)
            })
            .await
        }
        Fault::RepeatHook { model, unit, hook } => daemon.update(&model, |model| {
            unit_of(model, &unit)?;
            if let Some(unit) = model.units.get_mut(&unit) {
                let last = unit.progress.last.get(&hook).cloned().ok_or_else(|| {
                    Failure::not_found(format!(
                        "unit \"{}\" never ran a hook \"{hook}\"",
                        unit.name
                    ))
                })?;
                unit.progress.repeat.push(last);
            }
            Ok(())
        }),
    }
}

fn known_unit(daemon: &Daemon, model: &str, unit: &str) -> Result<String, Failure> {
    daemon.read(model, |model| {
        unit_of(model, unit).map(|_| model.uuid.clone())
    })
}

async fn blocking(
    daemon: &Arc<Daemon>,
    work: impl FnOnce(&Arc<Daemon>) -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    let daemon = Arc::clone(daemon);
    tokio::task::spawn_blocking(move || work(&daemon))
        .await
        .map_err(|error| Failure::internal(error.to_string()))?
}
