//! Runs a charm's process in its own process group and passes its output on to the debug log.

use super::UnitKey;
use crate::api::Level;
use crate::daemon::Daemon;
use crate::machine::container::{self, Entry, Part, inside, unit_of_context};
use crate::machine::network;
use crate::model::identity;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

/// A process that the charm left behind may hold the output open; reading ends when nothing came for this long.
const SILENCE: Duration = Duration::from_millis(100);
/// Captured output beyond this is dropped, per stream.
const LARGEST_CAPTURE: usize = 64 << 20;

/// What is run.
#[derive(Debug)]
pub(super) struct Program {
    pub path: PathBuf,
    pub args: Vec<OsString>,
    pub directory: PathBuf,
    pub environment: BTreeMap<&'static str, OsString>,
    /// Last part of the log module: the name of the hook or action.
    pub name: String,
    /// Keep the output for the results of an action.
    pub capture: bool,
    /// What the process is known by: a context's id.
    pub context: String,
    /// Root of the machine it runs on.
    pub machine: PathBuf,
    /// Whether that machine is cut off the network.
    pub cut_off: bool,
}

#[derive(Debug)]
pub(super) struct Ended {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Runs a program to its end.
pub(super) async fn execute(
    daemon: &Arc<Daemon>,
    key: &UnitKey,
    program: Program,
) -> std::io::Result<Ended> {
    let members = network::members(&program.machine);
    let service = Part::of_context(&program.machine, &program.context);
    let mut command = match &members {
        _ if service.is_some() => entering(&program)?,
        // What the program starts must not be faster than the agent, so it enters by itself.
        Some(members) if program.cut_off => {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "echo 0 > \"$0\"; exec \"$@\""]);
            command.arg(members).arg(&program.path);
            command
        }
        _ => Command::new(&program.path),
    };
    if service.is_none() {
        command.current_dir(&program.directory);
    }
    let mut child = command
        .args(&program.args)
        .env_clear()
        .envs(&program.environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let _running = daemon.agents.running(key, child.id(), service);
    if let (Some(members), Some(pid)) = (members, child.id()) {
        // It may be over already.
        let _ = std::fs::write(members, pid.to_string());
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let read = |pipe: Box<dyn AsyncRead + Send + Unpin>, level| {
        let reader = Reader {
            daemon: Arc::clone(daemon),
            uuid: key.uuid.clone(),
            entity: identity::unit_tag(&key.unit),
            module: format!("unit.{}.{}", key.unit, program.name),
            level,
            capture: program.capture,
            seen: Arc::clone(&seen),
            captured: Arc::default(),
        };
        let captured = Arc::clone(&reader.captured);
        (tokio::spawn(reader.run(pipe)), captured)
    };
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(std::io::Error::other("the process has no output"));
    };
    let (mut stdout, out) = read(Box::new(stdout), Level::Debug);
    let (mut stderr, err) = read(Box::new(stderr), Level::Warning);
    let status = child.wait().await?;
    for task in [&mut stdout, &mut stderr] {
        let mut before = usize::MAX;
        while tokio::time::timeout(SILENCE, &mut *task).await.is_err() {
            let now = seen.load(Ordering::Relaxed);
            if now == before {
                task.abort();
                break;
            }
            before = now;
        }
    }
    let take = |captured: &Mutex<Vec<u8>>| {
        std::mem::take(&mut *captured.lock().unwrap_or_else(PoisonError::into_inner))
    };
    Ok(Ended {
        status,
        stdout: take(&out),
        stderr: take(&err),
    })
}

/// Runs the program, without its arguments, by the machine's systemd.
fn entering(program: &Program) -> std::io::Result<Command> {
    let leader = container::leader(&program.machine)
        .ok_or_else(|| std::io::Error::other("the machine does not run"))?;
    let entry = Entry::new(leader)
        .service(&unit_of_context(&program.context))
        .in_directory(&inside(&program.machine, &program.directory))
        .passing(program.environment.keys().copied());
    let mut command = Command::from(entry.command());
    command
        .arg(inside(&program.machine, &program.path))
        .current_dir("/");
    Ok(command)
}

/// Follows one stream of a process.
struct Reader {
    daemon: Arc<Daemon>,
    uuid: String,
    entity: String,
    module: String,
    level: Level,
    capture: bool,
    seen: Arc<AtomicUsize>,
    captured: Arc<Mutex<Vec<u8>>>,
}

impl Reader {
    async fn run(self, pipe: Box<dyn AsyncRead + Send + Unpin>) {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.read_until(b'\n', &mut line).await {
                Ok(0) => break,
                Ok(length) => {
                    self.seen.fetch_add(length, Ordering::Relaxed);
                    if self.capture {
                        let mut captured =
                            self.captured.lock().unwrap_or_else(PoisonError::into_inner);
                        let room = LARGEST_CAPTURE
                            .saturating_sub(captured.len())
                            .min(line.len());
                        captured.extend_from_slice(&line[..room]);
                    }
                    let text = String::from_utf8_lossy(&line);
                    let text = text.strip_suffix('\n').unwrap_or(&text);
                    self.daemon.logs.append(
                        &self.uuid,
                        &self.entity,
                        self.level,
                        &self.module,
                        text,
                    );
                }
                Err(error) => {
                    tracing::warn!(
                        entity = self.entity,
                        "cannot read a process's output: {error}"
                    );
                    break;
                }
            }
        }
    }
}
