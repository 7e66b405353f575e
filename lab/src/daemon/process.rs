//! The daemon as a process: starting it detached, running it, stopping it.

use super::{Daemon, api_server, machines, supervisor};
use crate::api::{ControllerInfo, Request};
use crate::client::{CallError, Client};
use crate::home::Home;
use crate::machine::{Kind, container};
use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, flock};
use serde::de::DeserializeOwned;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a start or a stop may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a daemon that was killed may still take connections.
const DYING: Duration = Duration::from_secs(5);

/// Starts the daemon unless it runs, and waits until it answers.
///
/// A new lab gets machines of `kind`, or simple ones; a lab keeps the kind it has.
pub fn up(home: &Home, kind: Option<Kind>) -> anyhow::Result<ControllerInfo> {
    let is_new = !home.state().join("controller.json").exists();
    let present = Kind::of_lab(home.path());
    let kind = kind.unwrap_or(present);
    if kind != present && !is_new {
        bail!(
            "the machines of the lab in {} are of the kind {present}, and stay so\nhint: 'juju-lab destroy' removes this \
             lab; or set JUJU_LAB_HOME to another path",
            home.path().display()
        );
    }
    if let Some(info) = running(home)? {
        return Ok(info);
    }
    super::persist::check_format(&home.state())?;
    if kind == Kind::Systemd {
        container::check(home.path())?;
        container::image::make(|image| {
            eprintln!(
                "Making the machines' image, once for this computer: {}",
                image.display()
            );
        })?;
    }
    create_home(home)?;
    if kind != present {
        kind.store(home.path())
            .context("cannot store the kind of machines")?;
    }
    install_executable(home)?;
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(home.daemon_log())?;
    let mut child = Command::new(home.executable())
        .arg("daemon")
        .env("JUJU_LAB_HOME", home.path())
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", home.executable().display()))?;
    let begun = Instant::now();
    loop {
        if let Some(info) = running(home)? {
            return Ok(info);
        }
        if let Some(status) = child.try_wait()? {
            bail!(
                "the lab's daemon ended at once ({status})\nhint: see {}",
                home.daemon_log().display()
            );
        }
        if begun.elapsed() > PATIENCE {
            bail!(
                "the lab's daemon does not answer\nhint: see {}",
                home.daemon_log().display()
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn ask<T: DeserializeOwned>(home: &Home, request: &Request) -> Result<T, CallError> {
    Client::connect(home.path())?.call(request)
}

/// What the running daemon says about itself; none if there is none.
pub fn running(home: &Home) -> anyhow::Result<Option<ControllerInfo>> {
    let begun = Instant::now();
    loop {
        match ask(home, &Request::Ping) {
            Ok(info) => return Ok(Some(info)),
            Err(CallError::Unreachable { .. }) => return Ok(None),
            // It dies just now; whoever connects after that learns that there is none.
            Err(CallError::Broken(_)) if begun.elapsed() < DYING => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn create_home(home: &Home) -> anyhow::Result<()> {
    let create = |path: &std::path::Path, mode| {
        DirBuilder::new()
            .recursive(true)
            .create(path)
            .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
            .with_context(|| format!("cannot create {}", path.display()))
    };
    // Services of machines run as other users and must be able to pass, but not to look around.
    create(home.path(), 0o711)?;
    create(&home.path().join("m"), 0o755)?;
    create(&home.path().join("bin"), 0o755)?;
    create(&home.charms(), 0o755)?;
    create(&home.state(), 0o700)
}

/// Copies the running executable into the home, where every user of the machines can execute it.
fn install_executable(home: &Home) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("cannot find the lab's own executable")?;
    let target = home.executable();
    if own == target {
        return Ok(());
    }
    let draft = target.with_extension("new");
    fs::copy(&own, &draft)
        .and_then(|_| fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::rename(&draft, &target))
        .with_context(|| format!("cannot copy {} to {}", own.display(), target.display()))?;
    // So that `<home>/bin` on the PATH is all it takes to use the lab.
    match std::os::unix::fs::symlink("juju-lab", target.with_file_name("juju")) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(error).context("cannot create the link for the juju command")
        }
        _ => Ok(()),
    }
}

/// Runs the daemon in this process until it is told to stop.
pub fn run(home: &Home) -> anyhow::Result<()> {
    create_home(home)?;
    install_executable(home)?;
    let _only_one = lock(home)?;
    // Started by a shell, the daemon must not die with the shell's terminal. It fails if it leads a group already,
    // and then it is in nobody's job.
    let _ = rustix::process::setsid();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let home_path = home.path().to_owned();
    let stop_machines = runtime.block_on(serve(home.clone()))?;
    runtime.shutdown_timeout(Duration::from_secs(5));
    if stop_machines {
        for failure in machines::stop_all(&home_path) {
            tracing::error!("{failure}");
        }
        if let Err(error) = crate::machine::network::heal_all(&home_path) {
            tracing::error!("cannot heal the network: {error}");
        }
        if let Err(error) = crate::object_store::down(&home_path) {
            tracing::error!("cannot stop the object store: {error}");
        }
    }
    for file in [home.socket(), home.pid_file()] {
        // They may be gone already.
        let _ = fs::remove_file(file);
    }
    Ok(())
}

async fn serve(home: Home) -> anyhow::Result<bool> {
    let daemon = Arc::new(Daemon::open(home)?);
    if let Err(error) = super::machine_faults::settle_network(&daemon) {
        tracing::error!("cannot cut machines off as they were: {error}");
    }
    if let Err(error) = crate::object_store::up(daemon.home.path()) {
        tracing::error!("cannot start the object store: {error}");
    }
    let listener = api_server::bind(&daemon).context("cannot listen on the daemon's socket")?;
    let clients = tokio::spawn(api_server::serve(Arc::clone(&daemon), listener));
    let supervisor = tokio::spawn(supervisor::supervise(Arc::clone(&daemon)));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let mut stopping = daemon.stopping();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    daemon.stop();
    supervisor.await?;
    clients.abort();
    Ok(daemon.stops_machines())
}

/// Makes sure that one home has one daemon. The lock dies with the process.
fn lock(home: &Home) -> anyhow::Result<File> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(home.pid_file())?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        bail!("a daemon already runs for {}", home.path().display());
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(file)
}

/// Stops the daemon and every machine. After it no process of the lab is left.
pub fn down(home: &Home) -> anyhow::Result<()> {
    if let Some(info) = running(home)? {
        let shutdown = Request::Shutdown { machines: true };
        match ask::<()>(home, &shutdown) {
            // One that dies meanwhile is waited for, too.
            Ok(()) | Err(CallError::Unreachable { .. } | CallError::Broken(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let process = std::path::PathBuf::from(format!("/proc/{}", info.pid));
        let begun = Instant::now();
        while process.exists() && home.pid_file().exists() {
            if begun.elapsed() > PATIENCE * 4 {
                bail!(
                    "the lab's daemon (process {}) does not end\nhint: see {}",
                    info.pid,
                    home.daemon_log().display()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    // A daemon that was killed left its machines running.
    let failures = machines::stop_all(home.path());
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    crate::object_store::down(home.path())?;
    crate::machine::network::clear(home.path()).context("cannot heal the network")
}

/// Stops everything and removes the home with all that is in it.
pub fn destroy(home: &Home) -> anyhow::Result<()> {
    if !home.path().exists() {
        return Ok(());
    }
    if !home.state().join("controller.json").exists() {
        bail!(
            "{} does not look like a lab's home (it has no state/controller.json); nothing was removed\nhint: remove it \
             by hand if it is one",
            home.path().display()
        );
    }
    down(home)?;
    fs::remove_dir_all(home.path())
        .with_context(|| format!("cannot remove {}", home.path().display()))
}
