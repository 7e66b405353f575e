//! Keeps one agent running per unit, machines up, leases current, and sweeps models that are over.

use super::{Daemon, machines};
use crate::agent::{Agent, UnitKey, prepare_unit};
use crate::api::Failure;
use crate::controller::models;
use crate::model::Model;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often leases and machines are looked at when nothing changes.
const BEAT: Duration = Duration::from_secs(1);
/// A machine whose init died is booted again at the latest after so many beats.
const BEATS_PER_MACHINE_CHECK: u32 = 5;

/// Runs until the daemon stops; then no agent runs any more.
pub async fn supervise(daemon: Arc<Daemon>) {
    let mut agents: HashMap<UnitKey, JoinHandle<()>> = HashMap::new();
    let mut removals = HashMap::new();
    let mut stopping = daemon.stopping();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut beats = 0_u32;
    while !*stopping.borrow() {
        let mut changes = daemon.changes();
        agents.retain(|_, task| !task.is_finished());
        if let Err(failure) = machines::place(&daemon) {
            tracing::error!("cannot place a machine: {failure}");
        }
        for key in units(&daemon) {
            agents
                .entry(key.clone())
                .or_insert_with(|| tokio::spawn(run_agent(Arc::clone(&daemon), key)));
        }
        sweep(&daemon, &mut removals);
        tokio::select! {
            _ = changes.changed() => {}
            _ = beat.tick() => {
                daemon.tick_leases();
                daemon.expire_faults();
                beats = beats.wrapping_add(1);
                if beats.is_multiple_of(BEATS_PER_MACHINE_CHECK) {
                    check_machines(&daemon);
                }
            }
            _ = stopping.changed() => {}
        }
    }
    let running = daemon.agents.take_groups();
    for task in agents.into_values() {
        task.abort();
    }
    for group in running {
        group.kill();
    }
}

fn units(daemon: &Daemon) -> Vec<UnitKey> {
    let keys = |model: &Model| {
        let key = |unit: &String| UnitKey {
            model: model.name.clone(),
            uuid: model.uuid.clone(),
            unit: unit.clone(),
        };
        model.units.keys().map(key).collect::<Vec<_>>()
    };
    daemon.read_all(|models| models.values().flat_map(keys).collect())
}

async fn run_agent(daemon: Arc<Daemon>, key: UnitKey) {
    match bring_up(&daemon, &key).await {
        Ok(Some(slot)) => live(&daemon, &key, slot).await,
        Ok(None) => tokio::time::sleep(Duration::from_millis(100)).await,
        Err(failure) => {
            tracing::error!(unit = key.unit, "cannot start the unit's agent: {failure}");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

/// Runs a unit's agent, and another after each that died.
async fn live(daemon: &Arc<Daemon>, key: &UnitKey, slot: u32) {
    let restart = daemon.agents.restart_signal(key);
    loop {
        tokio::select! {
            () = Agent::new(daemon, key.clone(), slot).run() => break,
            () = restart.notified() => daemon.contexts.remove_unit(&key.uuid, &key.unit),
        }
    }
    daemon.agents.forget_restarts(key);
}

/// Boots the unit's machine and prepares its directories. None if the machine has no place yet, or the unit is gone.
async fn bring_up(daemon: &Arc<Daemon>, key: &UnitKey) -> Result<Option<u32>, Failure> {
    let (daemon, key) = (Arc::clone(daemon), key.clone());
    tokio::task::spawn_blocking(move || {
        let unit = |model: &Model| Ok(model.units.get(&key.unit).map(|unit| unit.machine));
        let Some(number) = daemon.read(&key.model, unit)? else {
            return Ok(None);
        };
        let prepared = machines::boot_and(&daemon, &key.model, number, |slot| {
            let there = daemon.update(&key.model, |model| {
                let Some(unit) = model.units.get_mut(&key.unit) else {
                    return Ok(false);
                };
                if unit.progress.charm.is_none() && !unit.spoke {
                    unit.set_workload("waiting", "agent initialising", jiff::Timestamp::now());
                }
                Ok::<_, Failure>(true)
            })?;
            if !there {
                return Ok(None);
            }
            prepare_unit(&daemon.home.machine(slot), &daemon.home.executable(), &key).map_err(
                |error| Failure::internal(format!("cannot prepare unit {}: {error}", key.unit)),
            )?;
            Ok(Some(slot))
        })?;
        Ok(prepared.flatten())
    })
    .await
    .map_err(|error| Failure::internal(error.to_string()))?
}

/// Removes models that are over, and machines that lost their units without an agent's doing.
fn sweep(daemon: &Arc<Daemon>, removals: &mut HashMap<(String, u32), JoinHandle<()>>) {
    removals.retain(|_, task| !task.is_finished());
    let models: Vec<(String, Vec<_>)> = daemon.read_all(|models| {
        models
            .values()
            .map(|model| (model.name.clone(), machines::abandoned(model)))
            .collect()
    });
    for (model, abandoned) in models {
        for number in abandoned {
            removals.entry((model.clone(), number)).or_insert_with(|| {
                let (daemon, model) = (Arc::clone(daemon), model.clone());
                tokio::task::spawn_blocking(move || remove_machine(&daemon, &model, number))
            });
        }
        if let Err(failure) = models::sweep(daemon, &model) {
            tracing::error!(model, "cannot remove the model: {failure}");
        }
    }
}

fn remove_machine(daemon: &Daemon, model: &str, number: u32) {
    let removed = machines::remove(daemon, model, number, |_| ());
    if let Err(failure) = removed {
        tracing::error!(model, "cannot remove machine {number}: {failure}");
        std::thread::sleep(BEAT);
    }
}

/// A machine whose init died without the lab's doing has crashed: it boots again. One without units has no agent that
/// would boot it.
fn check_machines(daemon: &Arc<Daemon>) {
    let machines: Vec<(String, u32)> = daemon.read_all(|models| {
        let up = |model: &Model| {
            let running = model
                .machines
                .values()
                .filter(|it| it.powered && (it.started.is_some() || it.kept));
            running
                .map(|it| (model.name.clone(), it.number))
                .collect::<Vec<_>>()
        };
        models.values().flat_map(up).collect()
    });
    for (model, number) in machines {
        let daemon = Arc::clone(daemon);
        tokio::task::spawn_blocking(move || {
            if let Err(failure) = machines::boot(&daemon, &model, number) {
                tracing::warn!(model, "{failure}");
            }
        });
    }
}
