//! Runs actions and commands of `juju exec`.

use super::environment::machine_path;
use super::execute::Ended;
use super::run_hook::describe_status;
use super::{Agent, UnitKey};
use crate::api::{Failure, Level, TaskResults, TaskStatus};
use crate::daemon::Daemon;
use crate::model::Model;
use crate::model::operation::Work;
use crate::model::progress::{Running, RunningKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

/// Message of a task whose agent died under it.
const INTERRUPTED: &str = "action terminated";

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
        let context = self.context(None, Some(id), work.name())?;
        if !self.begin(id, &work, &context.id)? {
            return Ok(());
        }
        let (program, args): (Option<PathBuf>, Vec<OsString>) = match &work {
            Work::Action { name, .. } => (
                self.dispatch("actions", name).map(|(path, _)| path),
                Vec::new(),
            ),
            Work::Exec { command } | Work::MachineExec { command, .. } => {
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
            return self.end(
                id,
                TaskStatus::Failed,
                Some(message),
                TaskResults::default(),
            );
        };
        let is_command = !matches!(work, Work::Action { .. });
        match ended {
            Err(error) => self.end(
                id,
                TaskStatus::Failed,
                Some(error.to_string()),
                TaskResults::default(),
            ),
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

    /// Commits a successful action and stores the results of any.
    fn deliver(
        &self,
        id: u64,
        context: &Arc<crate::tools::context::Context>,
        ended: Ended,
        is_command: bool,
    ) -> Result<(), Failure> {
        let (values, failed) = {
            let state = context.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.results.clone(), state.failed.clone())
        };
        let mut results = captured(ended.stdout, ended.stderr);
        results.values = values;
        results.return_code = ended.status.code().or(Some(-1));
        let mut message = failed;
        let aborted =
            self.read(|model| Some(model.tasks.get(&id)?.status)) == Some(TaskStatus::Aborting);
        let status = if aborted {
            TaskStatus::Aborted
        } else if !ended.status.success() && !is_command {
            message = Some(describe_status(ended.status));
            TaskStatus::Failed
        } else {
            match ended.status.success().then(|| self.commit(context, |_| {})) {
                Some(Err(error)) => {
                    self.log(
                        Level::Error,
                        "juju.worker.uniter.operation",
                        &format!("cannot apply changes: {error}"),
                    );
                    message.get_or_insert_with(|| "committing requested changes failed".to_owned());
                    let _ = writeln!(results.stderr, "{error}");
                    TaskStatus::Failed
                }
                _ if message.is_some() => TaskStatus::Failed,
                _ => TaskStatus::Completed,
            }
        };
        self.end(id, status, message, results)
    }

    fn end(
        &self,
        id: u64,
        status: TaskStatus,
        message: Option<String>,
        results: TaskResults,
    ) -> Result<(), Failure> {
        self.change(|model| {
            let now = Timestamp::now();
            if let Some(unit) = model.units.get_mut(&self.key.unit) {
                unit.progress.running = None;
            }
            if let Some(task) = model.tasks.get_mut(&id) {
                task.finish(status, message, results, now);
            }
        })
    }
}

fn captured(stdout: Vec<u8>, stderr: Vec<u8>) -> TaskResults {
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
    if let Some(unit) = model.units.get_mut(unit) {
        unit.progress.running = None;
    }
    if let Some(task) = model
        .tasks
        .get_mut(&id)
        .filter(|task| !task.status.is_final())
    {
        let results = (*task.results).clone();
        task.finish(
            TaskStatus::Failed,
            Some(INTERRUPTED.to_owned()),
            results,
            Timestamp::now(),
        );
    }
}

/// Runs `juju exec --machine`: a command on a machine, outside any hook.
pub async fn machine_exec(daemon: Arc<Daemon>, key: UnitKey, id: u64) {
    let begun = daemon.update(&key.model, |model: &mut Model| {
        let slots: std::collections::BTreeMap<u32, Option<u32>> = model
            .machines
            .values()
            .map(|machine| (machine.number, machine.slot))
            .collect();
        let Some(task) = model.tasks.get_mut(&id) else {
            return Ok(None);
        };
        let Work::MachineExec { machine, command } = &task.work else {
            return Ok(None);
        };
        let Some(Some(slot)) = slots.get(machine) else {
            let message = format!("machine {machine} is not running");
            task.finish(
                TaskStatus::Failed,
                Some(message),
                TaskResults::default(),
                Timestamp::now(),
            );
            return Ok(None);
        };
        let job = (*slot, command.clone());
        task.status = TaskStatus::Running;
        task.started = Some(Timestamp::now());
        Ok::<_, Failure>(Some(job))
    });
    let Ok(Some((slot, command))) = begun else {
        return;
    };
    let root = daemon.home.machine(slot);
    let environment = [
        ("PATH", machine_path(&root).into()),
        ("LANG", OsString::from("C.UTF-8")),
    ]
    .into();
    let program = super::execute::Program {
        path: "/bin/bash".into(),
        args: vec!["-c".into(), command.into()],
        directory: root,
        environment,
        name: "juju-exec".into(),
        capture: true,
    };
    let ended = super::execute::execute(&daemon, &key, program).await;
    let stored = daemon.update(&key.model, |model| {
        if let Some(task) = model.tasks.get_mut(&id) {
            let (status, message, results) = match ended {
                Ok(ended) => {
                    let mut results = captured(ended.stdout, ended.stderr);
                    results.return_code = ended.status.code().or(Some(-1));
                    (TaskStatus::Completed, None, results)
                }
                Err(error) => (
                    TaskStatus::Failed,
                    Some(error.to_string()),
                    TaskResults::default(),
                ),
            };
            task.finish(status, message, results, Timestamp::now());
        }
        Ok::<_, Failure>(())
    });
    if let Err(failure) = stored {
        tracing::error!(task = id, "cannot store a task's result: {failure}");
    }
}
