//! Runs one hook of a unit from its lock to its commit.

use super::execute::Ended;
use super::next_operation::Operation;
use super::{Agent, commit, lifecycle};
use crate::api::{Failure, Level};
use crate::model::Model;
use crate::model::hook::Hook;
use crate::tools::context::Context;
use jiff::{SignedDuration, Timestamp};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, PoisonError};

const OPERATION_MODULE: &str = "juju.worker.uniter.operation";

/// How a dispatch ended.
enum Outcome {
    Done,
    Failed(String),
    Killed,
    /// There is nothing to run for this hook.
    Missing,
}

impl Agent {
    pub(super) async fn run_hook(&self, hook: &Hook) -> Result<(), Failure> {
        let _lock = self.daemon.agents.locks.acquire(self.slot, "").await;
        let _busy = self.busy().await;
        // While this agent waited for the locks the reason for the hook, or the unit, may have gone.
        if self.decide() != Some(Operation::Run(hook.clone())) {
            return Ok(());
        }
        let seen = self.seen();
        let context = self.context(Some(hook), None, &hook.name())?;
        self.change(|model| {
            lifecycle::begin_hook(model, &self.key.unit, hook, &context.id, Timestamp::now());
        })?;
        self.prepare_storage(hook)?;
        let (name, program) = (hook.name(), self.dispatch("hooks", &hook.name()));
        let outcome = match program {
            None => Outcome::Missing,
            Some((path, how)) => {
                let ended = self.launch(&context, None, path, Vec::new(), false).await;
                self.outcome_of_hook(ended, &name, &how)
            }
        };
        let reboot = context
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reboot;
        match outcome {
            Outcome::Killed => self.change(|model| {
                if let Some(unit) = model.units.get_mut(&self.key.unit) {
                    lifecycle::requeue_hook(unit, hook, Timestamp::now());
                }
            })?,
            Outcome::Failed(text) => {
                self.log(Level::Error, OPERATION_MODULE, &text);
                self.change(|model| {
                    lifecycle::fail_hook(model, &self.key.unit, hook, Timestamp::now());
                })?;
            }
            Outcome::Done | Outcome::Missing => {
                self.finish_hook(hook, &context, &seen, &outcome)?;
            }
        }
        if reboot {
            self.reboot().await?;
        }
        self.after_hook(hook)
    }

    /// Commits what the hook wrote together with the fact that it ran.
    fn finish_hook(
        &self,
        hook: &Hook,
        context: &Arc<Context>,
        seen: &lifecycle::Seen,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let name = hook.name();
        let committed = self.commit(context, |model| {
            lifecycle::complete_hook(model, &self.key.unit, hook, seen, Timestamp::now());
            crate::controller::subordinate::settle(model, Timestamp::now());
        });
        match committed {
            Ok(()) if matches!(outcome, Outcome::Missing) => {
                self.log(
                    Level::Info,
                    OPERATION_MODULE,
                    &format!("skipped \"{name}\" hook (missing)"),
                );
            }
            Ok(()) => {
                let how = self
                    .dispatch("hooks", &name)
                    .map(|(_, how)| how)
                    .unwrap_or_default();
                self.log(
                    Level::Info,
                    OPERATION_MODULE,
                    &format!("ran \"{name}\" hook (via {how})"),
                );
            }
            Err(error) => {
                let text = format!("hook \"{name}\" failed: cannot apply changes: {error}");
                self.log(Level::Error, OPERATION_MODULE, &text);
                self.change(|model| {
                    lifecycle::fail_hook(model, &self.key.unit, hook, Timestamp::now());
                })?;
            }
        }
        Ok(())
    }

    /// Applies a context's buffer and `then`, all or nothing.
    pub(super) fn commit(
        &self,
        context: &Arc<Context>,
        then: impl FnOnce(&mut Model),
    ) -> Result<(), commit::CommitError> {
        if let Some(message) = self.daemon.agents.take_rejection(&self.key) {
            return Err(commit::CommitError::Other(message));
        }
        let (buffer, heard_to_lead) = {
            let state = context.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.buffer.clone(), state.heard_to_lead)
        };
        if heard_to_lead {
            self.lose_leadership_if_armed()?;
        }
        self.daemon.update(&self.key.model, |model| {
            commit::apply(model, context, &buffer, &self.root, Timestamp::now())?;
            then(model);
            Ok(())
        })
    }

    /// The lead of a unit that relied on it goes to another just before its changes count.
    fn lose_leadership_if_armed(&self) -> Result<(), Failure> {
        let armed = |model: &Model| {
            let unit = model.units.get(&self.key.unit)?;
            unit.faults.lose_leadership.then_some(())
        };
        if self.read(armed).is_none() {
            return Ok(());
        }
        let now = Timestamp::now();
        self.change(|model| {
            let Some(unit) = model.units.get_mut(&self.key.unit) else {
                return;
            };
            unit.faults.lose_leadership = false;
            let application = model.applications.get_mut(&unit.application);
            if let Some(lease) = application.and_then(|it| it.lease.as_mut())
                && lease.holder == self.key.unit
            {
                lease.expires = now - SignedDuration::from_secs(1);
            }
        })
    }

    fn outcome_of_hook(&self, ended: std::io::Result<Ended>, name: &str, how: &str) -> Outcome {
        match ended {
            Ok(ended) if ended.status.success() => Outcome::Done,
            Ok(ended) if is_terminated(ended.status) => {
                self.log(
                    Level::Warning,
                    OPERATION_MODULE,
                    &format!("hook \"{name}\" (via {how}) was terminated"),
                );
                Outcome::Killed
            }
            Ok(ended) => Outcome::Failed(format!(
                "hook \"{name}\" (via {how}) failed: {}",
                describe_status(ended.status)
            )),
            Err(error) => Outcome::Failed(format!("hook \"{name}\" (via {how}) failed: {error}")),
        }
    }

    /// Restarts the machine as `juju-reboot` asks.
    async fn reboot(&self) -> Result<(), Failure> {
        let daemon = Arc::clone(&self.daemon);
        let (model, unit) = (self.key.model.clone(), self.key.unit.clone());
        let rebooted = tokio::task::spawn_blocking(move || {
            crate::daemon::machines::reboot_of(&daemon, &model, &unit)
        });
        rebooted
            .await
            .map_err(|error| Failure::internal(error.to_string()))?
    }
}

/// True for the signals that an agent's shutdown sends; the hook then is run again.
fn is_terminated(status: ExitStatus) -> bool {
    matches!(status.signal(), Some(9 | 15))
}

/// `exit status 3` or `signal: killed`, in Go's words.
pub(super) fn describe_status(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal: {}", signal_name(signal)),
        (None, None) => "unknown exit status".to_owned(),
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        1 => "hangup".into(),
        2 => "interrupt".into(),
        3 => "quit".into(),
        6 => "aborted".into(),
        9 => "killed".into(),
        11 => "segmentation fault".into(),
        13 => "broken pipe".into(),
        15 => "terminated".into(),
        other => format!("signal {other}"),
    }
}
