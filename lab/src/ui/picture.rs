//! A model as the page shows it, from the daemon's answers.

use jiff::Timestamp;
use serde::Serialize;

use crate::api::{FullStatus, LogLine, RelationStatus, TaskStatus, TaskView, UnitStatus};
use crate::cli::{application_status, natural};

#[derive(Debug, Serialize)]
pub(super) struct Picture {
    model: String,
    controller: String,
    /// Every unit is active and its agent idle.
    settled: bool,
    applications: Vec<Application>,
    /// Applications of other models that are related to.
    elsewhere: Vec<String>,
    relations: Vec<Relation>,
    tasks: Vec<Task>,
}

#[derive(Debug, Serialize)]
struct Application {
    name: String,
    charm: String,
    version: String,
    life: String,
    status: Status,
    /// The applications it is subordinate to.
    beside: Vec<String>,
    units: Vec<Unit>,
}

#[derive(Debug, Serialize)]
struct Status {
    current: String,
    message: String,
}

#[derive(Debug, Serialize)]
struct Unit {
    name: String,
    life: String,
    leader: bool,
    /// As the charm says in its status.
    primary: bool,
    workload: Status,
    agent: Status,
    /// The hook or action that runs now.
    running: String,
    machine: String,
    address: String,
    ports: Vec<String>,
    /// A subordinate, shown below its principal.
    beside: bool,
}

#[derive(Debug, Serialize)]
struct Relation {
    id: u64,
    interface: String,
    status: String,
    provider: End,
    requirer: End,
    /// One of its hooks runs now.
    running: bool,
}

#[derive(Debug, Serialize)]
struct End {
    application: String,
    endpoint: String,
}

/// A task without what it delivered: that may hold passwords.
#[derive(Debug, Serialize)]
struct Task {
    id: String,
    unit: String,
    action: String,
    status: TaskStatus,
    message: Option<String>,
    log: Vec<LogLine>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
}

impl Picture {
    /// Peer relations are left out: they would only draw circles. Tasks come newest last and are shown newest first.
    pub(super) fn new(status: &FullStatus, tasks: Vec<TaskView>) -> Self {
        let applications: Vec<Application> = natural(&status.applications)
            .into_iter()
            .map(|(name, it)| {
                let told = application_status(it);
                Application {
                    name: name.to_owned(),
                    charm: it.charm_name.clone(),
                    version: it.workload_version.clone(),
                    life: it.life.clone(),
                    status: Status {
                        current: told.current.clone(),
                        message: told.message.clone(),
                    },
                    beside: it.subordinate_to.clone(),
                    units: natural(&it.units)
                        .into_iter()
                        .flat_map(|(name, it)| with_subordinates(name, it))
                        .collect(),
                }
            })
            .collect();
        let units = || applications.iter().flat_map(|it| &it.units);
        let relations = status
            .relations
            .iter()
            .filter(|relation| relation.kind != "peer")
            .map(|it| Relation::new(it, &units().collect::<Vec<_>>()))
            .collect();
        Self {
            model: status.model.name.clone(),
            controller: status.controller.clone(),
            settled: units().all(Unit::is_settled),
            elsewhere: status.remote_applications.keys().cloned().collect(),
            relations,
            tasks: tasks.into_iter().rev().map(Task::new).collect(),
            applications,
        }
    }
}

fn with_subordinates(name: &str, it: &UnitStatus) -> Vec<Unit> {
    let beside = natural(&it.subordinates)
        .into_iter()
        .map(|(name, it)| Unit::new(name, it, true));
    std::iter::once(Unit::new(name, it, false))
        .chain(beside)
        .collect()
}

impl Unit {
    fn new(name: &str, it: &UnitStatus, beside: bool) -> Self {
        let message = &it.workload.message;
        let is_primary = message == "Primary"
            || message.starts_with("Primary ")
            || message.starts_with("Primary:");
        let running = it
            .agent
            .message
            .strip_prefix("running ")
            .unwrap_or(&it.agent.message);
        Self {
            name: name.to_owned(),
            life: it.life.clone(),
            leader: it.leader,
            primary: is_primary,
            workload: Status {
                current: it.workload.current.clone(),
                message: message.clone(),
            },
            agent: Status {
                current: it.agent.current.clone(),
                message: it.agent.message.clone(),
            },
            running: if it.agent.current == "executing" {
                running.replacen(" hook", "", 1)
            } else {
                String::new()
            },
            machine: it.machine.clone(),
            address: it.address.clone(),
            ports: it.open_ports.clone(),
            beside,
        }
    }

    fn is_settled(&self) -> bool {
        matches!(self.workload.current.as_str(), "active" | "unknown")
            && self.agent.current == "idle"
            && self.life == "alive"
    }
}

impl Relation {
    fn new(it: &RelationStatus, units: &[&Unit]) -> Self {
        let end = |end: &crate::api::Endpoint| End {
            application: end.application.clone(),
            endpoint: end.endpoint.clone().unwrap_or_default(),
        };
        let (provider, requirer) = (end(&it.provider), end(&it.requirer));
        let runs = |end: &End| {
            let (unit, hook) = (
                format!("{}/", end.application),
                format!("{}-relation-", end.endpoint),
            );
            units
                .iter()
                .any(|it| it.name.starts_with(&unit) && it.running.starts_with(&hook))
        };
        Self {
            id: it.id,
            interface: it.interface.clone(),
            status: it.status.clone(),
            running: runs(&provider) || runs(&requirer),
            provider,
            requirer,
        }
    }
}

impl Task {
    fn new(it: TaskView) -> Self {
        Self {
            id: it.id,
            unit: it.unit,
            action: it.action,
            status: it.status,
            message: it.message,
            log: it.log,
            started: it.started,
            completed: it.completed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TaskResults;
    use crate::cli::samples;
    use serde_json::{Value, json};

    fn picture(tasks: Vec<TaskView>) -> Value {
        serde_json::to_value(Picture::new(&samples::model(), tasks)).unwrap()
    }

    fn application<'a>(picture: &'a Value, name: &str) -> &'a Value {
        let all = picture["applications"].as_array().unwrap();
        all.iter().find(|it| it["name"] == name).unwrap()
    }

    #[test]
    fn units_tell_who_leads_what_runs_and_who_is_beside_them() {
        let picture = picture(Vec::new());
        let applications = picture["applications"].as_array().unwrap();
        let told: Vec<Value> = applications
            .iter()
            .flat_map(|it| it["units"].as_array().unwrap())
            .map(|it| json!([it["name"], it["leader"], it["running"], it["beside"]]))
            .collect();
        assert_eq!(
            told,
            [
                json!(["client/0", true, "", false]),
                json!(["agent/0", true, "", true]),
                json!(["postgresql/0", true, "", false]),
                json!(["postgresql/1", false, "update-status", false]),
                json!(["postgresql/2", false, "", false]),
            ]
        );
        assert_eq!(picture["settled"], false);
    }

    #[test]
    fn peer_relations_are_not_drawn() {
        let picture = picture(Vec::new());
        let relations = picture["relations"].as_array().unwrap();
        assert!(!relations.is_empty());
        assert!(
            relations.iter().all(|it| it["provider"] != it["requirer"]),
            "{relations:?}"
        );
    }

    #[test]
    fn the_primary_is_whoever_says_so_in_its_status() {
        for (message, primary) in [
            ("Primary", true),
            ("Primary (busy)", true),
            ("Primarily", false),
            ("", false),
        ] {
            let mut status = samples::model();
            let units = &mut status.applications.get_mut("postgresql").unwrap().units;
            units.get_mut("postgresql/0").unwrap().workload.message = message.to_owned();
            let picture = serde_json::to_value(Picture::new(&status, Vec::new())).unwrap();
            assert_eq!(
                application(&picture, "postgresql")["units"][0]["primary"],
                primary,
                "{message:?}"
            );
        }
    }

    #[test]
    fn results_of_tasks_are_not_shown() {
        let values = json!({"password": "hunter2"}).as_object().unwrap().clone();
        let task = TaskView {
            id: "2".to_owned(),
            operation: "1".to_owned(),
            unit: "postgresql/0".to_owned(),
            action: "get-password".to_owned(),
            status: TaskStatus::Completed,
            message: None,
            log: Vec::new(),
            next_line: 0,
            results: TaskResults {
                values,
                stdout: "hunter2".to_owned(),
                ..TaskResults::default()
            },
            enqueued: Timestamp::UNIX_EPOCH,
            started: None,
            completed: None,
        };
        let picture = picture(vec![task]);
        assert_eq!(picture["tasks"][0]["action"], "get-password");
        assert!(!picture.to_string().contains("hunter2"));
    }
}
