//! Other programs: started with a clean environment, bounded in time and output, and ended with all their children.

mod bounded;
mod pump;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};

use super::WorkloadUser;
use super::clock::Deadline;

/// Bytes of standard output a program may write. The largest answer anybody gives is `backup.info` with its thousands of
/// backups (some 20 MiB at 10,000); what is beyond this is a mistake, and the hook's memory is not the place to find it.
const STDOUT_LIMIT: usize = 256 << 20;

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

impl Output {
    /// Whether it exited with code 0.
    pub fn succeeded(&self) -> bool {
        self.status == Status::Exited(0)
    }

    /// Standard output as text; what is not UTF-8 becomes �.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited by itself with this code.
    Exited(i32),
    /// This signal ended it.
    Signalled(i32),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Signalled(signal) => write!(f, "signal {signal}"),
        }
    }
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signalled(signal.unwrap_or_default()),
        }
    }
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

    /// One variable of the environment. Without any the program sees `PATH`, `LC_ALL` and the workload's `HOME`.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Passes on a variable of our own environment, when it is set.
    #[must_use]
    pub fn env_from_ours(self, name: &str) -> Self {
        match std::env::var_os(name) {
            Some(value) => self.env(name, value),
            None => self,
        }
    }

    /// What the program reads on standard input; nothing otherwise.
    #[must_use]
    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.stdin = content.into();
        self
    }

    /// Runs it to its end; past the deadline it is stopped with all processes of its group.
    pub fn run(&self, deadline: Deadline) -> Result<Output, ProcessError> {
        let mut stdout = Vec::new();
        let mut collect = |bytes: &[u8]| stdout.extend_from_slice(bytes);
        let output = self.run_in_pieces(deadline, &mut collect)?;
        Ok(Output { stdout, ..output })
    }

    /// Runs it and hands over its standard output in pieces, as it comes; [`Output::stdout`] stays empty.
    pub fn run_in_pieces(
        &self,
        deadline: Deadline,
        piece: &mut dyn FnMut(&[u8]),
    ) -> Result<Output, ProcessError> {
        let mut written = 0;
        let mut hand_over = |bytes: &[u8]| {
            written += bytes.len();
            piece(bytes);
            written <= STDOUT_LIMIT
        };
        let (status, stderr) = self.pump(deadline, &mut hand_over)?;
        Ok(Output {
            status,
            stdout: Vec::new(),
            stderr,
        })
    }

    /// Runs it and hands over each line of standard output as it comes; [`Output::stdout`] stays empty.
    pub fn run_streaming(
        &self,
        deadline: Deadline,
        line: &mut dyn FnMut(&str),
    ) -> Result<Output, ProcessError> {
        let mut lines = bounded::Lines::default();
        let mut split = |bytes: &[u8]| {
            lines.push(bytes, line);
            true
        };
        let (status, stderr) = self.pump(deadline, &mut split)?;
        lines.finish(line);
        Ok(Output {
            status,
            stdout: Vec::new(),
            stderr,
        })
    }

    fn pump(
        &self,
        deadline: Deadline,
        stdout: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(Status, String), ProcessError> {
        let program = || self.program.display().to_string();
        let child = self.spawn()?;
        match pump::run(child, &self.stdin, deadline, stdout) {
            Ok((status, stderr)) => Ok((status.into(), stderr)),
            Err(pump::Stopped::Deadline) => Err(ProcessError::TimedOut { program: program() }),
            Err(pump::Stopped::TooMuch) => Err(ProcessError::TooMuchOutput {
                program: program(),
                limit: STDOUT_LIMIT,
            }),
            Err(pump::Stopped::Io(source)) => Err(ProcessError::Communicate {
                program: program(),
                source,
            }),
        }
    }

    /// Becomes that program, with our own environment, directory and standard streams; only a failure comes back.
    pub fn replace_us(&self) -> ProcessError {
        let mut command = std::process::Command::new(&self.program);
        let source = command.args(&self.args).envs(&self.env).exec();
        self.did_not_start(source)
    }

    /// Whether there is such a file, as far as we may look.
    fn is_on_path(&self) -> bool {
        let program = Path::new(&self.program);
        let named_by_path = program.components().count() > 1;
        let path = std::env::var_os("PATH").unwrap_or_default();
        named_by_path || std::env::split_paths(&path).any(|it| it.join(program).is_file())
    }

    fn spawn(&self) -> Result<Child, ProcessError> {
        let mut command = std::process::Command::new(&self.program);
        command
            .args(&self.args)
            .env_clear()
            // Messages and numbers are read by us, whatever language the machine speaks.
            .env("LC_ALL", "C.UTF-8")
            // The workload's user need not be allowed into the directory a hook runs in.
            .current_dir("/")
            .process_group(0)
            .stdin(if self.stdin.is_empty() {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(user) = &self.user {
            command.env("HOME", user.home());
            if user.differs_from_invoker() {
                command.uid(user.uid()).gid(user.gid());
            }
        }
        command.envs(&self.env);
        command.spawn().map_err(|source| self.did_not_start(source))
    }

    fn did_not_start(&self, source: io::Error) -> ProcessError {
        let program = self.program.display().to_string();
        match source.kind() {
            io::ErrorKind::NotFound => ProcessError::NotInstalled { program },
            // A directory of PATH that is closed to the user hides the fact that no other one has the program either.
            io::ErrorKind::PermissionDenied if !self.is_on_path() => {
                ProcessError::NotInstalled { program }
            }
            _ => ProcessError::Start { program, source },
        }
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

#[cfg(test)]
mod tests;
