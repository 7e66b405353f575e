//! Limits, priority, streams and working directory.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::process::{Resource, Rlimit};

use super::request::{Destination, Source};
use super::{ExecRequest, Failure, plain};
use crate::machine::accounts::User;
use crate::machine::signal::exit;

/// Sets resource limits. A limit above what this process may have becomes the highest it may have.
pub(super) fn limits(request: &ExecRequest) -> Result<(), Failure> {
    for (name, soft, hard) in &request.limits {
        let resource = match name.as_str() {
            "NOFILE" => Resource::Nofile,
            "NPROC" => Resource::Nproc,
            "CORE" => Resource::Core,
            "MEMLOCK" => Resource::Memlock,
            "AS" => Resource::As,
            "FSIZE" => Resource::Fsize,
            "CPU" => Resource::Cpu,
            "DATA" => Resource::Data,
            "STACK" => Resource::Stack,
            "RSS" => Resource::Rss,
            _ => continue,
        };
        let wanted = Rlimit {
            current: *soft,
            maximum: *hard,
        };
        if rustix::process::setrlimit(resource, wanted).is_ok() {
            continue;
        }
        let ceiling = rustix::process::getrlimit(resource).maximum;
        let within = Rlimit {
            current: lower(*soft, ceiling),
            maximum: lower(*hard, ceiling),
        };
        rustix::process::setrlimit(resource, within).map_err(|error| {
            Failure::new(exit::LIMITS, format!("Failed to set Limit{name}: {error}"))
        })?;
    }
    Ok(())
}

/// The lower of two limits, where none is infinity.
fn lower(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

pub(super) fn nice(request: &ExecRequest) -> Result<(), Failure> {
    let Some(nice) = request.nice else {
        return Ok(());
    };
    rustix::process::setpriority_process(None, nice)
        .map_err(|error| Failure::new(exit::NICE, format!("Failed to set Nice={nice}: {error}")))
}

/// Sets how eagerly the kernel kills the process when memory runs out. Where the kernel does not permit it
/// the process starts all the same, as under systemd in a container.
pub(super) fn oom_score(request: &ExecRequest) {
    if let Some(score) = request.oom_score_adjust {
        let _ = std::fs::write("/proc/self/oom_score_adj", score.to_string());
    }
}

/// Puts files in the place of the streams. Done before the user changes, as systemd does: a log file may
/// lie where the service itself cannot write.
pub(super) fn streams(request: &ExecRequest) -> Result<(), Failure> {
    if let Source::File(path) = &request.input {
        let file = File::open(path).map_err(|error| stream_failure(exit::STDIN, path, &error))?;
        rustix::stdio::dup2_stdin(&file)
            .map_err(|error| Failure::new(exit::STDIN, format!("Failed to set stdin: {error}")))?;
    }
    if let Some(file) = open(&request.output, exit::STDOUT)? {
        rustix::stdio::dup2_stdout(&file).map_err(|error| {
            Failure::new(exit::STDOUT, format!("Failed to set stdout: {error}"))
        })?;
    }
    let stderr = |error| Failure::new(exit::STDERR, format!("Failed to set stderr: {error}"));
    if request.error == Destination::LikeOutput {
        return rustix::stdio::dup2_stderr(rustix::stdio::stdout()).map_err(stderr);
    }
    if let Some(file) = open(&request.error, exit::STDERR)? {
        rustix::stdio::dup2_stderr(&file).map_err(stderr)?;
    }
    Ok(())
}

fn open(destination: &Destination, code: u8) -> Result<Option<File>, Failure> {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o666);
    let path = match destination {
        Destination::Inherited | Destination::LikeOutput => return Ok(None),
        Destination::Append(path) => {
            options.append(true);
            path
        }
        Destination::Truncate(path) => {
            options.write(true).truncate(true);
            path
        }
        Destination::File(path) => {
            options.write(true).truncate(false);
            path
        }
    };
    options
        .open(path)
        .map(Some)
        .map_err(|error| stream_failure(code, path, &error))
}

fn stream_failure(code: u8, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        code,
        format!("Failed to open {}: {}", path.display(), plain(error)),
    )
}

pub(super) fn working_directory(request: &ExecRequest, user: Option<&User>) -> Result<(), Failure> {
    let home = user.map(|user| Path::new(&user.home));
    let directory = if request.working_directory_home {
        home.unwrap_or(Path::new("/"))
    } else {
        request
            .working_directory
            .as_deref()
            .unwrap_or(Path::new("/"))
    };
    match rustix::process::chdir(directory) {
        Ok(()) => Ok(()),
        Err(_) if request.working_directory_optional => rustix::process::chdir("/")
            .map_err(|error| Failure::new(exit::CHDIR, format!("Changing to / failed: {error}"))),
        Err(error) => Err(Failure::new(
            exit::CHDIR,
            format!(
                "Changing to the requested working directory {} failed: {error}",
                directory.display()
            ),
        )),
    }
}
