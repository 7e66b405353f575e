//! Other programs: started with a clean environment, bounded in time and output, and ended with all their children.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;

use super::WorkloadUser;
use super::clock::Deadline;

/// A program to run, with its arguments.
#[derive(Clone)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    user: Option<WorkloadUser>,
    env: BTreeMap<OsString, OsString>,
    stdin: Vec<u8>,
}

/// How a program ended and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: Status,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// Beginning and end of its standard error.
    pub stderr: String,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited by itself with this code.
    Exited(i32),
    /// This signal ended it.
    Signalled(i32),
}

/// A program could not be run to its end.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each message names the operation, and every field is its object or its cause"
)]
pub enum ProcessError {
    #[error("start {program}: there is no such program")]
    NotInstalled { program: String },
    #[error("start {program}")]
    Start {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("{program} did not end in time and was stopped")]
    TimedOut { program: String },
    #[error("{program} wrote more than {limit} bytes and was stopped")]
    TooMuchOutput { program: String, limit: usize },
    #[error("talk to {program}")]
    Communicate {
        program: String,
        #[source]
        source: io::Error,
    },
}

impl Command {
    /// The program by name (looked up on `PATH`) or by path.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            user: None,
            env: BTreeMap::new(),
            stdin: Vec::new(),
        }
    }

    /// One more argument. Everybody on the machine can read arguments: no secrets.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs as the user of the workload.
    #[must_use]
    pub fn as_workload(mut self, user: &WorkloadUser) -> Self {
        self.user = Some(user.clone());
        self
    }

    /// One variable of the environment. Without any the program sees only `PATH`, `LC_ALL` and, as another user, `HOME`.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// What the program reads on standard input; nothing otherwise.
    #[must_use]
    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = content.into();
        self
    }

    /// Runs it to its end; past the deadline it is killed with all processes of its group.
    pub fn run(&self, deadline: Deadline) -> Result<Output, ProcessError> {
        let _ = deadline;
        unimplemented!()
    }

    /// Runs it and hands over each line of standard output as it comes; [`Output::stdout`] stays empty.
    pub fn run_streaming(
        &self,
        deadline: Deadline,
        line: &mut dyn FnMut(&str),
    ) -> Result<Output, ProcessError> {
        let _ = (deadline, line);
        unimplemented!()
    }
}

impl fmt::Debug for Command {
    /// Program and arguments only: the environment and standard input may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        self.args
            .iter()
            .try_for_each(|arg| write!(f, " {}", arg.display()))
    }
}
