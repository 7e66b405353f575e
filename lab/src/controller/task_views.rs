//! Tasks and operations as a client sees them.

use crate::api::{Failure, OperationView, TaskResults, TaskStatus, TaskView};
use crate::daemon::Daemon;
use crate::model::Model;
use crate::model::operation::{Operation, Task};

/// A task with what it delivered. The files are read outside the lock: they may be large.
fn view(daemon: &Daemon, uuid: &str, task: &Task, since: usize) -> Result<TaskView, Failure> {
    let mut view = undelivered(daemon, uuid, task, since)?;
    if task.status.is_final() {
        let results = daemon.deliveries.results(uuid, task.id);
        view.results = results.map_err(|error| unreadable(task, &error))?;
    }
    Ok(view)
}

fn unreadable(task: &Task, error: &std::io::Error) -> Failure {
    Failure::internal(format!(
        "cannot read what task {} delivered: {error}",
        task.id
    ))
}

/// A task with its log only.
fn undelivered(
    daemon: &Daemon,
    uuid: &str,
    task: &Task,
    since: usize,
) -> Result<TaskView, Failure> {
    let (log, next_line) = daemon
        .deliveries
        .log(uuid, task.id, since)
        .map_err(|error| unreadable(task, &error))?;
    Ok(TaskView {
        id: task.id.to_string(),
        operation: task.operation.to_string(),
        unit: task.unit.clone(),
        action: task.work.name().to_owned(),
        status: task.status,
        message: task.message.clone(),
        log,
        next_line,
        results: TaskResults::default(),
        enqueued: task.enqueued,
        started: task.started,
        completed: task.completed,
    })
}

pub(super) fn task<'a>(model: &'a Model, id: &str) -> Result<&'a Task, Failure> {
    id.parse()
        .ok()
        .and_then(|number: u64| model.tasks.get(&number))
        .ok_or_else(|| Failure::not_found(format!("task \"{id}\" not found")))
}

pub fn show(daemon: &Daemon, model: &str, id: &str, since: usize) -> Result<TaskView, Failure> {
    let (task, uuid) = daemon.read(model, |model| {
        Ok((task(model, id)?.clone(), model.uuid.clone()))
    })?;
    view(daemon, &uuid, &task, since)
}

pub fn operation(daemon: &Daemon, model: &str, id: &str) -> Result<OperationView, Failure> {
    let (operation, tasks, uuid) = daemon.read(model, |model| {
        let operation = id
            .parse()
            .ok()
            .and_then(|number: u64| model.operations.get(&number))
            .ok_or_else(|| Failure::not_found(format!("operation \"{id}\" not found")))?;
        Ok((
            operation.clone(),
            tasks_of(model, operation),
            model.uuid.clone(),
        ))
    })?;
    operation_view(daemon, &uuid, &operation, &tasks)
}

pub fn operations(daemon: &Daemon, model: &str) -> Result<Vec<OperationView>, Failure> {
    let (operations, uuid) = daemon.read(model, |model| {
        let all = model
            .operations
            .values()
            .map(|operation| (operation.clone(), tasks_of(model, operation)));
        Ok((all.collect::<Vec<_>>(), model.uuid.clone()))
    })?;
    operations
        .iter()
        .map(|(operation, tasks)| operation_view(daemon, &uuid, operation, tasks))
        .collect()
}

/// The newest tasks and all that are not done, without what they delivered.
pub fn recent(
    daemon: &Daemon,
    model: &str,
    last: usize,
    lines: usize,
) -> Result<Vec<TaskView>, Failure> {
    let (tasks, uuid) = daemon.read(model, |model| {
        let old = model.tasks.len().saturating_sub(last);
        let tasks = model.tasks.values().enumerate();
        let shown = tasks.filter(|(at, task)| *at >= old || !task.status.is_final());
        let shown: Vec<Task> = shown.map(|(_, task)| task.clone()).collect();
        Ok((shown, model.uuid.clone()))
    })?;
    let view = |task: &Task| {
        let mut view = undelivered(daemon, &uuid, task, 0)?;
        let old = view.log.len().saturating_sub(lines);
        view.log.drain(..old);
        Ok(view)
    };
    tasks.iter().map(view).collect()
}

fn tasks_of(model: &Model, operation: &Operation) -> Vec<Task> {
    operation
        .tasks
        .iter()
        .filter_map(|id| model.tasks.get(id).cloned())
        .collect()
}

fn operation_view(
    daemon: &Daemon,
    uuid: &str,
    operation: &Operation,
    tasks: &[Task],
) -> Result<OperationView, Failure> {
    let tasks: Vec<TaskView> = tasks
        .iter()
        .map(|task| view(daemon, uuid, task, 0))
        .collect::<Result<_, _>>()?;
    // An operation is as far as its least advanced task, and as bad as its worst.
    let order = [
        TaskStatus::Running,
        TaskStatus::Aborting,
        TaskStatus::Pending,
        TaskStatus::Error,
        TaskStatus::Failed,
        TaskStatus::Aborted,
        TaskStatus::Cancelled,
    ];
    let status = order
        .into_iter()
        .find(|status| tasks.iter().any(|task| task.status == *status));
    let nothing = if operation.failures.is_empty() {
        TaskStatus::Completed
    } else {
        TaskStatus::Error
    };
    let all_done = tasks.iter().all(|task| task.completed.is_some());
    Ok(OperationView {
        id: operation.id.to_string(),
        summary: operation.summary.clone(),
        status: status.unwrap_or(nothing),
        failures: operation.failures.clone(),
        enqueued: operation.enqueued,
        started: tasks.iter().filter_map(|task| task.started).min(),
        completed: tasks
            .iter()
            .filter_map(|task| task.completed)
            .max()
            .filter(|_| all_done),
        tasks,
    })
}
