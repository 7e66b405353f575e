//! What a unit file says, as types.

use std::path::PathBuf;
use std::time::Duration;

use super::exec_line::ExecCommand;
use super::name::UnitName;
use super::timespan::Limit;

/// A service unit, complete with defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub description: String,
    pub dependencies: Dependencies,
    pub conditions: Vec<Condition>,
    pub start_limit_interval: Duration,
    pub start_limit_burst: u32,
    pub service: Service,
    pub install: Install,
    /// What was ignored or could not be honoured, for the journal.
    pub notes: Vec<String>,
    /// Why the unit cannot be started as it is written.
    pub fault: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    pub after: Vec<UnitName>,
    pub before: Vec<UnitName>,
    pub requires: Vec<UnitName>,
    pub requisite: Vec<UnitName>,
    pub wants: Vec<UnitName>,
    pub binds_to: Vec<UnitName>,
    pub part_of: Vec<UnitName>,
    pub conflicts: Vec<UnitName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub check: Check,
    pub path: PathBuf,
    /// `!`: the check must fail.
    pub negated: bool,
    /// `Assert…` fails the start; `Condition…` skips it.
    pub assertion: bool,
    /// `|`: one of all such conditions is enough.
    pub triggering: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    PathExists,
    PathIsDirectory,
    DirectoryNotEmpty,
    FileNotEmpty,
    FileIsExecutable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceType {
    Simple,
    Exec,
    Notify,
    Oneshot,
    Forking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    No,
    Always,
    OnSuccess,
    OnFailure,
    OnAbnormal,
    OnAbort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillMode {
    ControlGroup,
    Process,
    Mixed,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotifyAccess {
    None,
    Main,
    Exec,
    All,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Journal,
    Null,
    /// The same place as standard output (for standard error).
    Inherit,
    Append(PathBuf),
    Truncate(PathBuf),
    File(PathBuf),
    /// Handed over by the caller of `systemd-run --pipe`.
    Passed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Null,
    File(PathBuf),
    Passed,
}

/// A way to end that counts as listed: an exit code or a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitPattern {
    Code(i32),
    Signal(i32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentFile {
    pub path: PathBuf,
    /// `-`: it need not exist.
    pub optional: bool,
}

/// A directory made before the service starts, below `run`, `var/lib`, … of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryKind {
    Runtime,
    State,
    Cache,
    Logs,
    Configuration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDirectory {
    pub kind: DirectoryKind,
    pub names: Vec<String>,
    pub mode: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreserveRuntimeDirectory {
    No,
    Restart,
    Yes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub kind: ServiceType,
    pub exec_condition: Vec<ExecCommand>,
    pub exec_start_pre: Vec<ExecCommand>,
    pub exec_start: Vec<ExecCommand>,
    pub exec_start_post: Vec<ExecCommand>,
    pub exec_reload: Vec<ExecCommand>,
    pub exec_stop: Vec<ExecCommand>,
    pub exec_stop_post: Vec<ExecCommand>,
    pub pid_file: Option<PathBuf>,
    pub remain_after_exit: bool,
    pub notify_access: NotifyAccess,

    pub user: Option<String>,
    pub group: Option<String>,
    pub supplementary_groups: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub environment_files: Vec<EnvironmentFile>,
    pub unset_environment: Vec<String>,
    pub working_directory: Option<PathBuf>,
    /// `-` before the working directory: start even when it is missing.
    pub working_directory_optional: bool,
    pub working_directory_home: bool,
    pub umask: u32,
    pub nice: Option<i32>,
    /// Soft and hard limit by the name after `Limit`; none is infinity.
    pub limits: Vec<(String, Option<u64>, Option<u64>)>,
    pub directories: Vec<ServiceDirectory>,
    pub preserve_runtime_directory: PreserveRuntimeDirectory,
    pub input: Input,
    pub output: Output,
    pub error: Output,
    pub syslog_identifier: Option<String>,

    pub restart: Restart,
    pub restart_delay: Duration,
    pub success_exit: Vec<ExitPattern>,
    pub restart_prevent: Vec<ExitPattern>,
    pub restart_force: Vec<ExitPattern>,

    pub kill_mode: KillMode,
    pub kill_signal: i32,
    pub final_kill_signal: i32,
    pub send_sigkill: bool,
    pub send_sighup: bool,
    pub start_timeout: Limit,
    pub stop_timeout: Limit,
    pub run_limit: Limit,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Install {
    pub wanted_by: Vec<UnitName>,
    pub required_by: Vec<UnitName>,
    pub alias: Vec<UnitName>,
    pub also: Vec<UnitName>,
}

impl Install {
    pub fn is_empty(&self) -> bool {
        self.wanted_by.is_empty()
            && self.required_by.is_empty()
            && self.alias.is_empty()
            && self.also.is_empty()
    }
}

impl Service {
    /// How many seconds a start may take; a oneshot service has all the time it wants.
    pub(super) fn with_defaults(kind: ServiceType) -> Self {
        const DEFAULT_TIMEOUT: Limit = Some(Duration::from_secs(90));
        Self {
            kind,
            exec_condition: Vec::new(),
            exec_start_pre: Vec::new(),
            exec_start: Vec::new(),
            exec_start_post: Vec::new(),
            exec_reload: Vec::new(),
            exec_stop: Vec::new(),
            exec_stop_post: Vec::new(),
            pid_file: None,
            remain_after_exit: false,
            notify_access: NotifyAccess::None,
            user: None,
            group: None,
            supplementary_groups: Vec::new(),
            environment: Vec::new(),
            environment_files: Vec::new(),
            unset_environment: Vec::new(),
            working_directory: None,
            working_directory_optional: false,
            working_directory_home: false,
            umask: 0o022,
            nice: None,
            limits: Vec::new(),
            directories: Vec::new(),
            preserve_runtime_directory: PreserveRuntimeDirectory::No,
            input: Input::Null,
            output: Output::Journal,
            error: Output::Inherit,
            syslog_identifier: None,
            restart: Restart::No,
            restart_delay: Duration::from_millis(100),
            success_exit: Vec::new(),
            restart_prevent: Vec::new(),
            restart_force: Vec::new(),
            kill_mode: KillMode::ControlGroup,
            kill_signal: rustix::process::Signal::TERM.as_raw(),
            final_kill_signal: rustix::process::Signal::KILL.as_raw(),
            send_sigkill: true,
            send_sighup: false,
            start_timeout: DEFAULT_TIMEOUT,
            stop_timeout: DEFAULT_TIMEOUT,
            run_limit: None,
        }
    }
}
