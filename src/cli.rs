//! The binary's subcommands. Without one it is what Juju runs: `dispatch`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::domain::decide;
use crate::domain::decision::Decision;
use crate::domain::words::Stanza;
use crate::error::StepError;
use crate::fence;
use crate::guard;
use crate::job;
use crate::juju::routes;
use crate::reconcile::World as _;
use crate::replica;
use crate::unit::Unit;
use crate::watch;

/// PostgreSQL under Juju.
#[derive(Parser)]
#[command(name = "postgresql-charm", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answer the hook or action that Juju describes in the environment (the default).
    Dispatch,
    /// Print what the charm would do now, and why, without doing it. For `juju exec`.
    Plan,
    /// Make this member's data from the newest backup on the newest timeline; Patroni does this.
    #[command(hide = true)]
    MakeReplica {
        /// pgBackRest's configuration.
        #[arg(long)]
        config: PathBuf,
        /// The stanza.
        #[arg(long)]
        stanza: Stanza,
        /// The file that lets the replica catch up from the repository.
        #[arg(long)]
        lease: PathBuf,
    },
    /// Hand a file of the write-ahead log to pgBackRest, unless the repository is another's by now; PostgreSQL does this.
    #[command(hide = true)]
    ArchivePush(fence::Push),
    /// Print the charm's version.
    Version,
    /// Have the unit's agent run a hook when the cluster has changed; the service manager does this.
    #[command(hide = true)]
    Watch {
        /// The unit whose agent is told.
        #[arg(long)]
        unit: String,
        /// Where its Patroni answers.
        #[arg(long)]
        address: IpAddr,
    },
    /// Tell whether this unit's member of etcd may start; the service manager asks.
    #[command(hide = true)]
    GuardEtcd {
        /// Where the other members know it.
        #[arg(long)]
        address: IpAddr,
    },
    /// Run the job in a folder; the service manager does this.
    #[command(hide = true)]
    RunJob {
        /// The job's folder.
        folder: PathBuf,
    },
}

/// The whole program.
pub fn main() -> ExitCode {
    // Juju gives no arguments at all: clap need not be asked then.
    let command = if std::env::args_os().len() <= 1 {
        Command::Dispatch
    } else {
        Arguments::parse().command.unwrap_or(Command::Dispatch)
    };
    match command {
        Command::Dispatch => juju_charm::main(routes::follow),
        Command::Plan => juju_charm::main(|_event, juju| {
            let mut unit = Unit::new(juju)?;
            let seen = unit.observe()?;
            print(&explain(&decide::explain(&seen)))
        }),
        Command::Version => report(print(&format!("{}\n", env!("CARGO_PKG_VERSION")))),
        Command::Watch { unit, address } => report(
            std::env::current_exe()
                .map_err(|error| StepError::because(&error))
                .and_then(|program| watch::run(&program, &unit, address)),
        ),
        Command::GuardEtcd { address } => guard_etcd(address),
        Command::MakeReplica {
            config,
            stanza,
            lease,
        } => report(replica::make(config, &stanza, &lease)),
        Command::ArchivePush(push) => report(fence::archive_push(&push)),
        Command::RunJob { folder } => match job::run(&folder) {
            Ok(Some(0)) => ExitCode::SUCCESS,
            Ok(_) => ExitCode::FAILURE,
            Err(error) => report(Err(error)),
        },
    }
}

/// What cannot be found out is no reason to keep etcd down: the other members refuse one that is not theirs.
fn guard_etcd(address: IpAddr) -> ExitCode {
    let may_start = std::env::current_exe()
        .map_err(|error| StepError::because(&error))
        .and_then(|program| guard::may_start(&program, address));
    match may_start {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            let _ = report(Err(StepError::expected(
                "etcd goes on without this unit, whose data is of a cluster that is over",
                "the unit's next hook lets it join again",
            )));
            ExitCode::FAILURE
        }
        Err(error) => {
            let _ = report(Err(error));
            ExitCode::SUCCESS
        }
    }
}

fn explain((topic, decision): &(&'static str, Decision)) -> String {
    match decision {
        Decision::Do(plan) => format!("{topic}: {plan}\n"),
        Decision::Wait(wait) => format!("{topic}: {}; wakes on {:?}\n", wait.reason, wait.wake),
        Decision::Blocked(blocked) => format!("{topic}: {blocked}\n"),
        Decision::Settled => format!("{topic}: nothing to do\n"),
    }
}

fn print(text: &str) -> Result<(), StepError> {
    use std::io::Write as _;
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| StepError::because(&error))
}

fn report(done: Result<(), StepError>) -> ExitCode {
    use std::io::Write as _;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ERROR {error}");
            ExitCode::FAILURE
        }
    }
}
