//! Looking at a task after it was started, and cancelling it.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Map, json};

use crate::api::{Request, TaskStatus, TaskView};
use crate::cli::durations::Limit;
use crate::cli::failure::CliError;
use crate::cli::go_time::Clock;
use crate::cli::output::{Data, Output, json_line};
use crate::cli::session::Session;
use crate::cli::yaml;

use super::follow::Wait;
use super::render;
use super::run::Format;

/// Shows results of a task by ID
#[derive(Debug, Args)]
pub(crate) struct ShowTask {
    id: String,
    /// Maximum wait time for a task to complete
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    wait: Option<Limit>,
    /// Wait indefinitely for results
    #[arg(long)]
    watch: bool,
    /// Show times in UTC
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    output: Output<Format>,
}

impl ShowTask {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let clock = Clock::choose(self.utc);
        let model = session.model()?;
        let limit = match (self.watch, self.wait) {
            (true, _) => Limit::Unlimited,
            (false, Some(limit)) => limit,
            (false, None) => Limit::Within(Duration::ZERO),
        };
        let wait = Wait {
            model: &model,
            limit,
            started: Instant::now(),
            clock: &clock,
        };
        let waits = self.watch || self.wait.is_some();
        let task = match wait.for_one(session, &self.id, waits)? {
            Some(task) => task,
            None => session.call(&Request::Task {
                model,
                id: self.id,
                since_line: 0,
            })?,
        };
        let value = render::task_value(&task, &clock);
        let text = match self.output.format() {
            Format::Plain | Format::Yaml => yaml::to_yaml(&value)?,
            Format::Json => json_line(&value)?,
        };
        self.output.write(session, &text)
    }
}

/// Cancels pending or running tasks
#[derive(Debug, Args)]
pub(crate) struct CancelTask {
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    output: Output<Data>,
}

impl CancelTask {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let mut cancelled = Map::new();
        for id in &self.ids {
            let request = Request::CancelTask {
                model: model.clone(),
                id: id.clone(),
            };
            let task: TaskView = session.call(&request)?;
            if !matches!(
                task.status,
                TaskStatus::Cancelled | TaskStatus::Aborting | TaskStatus::Aborted
            ) {
                session.tell(&format!("task {id} is {} already", task.status.as_str()));
            }
            cancelled.insert(
                id.clone(),
                json!({"status": task.status.as_str(), "unit": task.unit}),
            );
        }
        self.output.write_data(session, &cancelled)
    }
}
