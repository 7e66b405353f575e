//! What `systemctl show` says about a unit.

/// State of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// Whether there is a unit file.
    pub loaded: Loaded,
    /// Whether it runs.
    pub active: Active,
    /// The finer state, such as `running`, `exited` or `auto-restart`.
    pub sub: String,
    /// The process number of its main process, while there is one.
    pub main_pid: Option<u32>,
    /// `success`, or what ended it: `exit-code`, `signal`, `timeout`, `oom-kill`, …
    pub result: String,
    /// How its main process ended last; `None` when it never did.
    pub exec: Option<ExecResult>,
}

/// Whether there is a unit file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// There is one.
    Loaded,
    /// There is none.
    NotFound,
    /// It was masked: nobody can start it.
    Masked,
    /// Another word of systemd's, such as `bad-setting` or `error`.
    Other(String),
}

/// Whether a unit runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Active {
    /// It runs.
    Active,
    /// It is on its way to run.
    Activating,
    /// It is on its way to end.
    Deactivating,
    /// It reads its configuration anew.
    Reloading,
    /// It does not run.
    Inactive,
    /// It ended with a failure.
    Failed,
    /// Another word of systemd's.
    Other(String),
}

/// How a main process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecResult {
    /// It exited with this code.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
}
