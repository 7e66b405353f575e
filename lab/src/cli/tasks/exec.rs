//! `juju exec`: a command in the hook context of units.

use std::time::Duration;

use clap::Args;

use crate::api::{self, Enqueued, Request};
use crate::cli::durations::Limit;
use crate::cli::failure::CliError;
use crate::cli::go_time::Clock;
use crate::cli::output::Output;
use crate::cli::session::Session;

use super::follow;
use super::run::{Format, finish};

const DEFAULT_WAIT: Duration = Duration::from_mins(5);

/// Runs the commands on the remote targets specified
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// One or more unit names
    #[arg(short = 'u', long, value_delimiter = ',')]
    unit: Vec<String>,
    /// One or more application names
    #[arg(short = 'a', long, alias = "app", value_delimiter = ',')]
    application: Vec<String>,
    /// One or more machine ids
    #[arg(long, value_delimiter = ',')]
    machine: Vec<String>,
    /// Run the commands on all machines
    #[arg(long)]
    all: bool,
    /// Run the task in the background
    #[arg(long)]
    background: bool,
    /// Maximum wait time for a task to complete; negative waits for ever
    #[arg(
        long,
        alias = "timeout",
        value_name = "DURATION",
        allow_hyphen_values = true
    )]
    wait: Option<Limit>,
    /// Accepted; units of different machines never wait for each other
    #[arg(long)]
    parallel: bool,
    #[arg(long)]
    execution_group: Option<String>,
    /// Accepted; the lab has no operator pods
    #[arg(long)]
    operator: bool,
    /// Show times in UTC
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    output: Output<Format>,
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Exec {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        if self.command.is_empty() {
            return Err(CliError::usage("no commands specified"));
        }
        if !self.all
            && self.unit.is_empty()
            && self.application.is_empty()
            && self.machine.is_empty()
        {
            return Err(CliError::usage(
                "You must specify a target, either through --all, --machine, --application or --unit",
            ));
        }
        if self.background && self.wait.is_some() {
            return Err(CliError::usage(
                "cannot specify both --wait and --background",
            ));
        }
        let model = session.model()?;
        let enqueued: Enqueued = session.call(&Request::Exec(api::Exec {
            model: model.clone(),
            units: self.unit,
            applications: self.application,
            machines: self.machine,
            all: self.all,
            command: shell_text(&self.command),
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

/// One argument is shell text already; several are words, quoted where the shell would take them apart.
pub(crate) fn shell_text(words: &[String]) -> String {
    match words {
        [text] => text.clone(),
        _ => words
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn quoted(word: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: &[&str]) -> String {
        shell_text(
            &words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_single_argument_is_left_to_the_shell() {
        assert_eq!(text(&["echo $HOME | wc -c"]), "echo $HOME | wc -c");
    }

    #[test]
    fn several_arguments_stay_the_words_they_are() {
        assert_eq!(
            text(&["echo", "a b", "it's", "", "x=1"]),
            "echo 'a b' 'it'\\''s' '' x=1"
        );
    }
}
