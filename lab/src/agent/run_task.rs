//! Runs actions and commands of `juju exec`.

use super::Agent;
use super::execute::Ended;
use super::run_hook::describe_status;
use crate::api::{Failure, Level, TaskResults, TaskStatus};
use crate::model::Model;
use crate::model::operation::Work;
use crate::model::progress::{Running, RunningKind};
use crate::tools::context::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

/// Message of a task whose agent died under it.
pub(crate) const INTERRUPTED: &str = "action terminated";
/// Message of a task that succeeded but whose changes the controller rejected.
const NOT_COMMITTED: &str = "committing requested changes failed";

impl Agent {
    pub(super) async fn run_task(&self, id: u64) -> Result<(), Failure> {
        let Some(work) = self.read(|model| Some(model.tasks.get(&id)?.work.clone())) else {
            return Ok(());
        };
        let _lock = match &work {
            Work::Action { parallel: true, .. } => None,
            Work::Action { group, .. } => Some(
                self.daemon
                    .agents
                    .locks
                    .acquire(self.slot, group.as_deref().unwrap_or_default())
                    .await,
            ),
            _ => Some(self.daemon.agents.locks.acquire(self.slot, "").await),
        };
        let _busy = self.busy().await;
        if !self.exists() {
            return Ok(());
        }
        let context = self.context(None, Some(id), work.name())?;
        if !self.begin(id, &work, &context.id)? {
            return Ok(());
        }
        let (program, args): (Option<PathBuf>, Vec<OsString>) = match &work {
            Work::Action { name, .. } => (
                self.dispatch("actions", name).map(|(path, _)| path),
                Vec::new(),
            ),
            Work::Exec { command }
            | Work::Command { command }
            | Work::MachineExec { command, .. } => {
                (Some("/bin/bash".into()), vec!["-c".into(), command.into()])
            }
        };
        let ended = match program {
            Some(program) => Some(
                self.launch(&context, Some(&work), program, args, true)
                    .await,
            ),
            None => None,
        };
        let Some(ended) = ended else {
            let message = format!("action not implemented on unit \"{}\"", self.key.unit);
            return self.end(id, TaskStatus::Failed, Some(message));
        };
        let is_command = !matches!(work, Work::Action { .. });
        match ended {
            Err(error) => self.end(id, TaskStatus::Failed, Some(error.to_string())),
            Ok(ended) => self.deliver(id, &context, ended, is_command),
        }
    }

    /// Marks the task as running unless it was cancelled while it waited for the lock.
    fn begin(&self, id: u64, work: &Work, context: &str) -> Result<bool, Failure> {
        let name = work.name();
        self.daemon.update(&self.key.model, |model| {
            let now = Timestamp::now();
            let Some(task) = model
                .tasks
                .get_mut(&id)
                .filter(|task| task.status == TaskStatus::Pending)
            else {
                return Ok(false);
            };
            task.status = TaskStatus::Running;
            task.started = Some(now);
            if let Some(unit) = model.units.get_mut(&self.key.unit) {
                unit.set_agent("executing", &format!("running action {name}"), now);
                unit.progress.running = Some(Running {
                    context: context.to_owned(),
                    what: RunningKind::Task(id),
                });
            }
            Ok(true)
        })
    }

    /// Stores the results of a task and, if it succeeded, commits what it wrote together with its end.
    fn deliver(
        &self,
        id: u64,
        context: &Arc<Context>,
        ended: Ended,
        is_command: bool,
    ) -> Result<(), Failure> {
        let (values, failed) = {
            let state = context.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.results.clone(), state.failed.clone())
        };
        let mut results = captured(ended.stdout, ended.stderr);
        results.values = values;
        // The agent's own answer stands in its place.
        results.values.remove("return-code");
        results.return_code = ended.status.code().or(Some(-1));
        self.save(id, &results)?;
        let aborted =
            self.read(|model| Some(model.tasks.get(&id)?.status)) == Some(TaskStatus::Aborting);
        if aborted {
            return self.end(id, TaskStatus::Aborted, failed);
        }
        if !ended.status.success() {
            return if is_command {
                let status = if failed.is_some() {
                    TaskStatus::Failed
                } else {
                    TaskStatus::Completed
                };
                self.end(id, status, failed)
            } else {
                self.end(id, TaskStatus::Failed, Some(describe_status(ended.status)))
            };
        }
        let status = if failed.is_some() {
            TaskStatus::Failed
        } else {
            TaskStatus::Completed
        };
        let committed = self.commit(context, |model| {
            finish(model, &self.key.unit, id, status, failed.clone());
        });
        if let Err(error) = committed {
            let text = format!("cannot apply changes: {error}");
            self.log(Level::Error, "juju.worker.uniter.operation", &text);
            let _ = writeln!(results.stderr, "{error}");
            self.save(id, &results)?;
            let message = failed.unwrap_or_else(|| NOT_COMMITTED.to_owned());
            return self.end(id, TaskStatus::Failed, Some(message));
        }
        Ok(())
    }

    fn save(&self, id: u64, results: &TaskResults) -> Result<(), Failure> {
        self.daemon
            .deliveries
            .save(&self.key.uuid, id, results)
            .map_err(|error| {
                Failure::internal(format!("cannot store the results of task {id}: {error}"))
            })
    }

    fn end(&self, id: u64, status: TaskStatus, message: Option<String>) -> Result<(), Failure> {
        self.change(|model| finish(model, &self.key.unit, id, status, message))
    }
}

fn finish(model: &mut Model, unit: &str, id: u64, status: TaskStatus, message: Option<String>) {
    if let Some(unit) = model.units.get_mut(unit) {
        unit.progress.running = None;
    }
    if let Some(task) = model.tasks.get_mut(&id) {
        task.finish(status, message, Timestamp::now());
    }
}

/// Captured streams as results; what is not text becomes base64.
pub(super) fn captured(stdout: Vec<u8>, stderr: Vec<u8>) -> TaskResults {
    let text = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => (STANDARD.encode(error.as_bytes()), Some("base64".to_owned())),
    };
    let (stdout, stdout_encoding) = text(stdout);
    let (stderr, stderr_encoding) = text(stderr);
    TaskResults {
        stdout,
        stderr,
        stdout_encoding,
        stderr_encoding,
        ..TaskResults::default()
    }
}

/// A task is never run twice: if its agent died, it failed.
pub(super) fn fail_interrupted(model: &mut Model, unit: &str, id: u64) {
    let over = model
        .tasks
        .get(&id)
        .is_none_or(|task| task.status.is_final());
    if over {
        if let Some(unit) = model.units.get_mut(unit) {
            unit.progress.running = None;
        }
    } else {
        finish(
            model,
            unit,
            id,
            TaskStatus::Failed,
            Some(INTERRUPTED.to_owned()),
        );
    }
}
