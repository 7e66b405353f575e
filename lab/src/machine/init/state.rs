//! What a unit is doing, in systemd's terms.

use std::collections::VecDeque;
use std::time::Instant;

use jiff::{Timestamp, tz::TimeZone};

use super::reaper::Exit;
use crate::machine::proc_fs::ProcessId;
use crate::machine::unit::definition::{ExitPattern, Service, ServiceType};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActiveState {
    Inactive,
    Activating,
    Active,
    Reloading,
    Deactivating,
    Failed,
}

impl ActiveState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Activating => "activating",
            Self::Active => "active",
            Self::Reloading => "reloading",
            Self::Deactivating => "deactivating",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn is_dead(self) -> bool {
        matches!(self, Self::Inactive | Self::Failed)
    }

    pub(crate) fn is_up(self) -> bool {
        matches!(self, Self::Active | Self::Reloading)
    }
}

/// Why a unit ended: the `Result` property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunResult {
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
    pub(crate) fn as_str(self) -> &'static str {
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
pub(crate) fn judge(exit: Exit, service: &Service) -> RunResult {
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

pub(crate) fn matches(pattern: ExitPattern, exit: Exit) -> bool {
    match (pattern, exit) {
        (ExitPattern::Code(code), Exit::Code(number))
        | (ExitPattern::Signal(code), Exit::Signal { number, .. }) => code == number,
        _ => false,
    }
}

/// A point in time on both clocks that systemd reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) wall: Timestamp,
    pub(crate) monotonic_micros: u64,
}

impl Moment {
    pub(crate) fn now() -> Self {
        let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(monotonic.tv_sec).unwrap_or_default();
        let nanos = u64::try_from(monotonic.tv_nsec).unwrap_or_default();
        Self {
            wall: Timestamp::now(),
            monotonic_micros: seconds * 1_000_000 + nanos / 1_000,
        }
    }

    /// `Fri 2026-08-21 10:00:00 UTC`.
    pub(crate) fn shown(self) -> String {
        self.wall
            .to_zoned(TimeZone::system())
            .strftime("%a %Y-%m-%d %H:%M:%S %Z")
            .to_string()
    }
}

/// The last main process, alive or dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MainRun {
    pub(crate) pid: u32,
    pub(crate) started: Moment,
    pub(crate) ended: Option<(Moment, Exit)>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) active: ActiveState,
    pub(crate) sub: &'static str,
    pub(crate) result: RunResult,
    pub(crate) reload_result: RunResult,
    pub(crate) main: Option<ProcessId>,
    pub(crate) control: Option<ProcessId>,
    pub(crate) control_exit: Option<Exit>,
    pub(crate) main_run: Option<MainRun>,
    /// `-` before the command of the main process.
    pub(crate) main_ignores_failure: bool,
    /// A `READY=1` came.
    pub(crate) ready: bool,
    pub(crate) restarts: u32,
    pub(crate) invocation: String,
    pub(crate) status_text: String,
    pub(crate) condition_met: bool,
    pub(crate) inactive_exit: Option<Moment>,
    pub(crate) active_enter: Option<Moment>,
    pub(crate) active_exit: Option<Moment>,
    pub(crate) inactive_enter: Option<Moment>,
    pub(crate) changed: Option<Moment>,
    /// Recent starts, for the start limit.
    pub(crate) starts: VecDeque<Instant>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            active: ActiveState::Inactive,
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
    pub(crate) fn enter(&mut self, active: ActiveState, sub: &'static str) {
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
    pub(crate) fn fail(&mut self, result: RunResult) {
        if self.result == RunResult::Success {
            self.result = result;
        }
    }
}
