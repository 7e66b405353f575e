//! What a unit is doing, in systemd's terms.

use std::collections::VecDeque;
use std::time::Instant;

use jiff::{Timestamp, tz::TimeZone};

use super::reaper::Exit;
use crate::machine::proc_fs::ProcessId;
use crate::machine::unit::definition::{ExitPattern, Service, ServiceType};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    Inactive,
    Activating,
    Active,
    Reloading,
    Deactivating,
    Failed,
}

impl Active {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Activating => "activating",
            Self::Active => "active",
            Self::Reloading => "reloading",
            Self::Deactivating => "deactivating",
            Self::Failed => "failed",
        }
    }

    pub fn is_dead(self) -> bool {
        matches!(self, Self::Inactive | Self::Failed)
    }

    pub fn is_up(self) -> bool {
        matches!(self, Self::Active | Self::Reloading)
    }
}

/// Why a unit ended: the `Result` property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunResult {
    Success,
    Resources,
    Protocol,
    Timeout,
    ExitCode,
    Signal,
    CoreDump,
    StartLimitHit,
    ExecCondition,
}

impl RunResult {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Resources => "resources",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::ExitCode => "exit-code",
            Self::Signal => "signal",
            Self::CoreDump => "core-dump",
            Self::StartLimitHit => "start-limit-hit",
            Self::ExecCondition => "exec-condition",
        }
    }
}

/// What the way a process ended means for its service.
pub fn judge(exit: Exit, service: &Service) -> RunResult {
    use rustix::process::Signal;
    let listed = service
        .success_exit
        .iter()
        .any(|pattern| matches(*pattern, exit));
    let clean_signal = |number: i32| {
        // Signals that stop a daemon in an orderly way; a oneshot command has no such excuse.
        service.kind != ServiceType::Oneshot
            && [Signal::HUP, Signal::INT, Signal::TERM, Signal::PIPE]
                .iter()
                .any(|signal| signal.as_raw() == number)
    };
    match exit {
        _ if listed => RunResult::Success,
        Exit::Code(0) | Exit::Unknown => RunResult::Success,
        Exit::Code(_) => RunResult::ExitCode,
        Exit::Signal { number, .. } if clean_signal(number) => RunResult::Success,
        Exit::Signal {
            core_dumped: true, ..
        } => RunResult::CoreDump,
        Exit::Signal { .. } => RunResult::Signal,
    }
}

pub fn matches(pattern: ExitPattern, exit: Exit) -> bool {
    match (pattern, exit) {
        (ExitPattern::Code(code), Exit::Code(number))
        | (ExitPattern::Signal(code), Exit::Signal { number, .. }) => code == number,
        _ => false,
    }
}

/// A point in time on both clocks that systemd reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub wall: Timestamp,
    pub monotonic_micros: u64,
}

impl Moment {
    pub fn now() -> Self {
        let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(monotonic.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(monotonic.tv_nsec).unwrap_or_default();
        Self {
            wall: Timestamp::now(),
            monotonic_micros: seconds * 1_000_000 + nanos / 1_000,
        }
    }

    /// `Fri 2026-08-21 10:00:00 UTC`.
    pub fn shown(self) -> String {
        self.wall
            .to_zoned(TimeZone::system())
            .strftime("%a %Y-%m-%d %H:%M:%S %Z")
            .to_string()
    }
}

/// The last main process, alive or dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MainRun {
    pub pid: u32,
    pub started: Moment,
    pub ended: Option<(Moment, Exit)>,
}

#[derive(Debug)]
pub struct State {
    pub active: Active,
    pub sub: &'static str,
    pub result: RunResult,
    pub reload_result: RunResult,
    pub main: Option<ProcessId>,
    pub control: Option<ProcessId>,
    pub control_exit: Option<Exit>,
    pub main_run: Option<MainRun>,
    /// `-` before the command of the main process.
    pub main_ignores_failure: bool,
    /// A `READY=1` came.
    pub ready: bool,
    pub restarts: u32,
    pub invocation: String,
    pub status_text: String,
    pub condition_met: bool,
    pub inactive_exit: Option<Moment>,
    pub active_enter: Option<Moment>,
    pub active_exit: Option<Moment>,
    pub inactive_enter: Option<Moment>,
    pub changed: Option<Moment>,
    /// Recent starts, for the start limit.
    pub starts: VecDeque<Instant>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            active: Active::Inactive,
            sub: "dead",
            result: RunResult::Success,
            reload_result: RunResult::Success,
            main: None,
            control: None,
            control_exit: None,
            main_run: None,
            main_ignores_failure: false,
            ready: false,
            restarts: 0,
            invocation: String::new(),
            status_text: String::new(),
            condition_met: false,
            inactive_exit: None,
            active_enter: None,
            active_exit: None,
            inactive_enter: None,
            changed: None,
            starts: VecDeque::new(),
        }
    }
}

impl State {
    pub fn enter(&mut self, active: Active, sub: &'static str) {
        let now = Moment::now();
        let before = self.active;
        if before.is_dead() && !active.is_dead() {
            self.inactive_exit = Some(now);
        }
        if !before.is_dead() && active.is_dead() {
            self.inactive_enter = Some(now);
        }
        if !before.is_up() && active.is_up() {
            self.active_enter = Some(now);
        }
        if before.is_up() && !active.is_up() {
            self.active_exit = Some(now);
        }
        if before != active || self.sub != sub {
            self.changed = Some(now);
        }
        self.active = active;
        self.sub = sub;
    }

    /// The first cause of a failure counts.
    pub fn fail(&mut self, result: RunResult) {
        if self.result == RunResult::Success {
            self.result = result;
        }
    }
}
