//! The socket on which a service tells that it is ready, what it does, and which process is its main one.

use std::fs;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::rc::Rc;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use tokio::net::UnixDatagram;

use super::Init;
use super::fresh_id;
use super::state::ActiveState;
use super::unit::Unit;
use crate::machine::unit::definition::NotifyAccess;

/// A unit's own socket; its file goes away with it.
pub(crate) struct NotifySocket {
    pub(crate) path: PathBuf,
    listener: tokio::task::AbortHandle,
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        self.listener.abort();
        // It lies in a directory that is emptied at the next boot in any case.
        let _ = fs::remove_file(&self.path);
    }
}

/// Opens the unit's socket and listens to it.
pub(crate) fn open(init: &Rc<Init>, unit: &Rc<Unit>) -> io::Result<NotifySocket> {
    let path = init.layout.notify_sockets().join(fresh_id());
    let socket = UnixDatagram::bind(&path)?;
    // Services run as any user; who may say what is decided by the sender's process.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666))?;
    rustix::net::sockopt::set_socket_passcred(&socket, true)?;
    let (init, unit) = (Rc::clone(init), Rc::downgrade(unit));
    let listener = tokio::task::spawn_local(async move {
        loop {
            let received = socket
                .async_io(tokio::io::Interest::READABLE, || receive(&socket))
                .await;
            let Some(unit) = unit.upgrade() else { return };
            match received {
                Ok((sender, text)) => handle(&init, &unit, sender, &text),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    Ok(NotifySocket {
        path,
        listener: listener.abort_handle(),
    })
}

/// One datagram and the process that sent it. File descriptors sent along are closed.
fn receive(socket: &UnixDatagram) -> io::Result<(u32, String)> {
    let mut bytes = vec![0; 4096];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1), ScmRights(16))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut bytes)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT,
    )?;
    let mut sender = 0;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmCredentials(credentials) = message {
            sender = credentials.pid.as_raw_nonzero().get().unsigned_abs();
        }
    }
    bytes.truncate(received.bytes);
    Ok((sender, String::from_utf8_lossy(&bytes).into_owned()))
}

fn handle(init: &Rc<Init>, unit: &Rc<Unit>, sender: u32, text: &str) {
    let Some(definition) = unit.definition() else {
        return;
    };
    let access = definition.service.notify_access;
    let (main, control) = {
        let state = unit.state.borrow();
        let pid = |id: Option<crate::machine::proc_fs::ProcessId>| id.map(|id| id.pid);
        (pid(state.main), pid(state.control))
    };
    let allowed = match access {
        NotifyAccess::None => false,
        NotifyAccess::Main => main == Some(sender),
        NotifyAccess::Exec => main == Some(sender) || control == Some(sender),
        // Whoever knows the socket and is gone already can only have been one of the unit's processes.
        NotifyAccess::All => true,
    };
    if !allowed {
        let permitted = match (access, main) {
            (NotifyAccess::None, _) => "reception is disabled".to_owned(),
            (_, Some(main)) => format!("reception only permitted for main PID {main}"),
            (_, None) => {
                "reception only permitted for main PID which is currently not known".to_owned()
            }
        };
        unit.say(
            init,
            &format!("Got notification message from PID {sender}, but {permitted}"),
        );
        return;
    }
    for line in text.lines() {
        match line.split_once('=') {
            Some(("READY", "1")) => {
                let mut state = unit.state.borrow_mut();
                state.ready = true;
                if state.active == ActiveState::Reloading && state.sub == "reload-notify" {
                    state.enter(ActiveState::Active, "running");
                }
            }
            Some(("RELOADING", "1")) => {
                let mut state = unit.state.borrow_mut();
                if state.active == ActiveState::Active {
                    state.enter(ActiveState::Reloading, "reload-notify");
                }
            }
            Some(("STATUS", status)) => status.clone_into(&mut unit.state.borrow_mut().status_text),
            Some(("MAINPID", pid)) => new_main(init, unit, pid),
            _ => {}
        }
    }
    init.changed.notify_waiters();
}

/// The service names its main process. Only a process of the same unit is believed.
fn new_main(init: &Rc<Init>, unit: &Rc<Unit>, pid: &str) {
    let Ok(pid) = pid.parse::<u32>() else { return };
    if unit.state.borrow().main.map(|id| id.pid) == Some(pid) {
        return;
    }
    let owner = init.tracker.borrow_mut().unit_of(pid);
    if owner.as_deref() == Some(unit.name()) {
        unit.watch_main(init, pid, None, false);
    } else {
        unit.say(
            init,
            &format!("New main PID {pid} does not belong to service, refusing."),
        );
    }
}
