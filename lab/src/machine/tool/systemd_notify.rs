//! `systemd-notify`: tells the init about the service that runs it.

use std::env;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::unix::net::UnixDatagram;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, UCred};
use rustix::process::{Pid, getegid, geteuid, getgid, getppid, getuid};

use super::Stop;
use super::options::{self, Syntax};

const SYNTAX: Syntax = Syntax {
    program: "systemd-notify",
    options: &[
        (' ', "ready", false),
        (' ', "reloading", false),
        (' ', "stopping", false),
        (' ', "booted", false),
        (' ', "pid", false),
        (' ', "no-block", false),
        (' ', "status", true),
    ],
    words_end_options: false,
};

pub(super) fn run(args: &[String]) -> Result<u8, Stop> {
    // `--pid` takes a value only when attached, which the common syntax does not know.
    let mut main_pid = None;
    let mut rest = Vec::new();
    for arg in args {
        match arg.strip_prefix("--pid=") {
            Some(pid) => main_pid = Some(pid.to_owned()),
            None => rest.push(arg.clone()),
        }
    }
    let parsed = options::parse(&SYNTAX, &rest)?;
    if parsed.has("booted") {
        return Ok(0);
    }
    let parent = getppid();
    let parent_number = parent.map_or(0, |pid| pid.as_raw_nonzero().get());
    let mut lines = Vec::new();
    if parsed.has("ready") {
        lines.push("READY=1".to_owned());
    }
    if parsed.has("reloading") {
        lines.push("RELOADING=1".to_owned());
    }
    if parsed.has("stopping") {
        lines.push("STOPPING=1".to_owned());
    }
    if let Some(status) = parsed.value("status") {
        lines.push(format!("STATUS={status}"));
    }
    if parsed.has("pid") || main_pid.as_deref() == Some("parent") {
        lines.push(format!("MAINPID={parent_number}"));
    } else if let Some(pid) = main_pid {
        lines.push(format!("MAINPID={pid}"));
    }
    lines.extend(parsed.words);
    if lines.is_empty() {
        return Err(Stop::new(1, "No status message specified, refusing."));
    }
    let Some(path) = env::var_os("NOTIFY_SOCKET") else {
        return Err(Stop::new(
            1,
            "No status data could be sent: $NOTIFY_SOCKET was not set",
        ));
    };
    let failed = |error: &dyn std::fmt::Display| {
        Stop::new(1, format!("Failed to notify init system: {error}"))
    };
    let socket = UnixDatagram::unbound().map_err(|error| failed(&error))?;
    socket.connect(path).map_err(|error| failed(&error))?;
    let text = lines.join("\n");
    if let Some(parent) = parent.filter(|_| geteuid().is_root())
        && send_as(&socket, &text, parent).is_ok()
    {
        return Ok(0);
    }
    socket
        .send(text.as_bytes())
        .map_err(|error| failed(&error))?;
    Ok(0)
}

/// Sends in the name of the script that runs this tool, which only root may.
fn send_as(socket: &UnixDatagram, text: &str, pid: Pid) -> Result<(), rustix::io::Errno> {
    debug_assert_eq!((getuid(), getgid()), (geteuid(), getegid()));
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmCredentials(UCred {
        pid,
        uid: getuid(),
        gid: getgid(),
    }));
    rustix::net::sendmsg(
        socket,
        &[IoSlice::new(text.as_bytes())],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}
