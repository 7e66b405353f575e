//! Telling a running service to read its configuration anew.

use super::Service;
use crate::machine::init::state::{ActiveState, RunResult, judge};
use crate::machine::init::unit::describe;
use crate::machine::protocol::Outcome;

impl Service {
    /// Runs `ExecReload=`. A reload that fails leaves the service running.
    pub(super) async fn reload(&self) -> Outcome {
        self.announce("Reloading", "...");
        self.unit.state.borrow_mut().reload_result = RunResult::Success;
        self.enter(ActiveState::Reloading, "reload");
        let service = &self.definition.service;
        let mut result = RunResult::Success;
        for command in &service.exec_reload {
            match self.control(command, service.start_timeout, &[]).await {
                Ok(exit) => {
                    result = judge(exit, service);
                    if result != RunResult::Success {
                        self.say(&format!("Control process exited, {}", describe(exit)));
                    }
                }
                Err(failure) => {
                    result = failure;
                    self.end_hung_reload().await;
                }
            }
            if result != RunResult::Success {
                if !command.ignore_failure {
                    break;
                }
                result = RunResult::Success;
            }
        }
        self.unit.state.borrow_mut().reload_result = result;
        if self.unit.state.borrow().active == ActiveState::Reloading {
            self.enter(ActiveState::Active, "running");
        }
        if result == RunResult::Success {
            self.announce("Reloaded", ".");
            return Outcome::Done;
        }
        self.announce("Reload failed for", ".");
        Outcome::Failed(result.as_str().to_owned())
    }

    /// A reload command that hangs is ended; the service is not.
    async fn end_hung_reload(&self) {
        let hung = self.unit.state.borrow().control;
        if let Some(process) = hung {
            process.signal(rustix::process::Signal::KILL);
        }
        self.unit
            .until(&self.init, |state| state.control.is_none())
            .await;
    }
}
