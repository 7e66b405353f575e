//! The programs under a machine's `usr/bin`: `systemctl`, `systemd-run`, `journalctl`, `systemd-notify`, `juju-exec`.
//! Texts and exit codes are those of systemd 255 as far as a caller can depend on them.

mod glob;
mod journalctl;
mod juju_exec;
mod options;
mod power_switch;
mod systemctl;
mod systemd_notify;
mod systemd_run;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::client;
use super::layout::Layout;
use super::protocol::{Answer, Request};

/// What a tool works with.
pub(super) struct Tool {
    layout: Layout,
}

/// A tool's early end: its exit code, after its message.
#[derive(Debug)]
pub(super) struct Stop {
    code: u8,
    message: Option<String>,
}

impl Stop {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: Some(message.into()),
        }
    }

    fn silent(code: u8) -> Self {
        Self {
            code,
            message: None,
        }
    }
}

/// A closed pipe or a full disk under standard output ends a tool without another word.
impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Self {
        Self::silent(1)
    }
}

pub(crate) fn main(args: &[String]) -> ExitCode {
    let [option, root, name, rest @ ..] = args else {
        eprintln!("usage: juju-lab machine-tool --machine ROOT TOOL [ARGUMENT...]");
        return ExitCode::from(2);
    };
    if option != "--machine" {
        eprintln!("usage: juju-lab machine-tool --machine ROOT TOOL [ARGUMENT...]");
        return ExitCode::from(2);
    }
    let tool = Tool {
        layout: Layout::new(PathBuf::from(root)),
    };
    let result = match name.as_str() {
        "systemctl" => systemctl::run(&tool, rest),
        "systemd-run" => systemd_run::run(&tool, rest),
        "journalctl" => journalctl::run(&tool, rest),
        "juju-exec" => juju_exec::run(&tool, rest),
        "systemd-notify" => systemd_notify::run(rest),
        "freeze" => power_switch::freeze(&tool),
        "thaw" => power_switch::thaw(&tool),
        other => Err(Stop::new(2, format!("machine-tool: no tool {other}"))),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            if let Some(message) = stop.message {
                // Nobody is left to be told if this fails.
                let _ = writeln!(io::stderr(), "{message}");
            }
            ExitCode::from(stop.code)
        }
    }
}

impl Tool {
    fn ask(&self, request: &Request) -> Result<Answer, Stop> {
        client::ask(&self.layout, request).map_err(|error| no_bus(&error))
    }
}

fn no_bus(error: &io::Error) -> Stop {
    let text = error.to_string();
    let text = text
        .rsplit_once(" (os error")
        .map_or(text.as_str(), |(plain, _)| plain);
    Stop::new(1, format!("Failed to connect to bus: {text}"))
}
