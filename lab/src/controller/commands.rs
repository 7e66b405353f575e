//! Commands that a program on a unit's machine asks for with `juju-exec`. Nobody sees them among the operations, and they
//! use up no number: they are the agent's business, not the controller's.

use crate::agent::UnitKey;
use crate::api::{Failure, TaskResults, TaskStatus};
use crate::daemon::Daemon;
use crate::model::Model;
use crate::model::operation::{Task, Work};
use jiff::Timestamp;

/// Above every number that an operation or a task of an operator's ever gets: the agent takes these commands last.
const FIRST: u64 = 1 << 62;

/// Runs a command in a hook context of a unit on the machine in this slot, and waits for its end.
pub async fn run(
    daemon: &Daemon,
    slot: u32,
    unit: &str,
    command: &str,
) -> Result<TaskResults, Failure> {
    let key = find(daemon, slot, unit)?;
    // From before the command is there, so that no change of it is missed.
    let mut changes = daemon.changes();
    let id = daemon.update(&key.model, |model| {
        Ok::<_, Failure>(enqueue(model, unit, command))
    })?;
    loop {
        changes.borrow_and_update();
        let ended = daemon.read(&key.model, |model| {
            let lost = || Failure::not_found(format!("unit \"{unit}\" is gone"));
            model.units.get(unit).ok_or_else(lost)?;
            let task = model.tasks.get(&id).ok_or_else(lost)?;
            let over = task.status.is_final();
            Ok(over.then(|| (task.status, task.message.clone())))
        })?;
        if let Some((status, message)) = ended {
            return collect(daemon, &key, id, status, message);
        }
        if changes.changed().await.is_err() {
            return Err(Failure::internal("the lab ends"));
        }
    }
}

fn find(daemon: &Daemon, slot: u32, unit: &str) -> Result<UnitKey, Failure> {
    let key = daemon.read_all(|models| {
        models.values().find_map(|model| {
            let machine = model.machines.get(&model.units.get(unit)?.machine)?;
            (machine.slot == Some(slot)).then(|| UnitKey {
                model: model.name.clone(),
                uuid: model.uuid.clone(),
                unit: unit.to_owned(),
            })
        })
    });
    key.ok_or_else(|| Failure::not_found(format!("unit \"{unit}\" not found on this machine")))
}

fn enqueue(model: &mut Model, unit: &str, command: &str) -> u64 {
    // Those of a daemon that died before it could answer.
    model
        .tasks
        .retain(|id, task| *id < FIRST || !task.status.is_final());
    let last = model.tasks.keys().next_back().copied().unwrap_or_default();
    let id = FIRST.max(last.saturating_add(1));
    let task = Task {
        id,
        operation: id,
        unit: unit.to_owned(),
        work: Work::Command {
            command: command.to_owned(),
        },
        status: TaskStatus::Pending,
        message: None,
        enqueued: Timestamp::now(),
        started: None,
        completed: None,
    };
    model.tasks.insert(id, task);
    id
}

/// What the command delivered; nothing of it is kept.
fn collect(
    daemon: &Daemon,
    key: &UnitKey,
    id: u64,
    status: TaskStatus,
    message: Option<String>,
) -> Result<TaskResults, Failure> {
    let results = daemon
        .deliveries
        .results(&key.uuid, id)
        .map_err(|error| Failure::internal(format!("cannot read the results: {error}")))?;
    daemon.deliveries.retain(&key.uuid, |task| task != id);
    daemon.update(&key.model, |model| {
        model.tasks.remove(&id);
        Ok::<_, Failure>(())
    })?;
    match (status, message) {
        (TaskStatus::Completed, None) => Ok(results),
        (_, message) => {
            Err(Failure::internal(message.unwrap_or_else(|| {
                "the command was not run to its end".to_owned()
            })))
        }
    }
}
