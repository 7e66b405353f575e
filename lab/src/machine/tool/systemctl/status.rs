//! status: for people, except for its exit code.

use std::io::{self, Write};

use super::super::Stop;
use super::super::journalctl::format;
use super::Systemctl;
use super::show::{Properties, property};
use crate::machine::journal;
use crate::machine::proc_fs;
use crate::machine::protocol::{Answer, ProcessReport, Request};
use crate::machine::{signal, unit::timespan};

impl Systemctl<'_> {
    /// 0 when active, 3 when not, 4 when there is no such unit.
    pub(super) fn status(&self, units: &[String]) -> Result<u8, Stop> {
        if units.is_empty() {
            return self.list_units(&[]);
        }
        let mut code = 0;
        for (position, unit) in self.expand(units)?.iter().enumerate() {
            let properties = self.properties(unit)?;
            let id = property(&properties, "Id");
            if property(&properties, "LoadState") == "not-found" {
                writeln!(io::stderr(), "Unit {id} could not be found.")?;
                code = 4;
                continue;
            }
            if position > 0 {
                writeln!(io::stdout())?;
            }
            self.describe(id, &properties)?;
            let state = property(&properties, "ActiveState");
            if code == 0 && !matches!(state, "active" | "reloading") {
                code = 3;
            }
        }
        Ok(code)
    }

    fn describe(&self, id: &str, properties: &Properties) -> Result<(), Stop> {
        let get = |name| property(properties, name);
        let mut out = io::stdout().lock();
        let mark = match get("ActiveState") {
            "failed" => '×',
            "inactive" => '○',
            _ => '●',
        };
        match get("Description") {
            description if description == id => writeln!(out, "{mark} {id}")?,
            description => writeln!(out, "{mark} {id} - {description}")?,
        }
        let fragment = match get("FragmentPath") {
            "" => String::new(),
            path => format!(" ({path}; {})", get("UnitFileState")),
        };
        writeln!(out, "     Loaded: {}{fragment}", get("LoadState"))?;
        if !get("DropInPaths").is_empty() {
            writeln!(out, "    Drop-In: {}", get("DropInPaths"))?;
        }
        writeln!(out, "     Active: {}", activity(properties))?;
        if get("MainPID") != "0" {
            let pid: u32 = get("MainPID").parse().unwrap_or_default();
            writeln!(out, "   Main PID: {pid} ({})", proc_fs::name(pid))?;
        } else if get("ExecMainPID") != "0" {
            writeln!(
                out,
                "   Main PID: {} ({})",
                get("ExecMainPID"),
                ending(properties)
            )?;
        }
        if !get("StatusText").is_empty() {
            writeln!(out, "     Status: \"{}\"", get("StatusText"))?;
        }
        let processes = self.processes_of(id)?;
        if !processes.is_empty() {
            writeln!(out, "      Tasks: {}", processes.len())?;
            writeln!(out, "     CGroup: /system.slice/{id}")?;
            for (position, process) in processes.iter().enumerate() {
                let branch = if position + 1 == processes.len() {
                    '└'
                } else {
                    '├'
                };
                writeln!(
                    out,
                    "             {branch}─{} {}",
                    process.pid, process.command
                )?;
            }
        }
        let lines = self
            .options
            .value("lines")
            .and_then(|lines| lines.parse().ok())
            .unwrap_or(10);
        let entries = journal::read_unit(&self.tool.layout.journal(), id);
        let last = &entries[entries.len().saturating_sub(lines)..];
        if !last.is_empty() {
            writeln!(out)?;
        }
        let hostname = self.tool.layout.hostname();
        for entry in last {
            writeln!(out, "{}", format::short(entry, &hostname))?;
        }
        if get("NeedDaemonReload") == "yes" {
            writeln!(
                io::stderr(),
                "Warning: The unit file, source configuration file or drop-ins of {id} changed on disk. Run 'systemctl daemon-reload' to reload units."
            )?;
        }
        Ok(())
    }

    fn processes_of(&self, unit: &str) -> Result<Vec<ProcessReport>, Stop> {
        match self.tool.ask(&Request::Processes)? {
            Answer::Processes(mut processes) => {
                processes.retain(|process| process.unit.as_deref() == Some(unit));
                Ok(processes)
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// `active (running) since …; 5min ago`.
fn activity(properties: &Properties) -> String {
    let get = |name| property(properties, name);
    let mut text = format!("{} ({})", get("ActiveState"), get("SubState"));
    if get("ActiveState") == "failed" {
        text = format!("failed (Result: {})", get("Result"));
    }
    let since = get("StateChangeTimestamp");
    if since.is_empty() {
        return text;
    }
    let monotonic: u64 = get("StateChangeTimestampMonotonic").parse().unwrap_or(0);
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec)
        .unwrap_or_default()
        .saturating_sub(monotonic / 1_000_000);
    let ago = timespan::format(Some(std::time::Duration::from_secs(seconds)));
    format!("{text} since {since}; {ago} ago")
}

/// `code=exited, status=1/FAILURE`.
fn ending(properties: &Properties) -> String {
    let number: i32 = property(properties, "ExecMainStatus").parse().unwrap_or(0);
    let (kind, name) = match property(properties, "ExecMainCode") {
        "2" => ("killed", signal::name(number)),
        "3" => ("dumped", signal::name(number)),
        _ => (
            "exited",
            signal::exit_name(number).unwrap_or("n/a").to_owned(),
        ),
    };
    format!("code={kind}, status={number}/{name}")
}
