//! `juju status`.

mod derive;
mod document;
mod filter;
mod json;
mod oneline;
#[cfg(test)]
pub(crate) mod samples;
mod tabular;

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::api::{FullStatus, Request};

use super::durations;
use super::failure::CliError;
use super::go_time::Clock;
use super::output::{Output, json_line};
use super::session::Session;
use super::terminal::{Palette, Redraw};
use super::yaml;

pub(crate) use derive::{application_status, unit_message};
pub(crate) use json::document;
pub(crate) use tabular::{Sections, machines, render as tabular};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Tabular,
    Json,
    Yaml,
    #[value(alias = "line")]
    Oneline,
    Short,
    Summary,
}

/// Reports the status of the model, its machines, applications and units
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Applications, units, machines or status words to show; `*` stands for any text
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    #[command(flatten)]
    output: Output<Format>,
    /// Show 'relations' section in tabular output
    #[arg(long, alias = "integrations")]
    relations: bool,
    /// Show 'storage' section in tabular output
    #[arg(long)]
    storage: bool,
    /// Display timestamps in the UTC timezone
    #[arg(long)]
    utc: bool,
    /// Watch the status every period of time
    #[arg(long, value_name = "DURATION", value_parser = durations::parse)]
    watch: Option<Duration>,
    #[arg(long, hide = true)]
    no_browser: bool,
}

impl Status {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        match self.watch {
            None => {
                let mut status: FullStatus = session.call(&Request::Status { model })?;
                let nothing = self.narrow(&mut status);
                let text = self.render(session, &status)?;
                self.output.write(session, &text)?;
                if let Some(message) = nothing.filter(|_| !self.is_data()) {
                    session.tell(&message);
                }
                Ok(())
            }
            Some(period) => self.watch(session, &model, period),
        }
    }

    fn watch(&self, session: &mut Session, model: &str, period: Duration) -> Result<(), CliError> {
        let mut screen = Redraw::default();
        loop {
            let mut status: FullStatus = session.call(&Request::Status {
                model: model.to_owned(),
            })?;
            self.narrow(&mut status);
            let text = self.render(session, &status)?;
            if Redraw::is_possible() && !self.output.is_file() {
                screen
                    .show(&text)
                    .map_err(CliError::io("draw the status"))?;
            } else {
                self.output.write(session, &format!("{text}\n"))?;
            }
            std::thread::sleep(period.max(Duration::from_millis(100)));
        }
    }

    fn is_data(&self) -> bool {
        matches!(self.output.format(), Format::Json | Format::Yaml)
    }

    /// Applies the filters; tells why nothing is left.
    fn narrow(&self, status: &mut FullStatus) -> Option<String> {
        if is_empty(status) {
            return Some(format!(
                "Model \"{}/{}\" is empty.",
                status.model.owner, status.model.name
            ));
        }
        let found = filter::keep(status, &self.filters);
        (!found).then(|| "Nothing matched specified filter.".to_owned())
    }

    fn render(&self, session: &Session, status: &FullStatus) -> Result<String, CliError> {
        let clock = Clock::choose(self.utc);
        let palette = if self.output.is_file() {
            Palette::plain()
        } else {
            session.palette()
        };
        Ok(match self.output.format() {
            Format::Json => json_line(&json::document(status, &clock))?,
            Format::Yaml => yaml::to_yaml(&json::document(status, &clock))?,
            Format::Tabular => {
                let sections = Sections {
                    relations: self.relations,
                    storage: self.storage,
                };
                tabular(status, sections, &clock, palette)
            }
            Format::Oneline | Format::Short => oneline::render(status),
            Format::Summary => oneline::summary(status),
        })
    }
}

/// Whether there is nothing in the model to show.
fn is_empty(status: &FullStatus) -> bool {
    status.applications.is_empty()
        && status.machines.is_empty()
        && status.remote_applications.is_empty()
}
