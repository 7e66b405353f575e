//! Feeds a child and reads it until it ends or its time is over, all in one thread.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ChildStdin, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};

use super::bounded::Excerpt;
use crate::adapters::host::clock::Deadline;

/// How long a child that was told to end may take to clean up before it is killed.
const GRACE: Duration = Duration::from_secs(2);

/// Bytes a child may be ahead of us. The kernel's own 64 KiB make it wait for each piece of a large answer.
const PIPE: usize = 512 << 10;
/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// Why a child was stopped.
pub(super) enum Stopped {
    Deadline,
    TooMuch,
    Io(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for Stopped {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// Runs the child to its end. `stdout` answers whether it wants more.
pub(super) fn run(
    mut child: Child,
    input: &[u8],
    deadline: Deadline,
    stdout: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(ExitStatus, String), Stopped> {
    let result = converse(&mut child, input, deadline, stdout);
    if result.is_err() {
        stop(&mut child);
    }
    result
}

fn converse(
    child: &mut Child,
    input: &[u8],
    deadline: Deadline,
    stdout: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(ExitStatus, String), Stopped> {
    let ended = pidfd(child)?;
    let mut feed = Feed::new(child.stdin.take(), input)?;
    let mut out = Source::new(child.stdout.take())?;
    if let Some(pipe) = out.fd() {
        // The kernel may refuse: then the child waits for us more often.
        let _ = rustix::pipe::fcntl_setpipe_size(pipe, PIPE);
    }
    let mut err = Source::new(child.stderr.take())?;
    let mut stderr = Excerpt::default();
    loop {
        let left = deadline.remaining();
        if left.is_zero() {
            return Err(Stopped::Deadline);
        }
        let mut watched = vec![PollFd::new(&ended, PollFlags::IN)];
        watched.extend(
            out.fd()
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)),
        );
        watched.extend(
            err.fd()
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)),
        );
        watched.extend(
            feed.fd()
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::OUT)),
        );
        wait(&mut watched, left)?;
        let has_ended = !watched[0].revents().is_empty();
        drop(watched);

        feed.step()?;
        let out_left = out.drain(stdout)?;
        let err_left = err.drain(&mut |bytes| {
            stderr.push(bytes);
            true
        })?;
        if out_left == Left::Refused {
            return Err(Stopped::TooMuch);
        }
        // What the child wrote before its end is read first: only then may its end be believed. Grandchildren that
        // still hold the pipes (a daemon it started) are not waited for.
        if has_ended && out_left == Left::Nothing && err_left == Left::Nothing {
            return Ok((child.wait()?, stderr.into_text()));
        }
    }
}

fn wait(watched: &mut [PollFd<'_>], at_most: Duration) -> Result<(), Stopped> {
    let at_most = Timespec::try_from(at_most.max(Duration::from_millis(1))).ok();
    match rustix::event::poll(watched, at_most.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().cast_signed())
}

fn pidfd(child: &Child) -> io::Result<OwnedFd> {
    let pid = pid(child).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
}

/// Asks the whole group to end, and kills it when it takes too long. Every failure here leaves nothing better to do.
fn stop(child: &mut Child) {
    let Some(group) = pid(child) else { return };
    let _ = rustix::process::kill_process_group(group, Signal::TERM);
    ends_within(child, GRACE);
    // The child itself may have gone and left others of its group behind.
    let _ = rustix::process::kill_process_group(group, Signal::KILL);
    ends_within(child, GRACE);
    let _ = child.try_wait();
}

fn ends_within(child: &Child, at_most: Duration) -> bool {
    let deadline = Deadline::after(at_most);
    let Ok(ended) = pidfd(child) else { return true };
    while !deadline.is_over() {
        let mut watched = [PollFd::new(&ended, PollFlags::IN)];
        if wait(&mut watched, deadline.remaining()).is_err() {
            return false;
        }
        if !watched[0].revents().is_empty() {
            return true;
        }
    }
    false
}

/// The child's standard input, and what it has not read yet.
struct Feed<'a> {
    pipe: Option<ChildStdin>,
    rest: &'a [u8],
}

impl<'a> Feed<'a> {
    fn new(pipe: Option<ChildStdin>, rest: &'a [u8]) -> Result<Self, Stopped> {
        if let Some(pipe) = &pipe {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Self { pipe, rest })
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    fn step(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        while !self.rest.is_empty() {
            match pipe.write(self.rest) {
                Ok(written) => self.rest = &self.rest[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A child that stops reading has its reasons; its exit code tells them.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                Err(error) => return Err(error),
            }
        }
        self.pipe = None;
        Ok(())
    }
}

/// One output of the child, until it is closed.
struct Source<P> {
    pipe: Option<P>,
    buffer: Vec<u8>,
}

impl<P: Read + AsFd> Source<P> {
    fn new(pipe: Option<P>) -> Result<Self, Stopped> {
        if let Some(pipe) = &pipe {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Self {
            pipe,
            buffer: vec![0; PIECE],
        })
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there now; `sink` answers whether it wants more.
    fn drain(&mut self, sink: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<Left> {
        // Bounded, so that one that writes faster than we read cannot keep us from looking at the deadline.
        const READS: usize = 64;
        let Some(pipe) = &mut self.pipe else {
            return Ok(Left::Nothing);
        };
        for _ in 0..READS {
            match pipe.read(&mut self.buffer) {
                Ok(0) => {
                    self.pipe = None;
                    return Ok(Left::Nothing);
                }
                Ok(read) => {
                    if !sink(&self.buffer[..read]) {
                        return Ok(Left::Refused);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Left::Nothing);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Left::More)
    }
}

/// What is left to read for now.
#[derive(PartialEq, Eq)]
enum Left {
    Nothing,
    More,
    Refused,
}
