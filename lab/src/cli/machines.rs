//! Machines: listing, showing, adding and removing them; `juju show-status-log`.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use crate::api::{FullStatus, RemoveMachines, Request, StatusEntry};

use super::confirm;
use super::failure::CliError;
use super::go_time::Clock;
use super::output::{Data, Listing, Output};
use super::session::Session;
use super::status;
use super::table::{Cell, Table};

/// Lists machines in the model
#[derive(Debug, Args)]
pub(crate) struct Machines {
    #[command(flatten)]
    output: Output<Listing>,
    #[arg(long, hide = true)]
    utc: bool,
}

impl Machines {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        show(session, &[], &self.output, self.utc)
    }
}

/// Shows machines in depth
#[derive(Debug, Args)]
pub(crate) struct ShowMachine {
    /// All machines if absent
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,
    #[command(flatten)]
    output: Output<Data>,
    #[arg(long, hide = true)]
    utc: bool,
}

impl ShowMachine {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let status = chosen(session, &self.machines)?;
        let document = status::document(&status, &Clock::choose(self.utc));
        self.output.write_data(session, &document.only_machines())
    }
}

/// The model's status with no machines but these; all of them if none is named.
fn chosen(session: &mut Session, machines: &[String]) -> Result<FullStatus, CliError> {
    let mut status: FullStatus = session.call(&Request::Status {
        model: session.model()?,
    })?;
    if let Some(unknown) = machines
        .iter()
        .find(|number| !status.machines.contains_key(*number))
    {
        return Err(CliError::failed(format!("machine {unknown} not found")));
    }
    status
        .machines
        .retain(|number, _| machines.is_empty() || machines.contains(number));
    Ok(status)
}

fn show(
    session: &mut Session,
    machines: &[String],
    output: &Output<Listing>,
    utc: bool,
) -> Result<(), CliError> {
    let status = chosen(session, machines)?;
    let document = status::document(&status, &Clock::choose(utc));
    let palette = session.palette();
    output.write_listing(session, &document.only_machines(), || {
        status::machines(&status).render(palette)
    })
}

/// Adds machines without units
#[derive(Debug, Args)]
pub(crate) struct AddMachine {
    /// Accepted if absent; the lab has one kind of machine
    placement: Option<String>,
    /// The number of machines to add
    #[arg(short = 'n', default_value_t = 1)]
    count: u32,
    /// Accepted; machines of the lab are all alike
    #[arg(long)]
    base: Option<String>,
    #[arg(long)]
    constraints: Vec<String>,
    #[arg(long)]
    disks: Option<String>,
}

impl AddMachine {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if let Some(placement) = &self.placement {
            return Err(CliError::failed(format!(
                "cannot add a machine at {placement:?}: this lab has neither containers nor machines reached over SSH"
            )));
        }
        let added: Vec<String> = session.call(&Request::AddMachines {
            model: session.model()?,
            count: self.count,
        })?;
        for number in added {
            session.tell(&format!("created machine {number}"));
        }
        Ok(())
    }
}

/// Removes machines from the model
#[derive(Debug, Args)]
pub(crate) struct RemoveMachine {
    #[arg(required = true, value_name = "MACHINE")]
    machines: Vec<String>,
    /// Also machines with units, whose hooks do not run
    #[arg(long)]
    force: bool,
    #[arg(short = 'y', long, alias = "yes")]
    no_prompt: bool,
    /// Accepted; a machine of the lab lives nowhere else
    #[arg(long)]
    keep_instance: bool,
    #[arg(long, requires = "force")]
    no_wait: bool,
}

impl RemoveMachine {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let list = self.machines.join(", ");
        if self.force && !self.no_prompt {
            session.tell(&format!(
                "WARNING! This command will remove machines with their units: {list}"
            ));
            confirm::yes("machine removal")?;
        }
        let units: Vec<String> = session.call(&Request::RemoveMachines(RemoveMachines {
            model: session.model()?,
            machines: self.machines.clone(),
            force: self.force,
        }))?;
        let mut text = String::new();
        for machine in &self.machines {
            let _ = writeln!(text, "will remove machine {machine}");
        }
        for unit in units {
            let _ = writeln!(text, "- will remove unit {unit}");
        }
        session.print(&text)
    }
}

/// Outputs past statuses for a unit
#[derive(Debug, Args)]
pub(crate) struct ShowStatusLog {
    unit: String,
    /// Returns the last N logs
    #[arg(short = 'n', default_value_t = 20)]
    count: usize,
    /// Accepted; unit statuses are shown
    #[arg(long, default_value = "unit")]
    r#type: String,
    /// Display timestamps in the UTC timezone
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    output: Output<Listing>,
}

#[derive(Debug, Serialize)]
struct LogEntry {
    status: String,
    message: String,
    since: String,
    #[serde(rename = "type")]
    kind: String,
}

impl ShowStatusLog {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let clock = Clock::choose(self.utc);
        let log: Vec<StatusEntry> = session.call(&Request::StatusLog {
            model: session.model()?,
            unit: self.unit,
            limit: self.count,
        })?;
        let entries: Vec<LogEntry> = log
            .iter()
            .map(|entry| LogEntry {
                status: entry.status.clone(),
                message: entry.message.clone(),
                since: clock.status_layout(entry.time),
                kind: entry.kind.clone(),
            })
            .collect();
        let palette = session.palette();
        self.output.write_listing(session, &entries, || {
            let mut table = Table::new(&["Time", "Type", "Status", "Message"]);
            for entry in &entries {
                table.row([
                    Cell::from(entry.since.as_str()),
                    entry.kind.as_str().into(),
                    Cell::status(&entry.status),
                    entry.message.as_str().into(),
                ]);
            }
            table.render(palette)
        })
    }
}
