//! From the decision to start to a running main process.

use std::fs;
use std::time::Duration;

use super::Service;
use super::command::within;
use super::directories;
use crate::machine::init::notify;
use crate::machine::init::reaper::Exit;
use crate::machine::init::spawn::Circumstances;
use crate::machine::init::state::{ActiveState, RunResult, judge};
use crate::machine::init::unit::describe;
use crate::machine::proc_fs;
use crate::machine::unit::definition::{NotifyAccess, ServiceType};
use crate::machine::unit::exec_line::ExecCommand;

/// How often a service is looked at for something that no event announces.
const POLL: Duration = Duration::from_millis(20);

impl Service {
    /// Starts the service. An error is the `Result` that the unit ends with, and leaves processes for the
    /// stop to end.
    pub(super) async fn start(&self) -> Result<(), RunResult> {
        let service = &self.definition.service;
        let limit = service.start_timeout;
        if !self.init.superuser && (service.user.is_some() || service.group.is_some()) {
            self.unit.say_user_is_ignored(&self.init);
        }
        if let Err(error) = directories::create(&self.init, service) {
            self.say(&format!("Failed to create directories: {error}"));
            return Err(RunResult::Resources);
        }
        if service.notify_access != NotifyAccess::None {
            match notify::open(&self.init, &self.unit) {
                Ok(socket) => *self.unit.notify_socket.borrow_mut() = Some(socket),
                Err(error) => {
                    self.say(&format!("Failed to open the notify socket: {error}"));
                    return Err(RunResult::Resources);
                }
            }
        }
        self.enter(ActiveState::Activating, "condition");
        for command in &service.exec_condition {
            self.exec_condition(command).await?;
        }
        if !service.exec_start_pre.is_empty() {
            self.enter(ActiveState::Activating, "start-pre");
            self.control_all(&service.exec_start_pre, limit, &[])
                .await?;
        }
        self.enter(ActiveState::Activating, "start");
        match service.kind {
            ServiceType::Oneshot => self.start_oneshot().await?,
            ServiceType::Forking => self.start_forking().await?,
            ServiceType::Simple | ServiceType::Exec | ServiceType::Notify => {
                self.start_main().await?;
            }
        }
        if !service.exec_start_post.is_empty() {
            self.enter(ActiveState::Activating, "start-post");
            self.control_all(&service.exec_start_post, limit, &[])
                .await?;
        }
        Ok(())
    }

    /// Exit codes up to 254 say that the service shall not run now, which is no failure.
    async fn exec_condition(&self, command: &ExecCommand) -> Result<(), RunResult> {
        let limit = self.definition.service.start_timeout;
        let exit = self.control(command, limit, &[]).await?;
        match judge(exit, &self.definition.service) {
            RunResult::Success => Ok(()),
            RunResult::ExitCode if exit.number() < 255 => Err(RunResult::ExecCondition),
            failure => {
                self.say(&format!("Control process exited, {}", describe(exit)));
                Err(failure)
            }
        }
    }

    async fn start_main(&self) -> Result<(), RunResult> {
        let service = &self.definition.service;
        let Some(command) = service.exec_start.first() else {
            return Err(RunResult::Resources);
        };
        let running = self.spawn_main(command)?;
        match service.kind {
            ServiceType::Exec => {
                let Some(running) = running else {
                    return Ok(());
                };
                let ended = self.unit.until(&self.init, |state| state.main.is_none());
                let settled = async {
                    tokio::select! {
                        true = became_program(running) => {}
                        () = ended => {}
                    }
                };
                if within(service.start_timeout, settled).await.is_none() {
                    return Err(RunResult::Timeout);
                }
                match self.result() {
                    RunResult::Success => Ok(()),
                    failure => Err(failure),
                }
            }
            ServiceType::Notify => {
                let told = self
                    .unit
                    .until(&self.init, |state| state.ready || state.main.is_none());
                if within(service.start_timeout, told).await.is_none() {
                    return Err(RunResult::Timeout);
                }
                let state = self.unit.state.borrow();
                match (state.ready, state.result) {
                    (true, _) => Ok(()),
                    (false, RunResult::Success) => Err(RunResult::Protocol),
                    (false, failure) => Err(failure),
                }
            }
            _ => Ok(()),
        }
    }

    fn spawn_main(
        &self,
        command: &ExecCommand,
    ) -> Result<Option<tokio::net::unix::pipe::Receiver>, RunResult> {
        let streams = self.unit.streams.borrow_mut().take();
        let child = self.spawn_in(
            command,
            Circumstances {
                variables: self.variables(),
                streams: streams.as_ref(),
                report_exec: self.definition.service.kind == ServiceType::Exec,
            },
        )?;
        let exit = Some(child.exit);
        self.unit
            .watch_main(&self.init, child.pid, exit, command.ignore_failure);
        Ok(child.running)
    }

    async fn start_oneshot(&self) -> Result<(), RunResult> {
        let service = &self.definition.service;
        for command in &service.exec_start {
            self.spawn_main(command)?;
            let ended = self.unit.until(&self.init, |state| state.main.is_none());
            if within(service.start_timeout, ended).await.is_none() {
                return Err(RunResult::Timeout);
            }
            match self.result() {
                RunResult::Success => {}
                failure => return Err(failure),
            }
        }
        Ok(())
    }

    /// The started process ends when its daemon runs; the daemon is the one in the PID file or, without
    /// one, the only process left.
    async fn start_forking(&self) -> Result<(), RunResult> {
        let service = &self.definition.service;
        self.control_all(&service.exec_start, service.start_timeout, &[])
            .await?;
        let Some(pid_file) = &service.pid_file else {
            let left = self.init.tracker.borrow_mut().of_unit(self.unit.name());
            if let [only] = left.as_slice() {
                self.unit.watch_main(&self.init, only.pid, None, false);
            }
            return Ok(());
        };
        let found = async {
            loop {
                let pid = fs::read_to_string(pid_file)
                    .ok()
                    .and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
                if let Some(pid) = pid.filter(|pid| proc_fs::stat(*pid).is_some()) {
                    return Some(pid);
                }
                let nobody_left = {
                    let mut tracker = self.init.tracker.borrow_mut();
                    tracker.of_unit(self.unit.name()).is_empty()
                };
                if nobody_left {
                    return None;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match within(service.start_timeout, found).await {
            Some(Some(pid)) => {
                self.unit.watch_main(&self.init, pid, None, false);
                Ok(())
            }
            Some(None) => {
                self.say(&format!(
                    "Can't open PID file {} (yet?) after start: No such file or directory",
                    pid_file.display()
                ));
                Err(RunResult::Protocol)
            }
            None => Err(RunResult::Timeout),
        }
    }

    /// Whether the service still runs once it has been started: a main process, or for a forking service
    /// without a known one any process.
    pub(super) async fn until_ended(&self) {
        let forking = self.definition.service.kind == ServiceType::Forking;
        if !forking || self.main_pid().is_some() {
            self.unit
                .until(&self.init, |state| state.main.is_none())
                .await;
            return;
        }
        while !self
            .init
            .tracker
            .borrow_mut()
            .of_unit(self.unit.name())
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// How the last main process ended.
    pub(super) fn main_exit(&self) -> Option<Exit> {
        let state = self.unit.state.borrow();
        state
            .main_run
            .and_then(|run| run.ended)
            .map(|(_, exit)| exit)
    }
}

/// Whether the launcher on the other end of `pipe` became its program: it writes a byte, and closes the pipe
/// by becoming the program, or writes another byte because it could not.
async fn became_program(pipe: tokio::net::unix::pipe::Receiver) -> bool {
    let mut seen = 0;
    loop {
        if pipe.readable().await.is_err() {
            return false;
        }
        match pipe.try_read(&mut [0]) {
            Ok(0) if seen == 1 => return true,
            // Nobody has opened the pipe yet.
            Ok(0) => tokio::time::sleep(POLL).await,
            Ok(_) if seen == 1 => return false,
            Ok(_) => seen = 1,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
    }
}
