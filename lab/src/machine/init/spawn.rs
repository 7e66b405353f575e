//! Starting one command of a unit through the launcher.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

use super::reaper::Exit;
use super::tracker::{MACHINE_MARKER, UNIT_MARKER};
use super::{Init, fresh_id};
use crate::machine::clock;
use crate::machine::launcher::{Destination, ExecRequest, Source};
use crate::machine::unit::definition::{Input, Output, Service};
use crate::machine::unit::environment_file;
use crate::machine::unit::exec_line::{self, ExecCommand};

#[derive(Debug, thiserror::Error)]
pub(crate) enum SpawnError {
    #[error("Failed to load environment files: {path}: {source}")]
    EnvironmentFile { path: String, source: io::Error },
    #[error("Failed to start a process: {0}")]
    Start(#[from] io::Error),
    #[error("Failed to describe the command: {0}")]
    Request(#[from] serde_json::Error),
}

/// A process on its way to become its program.
pub(crate) struct Child {
    pub(crate) pid: u32,
    pub(crate) exit: oneshot::Receiver<Exit>,
    /// Reaches its end when the program runs, or when it never will.
    pub(crate) running: Option<pipe::Receiver>,
}

/// The three streams that the caller of `systemd-run --pipe` handed over.
pub(crate) struct PassedStreams {
    pub(crate) input: OwnedFd,
    pub(crate) output: OwnedFd,
    pub(crate) error: OwnedFd,
}

/// What a command gets besides its unit's settings.
#[derive(Default)]
pub(crate) struct Circumstances<'a> {
    /// `MAINPID`, `NOTIFY_SOCKET`, `EXIT_CODE` and the like.
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) streams: Option<&'a PassedStreams>,
    /// Wait with `Child::running` for the program to run.
    pub(crate) report_exec: bool,
}

/// Starts `command` of `unit`. To be followed by no await before the caller holds `Child::exit`.
pub(crate) fn spawn(
    init: &Rc<Init>,
    unit: &str,
    service: &Service,
    command: &ExecCommand,
    circumstances: Circumstances<'_>,
) -> Result<Child, SpawnError> {
    let mut environment = environment(init, unit, service)?;
    for (name, value) in circumstances.variables {
        environment.insert(name.to_owned(), value);
    }
    let arguments = if command.expand_variables {
        let (arguments, unset) = exec_line::expand_variables(&command.arguments, &environment);
        for name in unset {
            init.journal.say(
                unit,
                &format!(
                    "{unit}: Referenced but unset environment variable evaluates to an empty string: {name}"
                ),
            );
        }
        arguments
    } else {
        command.arguments.clone()
    };
    let id = fresh_id();
    let request_file = init.layout.exec_requests().join(&id);
    let (started, running) = if circumstances.report_exec {
        let (path, receiver) = started_pipe(&init.layout.exec_requests(), &id)?;
        (Some(path), Some(receiver))
    } else {
        (None, None)
    };
    let identity = !command.privileged && init.superuser;
    let request = ExecRequest {
        program: command.program.clone(),
        arguments,
        environment,
        unset_environment: service.unset_environment.clone(),
        search_path: init.layout.service_path(),
        working_directory: service.working_directory.clone(),
        working_directory_optional: service.working_directory_optional,
        working_directory_home: service.working_directory_home,
        user: service.user.clone().filter(|_| identity),
        group: service.group.clone().filter(|_| identity),
        supplementary_groups: if identity {
            service.supplementary_groups.clone()
        } else {
            Vec::new()
        },
        umask: service.umask,
        nice: service.nice,
        oom_score_adjust: service.oom_score_adjust,
        no_new_privileges: service.no_new_privileges,
        limits: service.limits.clone(),
        input: match &service.input {
            Input::File(path) => Source::File(path.clone()),
            Input::Null | Input::Passed => Source::Inherited,
        },
        output: destination(&service.output),
        error: destination(&service.error),
        started,
    };
    write_request(&request_file, &serde_json::to_vec(&request)?)?;
    let result = start(
        init,
        unit,
        service,
        command,
        &request_file,
        circumstances.streams,
    );
    if result.is_err() {
        // The launcher that would have removed it does not exist.
        let _ = fs::remove_file(&request_file);
    }
    let (pid, exit) = result?;
    Ok(Child { pid, exit, running })
}

fn start(
    init: &Rc<Init>,
    unit: &str,
    service: &Service,
    command: &ExecCommand,
    request_file: &Path,
    streams: Option<&PassedStreams>,
) -> Result<(u32, oneshot::Receiver<Exit>), SpawnError> {
    let (reader, writer) = io::pipe()?;
    let stream = |output: &Output, passed: Option<&OwnedFd>| -> io::Result<Stdio> {
        Ok(match (output, passed) {
            (Output::Passed, Some(fd)) => fd.try_clone()?.into(),
            // Whatever the output will be: what the launcher has to say goes to the journal.
            _ => writer.try_clone()?.into(),
        })
    };
    let input = match (&service.input, streams) {
        (Input::Passed, Some(streams)) => streams.input.try_clone()?.into(),
        _ => Stdio::null(),
    };
    // The running executable even if its file has been replaced meanwhile.
    let child = Command::new("/proc/self/exe")
        .args(["machine-init", "--exec"])
        .arg(request_file)
        .env_clear()
        .env(MACHINE_MARKER, init.layout.root())
        .env(UNIT_MARKER, unit)
        .current_dir("/")
        .stdin(input)
        .stdout(stream(
            &service.output,
            streams.map(|streams| &streams.output),
        )?)
        .stderr(stream(
            &service.error,
            streams.map(|streams| &streams.error),
        )?)
        .spawn()?;
    drop(writer);
    let pid = child.id();
    let exit = init.reaper.expect(pid);
    init.tracker.borrow_mut().register(pid, unit);
    let identifier = service.syslog_identifier.clone().unwrap_or_else(|| {
        let program = Path::new(&command.program);
        let name = program.file_name().unwrap_or(program.as_os_str());
        name.to_string_lossy().into_owned()
    });
    tokio::task::spawn_local(read_output(
        Rc::clone(init),
        unit.to_owned(),
        identifier,
        pid,
        pipe::Receiver::from_owned_fd(reader.into())?,
    ));
    Ok((pid, exit))
}

/// The environment of the unit's commands: nothing is inherited from the init.
fn environment(
    init: &Init,
    unit: &str,
    service: &Service,
) -> Result<BTreeMap<String, String>, SpawnError> {
    let mut environment = BTreeMap::from([
        ("PATH".to_owned(), init.layout.service_path()),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
        (
            MACHINE_MARKER.to_owned(),
            init.layout.root().display().to_string(),
        ),
        (UNIT_MARKER.to_owned(), unit.to_owned()),
    ]);
    let clock = clock::environment(init.layout.root());
    environment.extend(
        clock
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    environment.extend(service.environment.iter().cloned());
    for file in &service.environment_files {
        match fs::read(&file.path) {
            Ok(bytes) => {
                environment.extend(environment_file::parse(&String::from_utf8_lossy(&bytes)));
            }
            Err(error) if file.optional && error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                return Err(SpawnError::EnvironmentFile {
                    path: file.path.display().to_string(),
                    source,
                });
            }
        }
    }
    Ok(environment)
}

fn destination(output: &Output) -> Destination {
    match output {
        Output::Journal | Output::Passed => Destination::Inherited,
        Output::Null => Destination::Append(PathBuf::from("/dev/null")),
        Output::Inherit => Destination::LikeOutput,
        Output::Append(path) => Destination::Append(path.clone()),
        Output::Truncate(path) => Destination::Truncate(path.clone()),
        Output::File(path) => Destination::File(path.clone()),
    }
}

fn write_request(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(bytes)
}

fn started_pipe(directory: &Path, id: &str) -> io::Result<(PathBuf, pipe::Receiver)> {
    let path = directory.join(format!("{id}.started"));
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        &path,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )?;
    let receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    Ok((path, receiver))
}

/// Copies a process's output to the journal line by line until everyone who holds the pipe is gone.
async fn read_output(
    init: Rc<Init>,
    unit: String,
    identifier: String,
    pid: u32,
    pipe: pipe::Receiver,
) {
    const MAX_LINE: u64 = 48 * 1024;
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .await
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                let text = text.strip_suffix('\n').unwrap_or(&text);
                init.journal.record(&unit, &identifier, Some(pid), text);
            }
        }
    }
}
