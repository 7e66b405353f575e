//! From a running (or half started) service to no process that counts.

use rustix::process::Signal;

use super::Service;
use super::command::within;
use super::directories;
use crate::machine::init::reaper::Exit;
use crate::machine::init::state::{ActiveState, RunResult};
use crate::machine::proc_fs::{self, ProcessId};
use crate::machine::signal;
use crate::machine::unit::definition::KillMode;
use crate::machine::unit::timespan::Limit;

/// Which processes a signal goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Terminate,
    Kill,
}

impl Service {
    /// Ends the service. `ran` tells whether it had been started completely: only then `ExecStop=` applies.
    /// Afterwards the state still is deactivating; `rest` settles it.
    pub(super) async fn stop(&self, ran: bool) {
        let service = &self.definition.service;
        if ran && !service.exec_stop.is_empty() {
            self.enter(ActiveState::Deactivating, "stop");
            self.run_stopping(&service.exec_stop).await;
        }
        self.end_processes("stop-sigterm", "stop-sigkill", Extent::WithMain)
            .await;
        if !service.exec_stop_post.is_empty() {
            self.enter(ActiveState::Deactivating, "stop-post");
            self.run_stopping(&service.exec_stop_post).await;
        }
        self.end_processes("final-sigterm", "final-sigkill", Extent::Rest)
            .await;
    }

    /// Goes to rest: `inactive` or `failed`, by the result.
    pub(super) fn rest(&self, restarting: bool) {
        directories::remove_runtime(&self.init, &self.definition.service, restarting);
        *self.unit.notify_socket.borrow_mut() = None;
        let result = {
            let mut state = self.unit.state.borrow_mut();
            state.main = None;
            state.control = None;
            state.result
        };
        match result {
            RunResult::Success => {
                self.say("Deactivated successfully.");
                self.enter(ActiveState::Inactive, "dead");
            }
            // The service was not to run: nothing has failed.
            RunResult::ExecCondition => self.enter(ActiveState::Inactive, "dead"),
            failure => {
                self.say(&format!("Failed with result '{}'.", failure.as_str()));
                self.enter(ActiveState::Failed, "failed");
            }
        }
    }

    async fn run_stopping(&self, commands: &[crate::machine::unit::exec_line::ExecCommand]) {
        let limit = self.definition.service.stop_timeout;
        let extra = self.outcome_variables();
        if let Err(failure) = self.control_all(commands, limit, &extra).await {
            self.unit.state.borrow_mut().fail(failure);
        }
    }

    /// What `ExecStop=` and `ExecStopPost=` learn about the end of the service.
    fn outcome_variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("SERVICE_RESULT", self.result().as_str().to_owned())];
        if self.main_pid().is_none()
            && let Some(exit) = self.main_exit()
        {
            variables.push(("EXIT_CODE", exit.kind().to_owned()));
            variables.push((
                "EXIT_STATUS",
                match exit {
                    Exit::Signal { number, .. } => signal::name(number),
                    other => other.number().to_string(),
                },
            ));
        }
        variables
    }

    /// Asks processes to end, and after the time for it makes them.
    async fn end_processes(&self, asking: &'static str, making: &'static str, extent: Extent) {
        let service = &self.definition.service;
        if service.kill_mode == KillMode::None {
            return;
        }
        let limit = service.stop_timeout;
        if self.signal(Step::Terminate) {
            self.enter(ActiveState::Deactivating, asking);
            if self.wait_until_gone(extent, limit).await {
                if extent == Extent::WithMain {
                    return;
                }
            } else {
                self.unit.state.borrow_mut().fail(RunResult::Timeout);
                if !service.send_sigkill {
                    self.say(&format!("State '{asking}' timed out. Skipping SIGKILL."));
                    return;
                }
                self.say(&format!("State '{asking}' timed out. Killing."));
            }
        } else if extent == Extent::WithMain {
            return;
        }
        if service.send_sigkill && self.signal(Step::Kill) {
            self.enter(ActiveState::Deactivating, making);
            if !self.wait_until_gone(extent, limit).await {
                self.say("Processes still around after SIGKILL. Ignoring.");
            }
        }
    }

    /// Signals what the kill mode covers; false when there is nothing to wait for.
    fn signal(&self, step: Step) -> bool {
        let service = &self.definition.service;
        let number = match step {
            Step::Terminate => service.kill_signal,
            Step::Kill => service.final_kill_signal,
        };
        let Some(signal) = Signal::from_named_raw(number) else {
            return false;
        };
        let targets = self.targets(step);
        for process in &targets {
            if step == Step::Kill {
                self.say(&format!(
                    "Killing process {} ({}) with signal SIG{}.",
                    process.pid,
                    proc_fs::name(process.pid),
                    signal::name(number)
                ));
            }
            process.signal(signal);
            if step == Step::Terminate {
                if service.send_sighup {
                    process.signal(Signal::HUP);
                }
                // A stopped process could not act on the signal.
                process.signal(Signal::CONT);
            }
        }
        !targets.is_empty()
    }

    fn targets(&self, step: Step) -> Vec<ProcessId> {
        let own: Vec<ProcessId> = {
            let state = self.unit.state.borrow();
            state.main.into_iter().chain(state.control).collect()
        };
        let whole_group = match self.definition.service.kill_mode {
            KillMode::ControlGroup => true,
            KillMode::Mixed => step == Step::Kill,
            KillMode::Process | KillMode::None => false,
        };
        if !whole_group {
            return own;
        }
        let mut targets = self.group();
        for process in own {
            if !targets.contains(&process) {
                targets.push(process);
            }
        }
        targets
    }

    fn group(&self) -> Vec<ProcessId> {
        self.init.tracker.borrow_mut().of_unit(self.unit.name())
    }

    /// Waits for the main and control process, and for the others too where they count; false when the time
    /// is up.
    async fn wait_until_gone(&self, extent: Extent, limit: Limit) -> bool {
        let had_own = {
            let state = self.unit.state.borrow();
            state.main.is_some() || state.control.is_some()
        };
        let gone = async {
            self.unit
                .until(&self.init, |state| {
                    state.main.is_none() && state.control.is_none()
                })
                .await;
            let others_count = self.definition.service.kill_mode != KillMode::Process
                && (extent == Extent::Rest || !had_own);
            let mut pause = std::time::Duration::from_millis(5);
            while others_count && !self.group().is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(std::time::Duration::from_millis(200));
            }
        };
        within(limit, gone).await.is_some()
    }
}

/// What has to be gone before the stop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The main and control process; the others only when there is neither.
    WithMain,
    /// Everything left.
    Rest,
}
