//! Faults that tests inject: what a real controller or cloud does to a charm.

use super::{remove, secrets};
use crate::api::{Failure, Fault, RemoveUnits};
use crate::daemon::{Daemon, application_of, machine_faults, machines, unit_of};
use crate::model::faults::{AtCall, Strike, UnitFaults};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Does it. What comes back is what was done instead, if the computer cannot do it.
#[expect(clippy::too_many_lines, reason = "a few lines per fault")]
pub async fn inject(daemon: &Arc<Daemon>, fault: Fault) -> Result<Option<String>, Failure> {
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
            Ok::<_, Failure>(())
        })?,
        Fault::RejectCommit {
            model,
            unit,
            message,
        } => {
            let uuid = known_unit(daemon, &model, &unit)?;
            daemon.agents.reject_next_commit(&uuid, &unit, &message);
        }
        Fault::KillDispatch { model, unit } => {
            let uuid = known_unit(daemon, &model, &unit)?;
            if !daemon.agents.kill(&uuid, &unit) {
                return Err(Failure::invalid(format!(
                    "unit \"{unit}\" runs no hook right now"
                )));
            }
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
            Ok::<_, Failure>(())
        })?,
        Fault::KillAtCall {
            model,
            unit,
            call,
            saying,
        } => {
            let at = at_call(call, saying, Strike::Kill)?;
            arm(daemon, &model, &unit, |faults| faults.at_call = Some(at))?;
        }
        Fault::RestartAgent {
            model,
            unit,
            call: Some(call),
            saying,
        } => {
            let at = at_call(call, saying, Strike::RestartAgent)?;
            arm(daemon, &model, &unit, |faults| faults.at_call = Some(at))?;
        }
        Fault::RestartAgent {
            model,
            unit,
            call: None,
            saying: _,
        } => {
            let uuid = known_unit(daemon, &model, &unit)?;
            if !daemon.agents.restart(&uuid, &unit) {
                return Err(Failure::invalid(format!(
                    "unit \"{unit}\" has no agent yet"
                )));
            }
        }
        Fault::LoseLeadership { model, unit } => {
            arm(daemon, &model, &unit, |faults| {
                faults.lose_leadership = true;
            })?;
        }
        Fault::OrderHooks { model, unit, seed } => {
            arm(daemon, &model, &unit, |faults| faults.order = seed)?;
        }
        Fault::HoldBackNews {
            model,
            unit,
            seconds,
        } => daemon.update(&model, |model| {
            unit_of(model, &unit)?;
            model.hold_back_news(&unit, after(seconds));
            Ok::<_, Failure>(())
        })?,
        Fault::HoldBackSecrets {
            model,
            unit,
            seconds,
        } => {
            arm(daemon, &model, &unit, |faults| {
                faults.secrets_late = Some(after(seconds));
            })?;
        }
        Fault::SecretDue {
            model,
            secret,
            what,
        } => secrets::fall_due(daemon, &model, &secret, what)?,
        Fault::Vanish {
            model,
            unit,
            seconds,
        } => vanish(daemon, model, unit, seconds).await?,
        Fault::PowerOff { model, machine } => {
            on_machine(daemon, model, machine, machines::power_off).await?;
        }
        Fault::PowerOn { model, machine } => {
            on_machine(daemon, model, machine, machines::power_on).await?;
        }
        Fault::Freeze { model, machine } => {
            on_machine(daemon, model, machine, |daemon, model, number| {
                machines::freeze(daemon, model, number, true)
            })
            .await?;
        }
        Fault::Thaw { model, machine } => {
            on_machine(daemon, model, machine, |daemon, model, number| {
                machines::freeze(daemon, model, number, false)
            })
            .await?;
        }
        Fault::CutNetwork { model, machine } => {
            return on_machine(daemon, model, machine, |daemon, model, number| {
                machine_faults::network(daemon, model, number, true)
            })
            .await;
        }
        Fault::HealNetwork { model, machine } => {
            return on_machine(daemon, model, machine, |daemon, model, number| {
                machine_faults::network(daemon, model, number, false)
            })
            .await;
        }
        Fault::LimitDisk {
            model,
            machine,
            mebibytes,
        } => {
            on_machine(daemon, model, machine, move |daemon, model, number| {
                machine_faults::limit_disk(daemon, model, number, mebibytes << 20)
            })
            .await?;
        }
        Fault::FillDisk { model, machine } => {
            on_machine(daemon, model, machine, |daemon, model, number| {
                machine_faults::fill_disk(daemon, model, number, true)
            })
            .await?;
        }
        Fault::FreeDisk { model, machine } => {
            on_machine(daemon, model, machine, |daemon, model, number| {
                machine_faults::fill_disk(daemon, model, number, false)
            })
            .await?;
        }
        Fault::SetClock {
            model,
            machine,
            seconds,
        } => {
            on_machine(daemon, model, machine, move |daemon, model, number| {
                machine_faults::set_clock(daemon, model, number, seconds)
            })
            .await?;
        }
        Fault::Heal { model } => {
            blocking(daemon, move |daemon| machine_faults::heal(daemon, &model)).await?;
        }
    }
    Ok(None)
}

fn after(seconds: u32) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds.into())
}

fn at_call(number: u32, saying: Option<String>, strike: Strike) -> Result<AtCall, Failure> {
    if number == 0 {
        return Err(Failure::invalid("calls of hook tools are counted from 1"));
    }
    Ok(AtCall {
        number,
        saying,
        strike,
    })
}

fn arm(
    daemon: &Daemon,
    model: &str,
    unit: &str,
    change: impl FnOnce(&mut UnitFaults),
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        unit_of(model, unit)?;
        if let Some(unit) = model.units.get_mut(unit) {
            change(&mut unit.faults);
        }
        Ok(())
    })
}

/// Takes a unit away before anybody is told.
async fn vanish(
    daemon: &Arc<Daemon>,
    model: String,
    unit: String,
    seconds: u32,
) -> Result<(), Failure> {
    let number = daemon.update(&model, |model| {
        let number = unit_of(model, &unit)?.machine;
        let related: Vec<String> = model
            .units
            .keys()
            .filter(|other| **other != unit)
            .filter(|other| {
                let mut relations = model.relations.values();
                relations.any(|it| it.is_inside(&unit) && it.is_inside(other))
            })
            .cloned()
            .collect();
        for other in related {
            model.hold_back_news(&other, after(seconds));
        }
        Ok::<_, Failure>(number)
    })?;
    let name = model.clone();
    blocking(daemon, move |daemon| {
        machines::power_off(daemon, &name, number)
    })
    .await?;
    let removal = RemoveUnits {
        model,
        units: vec![unit],
        destroy_storage: true,
        force: true,
        dry_run: false,
    };
    remove::units(daemon, &removal).await.map(|_| ())
}

fn known_unit(daemon: &Daemon, model: &str, unit: &str) -> Result<String, Failure> {
    daemon.read(model, |model| {
        unit_of(model, unit).map(|_| model.uuid.clone())
    })
}

async fn on_machine<R: Send + 'static>(
    daemon: &Arc<Daemon>,
    model: String,
    machine: String,
    work: impl FnOnce(&Arc<Daemon>, &str, u32) -> Result<R, Failure> + Send + 'static,
) -> Result<R, Failure> {
    blocking(daemon, move |daemon| {
        let number = machines::named(daemon, &model, &machine)?;
        work(daemon, &model, number)
    })
    .await
}

async fn blocking<R: Send + 'static>(
    daemon: &Arc<Daemon>,
    work: impl FnOnce(&Arc<Daemon>) -> Result<R, Failure> + Send + 'static,
) -> Result<R, Failure> {
    let daemon = Arc::clone(daemon);
    tokio::task::spawn_blocking(move || work(&daemon))
        .await
        .map_err(|error| Failure::internal(error.to_string()))?
}
