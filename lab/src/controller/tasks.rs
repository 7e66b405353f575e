//! Operations and tasks.

use super::task_views::{show, task};
use crate::agent::{INTERRUPTED, UnitKey, machine_exec};
use crate::api::{Enqueued, EnqueuedTask, Exec, Failure, RunAction, TaskStatus, TaskView};
use crate::daemon::{Daemon, unit_of};
use crate::model::operation::{KEPT_TASKS, Operation, Task, Work};
use crate::model::{Model, identity};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Schedules an action. Units that cannot run it are reported and do not stop the others.
pub fn run_action(daemon: &Daemon, request: &RunAction) -> Result<Enqueued, Failure> {
    let enqueued = daemon.update(&request.model, |model| {
        let now = Timestamp::now();
        let applications: BTreeSet<&str> = request
            .units
            .iter()
            .map(|unit| identity::application_of(unit))
            .collect();
        if applications.len() > 1 {
            return Err(Failure::invalid(
                "all units must be of the same application",
            ));
        }
        let planned: Vec<(String, Result<Work, String>)> = request
            .units
            .iter()
            .map(|unit| match receiver(model, unit, now) {
                Ok(unit) => {
                    let work = action(model, &unit, request);
                    (unit, work)
                }
                Err(text) => (unit.clone(), Err(text)),
            })
            .collect();
        Ok(enqueue(model, &request.action, planned, now))
    })?;
    forget_deliveries(daemon, &request.model)?;
    Ok(enqueued)
}

/// The unit behind `app/0` or `app/leader`.
fn receiver(model: &Model, unit: &str, now: Timestamp) -> Result<String, String> {
    if let Some(application) = unit.strip_suffix("/leader") {
        let units: Vec<_> = model.units_of(application).collect();
        if !model.applications.contains_key(application) {
            return Err(format!("application \"{application}\" not found"));
        }
        let leader = units
            .into_iter()
            .find(|unit| model.is_leader(&unit.name, now));
        return leader
            .map(|unit| unit.name.clone())
            .ok_or_else(|| format!("could not determine leader for \"{application}\""));
    }
    unit_of(model, unit)
        .map(|unit| unit.name.clone())
        .map_err(|failure| failure.message)
}

fn action(model: &Model, unit: &str, request: &RunAction) -> Result<Work, String> {
    let name = &request.action;
    let spec = model
        .application_of(unit)
        .and_then(|application| application.charm.actions.get(name))
        .ok_or_else(|| format!("action \"{name}\" not defined on unit \"{unit}\""))?;
    let params = spec
        .action()
        .validate(request.params.clone())
        .map_err(|error| error.to_string())?;
    Ok(Work::Action {
        name: name.clone(),
        params: Arc::new(params),
        parallel: spec.parallel,
        group: spec.group.clone(),
    })
}

/// Schedules a command on units or machines.
pub fn exec(daemon: &Arc<Daemon>, request: &Exec) -> Result<Enqueued, Failure> {
    let (enqueued, uuid, machines) = daemon.update(&request.model, |model| {
        let now = Timestamp::now();
        let mut units: BTreeSet<String> = BTreeSet::new();
        let mut planned: Vec<(String, Result<Work, String>)> = Vec::new();
        for application in &request.applications {
            crate::daemon::application_of(model, application)?;
            units.extend(model.units_of(application).map(|unit| unit.name.clone()));
        }
        if request.all {
            let all = model.machines.keys().map(|number| (*number, Ok(())));
            planned.extend(all.map(|(number, _): (u32, Result<(), String>)| {
                machine_work(number, &request.command)
            }));
        }
        let command = || Work::Exec {
            command: request.command.clone(),
        };
        planned.extend(units.into_iter().map(|unit| (unit, Ok(command()))));
        for unit in &request.units {
            match receiver(model, unit, now) {
                Ok(unit) => planned.push((unit, Ok(command()))),
                Err(text) => planned.push((unit.clone(), Err(text))),
            }
        }
        for machine in &request.machines {
            match machine
                .parse()
                .ok()
                .filter(|number| model.machines.contains_key(number))
            {
                Some(number) => planned.push(machine_work(number, &request.command)),
                None => {
                    planned.push((machine.clone(), Err(format!("machine {machine} not found"))));
                }
            }
        }
        let enqueued = enqueue(model, "juju-exec", planned, now);
        let machines: Vec<(u64, String)> = enqueued
            .tasks
            .iter()
            .filter(|task| identity::unit_number(&task.receiver).is_none())
            .filter_map(|task| Some((task.id.as_ref()?.parse().ok()?, task.receiver.clone())))
            .collect();
        Ok::<_, Failure>((enqueued, model.uuid.clone(), machines))
    })?;
    for (id, receiver) in machines {
        let model = crate::daemon::bare(&request.model).to_owned();
        let key = UnitKey {
            model,
            uuid: uuid.clone(),
            unit: receiver,
        };
        tokio::spawn(machine_exec(Arc::clone(daemon), key, id));
    }
    Ok(enqueued)
}

fn machine_work(machine: u32, command: &str) -> (String, Result<Work, String>) {
    (
        format!("machine-{machine}"),
        Ok(Work::MachineExec {
            machine,
            command: command.to_owned(),
        }),
    )
}

fn enqueue(
    model: &mut Model,
    name: &str,
    planned: Vec<(String, Result<Work, String>)>,
    now: Timestamp,
) -> Enqueued {
    let operation = model.next_operation();
    let mut enqueued = Enqueued {
        operation: operation.to_string(),
        tasks: Vec::new(),
    };
    let (mut ids, mut failures, mut receivers) = (Vec::new(), Vec::new(), Vec::new());
    for (receiver, work) in planned {
        match work {
            Ok(work) => {
                let id = model.next_operation();
                let task = Task {
                    id,
                    operation,
                    unit: receiver.clone(),
                    work,
                    status: TaskStatus::Pending,
                    message: None,
                    enqueued: now,
                    started: None,
                    completed: None,
                };
                model.tasks.insert(id, task);
                ids.push(id);
                receivers.push(identity::unit_tag(&receiver));
                enqueued.tasks.push(EnqueuedTask {
                    id: Some(id.to_string()),
                    receiver,
                    failure: None,
                });
            }
            Err(text) => {
                failures.push(text.clone());
                enqueued.tasks.push(EnqueuedTask {
                    id: None,
                    receiver,
                    failure: Some(text),
                });
            }
        }
    }
    let summary = format!("{name} run on {}", receivers.join(","));
    model.operations.insert(
        operation,
        Operation {
            id: operation,
            summary,
            tasks: ids,
            failures,
            enqueued: now,
        },
    );
    prune(model);
    enqueued
}

/// Forgets the oldest operations that are over, so that a model does not grow for ever.
fn prune(model: &mut Model) {
    while model.tasks.len() > KEPT_TASKS {
        let over = |operation: &&Operation| {
            operation.tasks.iter().all(|id| {
                model
                    .tasks
                    .get(id)
                    .is_none_or(|task| task.status.is_final())
            })
        };
        let Some((id, tasks)) = model
            .operations
            .values()
            .find(over)
            .map(|it| (it.id, it.tasks.clone()))
        else {
            return;
        };
        model.operations.remove(&id);
        for task in tasks {
            model.tasks.remove(&task);
        }
    }
}

/// Removes the files of tasks that were forgotten.
fn forget_deliveries(daemon: &Daemon, model: &str) -> Result<(), Failure> {
    let full = daemon.read(model, |model| {
        let known: BTreeSet<u64> = model.tasks.keys().copied().collect();
        Ok((known.len() + 10 > KEPT_TASKS).then(|| (known, model.uuid.clone())))
    })?;
    if let Some((known, uuid)) = full {
        daemon
            .deliveries
            .retain(&uuid, |task| known.contains(&task));
    }
    Ok(())
}

/// A pending task never runs; a running one is killed and becomes aborted.
pub fn cancel(daemon: &Daemon, model: &str, id: &str) -> Result<TaskView, Failure> {
    let running = daemon.update(model, |model| {
        let number = task(model, id)?.id;
        let uuid = model.uuid.clone();
        let task = model.tasks.get_mut(&number);
        Ok(task.and_then(|task| match task.status {
            TaskStatus::Pending => {
                task.finish(TaskStatus::Cancelled, None, Timestamp::now());
                None
            }
            TaskStatus::Running | TaskStatus::Aborting => {
                task.status = TaskStatus::Aborting;
                Some((uuid, task.unit.clone()))
            }
            _ => None,
        }))
    })?;
    // The answer is what the request did; what the kill leads to comes later.
    let answer = show(daemon, model, id, 0)?;
    if let Some((uuid, unit)) = running {
        daemon.agents.kill(&uuid, &unit);
    }
    Ok(answer)
}

/// After a crash of the daemon nobody waits for commands on machines any more.
pub fn fail_machine_commands(model: &mut Model, now: Timestamp) {
    for task in model
        .tasks
        .values_mut()
        .filter(|task| !task.status.is_final())
    {
        if matches!(task.work, Work::MachineExec { .. }) {
            task.finish(TaskStatus::Failed, Some(INTERRUPTED.to_owned()), now);
        }
    }
}
