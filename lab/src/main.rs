//! One executable with many names: `juju-lab` itself, `juju`, and every hook tool.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use juju_lab::daemon::process;
use juju_lab::fault::{self, FaultCommand};
use juju_lab::home::Home;
use juju_lab::walk::{self, WalkCommand};
use juju_lab::{cli, machine, object_store, pack, tools};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "juju-lab",
    version,
    about = "A faithful local Juju",
    after_help = "With command lines of their own: juju, wait, ui, pack, object-store; ask each with --help."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the lab's daemon and wait until it answers
    Up {
        /// What the machines of a new lab are: simple ones need no privileges, the others run the distribution's
        /// systemd and apt and need root
        #[arg(long, value_enum)]
        machines: Option<machine::Kind>,
    },
    /// Stop the daemon and every machine
    Down,
    /// Run the daemon in the foreground
    Daemon,
    /// Tell whether the daemon runs
    Status,
    /// Stop everything and remove the lab's home
    Destroy,
    /// Break something, as clouds and controllers do
    Fault(FaultCommand),
    /// Do at random what operators, controllers and clouds do, and see whether an application recovers
    Walk(WalkCommand),
}

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    let name = Path::new(&name)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if tools::NAMES.contains(&name) {
        return tools::client::main(name, args);
    }
    let args: Vec<OsString> = args.collect();
    if name == "juju" {
        return cli::main(std::iter::once("juju".into()).chain(args).collect());
    }
    // These have command lines of their own.
    if let Some((first, rest)) = args.split_first() {
        let rest: Vec<String> = rest
            .iter()
            .map(|arg| arg.to_string_lossy().into_owned())
            .collect();
        match first.to_str() {
            Some("juju") => return cli::main(args),
            Some("wait") => return cli::wait::main(args.into_iter().skip(1).collect()),
            Some("ui") => return cli::ui::main(args.into_iter().skip(1).collect()),
            Some("machine-init") => return machine::main_machine_init(&rest),
            Some("machine-tool") => return machine::main_machine_tool(&rest),
            Some("object-store") => return object_store::main_object_store(&rest),
            Some("pack") => return pack::main_pack(&rest),
            _ => {}
        }
    }
    match run(&Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ERROR {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let home = Home::from_environment().context("cannot choose the lab's home")?;
    match command {
        Command::Up { machines } => {
            let info = process::up(&home, *machines)?;
            if let Some(folder) = home
                .closed_folder()
                .filter(|_| rustix::process::geteuid().is_root())
            {
                eprintln!(
                    "WARNING only root may enter {}: programs of units that run as other users, like PostgreSQL, do not start",
                    folder.display()
                );
            }
            println!(
                "The lab runs in {} (process {}).",
                info.home.display(),
                info.pid
            );
        }
        Command::Down => process::down(&home)?,
        Command::Daemon => process::run(&home)?,
        Command::Status => {
            let Some(info) = process::running(&home)? else {
                println!("No lab runs in {}.", home.path().display());
                return Ok(ExitCode::FAILURE);
            };
            println!(
                "The lab runs in {} (process {}, since {}).",
                info.home.display(),
                info.pid,
                info.started
            );
        }
        Command::Destroy => process::destroy(&home)?,
        Command::Fault(command) => fault::main(&home, command)?,
        Command::Walk(command) => return walk::main(&home, command.clone()),
    }
    Ok(ExitCode::SUCCESS)
}
