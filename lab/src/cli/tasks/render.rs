//! How finished tasks are shown: `plain` for people, the map of `json` and `yaml` for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::api::{TaskResults, TaskStatus, TaskView};
use crate::cli::failure::CliError;
use crate::cli::go_time::Clock;
use crate::cli::yaml;

/// Tasks keyed by unit, as `--format json` and `--format yaml` show them.
pub(crate) fn document(tasks: &[TaskView], clock: &Clock) -> BTreeMap<String, Value> {
    tasks
        .iter()
        .map(|task| (task.unit.clone(), task_value(task, clock)))
        .collect()
}

/// One task with everything it delivered.
pub(crate) fn task_value(task: &TaskView, clock: &Clock) -> Value {
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    put("id", json!(task.id));
    put("unit", json!(task.unit));
    put("status", json!(task.status.as_str()));
    put("timing", timing(task, clock));
    if let Some(message) = task.message.as_ref().filter(|message| !message.is_empty()) {
        put("message", json!(message));
    }
    if !task.log.is_empty() {
        let line = |line: &crate::api::LogLine| {
            format!("{} {}", clock.default_layout(line.time), line.message)
        };
        put("log", task.log.iter().map(line).collect());
    }
    let results = results(&task.results);
    if !results.is_empty() {
        put("results", Value::Object(results));
    }
    Value::Object(shown)
}

fn timing(task: &TaskView, clock: &Clock) -> Value {
    let mut timing = Map::new();
    let moments = [
        ("enqueued", Some(task.enqueued)),
        ("started", task.started),
        ("completed", task.completed),
    ];
    for (name, time) in moments {
        if let Some(time) = time {
            timing.insert(name.to_owned(), json!(clock.default_layout(time)));
        }
    }
    Value::Object(timing)
}

fn results(results: &TaskResults) -> Map<String, Value> {
    let mut shown = results.values.clone();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    if let Some(code) = results.return_code {
        put("return-code", json!(code));
    }
    if !results.stdout.is_empty() {
        put("stdout", json!(results.stdout));
    }
    if !results.stderr.is_empty() {
        put("stderr", json!(results.stderr));
    }
    if let Some(encoding) = &results.stdout_encoding {
        put("stdout-encoding", json!(encoding));
    }
    if let Some(encoding) = &results.stderr_encoding {
        put("stderr-encoding", json!(encoding));
    }
    shown
}

/// For people: one task bare, several as a map.
pub(crate) fn plain(tasks: &[TaskView]) -> Result<String, CliError> {
    if let [task] = tasks {
        plain_one(task)
    } else {
        let mut map = BTreeMap::new();
        for task in tasks {
            map.insert(task.unit.as_str(), plain_entry(task)?);
        }
        Ok(yaml::to_yaml(&map)?)
    }
}

fn plain_one(task: &TaskView) -> Result<String, CliError> {
    let mut out = String::new();
    if task.status == TaskStatus::Failed {
        let message = task.message.as_deref().unwrap_or_default();
        let _ = writeln!(out, "Action id {} failed: {message}", task.id);
    }
    if !task.results.values.is_empty() {
        out.push_str(&yaml::to_yaml(&task.results.values)?);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(&streams(&task.results));
    Ok(out)
}

/// Captured standard output, then standard error, each on lines of its own.
fn streams(results: &TaskResults) -> String {
    [&results.stdout, &results.stderr]
        .iter()
        .map(|stream| stream.trim_matches('\n'))
        .filter(|stream| !stream.is_empty())
        .fold(String::new(), |out, stream| out + stream + "\n")
}

fn plain_entry(task: &TaskView) -> Result<BTreeMap<&'static str, String>, CliError> {
    let mut entry = BTreeMap::from([
        ("id", task.id.clone()),
        ("status", task.status.as_str().to_owned()),
    ]);
    if let Some(message) = task.message.as_ref().filter(|message| !message.is_empty()) {
        entry.insert("message", message.clone());
    }
    let mut output = String::new();
    if !task.results.values.is_empty() {
        output.push_str(&yaml::to_yaml(&task.results.values)?);
    }
    let streams = streams(&task.results);
    if !output.is_empty() && !streams.is_empty() {
        output.push('\n');
    }
    output.push_str(&streams);
    entry.insert("output", output);
    Ok(entry)
}

/// What is said on standard error when programs on units exited with a failure; `None` if none did.
pub(crate) fn failures(tasks: &[TaskView]) -> Option<String> {
    let failed: Vec<(&str, i32)> = tasks
        .iter()
        .filter_map(|task| {
            task.results
                .return_code
                .filter(|code| *code >= 1)
                .map(|code| (task.id.as_str(), code))
        })
        .collect();
    let plural = match failed.as_slice() {
        [] => return None,
        [_] => "",
        _ => "s",
    };
    let mut text = format!("the following task{plural} failed:\n");
    for (id, code) in failed {
        let _ = writeln!(text, " - id {id:?} with return code {code}");
    }
    text.push_str("\nuse 'juju show-task' to inspect the failure");
    if plural == "s" {
        text.push('s');
    }
    Some(text)
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::api::LogLine;

    pub(in crate::cli::tasks) fn completed() -> TaskView {
        let at = |text: &str| text.parse().unwrap();
        let values = json!({"backup": {"size": "1048576", "id": "20260101-120000F"}});
        TaskView {
            id: "8".to_owned(),
            operation: "7".to_owned(),
            unit: "postgresql/0".to_owned(),
            action: "create-backup".to_owned(),
            status: TaskStatus::Completed,
            message: None,
            log: vec![LogLine {
                time: at("2026-01-01T09:12:33Z"),
                message: "first line".to_owned(),
            }],
            next_line: 1,
            results: TaskResults {
                values: values.as_object().unwrap().clone(),
                return_code: Some(0),
                stdout: "text the charm printed\n".to_owned(),
                ..TaskResults::default()
            },
            enqueued: at("2026-01-01T09:12:30Z"),
            started: Some(at("2026-01-01T09:12:31Z")),
            completed: Some(at("2026-01-01T09:12:40Z")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::completed;
    use super::*;

    #[test]
    fn a_completed_task_shows_its_results_then_what_the_charm_printed() {
        let expected = "\
backup:
  id: 20260101-120000F
  size: \"1048576\"

text the charm printed
";
        assert_eq!(plain(&[completed()]).unwrap(), expected);
    }

    #[test]
    fn a_failed_action_shows_its_message_and_results_and_is_no_failed_program() {
        let mut task = completed();
        task.status = TaskStatus::Failed;
        task.message = Some("no stanza".to_owned());
        task.results = TaskResults {
            values: json!({"hint": "run create-stanza"})
                .as_object()
                .unwrap()
                .clone(),
            return_code: Some(0),
            ..TaskResults::default()
        };
        let tasks = [task];
        let expected = "Action id 8 failed: no stanza\nhint: run create-stanza\n\n";
        assert_eq!(plain(&tasks).unwrap(), expected);
        assert_eq!(failures(&tasks), None);
    }

    #[test]
    fn a_crash_shows_the_captured_output_and_the_return_code() {
        let mut task = completed();
        task.status = TaskStatus::Failed;
        task.message = Some("exit status 3".to_owned());
        task.results = TaskResults {
            return_code: Some(3),
            stdout: "out\n".to_owned(),
            stderr: "\nerr\n".to_owned(),
            ..TaskResults::default()
        };
        let tasks = [task];
        assert_eq!(
            plain(&tasks).unwrap(),
            "Action id 8 failed: exit status 3\n\nout\nerr\n"
        );
        let expected = "the following task failed:\n - id \"8\" with return code 3\n\nuse 'juju show-task' to inspect the failure";
        assert_eq!(failures(&tasks).as_deref(), Some(expected));
    }

    #[test]
    fn several_tasks_are_a_map_of_units() {
        let mut other = completed();
        other.id = "9".to_owned();
        other.unit = "postgresql/1".to_owned();
        other.status = TaskStatus::Failed;
        other.message = Some("no".to_owned());
        other.results = TaskResults::default();
        let expected = "\
postgresql/0:
  id: \"8\"
  output: |
    backup:
      id: 20260101-120000F
      size: \"1048576\"

    text the charm printed
  status: completed
postgresql/1:
  id: \"9\"
  message: \"no\"
  output: \"\"
  status: failed
";
        assert_eq!(plain(&[completed(), other]).unwrap(), expected);
    }

    #[test]
    fn the_json_document_has_every_field_programs_read() {
        let document = document(&[completed()], &Clock::utc());
        let expected = json!({"postgresql/0": {
            "id": "8",
            "log": ["2026-01-01 09:12:33 +0000 UTC first line"],
            "results": {
                "backup": {"id": "20260101-120000F", "size": "1048576"},
                "return-code": 0,
                "stdout": "text the charm printed\n",
            },
            "status": "completed",
            "timing": {
                "completed": "2026-01-01 09:12:40 +0000 UTC",
                "enqueued": "2026-01-01 09:12:30 +0000 UTC",
                "started": "2026-01-01 09:12:31 +0000 UTC",
            },
            "unit": "postgresql/0",
        }});
        assert_eq!(json!(document), expected);
    }

    #[test]
    fn binary_output_names_its_encoding_and_empty_parts_are_left_out() {
        let mut task = completed();
        task.log.clear();
        task.started = None;
        task.results.stdout_encoding = Some("base64".to_owned());
        let value = task_value(&task, &Clock::utc());
        assert_eq!(value["results"]["stdout-encoding"], json!("base64"));
        assert!(value.get("log").is_none() && value.get("message").is_none());
        assert!(value["timing"].get("started").is_none());
    }
}
