//! Collecting dead children: those the init started, and the orphans it inherits as subreaper.

use std::cell::RefCell;
use std::collections::HashMap;

use rustix::process::WaitOptions;
use tokio::sync::oneshot;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal {
        number: i32,
        core_dumped: bool,
    },
    /// It was not a child of the init, so nobody told.
    Unknown,
}

impl Exit {
    /// `exited`, `killed` or `dumped`.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Code(_) | Self::Unknown => "exited",
            Self::Signal {
                core_dumped: false, ..
            } => "killed",
            Self::Signal { .. } => "dumped",
        }
    }

    /// The exit code or the signal's number.
    pub(crate) fn number(self) -> i32 {
        match self {
            Self::Code(number) | Self::Signal { number, .. } => number,
            Self::Unknown => 0,
        }
    }

    /// What `CLD_EXITED`, `CLD_KILLED` and `CLD_DUMPED` are as numbers.
    pub(crate) fn code_number(self) -> i32 {
        match self {
            Self::Code(_) | Self::Unknown => 1,
            Self::Signal {
                core_dumped: false, ..
            } => 2,
            Self::Signal { .. } => 3,
        }
    }
}

#[derive(Default)]
pub(crate) struct Reaper {
    expected: RefCell<HashMap<u32, oneshot::Sender<Exit>>>,
}

impl Reaper {
    /// Tells how the child `pid` ends. To be called before the init yields after starting it.
    pub(crate) fn expect(&self, pid: u32) -> oneshot::Receiver<Exit> {
        let (sender, receiver) = oneshot::channel();
        self.expected.borrow_mut().insert(pid, sender);
        receiver
    }

    /// Collects every child that is dead by now.
    pub(crate) fn reap(&self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let exit = if let Some(code) = status.exit_status() {
                Exit::Code(code)
            } else if let Some(number) = status.terminating_signal() {
                const CORE_DUMPED: i32 = 0x80;
                Exit::Signal {
                    number,
                    core_dumped: status.as_raw() & CORE_DUMPED != 0,
                }
            } else {
                continue;
            };
            let pid = pid.as_raw_nonzero().get().unsigned_abs();
            if let Some(waiting) = self.expected.borrow_mut().remove(&pid) {
                // Whoever waited may have been cancelled meanwhile.
                let _ = waiting.send(exit);
            }
        }
    }
}
