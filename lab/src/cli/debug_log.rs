//! `juju debug-log`.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::time::Duration;

use clap::Args;

use crate::api::{Level, LogFilter, LogPage, LogRecord, Request};

use super::failure::CliError;
use super::go_time::Clock;
use super::session::Session;
use super::terminal::{Palette, Tone};

const PAUSE: Duration = Duration::from_millis(250);

/// Displays log messages of the model
#[derive(Debug, Args)]
pub(crate) struct DebugLog {
    /// Only show log messages for these entities
    #[arg(short = 'i', long, value_delimiter = ',')]
    include: Vec<String>,
    /// Do not show log messages for these entities
    #[arg(short = 'x', long, value_delimiter = ',')]
    exclude: Vec<String>,
    /// Only show log messages for these logging modules
    #[arg(long, value_delimiter = ',')]
    include_module: Vec<String>,
    /// Do not show log messages for these logging modules
    #[arg(long, value_delimiter = ',')]
    exclude_module: Vec<String>,
    /// Show this many of the most recent lines, and continue to append
    #[arg(short = 'n', long, default_value_t = 10)]
    lines: usize,
    /// Exit once this many of the most recent lines are shown; 0 shows all
    #[arg(long)]
    limit: Option<usize>,
    /// Show the entire log and continue to append new lines
    #[arg(long)]
    replay: bool,
    /// Stop after returning existing log messages
    #[arg(long, conflicts_with = "tail")]
    no_tail: bool,
    /// Show existing log messages and continue to append new ones
    #[arg(long)]
    tail: bool,
    /// Log level to show: TRACE, DEBUG, INFO, WARNING, ERROR
    #[arg(short = 'l', long, value_parser = level)]
    level: Option<Level>,
    #[command(flatten)]
    layout: Layout,
}

#[derive(Debug, Clone, Default, Args)]
struct Layout {
    /// Show dates as well as times
    #[arg(long)]
    date: bool,
    /// Show times to millisecond precision
    #[arg(long)]
    ms: bool,
    /// Show times in UTC
    #[arg(long)]
    utc: bool,
    /// Accepted; charms do not tell file names and line numbers
    #[arg(long)]
    location: bool,
}

fn level(text: &str) -> Result<Level, String> {
    text.parse().map_err(|()| {
        format!("level value {text:?} is not one of \"TRACE\", \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\"")
    })
}

impl DebugLog {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let follows =
            !self.no_tail && self.limit.is_none() && (self.tail || io::stdout().is_terminal());
        let last = match (self.limit, self.replay) {
            (Some(0), _) | (None, true) => None,
            (Some(limit), _) => Some(limit),
            (None, false) => Some(self.lines),
        };
        let clock = Clock::choose(self.layout.utc);
        let palette = session.palette();
        let mut filter = LogFilter {
            model: session.model()?,
            after: None,
            last,
            limit: None,
            include: self.include,
            exclude: self.exclude,
            include_module: self.include_module,
            exclude_module: self.exclude_module,
            level: self.level,
        };
        loop {
            let page: LogPage = session.call(&Request::DebugLog(filter.clone()))?;
            let text = page.records.iter().fold(String::new(), |text, record| {
                text + &self.layout.line(record, &clock, palette)
            });
            if !text.is_empty() {
                session.print(&text)?;
            }
            filter.after = Some(page.next);
            filter.last = None;
            if page.at_end {
                if !follows {
                    return Ok(());
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

impl Layout {
    fn line(&self, record: &LogRecord, clock: &Clock, palette: Palette) -> String {
        let mut out = String::new();
        let tone = match record.level {
            Level::Trace | Level::Debug => Tone::Faint,
            Level::Info => Tone::Good,
            Level::Warning => Tone::Busy,
            Level::Error => Tone::Bad,
        };
        let _ = write!(out, "{}: ", record.entity);
        if self.date {
            let _ = write!(out, "{} ", clock.date(record.time));
        }
        let time = if self.ms {
            clock.time_with_milliseconds(record.time)
        } else {
            clock.time_of_day(record.time)
        };
        let level = palette.paint(tone, &record.level.to_string());
        let _ = writeln!(out, "{time} {level} {} {}", record.module, record.message);
        out
    }
}

/// One record as `debug-log` shows it by default.
pub(crate) fn line(record: &LogRecord, palette: Palette) -> String {
    Layout::default().line(record, &Clock::local(), palette)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> LogRecord {
        LogRecord {
            time: "2026-01-01T09:00:07.25Z".parse().unwrap(),
            entity: "unit-postgresql-0".to_owned(),
            level: Level::Error,
            module: "unit.postgresql/0.juju-log".to_owned(),
            message: "database:5: cannot create user".to_owned(),
        }
    }

    #[test]
    fn a_record_is_one_line_in_the_layout_people_grep() {
        assert_eq!(
            Layout::default().line(&record(), &Clock::utc(), Palette::plain()),
            "unit-postgresql-0: 09:00:07 ERROR unit.postgresql/0.juju-log database:5: cannot create user\n"
        );
    }

    #[test]
    fn dates_and_milliseconds_are_shown_on_request() {
        let layout = Layout {
            date: true,
            ms: true,
            ..Layout::default()
        };
        assert_eq!(
            layout.line(&record(), &Clock::utc(), Palette::plain()),
            "unit-postgresql-0: 2026-01-01 09:00:07.250 ERROR unit.postgresql/0.juju-log database:5: cannot create user\n"
        );
    }

    #[test]
    fn an_unknown_level_is_refused_with_the_known_ones() {
        assert!(level("loud").unwrap_err().contains("\"TRACE\", \"DEBUG\""));
        assert_eq!(level("warning"), Ok(Level::Warning));
    }
}
