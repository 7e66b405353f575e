//! What a unit file says, as types.

use std::path::PathBuf;
use std::time::Duration;

use super::exec_line::ExecCommand;
use super::name::UnitName;
use super::timespan::Limit;

/// A service unit, complete with defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) description: String,
    pub(crate) dependencies: Dependencies,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) start_limit_interval: Duration,
    pub(crate) start_limit_burst: u32,
    pub(crate) service: Service,
    pub(crate) install: Install,
    /// What was ignored or could not be honoured, for the journal.
    pub(crate) notes: Vec<String>,
    /// Why the unit cannot be started as it is written.
    pub(crate) fault: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dependencies {
    pub(crate) after: Vec<UnitName>,
    pub(crate) before: Vec<UnitName>,
    pub(crate) requires: Vec<UnitName>,
    pub(crate) requisite: Vec<UnitName>,
    pub(crate) wants: Vec<UnitName>,
    pub(crate) binds_to: Vec<UnitName>,
    pub(crate) part_of: Vec<UnitName>,
    pub(crate) conflicts: Vec<UnitName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) check: Check,
    pub(crate) path: PathBuf,
    /// `!`: the check must fail.
    pub(crate) negated: bool,
    /// `Assert…` fails the start; `Condition…` skips it.
    pub(crate) assertion: bool,
    /// `|`: one of all such conditions is enough.
    pub(crate) triggering: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    PathExists,
    PathIsDirectory,
    DirectoryNotEmpty,
    FileNotEmpty,
    FileIsExecutable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServiceType {
    Simple,
    Exec,
    Notify,
    Oneshot,
    Forking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    No,
    Always,
    OnSuccess,
    OnFailure,
    OnAbnormal,
    OnAbort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KillMode {
    ControlGroup,
    Process,
    Mixed,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotifyAccess {
    None,
    Main,
    Exec,
    All,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
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
pub(crate) enum Input {
    Null,
    File(PathBuf),
    Passed,
}

/// A way to end that counts as listed: an exit code or a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitPattern {
    Code(i32),
    Signal(i32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentFile {
    pub(crate) path: PathBuf,
    /// `-`: it need not exist.
    pub(crate) optional: bool,
}

/// A directory made before the service starts, below `run`, `var/lib`, … of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DirectoryKind {
    Runtime,
    State,
    Cache,
    Logs,
    Configuration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceDirectory {
    pub(crate) kind: DirectoryKind,
    pub(crate) names: Vec<String>,
    pub(crate) mode: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreserveRuntimeDirectory {
    No,
    Restart,
    Yes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own in the unit file"
)]
pub(crate) struct Service {
    pub(crate) kind: ServiceType,
    pub(crate) exec_condition: Vec<ExecCommand>,
    pub(crate) exec_start_pre: Vec<ExecCommand>,
    pub(crate) exec_start: Vec<ExecCommand>,
    pub(crate) exec_start_post: Vec<ExecCommand>,
    pub(crate) exec_reload: Vec<ExecCommand>,
    pub(crate) exec_stop: Vec<ExecCommand>,
    pub(crate) exec_stop_post: Vec<ExecCommand>,
    pub(crate) pid_file: Option<PathBuf>,
    pub(crate) remain_after_exit: bool,
    pub(crate) notify_access: NotifyAccess,

    pub(crate) user: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) supplementary_groups: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) environment_files: Vec<EnvironmentFile>,
    pub(crate) unset_environment: Vec<String>,
    pub(crate) working_directory: Option<PathBuf>,
    /// `-` before the working directory: start even when it is missing.
    pub(crate) working_directory_optional: bool,
    pub(crate) working_directory_home: bool,
    pub(crate) umask: u32,
    pub(crate) nice: Option<i32>,
    pub(crate) oom_score_adjust: Option<i32>,
    pub(crate) no_new_privileges: bool,
    /// Soft and hard limit by the name after `Limit`; none is infinity.
    pub(crate) limits: Vec<(String, Option<u64>, Option<u64>)>,
    pub(crate) directories: Vec<ServiceDirectory>,
    pub(crate) preserve_runtime_directory: PreserveRuntimeDirectory,
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) error: Output,
    pub(crate) syslog_identifier: Option<String>,

    pub(crate) restart: Restart,
    pub(crate) restart_delay: Duration,
    pub(crate) success_exit: Vec<ExitPattern>,
    pub(crate) restart_prevent: Vec<ExitPattern>,
    pub(crate) restart_force: Vec<ExitPattern>,

    pub(crate) kill_mode: KillMode,
    pub(crate) kill_signal: i32,
    pub(crate) final_kill_signal: i32,
    pub(crate) send_sigkill: bool,
    pub(crate) send_sighup: bool,
    pub(crate) start_timeout: Limit,
    pub(crate) stop_timeout: Limit,
    pub(crate) run_limit: Limit,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Install {
    pub(crate) wanted_by: Vec<UnitName>,
    pub(crate) required_by: Vec<UnitName>,
    pub(crate) alias: Vec<UnitName>,
    pub(crate) also: Vec<UnitName>,
}

impl Install {
    pub(crate) fn is_empty(&self) -> bool {
        self.wanted_by.is_empty()
            && self.required_by.is_empty()
            && self.alias.is_empty()
            && self.also.is_empty()
    }
}

impl Service {
    pub(crate) fn with_defaults(kind: ServiceType) -> Self {
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
            oom_score_adjust: None,
            no_new_privileges: false,
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
