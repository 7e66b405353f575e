//! Booting a machine: an empty `/run`, the socket, the enabled units, and then serving until the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::reaper::Reaper;
use super::tracker::Tracker;
use super::{Init, connection, fresh_id, shutdown};
use crate::machine::journal::Journal;
use crate::machine::layout::Layout;
use crate::machine::network;
use crate::machine::protocol::Verb;
use crate::machine::unit::links;

/// How often processes are looked at although nothing happened: what forks and leaves its parents between
/// two looks is told by weaker signs.
const LOOK: Duration = Duration::from_secs(2);

pub(super) fn main(root: PathBuf) -> ExitCode {
    network::join(&root);
    match run(root) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("machine-init: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum BootError {
    #[error("another init runs this machine")]
    Running,
    #[error("cannot {operation}: {source}")]
    Io {
        operation: &'static str,
        source: io::Error,
    },
}

fn failed(operation: &'static str) -> impl Fn(io::Error) -> BootError {
    move |source| BootError::Io { operation, source }
}

fn run(root: PathBuf) -> Result<(), BootError> {
    // A session of its own: nothing that ends the caller's session ends this machine. It fails only when
    // this is a session leader already.
    let _ = rustix::process::setsid();
    let layout = Layout::new(root);
    let _lock = lock(&layout.init_lock())?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|error| failed("become the parent of orphans")(error.into()))?;
    rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed("start the runtime"))?;
    loop {
        empty_run(&layout).map_err(failed("empty /run"))?;
        let local = tokio::task::LocalSet::new();
        let reboot = local.block_on(&runtime, boot(layout.clone()))?;
        if !reboot {
            return Ok(());
        }
    }
}

fn lock(path: &Path) -> Result<fs::File, BootError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed("open the lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(BootError::Running),
        Err(fs::TryLockError::Error(error)) => Err(failed("lock")(error)),
    }
}

/// `/run` starts empty at every boot, with the directories that the machine itself needs.
fn empty_run(layout: &Layout) -> io::Result<()> {
    let run = layout.root().join("run");
    fs::create_dir_all(&run)?;
    for entry in fs::read_dir(&run)? {
        let path = entry?.path();
        if path.symlink_metadata()?.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    for directory in [
        run.join("systemd"),
        run.join("lock"),
        layout.notify_sockets(),
        layout.runtime_units(),
        layout.transient_units(),
        layout.journal(),
    ] {
        fs::create_dir_all(directory)?;
    }
    fs::DirBuilder::new()
        .mode(0o700)
        .create(layout.exec_requests())?;
    fs::write(layout.boot_id_file(), format!("{}\n", fresh_id()))
}

/// Runs the machine; true when it is to boot again.
async fn boot(layout: Layout) -> Result<bool, BootError> {
    let children = signal(SignalKind::child()).map_err(failed("watch children"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed("watch signals"))?;
    // Taken so that they do not end the machine: it has no terminal to lose.
    let _hangup = signal(SignalKind::hangup()).map_err(failed("watch signals"))?;
    let _interrupt = signal(SignalKind::interrupt()).map_err(failed("watch signals"))?;
    let init = Rc::new(Init {
        hostname: layout.hostname(),
        superuser: rustix::process::geteuid().is_root(),
        journal: Journal::new(layout.journal()),
        reaper: Reaper::default(),
        tracker: RefCell::new(Tracker::new(
            layout.root().display().to_string(),
            layout.process_list(),
        )),
        units: RefCell::new(BTreeMap::new()),
        changed: Notify::new(),
        ending: RefCell::new(None),
        layout,
    });
    tokio::task::spawn_local(watch_processes(Rc::clone(&init), children));
    for name in links::wanted_at_boot(&init.layout) {
        // A unit that cannot start does not keep the machine from booting.
        let _ = init.submit(Verb::Start, &name);
    }
    let listener =
        UnixListener::bind(init.layout.init_socket()).map_err(failed("open the socket"))?;
    // Everybody may look; what others may not do is refused by user id.
    fs::set_permissions(init.layout.init_socket(), Permissions::from_mode(0o666))
        .map_err(failed("open the socket to all users"))?;
    loop {
        let changed = init.changed.notified();
        let ending = *init.ending.borrow();
        if let Some(reboot) = ending {
            // The answer to the request that ends the machine is still on its way.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Ok(reboot);
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(connection::serve(Rc::clone(&init), stream));
                }
                // Out of file descriptors, perhaps: some will be free again.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            },
            _ = terminate.recv() => {
                let init = Rc::clone(&init);
                tokio::task::spawn_local(async move {
                    shutdown::stop_everything(&init).await;
                    *init.ending.borrow_mut() = Some(false);
                    init.changed.notify_waiters();
                });
            }
            () = changed => {}
        }
    }
}

async fn watch_processes(init: Rc<Init>, mut children: Signal) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = children.recv() => {}
            _ = look.tick() => {}
        }
        init.tracker.borrow_mut().refresh();
        init.reaper.reap();
    }
}
