//! Running one command beside the main process and waiting for its end.

use std::time::Duration;

use super::Service;
use crate::machine::init::reaper::Exit;
use crate::machine::init::spawn::{self, Circumstances, SpawnError};
use crate::machine::init::state::{RunResult, judge};
use crate::machine::init::unit::describe;
use crate::machine::unit::exec_line::ExecCommand;
use crate::machine::unit::timespan::Limit;

/// A limit longer than a century is none; the clock could not hold it.
fn effective(limit: Limit) -> Limit {
    limit.filter(|limit| *limit < Duration::from_hours(100 * 365 * 24))
}

/// Waits for `future` for at most `limit`; none when the time is up.
pub(super) async fn within<T>(limit: Limit, future: impl Future<Output = T>) -> Option<T> {
    match effective(limit) {
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

pub(super) async fn pause(delay: Duration) {
    pause_or_forever(Some(delay)).await;
}

pub(super) async fn pause_or_forever(delay: Limit) {
    match effective(delay) {
        Some(delay) => tokio::time::sleep(delay).await,
        None => std::future::pending().await,
    }
}

impl Service {
    /// Runs one control command to its end. A process that exceeds `limit` stays for the stop to end it.
    pub(super) async fn control(
        &self,
        command: &ExecCommand,
        limit: Limit,
        extra: &[(&'static str, String)],
    ) -> Result<Exit, RunResult> {
        let mut variables = self.variables();
        variables.extend_from_slice(extra);
        let child = self.spawn(command, variables)?;
        self.unit.watch_control(&self.init, child.pid, child.exit);
        let ended = self
            .unit
            .until(&self.init, |state| state.control_exit.is_some());
        if within(limit, ended).await.is_none() {
            return Err(RunResult::Timeout);
        }
        let exit = self.unit.state.borrow_mut().control_exit.take();
        Ok(exit.unwrap_or(Exit::Unknown))
    }

    /// Runs commands one after the other until one fails that may not.
    pub(super) async fn control_all(
        &self,
        commands: &[ExecCommand],
        limit: Limit,
        extra: &[(&'static str, String)],
    ) -> Result<(), RunResult> {
        for command in commands {
            let exit = self.control(command, limit, extra).await?;
            let result = judge(exit, &self.definition.service);
            if result == RunResult::Success {
                continue;
            }
            self.say(&format!("Control process exited, {}", describe(exit)));
            if !command.ignore_failure {
                return Err(result);
            }
        }
        Ok(())
    }

    fn spawn(
        &self,
        command: &ExecCommand,
        variables: Vec<(&'static str, String)>,
    ) -> Result<spawn::Child, RunResult> {
        self.spawn_in(
            command,
            Circumstances {
                variables,
                ..Circumstances::default()
            },
        )
    }

    pub(super) fn spawn_in(
        &self,
        command: &ExecCommand,
        circumstances: Circumstances<'_>,
    ) -> Result<spawn::Child, RunResult> {
        spawn::spawn(
            &self.init,
            self.unit.name(),
            &self.definition.service,
            command,
            circumstances,
        )
        .map_err(|error: SpawnError| {
            self.say(&error.to_string());
            RunResult::Resources
        })
    }
}
