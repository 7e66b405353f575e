//! The `juju`-compatible command line: argv in, requests to the daemon, text out.
//!
//! One file or folder per family of commands. Renderers are pure functions from the daemon's answers to text; only
//! [`session::Session`] talks to the daemon and to the terminal.

#![expect(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "flags and documents mirror the names and kinds Juju gave them"
)]

mod command;
mod config;
mod confirm;
mod controller;
mod debug_log;
mod deploy;
mod durations;
mod failure;
mod go_time;
mod key_values;
mod machines;
mod model;
mod names;
mod offers;
mod output;
mod relate;
mod report;
mod secrets;
mod session;
mod show_unit;
mod ssh;
mod status;
mod storage;
mod table;
mod tasks;
mod terminal;
pub mod ui;
mod units;
pub mod wait;
mod wait_for;
mod yaml;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use session::Session;

pub(crate) use names::natural;
pub(crate) use status::application_status;
#[cfg(test)]
pub(crate) use status::samples;

/// A duration as the command line takes it: `1h30m`, `90s`.
pub(crate) fn duration(text: &str) -> anyhow::Result<std::time::Duration> {
    Ok(durations::parse(text)?)
}

/// Runs one `juju` command. `args` is the whole argument list, the program's name first.
pub fn main(args: Vec<OsString>) -> ExitCode {
    if args.get(1).is_some_and(|first| first == "--version") {
        let version = controller::version_text();
        return report::exit_code(session::print(&format!("{version}\n")));
    }
    match command::Juju::try_parse_from(args) {
        Ok(juju) => {
            let command = juju.command;
            let session = Session::new(juju.globals);
            report::exit_code(session.and_then(|mut session| command.run(&mut session)))
        }
        Err(error) => report::parse_error(&error),
    }
}
