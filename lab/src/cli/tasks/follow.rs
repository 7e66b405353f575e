//! Waiting for tasks, showing their log lines as they come.

use std::time::{Duration, Instant};

use crate::api::{Enqueued, Request, TaskView};
use crate::cli::durations::Limit;
use crate::cli::failure::CliError;
use crate::cli::go_time::Clock;
use crate::cli::names::unit_tag;
use crate::cli::session::Session;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Juju goes up to two seconds; log lines of a local task can be shown sooner.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The tasks of `enqueued` that were scheduled, as (id, unit). Tells about those that were not.
pub(crate) fn scheduled(session: &Session, enqueued: &Enqueued) -> Vec<(String, String)> {
    let reasons: Vec<&str> = enqueued
        .tasks
        .iter()
        .filter_map(|task| task.failure.as_deref())
        .collect();
    let tasks: Vec<(String, String)> = enqueued
        .tasks
        .iter()
        .filter_map(|task| Some((task.id.clone()?, task.receiver.clone())))
        .collect();
    if tasks.is_empty() {
        session.tell(&format!(
            "Operation {} failed to schedule any tasks:",
            enqueued.operation
        ));
    } else if !reasons.is_empty() {
        session.tell(&format!(
            "Operation {} failed to schedule {} {}:",
            enqueued.operation,
            reasons.len(),
            if reasons.len() == 1 { "task" } else { "tasks" }
        ));
    }
    for reason in reasons {
        session.tell(reason);
    }
    tasks
}

/// Tells where to look later, for `--background`.
pub(crate) fn tell_background(session: &Session, operation: &str, tasks: &[(String, String)]) {
    if let [(id, _)] = tasks {
        session.tell(&format!("Scheduled operation {operation} with task {id}"));
        session.tell(&format!(
            "Check operation status with 'juju show-operation {operation}'"
        ));
        session.tell(&format!("Check task status with 'juju show-task {id}'"));
    } else {
        session.tell(&format!(
            "Scheduled operation {operation} with {} tasks",
            tasks.len()
        ));
        for (id, unit) in tasks {
            session.tell(&format!("  - task {id} on {}", unit_tag(unit)));
        }
        session.tell(&format!(
            "Check operation status with 'juju show-operation {operation}'"
        ));
        session.tell("Check task status with 'juju show-task <id>'");
    }
}

/// Waits until every task has ended. Log lines are shown if there is only one task.
pub(crate) fn until_done(
    session: &mut Session,
    model: &str,
    operation: &str,
    tasks: &[(String, String)],
    limit: Limit,
    clock: &Clock,
) -> Result<Vec<TaskView>, CliError> {
    let count = tasks.len();
    let plural = if count == 1 { "" } else { "s" };
    session.tell(&format!(
        "Running operation {operation} with {count} task{plural}"
    ));
    for (id, unit) in tasks {
        session.tell(&format!("  - task {id} on {}", unit_tag(unit)));
    }
    session.tell("");
    let wait = Wait {
        model,
        limit,
        started: Instant::now(),
        clock,
    };
    let mut done = Vec::new();
    for (id, _) in tasks {
        session.tell(&format!("Waiting for task {id}..."));
        if let Some(task) = wait.for_one(session, id, count == 1)? {
            done.push(task);
        } else {
            let late: Vec<String> = tasks[done.len()..]
                .iter()
                .map(|(_, unit)| receiver(unit))
                .collect();
            return Err(CliError::failed(format!(
                "timed out waiting for results from: {}",
                late.join(", ")
            )));
        }
    }
    session.tell("");
    Ok(done)
}

fn receiver(unit: &str) -> String {
    match unit.strip_prefix("machine-") {
        Some(number) => format!("machine {number}"),
        None => format!("unit {unit}"),
    }
}

pub(crate) struct Wait<'a> {
    pub(crate) model: &'a str,
    pub(crate) limit: Limit,
    pub(crate) started: Instant,
    pub(crate) clock: &'a Clock,
}

impl Wait<'_> {
    /// The ended task with its whole log, or `None` when time is up.
    pub(crate) fn for_one(
        &self,
        session: &mut Session,
        id: &str,
        show_log: bool,
    ) -> Result<Option<TaskView>, CliError> {
        let mut pause = FIRST_PAUSE;
        let mut log = Vec::new();
        let mut next = 0;
        loop {
            let mut task: TaskView = session.call(&Request::Task {
                model: self.model.to_owned(),
                id: id.to_owned(),
                since_line: next,
            })?;
            next = task.next_line;
            if !task.log.is_empty() {
                pause = FIRST_PAUSE;
            }
            for line in task.log.drain(..) {
                if show_log {
                    session.tell(&format!(
                        "{} {}",
                        self.clock.time_of_day(line.time),
                        line.message
                    ));
                }
                log.push(line);
            }
            if task.status.is_final() {
                task.log = log;
                return Ok(Some(task));
            }
            let remaining = match self.limit {
                Limit::Unlimited => pause,
                Limit::Within(limit) => limit.saturating_sub(self.started.elapsed()),
            };
            if remaining.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(pause.min(remaining));
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}
