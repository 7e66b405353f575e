//! `juju wait-for`: until a query about an application, unit, machine or model holds.

mod query;
mod subject;
mod words;

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::api::{Code, FullStatus, Request};
use crate::client::CallError;

use super::durations;
use super::failure::CliError;
use super::session::{Session, bare_model};
use query::Query;
use subject::Kind;

const PAUSE: Duration = Duration::from_millis(200);

/// Waits for an entity to reach a specified state
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct WaitFor {
    #[command(subcommand)]
    entity: Entity,
}

#[derive(Debug, Subcommand)]
enum Entity {
    /// Waits for an application
    Application(Goal),
    /// Waits for a unit
    Unit(Goal),
    /// Waits for a machine
    Machine(Goal),
    /// Waits for a model
    Model(Goal),
}

#[derive(Debug, Args)]
struct Goal {
    name: String,
    /// Query the goal state
    #[arg(long)]
    query: Option<String>,
    /// How long to wait, before timing out
    #[arg(long, default_value = "10m", value_parser = durations::parse)]
    timeout: Duration,
    /// Show no summary at the end
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true", action = clap::ArgAction::Set)]
    summary: bool,
}

impl WaitFor {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let (kind, goal) = match self.entity {
            Entity::Application(goal) => (Kind::Application, goal),
            Entity::Unit(goal) => (Kind::Unit, goal),
            Entity::Machine(goal) => (Kind::Machine, goal),
            Entity::Model(goal) => (Kind::Model, goal),
        };
        let text = goal.query.as_deref().unwrap_or(kind.default_query());
        let query: Query = text.parse().map_err(|error| refused(&error))?;
        let model = match kind {
            Kind::Model => super::session::without_controller(&goal.name).to_owned(),
            _ => session.model()?,
        };
        goal.wait(session, kind, &query, &model)
    }
}

fn refused(error: &query::QueryError) -> CliError {
    CliError::usage(error.to_string())
}

impl Goal {
    fn wait(
        &self,
        session: &mut Session,
        kind: Kind,
        query: &Query,
        model: &str,
    ) -> Result<(), CliError> {
        let started = Instant::now();
        let mut told = String::new();
        let mut last: Option<Map<String, Value>> = None;
        let name = if kind == Kind::Model {
            bare_model(&self.name)
        } else {
            self.name.as_str()
        };
        loop {
            let known =
                status_if_there(session, kind, model)?.and_then(|status| kind.known(&status, name));
            let line = match &known {
                Some(known) => kind.progress(known),
                None if last.is_some() => "gone".to_owned(),
                None => "not there yet".to_owned(),
            };
            if line != told {
                session.tell(&format!("{} {name:?}: {line}", kind.as_str()));
                told = line;
            }
            // Who waits for the end of something is served when it is no longer there.
            let subject = known.or_else(|| {
                let mut gone = last.clone()?;
                gone.insert("life".to_owned(), Value::from("dead"));
                Some(gone)
            });
            if let Some(subject) = subject {
                if query.holds(&subject).map_err(|error| refused(&error))? {
                    return Ok(());
                }
                last = Some(subject);
            }
            if started.elapsed() >= self.timeout {
                let progress = if self.summary {
                    format!("\n{} {name:?}: {told}", kind.as_str())
                } else {
                    String::new()
                };
                return Err(CliError::failed(format!(
                    "timed out waiting for {name:?} to reach goal state{progress}"
                )));
            }
            std::thread::sleep(PAUSE.min(self.timeout.saturating_sub(started.elapsed())));
        }
    }
}

/// The model's status; `None` if a model is waited for that is not there.
fn status_if_there(
    session: &mut Session,
    kind: Kind,
    model: &str,
) -> Result<Option<FullStatus>, CliError> {
    match session.call(&Request::Status {
        model: model.to_owned(),
    }) {
        Ok(status) => Ok(Some(status)),
        Err(CliError::Call(CallError::Refused(failure)))
            if kind == Kind::Model && failure.code == Code::NotFound =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
