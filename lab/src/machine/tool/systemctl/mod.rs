//! `systemctl`.

mod files;
mod jobs;
mod list;
mod show;
mod status;

pub(super) use jobs::describe as describe_job;

use std::io::{self, Write};

use super::options::{self, Parsed, Syntax};
use super::{Stop, Tool, glob};
use crate::machine::protocol::{Answer, Change, Request, UnitSummary, Verb};
use crate::machine::signal;

const SYNTAX: Syntax = Syntax {
    program: "systemctl",
    options: &[
        ('a', "all", false),
        ('f', "force", false),
        ('l', "full", false),
        ('n', "lines", true),
        ('o', "output", true),
        ('p', "property", true),
        ('P', "property-value", true),
        ('q', "quiet", false),
        ('r', "recursive", false),
        ('s', "signal", true),
        ('t', "type", true),
        ('T', "show-transaction", false),
        ('i', "ignore-inhibitors", false),
        (' ', "failed", false),
        (' ', "job-mode", true),
        (' ', "kill-who", true),
        (' ', "kill-whom", true),
        (' ', "no-ask-password", false),
        (' ', "no-block", false),
        (' ', "no-legend", false),
        (' ', "no-pager", false),
        (' ', "no-reload", false),
        (' ', "no-wall", false),
        (' ', "no-warn", false),
        (' ', "now", false),
        (' ', "plain", false),
        (' ', "runtime", false),
        (' ', "state", true),
        (' ', "system", false),
        (' ', "user", false),
        (' ', "value", false),
        (' ', "version", false),
        (' ', "wait", false),
    ],
    words_end_options: false,
};

pub(super) fn run(tool: &Tool, args: &[String]) -> Result<u8, Stop> {
    let parsed = options::parse(&SYNTAX, args)?;
    if parsed.has("version") {
        writeln!(io::stdout(), "systemd 255 (juju-lab)")?;
        return Ok(0);
    }
    if parsed.has("user") {
        return Err(Stop::new(1, "Failed to connect to bus: No medium found"));
    }
    let (verb, units) = match parsed.words.split_first() {
        Some((verb, units)) => (verb.as_str(), units),
        None => ("list-units", &[][..]),
    };
    let systemctl = Systemctl {
        tool,
        options: &parsed,
    };
    systemctl.dispatch(verb, units)
}

struct Systemctl<'a> {
    tool: &'a Tool,
    options: &'a Parsed,
}

impl Systemctl<'_> {
    fn dispatch(&self, verb: &str, units: &[String]) -> Result<u8, Stop> {
        match verb {
            "start" => self.jobs(Verb::Start, units),
            "stop" => self.jobs(Verb::Stop, units),
            "restart" => self.jobs(Verb::Restart, units),
            "try-restart" | "condrestart" => self.jobs(Verb::TryRestart, units),
            "reload" => self.jobs(Verb::Reload, units),
            "reload-or-restart" => self.jobs(Verb::ReloadOrRestart, units),
            "try-reload-or-restart" | "reload-or-try-restart" | "force-reload" | "condreload" => {
                self.jobs(Verb::TryReloadOrRestart, units)
            }
            "enable" => self.change(Change::Enable, units),
            "disable" => self.change(Change::Disable, units),
            "reenable" => {
                self.change(Change::Disable, units)?;
                self.change(Change::Enable, units)
            }
            "mask" => self.change(Change::Mask, units),
            "unmask" => self.change(Change::Unmask, units),
            "is-enabled" => self.is_enabled(units),
            "is-active" => self.is_active(units),
            "is-failed" => self.is_failed(units),
            "status" => self.status(units),
            "show" => self.show(units),
            "cat" => self.cat(units),
            "kill" => self.kill(units),
            "reset-failed" => self.reset_failed(units),
            "list-units" => self.list_units(units),
            "list-unit-files" => self.list_unit_files(units),
            "is-system-running" => self.is_system_running(),
            "daemon-reload" | "daemon-reexec" => self.done(&Request::DaemonReload),
            "poweroff" | "halt" => self.done(&Request::Shutdown { reboot: false }),
            "reboot" => self.done(&Request::Shutdown { reboot: true }),
            other => Err(Stop::new(1, format!("Unknown command verb {other}."))),
        }
    }

    fn quiet(&self) -> bool {
        self.options.has("quiet")
    }

    fn done(&self, request: &Request) -> Result<u8, Stop> {
        match self.tool.ask(request)? {
            Answer::Refused(cause) => Err(Stop::new(1, cause)),
            _ => Ok(0),
        }
    }

    fn loaded(&self) -> Result<Vec<UnitSummary>, Stop> {
        match self.tool.ask(&Request::List)? {
            Answer::Units(units) => Ok(units),
            _ => Ok(Vec::new()),
        }
    }

    /// The units meant: patterns stand for the loaded units that match.
    fn expand(&self, units: &[String]) -> Result<Vec<String>, Stop> {
        if units.is_empty() {
            return Err(Stop::new(1, "Too few arguments."));
        }
        if !units.iter().any(|unit| glob::is_pattern(unit)) {
            return Ok(units.to_vec());
        }
        let loaded = self.loaded()?;
        let mut names = Vec::new();
        for unit in units {
            if glob::is_pattern(unit) {
                let matching = loaded
                    .iter()
                    .filter(|known| glob::matches(unit, &known.name));
                names.extend(matching.map(|known| known.name.clone()));
            } else {
                names.push(unit.clone());
            }
        }
        Ok(names)
    }

    fn kill(&self, units: &[String]) -> Result<u8, Stop> {
        use crate::machine::protocol::Whom;
        let name = self.options.value("signal").unwrap_or("SIGTERM");
        let signal = signal::parse(name)
            .ok_or_else(|| Stop::new(1, format!("Failed to parse signal string {name}.")))?;
        let whom = self.options.value("kill-whom");
        let whom = match whom.or(self.options.value("kill-who")).unwrap_or("all") {
            "all" => Whom::All,
            "main" => Whom::Main,
            "control" => Whom::Control,
            other => {
                return Err(Stop::new(
                    1,
                    format!("Failed to parse --kill-whom= argument: {other}"),
                ));
            }
        };
        let answer = self.tool.ask(&Request::Kill {
            units: self.expand(units)?,
            whom,
            signal: signal.as_raw(),
        })?;
        each(answer, "kill unit")
    }

    fn reset_failed(&self, units: &[String]) -> Result<u8, Stop> {
        let units = if units.is_empty() {
            Vec::new()
        } else {
            self.expand(units)?
        };
        each(
            self.tool.ask(&Request::ResetFailed { units })?,
            "reset failed state of unit",
        )
    }
}

/// Reports what could not be done to which unit.
fn each(answer: Answer, action: &str) -> Result<u8, Stop> {
    match answer {
        Answer::Refused(cause) => Err(Stop::new(1, cause)),
        Answer::Each(units) => {
            let mut code = 0;
            for (unit, cause) in units {
                if let Some(cause) = cause {
                    writeln!(io::stderr(), "Failed to {action} {unit}: {cause}")?;
                    code = 1;
                }
            }
            Ok(code)
        }
        _ => Ok(0),
    }
}
