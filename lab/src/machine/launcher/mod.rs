//! The last steps before a service's program: a fresh process of this executable takes on the user,
//! directories, limits and streams of its unit, and then becomes the program.
//!
//! Doing this in a process of its own needs no code between `fork` and `exec`, and a failure ends in the
//! same exit codes (200 and up) that systemd uses.

mod identity;
mod request;
mod setup;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

pub(crate) use request::{Destination, ExecRequest, Source};

use crate::machine::signal::exit;

/// A step that failed: the exit code for it, and a line for the journal.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Becomes the program that the request in `file` describes; returns only on failure. The file is removed
/// before anything else, because it may hold secrets from the unit's environment.
pub(crate) fn main(file: &Path) -> ExitCode {
    let request = fs::read(file)
        .map_err(|error| error.to_string())
        .and_then(|bytes| {
            serde_json::from_slice::<ExecRequest>(&bytes).map_err(|error| error.to_string())
        });
    let removed = fs::remove_file(file);
    let request = match (request, removed) {
        (Ok(request), Ok(())) => request,
        (Err(error), _) => {
            eprintln!("Failed to read what to run: {error}");
            return ExitCode::from(exit::MEMORY);
        }
        (_, Err(error)) => {
            eprintln!("Failed to remove what to run: {error}");
            return ExitCode::from(exit::MEMORY);
        }
    };
    // Failures go to the journal also after standard error has become the service's own.
    let journal = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3);
    let report = request.started.as_deref().map(Report::begin);
    let Err(failure) = launch(&request);
    if let Some(report) = report {
        report.failed();
    }
    match journal {
        Ok(journal) => {
            // Nobody is left to be told if this fails.
            let _ = writeln!(fs::File::from(journal), "{}", failure.message);
        }
        Err(_) => eprintln!("{}", failure.message),
    }
    ExitCode::from(failure.code)
}

/// The pipe on which the init learns that the program runs: one byte, and then its end. A second byte says
/// that it never will.
struct Report(Option<fs::File>);

impl Report {
    fn begin(path: &Path) -> Self {
        let pipe = OpenOptions::new().write(true).open(path);
        // The init sees the end of this process in any case.
        let _ = fs::remove_file(path);
        let mut report = Self(pipe.ok());
        report.write();
        report
    }

    fn failed(mut self) {
        self.write();
    }

    fn write(&mut self) {
        if let Some(pipe) = &mut self.0 {
            let _ = pipe.write_all(b".");
        }
    }
}

fn launch(request: &ExecRequest) -> Result<std::convert::Infallible, Failure> {
    rustix::process::setsid().map_err(|error| {
        Failure::new(exit::SETSID, format!("Failed to make a session: {error}"))
    })?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(request.umask));
    setup::limits(request)?;
    setup::nice(request)?;
    setup::oom_score(request);
    let identity = identity::resolve(request)?;
    setup::streams(request)?;
    let mut environment = request.environment.clone();
    if let Some(user) = &identity.user {
        for (name, value) in [
            ("HOME", &user.home),
            ("LOGNAME", &user.name),
            ("USER", &user.name),
            ("SHELL", &user.shell),
        ] {
            environment
                .entry(name.to_owned())
                .or_insert_with(|| value.clone());
        }
    }
    environment.insert(
        "SYSTEMD_EXEC_PID".to_owned(),
        std::process::id().to_string(),
    );
    for name in &request.unset_environment {
        match name.split_once('=') {
            Some((name, value)) if environment.get(name).is_some_and(|set| set == value) => {
                environment.remove(name);
            }
            Some(_) => {}
            None => {
                environment.remove(name);
            }
        }
    }
    identity.assume()?;
    setup::working_directory(request, identity.user.as_ref())?;
    if request.no_new_privileges {
        rustix::thread::set_no_new_privs(true).map_err(|error| {
            Failure::new(
                exit::NO_NEW_PRIVILEGES,
                format!("Failed to disable new privileges: {error}"),
            )
        })?;
    }
    let program = find_program(request)?;
    let error = Command::new(&program)
        .arg0(request.arguments.first().map_or("", String::as_str))
        .args(request.arguments.iter().skip(1))
        .env_clear()
        .envs(&environment)
        .exec();
    Err(Failure::new(
        exit::EXEC,
        format!("Failed to execute {}: {}", program.display(), plain(&error)),
    ))
}

/// An absolute program as it is; a bare name from the machine's tools and the computer's usual places.
fn find_program(request: &ExecRequest) -> Result<PathBuf, Failure> {
    if request.program.starts_with('/') {
        return Ok(PathBuf::from(&request.program));
    }
    request
        .search_path
        .split(':')
        .map(|directory| Path::new(directory).join(&request.program))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            Failure::new(
                exit::EXEC,
                format!(
                    "Failed to locate executable {}: No such file or directory",
                    request.program
                ),
            )
        })
}

/// The text of an operating system error without the "(os error N)" that Rust adds.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error") {
        Some((plain, _)) => plain.to_owned(),
        None => text,
    }
}
