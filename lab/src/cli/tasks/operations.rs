//! Looking at operations: the tasks of one `juju run`.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::api::{OperationView, Request, TaskView};
use crate::cli::durations::Limit;
use crate::cli::failure::CliError;
use crate::cli::go_time::Clock;
use crate::cli::names::application_of;
use crate::cli::output::{Data, Output, json_line};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table};
use crate::cli::yaml;

use super::render;

/// Shows results of an operation
#[derive(Debug, Args)]
pub(crate) struct ShowOperation {
    id: String,
    /// Maximum wait time for the operation to complete
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    wait: Option<Limit>,
    /// Wait indefinitely for results
    #[arg(long)]
    watch: bool,
    /// Show times in UTC
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    output: Output<Data>,
}

impl ShowOperation {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let clock = Clock::choose(self.utc);
        let model = session.model()?;
        let limit = if self.watch {
            Some(Limit::Unlimited)
        } else {
            self.wait
        };
        let started = Instant::now();
        loop {
            let operation: OperationView = session.call(&Request::Operation {
                model: model.clone(),
                id: self.id.clone(),
            })?;
            let time_is_up = match limit {
                None => true,
                Some(Limit::Unlimited) => false,
                Some(Limit::Within(limit)) => started.elapsed() >= limit,
            };
            if operation.status.is_final() || time_is_up {
                return self
                    .output
                    .write_data(session, &operation_value(&operation, &clock));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

fn operation_value(operation: &OperationView, clock: &Clock) -> Value {
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    put("summary", json!(operation.summary));
    put("status", json!(operation.status.as_str()));
    if let Some(task) = operation.tasks.first() {
        put("action", json!({"name": task.action}));
    }
    if !operation.failures.is_empty() {
        put("fail", json!(operation.failures.join("; ")));
    }
    let mut timing = Map::new();
    let moments = [
        ("enqueued", Some(operation.enqueued)),
        ("started", operation.started),
        ("completed", operation.completed),
    ];
    for (name, time) in moments {
        if let Some(time) = time {
            timing.insert(name.to_owned(), json!(clock.default_layout(time)));
        }
    }
    put("timing", Value::Object(timing));
    let tasks: Map<String, Value> = operation
        .tasks
        .iter()
        .map(|task| {
            let mut value = render::task_value(task, clock);
            if let Value::Object(entry) = &mut value {
                entry.remove("id");
                if let Some(unit) = entry.remove("unit") {
                    entry.insert("host".to_owned(), unit);
                }
            }
            (task.id.clone(), value)
        })
        .collect();
    put("tasks", Value::Object(tasks));
    Value::Object(shown)
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum OperationsFormat {
    #[default]
    Plain,
    Yaml,
    Json,
}

/// Lists pending, running, or completed operations
#[derive(Debug, Args)]
pub(crate) struct Operations {
    /// Comma separated list of applications to filter on
    #[arg(long, alias = "apps", value_delimiter = ',')]
    applications: Vec<String>,
    /// Comma separated list of units to filter on
    #[arg(long, value_delimiter = ',')]
    units: Vec<String>,
    /// Comma separated list of actions names to filter on
    #[arg(long, value_delimiter = ',')]
    actions: Vec<String>,
    /// Only show operations with the specified status
    #[arg(long, value_delimiter = ',')]
    status: Vec<String>,
    /// The maximum number of operations to return
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Return operations from offset onwards
    #[arg(long, default_value_t = 0)]
    offset: usize,
    /// Show times in UTC
    #[arg(long)]
    utc: bool,
    #[command(flatten)]
    output: Output<OperationsFormat>,
}

impl Operations {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let clock = Clock::choose(self.utc);
        let model = session.model()?;
        let all: Vec<OperationView> = session.call(&Request::Operations { model })?;
        let shown: Vec<&OperationView> = all
            .iter()
            .filter(|operation| self.wants(operation))
            .skip(self.offset)
            .take(self.limit)
            .collect();
        if shown.is_empty() && self.output.format() == OperationsFormat::Plain {
            session.tell("no matching operations");
            return Ok(());
        }
        let document: Map<String, Value> = shown
            .iter()
            .map(|operation| (operation.id.clone(), operation_value(operation, &clock)))
            .collect();
        let text = match self.output.format() {
            OperationsFormat::Plain => {
                let table = operations_table(&shown, &clock);
                table.render(session.palette())
            }
            OperationsFormat::Yaml => yaml::to_yaml(&document)?,
            OperationsFormat::Json => json_line(&document)?,
        };
        self.output.write(session, &text)
    }

    fn wants(&self, operation: &OperationView) -> bool {
        let any_task = |wanted: &[String], of: fn(&TaskView) -> &str| {
            wanted.is_empty()
                || operation
                    .tasks
                    .iter()
                    .any(|task| wanted.iter().any(|name| name == of(task)))
        };
        any_task(&self.units, |task| &task.unit)
            && any_task(&self.actions, |task| &task.action)
            && any_task(&self.applications, |task| application_of(&task.unit))
            && (self.status.is_empty()
                || self
                    .status
                    .iter()
                    .any(|status| status == operation.status.as_str()))
    }
}

fn operations_table(operations: &[&OperationView], clock: &Clock) -> Table {
    let mut table = Table::new(&["ID", "Status", "Started", "Finished", "Task IDs", "Summary"]);
    for operation in operations {
        let time = |time: Option<jiff::Timestamp>| {
            Cell::from(
                time.map(|time| clock.date_and_time(time))
                    .unwrap_or_default(),
            )
        };
        let tasks: Vec<&str> = operation
            .tasks
            .iter()
            .map(|task| task.id.as_str())
            .collect();
        table.row([
            Cell::from(operation.id.as_str()),
            Cell::status(operation.status.as_str()),
            time(operation.started),
            time(operation.completed),
            tasks.join(",").into(),
            operation.summary.as_str().into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::render::samples::completed;
    use super::*;
    use crate::api::TaskStatus;
    use crate::cli::terminal::Palette;

    fn operation() -> OperationView {
        let task = completed();
        OperationView {
            id: "7".to_owned(),
            summary: "create-backup run on unit-postgresql-0".to_owned(),
            status: TaskStatus::Completed,
            enqueued: task.enqueued,
            started: task.started,
            completed: task.completed,
            tasks: vec![task],
            failures: Vec::new(),
        }
    }

    #[test]
    fn operations_are_listed_with_times_and_tasks() {
        let expected = "\
ID  Status     Started              Finished             Task IDs  Summary
7   completed  2026-01-01T09:12:31  2026-01-01T09:12:40  8         create-backup run on unit-postgresql-0
";
        let table = operations_table(&[&operation()], &Clock::utc());
        assert_eq!(table.render(Palette::plain()), expected);
    }

    #[test]
    fn an_operation_is_shown_with_its_tasks() {
        let expected = "\
action:
  name: create-backup
status: completed
summary: create-backup run on unit-postgresql-0
tasks:
  \"8\":
    host: postgresql/0
    log:
    - 2026-01-01 09:12:33 +0000 UTC first line
    results:
      backup:
        id: 20260101-120000F
        size: \"1048576\"
      return-code: 0
      stdout: |
        text the charm printed
    status: completed
    timing:
      completed: 2026-01-01 09:12:40 +0000 UTC
      enqueued: 2026-01-01 09:12:30 +0000 UTC
      started: 2026-01-01 09:12:31 +0000 UTC
timing:
  completed: 2026-01-01 09:12:40 +0000 UTC
  enqueued: 2026-01-01 09:12:30 +0000 UTC
  started: 2026-01-01 09:12:31 +0000 UTC
";
        assert_eq!(
            yaml::to_yaml(&operation_value(&operation(), &Clock::utc())).unwrap(),
            expected
        );
    }
}
