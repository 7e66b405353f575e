//! `juju machines` and `juju show-status-log`.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::{Machine, Request, StatusEntry};

use super::failure::CliError;
use super::go_time::Clock;
use super::output::{Listing, Output};
use super::session::Session;
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
        let machines: Vec<Machine> = session.call(&Request::Machines {
            model: session.model()?,
        })?;
        let entries: Map<String, Value> = machines
            .iter()
            .map(|machine| {
                let entry = json!({
                    "juju-status": {"current": machine.state},
                    "hostname": machine.hostname,
                    "dns-name": machine.address,
                    "ip-addresses": [machine.address],
                });
                (machine.number.clone(), entry)
            })
            .collect();
        let palette = session.palette();
        self.output
            .write_listing(session, &json!({"machines": entries}), || {
                let mut table = Table::new(&["Machine", "State", "Address", "Inst id", "Units"]);
                for machine in &machines {
                    table.row([
                        Cell::from(machine.number.as_str()),
                        Cell::status(&machine.state),
                        machine.address.as_str().into(),
                        machine.hostname.as_str().into(),
                        machine.units.join(", ").into(),
                    ]);
                }
                table.render(palette)
            })
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
