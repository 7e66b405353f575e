//! `juju run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Map;

use crate::api::{Enqueued, Request, RunAction, TaskView};
use crate::cli::durations::Limit;
use crate::cli::failure::CliError;
use crate::cli::go_time::Clock;
use crate::cli::key_values::text_file;
use crate::cli::names;
use crate::cli::output::{Output, json_line};
use crate::cli::session::Session;
use crate::cli::yaml;

use super::{follow, params, render};

const DEFAULT_WAIT: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Plain,
    Yaml,
    Json,
}

/// Runs an action on units and waits for its results
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// UNIT… ACTION [KEY[.KEY…]=VALUE…], where UNIT may be APPLICATION/leader
    #[arg(value_name = "ARGUMENT")]
    arguments: Vec<String>,
    /// Path to yaml-formatted params file
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// Use raw string values of CLI args
    #[arg(long)]
    string_args: bool,
    /// Run the task in the background
    #[arg(long)]
    background: bool,
    /// Maximum wait time for a task to complete; negative waits for ever
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    wait: Option<Limit>,
    /// Show times in UTC
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    output: Output<Format>,
}

impl Run {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (units, action, arguments) = split(&self.arguments)?;
        if self.background && self.wait.is_some() {
            return Err(CliError::usage(
                "cannot specify both --wait and --background",
            ));
        }
        let mut params = match &self.params {
            Some(path) => params::from_file_text(&text_file(path)?)?,
            None => Map::new(),
        };
        params::merge(&mut params, arguments, self.string_args)?;
        let model = session.model()?;
        let enqueued: Enqueued = session.call(&Request::RunAction(RunAction {
            model: model.clone(),
            units: units.to_vec(),
            action: action.to_owned(),
            params,
        }))?;
        let tasks = follow::scheduled(session, &enqueued);
        if tasks.is_empty() {
            return Ok(());
        }
        if self.background {
            follow::tell_background(session, &enqueued.operation, &tasks);
            return Ok(());
        }
        let limit = self.wait.unwrap_or(Limit::Within(DEFAULT_WAIT));
        let clock = Clock::choose(self.utc);
        let done = follow::until_done(session, &model, &enqueued.operation, &tasks, limit, &clock)?;
        finish(session, &self.output, &done, &clock)
    }
}

/// Prints results and turns failed programs into an exit status.
pub(crate) fn finish(
    session: &Session,
    output: &Output<Format>,
    tasks: &[TaskView],
    clock: &Clock,
) -> Result<(), CliError> {
    let text = match output.format() {
        Format::Plain => render::plain(tasks)?,
        Format::Yaml => yaml::to_yaml(&render::document(tasks, clock))?,
        Format::Json => json_line(&render::document(tasks, clock))?,
    };
    output.write(session, &text)?;
    match render::failures(tasks) {
        None => Ok(()),
        Some(message) => Err(CliError::failed(message)),
    }
}

/// Units, the action, and its arguments.
fn split(arguments: &[String]) -> Result<(&[String], &str, &[String]), CliError> {
    let units = arguments
        .iter()
        .position(|word| !names::is_unit(word) && !names::is_leader(word))
        .unwrap_or(arguments.len());
    let (units, rest) = arguments.split_at(units);
    let Some((action, rest)) = rest.split_first() else {
        let missing = if units.is_empty() {
            "no unit specified"
        } else {
            "no action specified"
        };
        return Err(CliError::usage(missing));
    };
    if !params::is_key(action) {
        return Err(CliError::usage(format!(
            "invalid unit or action name {action:?}"
        )));
    }
    if units.is_empty() {
        return Err(CliError::usage("no unit specified"));
    }
    let mut applications: Vec<&str> = units
        .iter()
        .map(|unit| names::application_of(unit))
        .collect();
    applications.dedup();
    if applications.len() > 1 {
        return Err(CliError::usage("all units must be of the same application"));
    }
    Ok((units, action, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_words(words: &[&str]) -> Result<(Vec<String>, String, Vec<String>), String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        split(&words)
            .map(|(units, action, rest)| (units.to_vec(), action.to_owned(), rest.to_vec()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn units_come_first_then_the_action_then_its_arguments() {
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            split_words(&["pg/0", "pg/leader", "create-backup", "type=full", "a.b=1"]),
            Ok((
                words(&["pg/0", "pg/leader"]),
                "create-backup".to_owned(),
                words(&["type=full", "a.b=1"])
            ))
        );
    }

    #[test]
    fn what_is_missing_or_misplaced_is_named() {
        let cases = [
            (&[][..], "no unit specified"),
            (&["pg/0"], "no action specified"),
            (&["create-backup"], "no unit specified"),
            (
                &["pg/x", "create-backup"],
                "invalid unit or action name \"pg/x\"",
            ),
            (
                &["pg/0", "create_backup"],
                "invalid unit or action name \"create_backup\"",
            ),
            (
                &["pg/0", "other/0", "ping"],
                "all units must be of the same application",
            ),
        ];
        for (words, expected) in cases {
            assert_eq!(split_words(words), Err(expected.to_owned()), "{words:?}");
        }
    }
}
