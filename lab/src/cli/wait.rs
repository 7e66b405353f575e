//! `juju-lab wait`: until applications have settled, with a live view for whoever watches.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::api::{FullStatus, LogFilter, LogPage, Request, UnitStatus};

use super::debug_log;
use super::durations;
use super::failure::CliError;
use super::go_time::Clock;
use super::names::{application_of, natural};
use super::report;
use super::session::{Globals, Session};
use super::status::{Sections, application_status, tabular, unit_message};
use super::terminal::{Palette, Redraw, Tone};

const PAUSE: Duration = Duration::from_millis(200);
/// Log lines shown of each unit that did not settle.
const LOG_LINES: usize = 20;

/// Waits until applications are active and their agents idle
#[derive(Debug, Parser)]
#[command(name = "juju-lab wait", disable_version_flag = true)]
struct Wait {
    #[command(flatten)]
    globals: Globals,
    /// Applications to wait for; all if none is named
    #[arg(value_name = "APPLICATION")]
    applications: Vec<String>,
    /// How long to wait
    #[arg(long, default_value = "10m", value_parser = durations::parse)]
    timeout: Duration,
    /// How long everything must stay settled, because between two events agents look idle, too
    #[arg(long, default_value = "1s", value_parser = durations::parse)]
    stable: Duration,
}

/// Runs `juju-lab wait`. `args` is what follows the word `wait`.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let args = std::iter::once(OsString::from("juju-lab wait")).chain(args);
    match Wait::try_parse_from(args) {
        Ok(wait) => report::exit_code(
            Session::new(wait.globals.clone()).and_then(|mut session| wait.run(&mut session)),
        ),
        Err(error) => report::parse_error(&error),
    }
}

impl Wait {
    fn run(&self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let started = Instant::now();
        let mut view = if Redraw::is_possible() && !session.is_quiet() {
            View::Live(Redraw::default())
        } else {
            View::Lines(BTreeMap::new())
        };
        let mut settled_since: Option<Instant> = None;
        loop {
            let status: FullStatus = session.call(&Request::Status {
                model: model.clone(),
            })?;
            let open = unsettled(&status, &self.applications);
            view.show(session, &status, &open, started.elapsed())?;
            if open.is_empty() {
                let since = *settled_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.stable {
                    return Ok(());
                }
            } else {
                settled_since = None;
            }
            if started.elapsed() >= self.timeout {
                return self.give_up(session, &model, &status, &open);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Prints what whoever waited needs to know, and fails.
    fn give_up(
        &self,
        session: &mut Session,
        model: &str,
        status: &FullStatus,
        open: &[String],
    ) -> Result<(), CliError> {
        let palette = session.palette();
        let mut text = tabular(status, Sections::default(), &Clock::local(), palette);
        for unit in units_of(status, open) {
            let filter = LogFilter {
                model: model.to_owned(),
                last: Some(LOG_LINES),
                limit: Some(LOG_LINES),
                include: vec![unit.to_owned()],
                ..LogFilter::default()
            };
            let page: LogPage = session.call(&Request::DebugLog(filter))?;
            let _ = writeln!(text, "\nLast lines of {unit}:");
            text.extend(
                page.records
                    .iter()
                    .map(|record| debug_log::line(record, palette)),
            );
        }
        session.print(&text)?;
        Err(CliError::failed(format!(
            "timed out after {}, not settled: {}",
            seconds(self.timeout),
            if open.is_empty() {
                "nothing stayed so for long enough".to_owned()
            } else {
                open.join(", ")
            }
        )))
    }
}

/// What is not active and idle yet: units, applications without units that are not active, applications that are
/// named but not there.
fn unsettled(status: &FullStatus, wanted: &[String]) -> Vec<String> {
    let mut open: Vec<String> = wanted
        .iter()
        .filter(|name| !status.applications.contains_key(*name))
        .cloned()
        .collect();
    for (name, application) in natural(&status.applications) {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let mut busy: Vec<String> = Vec::new();
        for (name, unit) in natural(&application.units) {
            busy.extend(busy_units(name, unit));
        }
        let is_active =
            application_status(application).current == "active" && application.life == "alive";
        let is_unknown =
            application_status(application).current == "unknown" && application.life == "alive";
        if busy.is_empty() && !is_active && !is_unknown {
            open.push(name.to_owned());
        }
        open.extend(busy);
    }
    open
}

fn busy_units<'a>(name: &'a str, unit: &'a UnitStatus) -> impl Iterator<Item = String> + 'a {
    std::iter::once((name, unit))
        .chain(natural(&unit.subordinates))
        .filter(|(_, unit)| !is_settled(unit))
        .map(|(name, _)| name.to_owned())
}

/// A charm that never sets a status stays `unknown`, which is as settled as it gets.
fn is_settled(unit: &UnitStatus) -> bool {
    matches!(unit.workload.current.as_str(), "active" | "unknown")
        && unit.agent.current == "idle"
        && unit.life == "alive"
}

/// The units among `open`, and those of applications among them.
fn units_of<'a>(status: &'a FullStatus, open: &[String]) -> Vec<&'a str> {
    let mut units: Vec<&str> = Vec::new();
    for (_, application) in natural(&status.applications) {
        for (name, unit) in natural(&application.units) {
            let all = std::iter::once((name, unit)).chain(natural(&unit.subordinates));
            units.extend(all.map(|(name, _)| name).filter(|name| {
                open.iter()
                    .any(|open| open == name || open == application_of(name))
            }));
        }
    }
    units
}

/// How the waiting is shown.
enum View {
    Live(Redraw),
    /// The last line told of each unit and application.
    Lines(BTreeMap<String, String>),
}

impl View {
    fn show(
        &mut self,
        session: &Session,
        status: &FullStatus,
        open: &[String],
        elapsed: Duration,
    ) -> Result<(), CliError> {
        match self {
            Self::Live(screen) => {
                let palette = session.palette();
                let table = tabular(status, Sections::default(), &Clock::local(), palette);
                let text = format!("{}\n\n{table}", headline(open, elapsed, palette));
                screen.show(&text).map_err(CliError::io("draw the status"))
            }
            Self::Lines(told) => {
                for (name, line) in lines(status) {
                    if told.get(&name) != Some(&line) {
                        session.tell(&format!("{} {name} {line}", clock_text(elapsed)));
                        told.insert(name, line);
                    }
                }
                Ok(())
            }
        }
    }
}

fn headline(open: &[String], elapsed: Duration, palette: Palette) -> String {
    let clock = clock_text(elapsed);
    if open.is_empty() {
        palette.paint(Tone::Good, &format!("{clock} settled"))
    } else {
        palette.paint(
            Tone::Busy,
            &format!("{clock} waiting for {}", open.join(", ")),
        )
    }
}

/// One line per application and unit, keyed by its name.
fn lines(status: &FullStatus) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for (name, application) in natural(&status.applications) {
        let status = application_status(application);
        lines.push((
            name.to_owned(),
            format!("{} {}", status.current, status.message)
                .trim_end()
                .to_owned(),
        ));
        for (name, unit) in natural(&application.units) {
            for (name, unit) in std::iter::once((name, unit)).chain(natural(&unit.subordinates)) {
                let line = format!(
                    "{}/{} {}",
                    unit.workload.current,
                    unit.agent.current,
                    unit_message(unit)
                );
                lines.push((name.to_owned(), line.trim_end().to_owned()));
            }
        }
    }
    lines
}

/// `01:05`
fn clock_text(elapsed: Duration) -> String {
    format!(
        "{:02}:{:02}",
        elapsed.as_secs() / 60,
        elapsed.as_secs() % 60
    )
}

fn seconds(length: Duration) -> String {
    format!("{} s", length.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::status::samples;

    #[test]
    fn busy_units_and_absent_applications_are_waited_for() {
        let status = samples::model();
        assert_eq!(unsettled(&status, &[]), ["postgresql/1", "postgresql/2"]);
        assert_eq!(
            unsettled(&status, &["client".to_owned()]),
            Vec::<String>::new()
        );
        assert_eq!(unsettled(&status, &["later".to_owned()]), ["later"]);
    }

    #[test]
    fn an_application_that_is_not_active_is_waited_for_although_its_units_are() {
        let mut status = samples::model();
        let application = status.applications.get_mut("postgresql").unwrap();
        application.units.retain(|name, _| name == "postgresql/0");
        assert_eq!(unsettled(&status, &[]), ["postgresql"]);
        assert_eq!(
            units_of(&status, &["postgresql".to_owned()]),
            ["postgresql/0"]
        );
    }

    #[test]
    fn each_application_and_unit_is_told_in_one_line() {
        let told = lines(&samples::model());
        let line = |name: &str| {
            told.iter()
                .find(|(found, _)| found == name)
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(line("postgresql"), "blocked no primary");
        assert_eq!(line("postgresql/1"), "active/executing (update-status)");
        assert_eq!(line("agent/0"), "active/idle ready");
    }

    #[test]
    fn the_headline_tells_time_and_what_is_open() {
        let open = ["pg/0".to_owned()];
        assert_eq!(
            headline(&open, Duration::from_secs(65), Palette::plain()),
            "01:05 waiting for pg/0"
        );
        assert_eq!(
            headline(&[], Duration::from_secs(5), Palette::plain()),
            "00:05 settled"
        );
    }
}
