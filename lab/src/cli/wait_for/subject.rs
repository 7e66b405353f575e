//! What a query can ask about: the names known of an application, a unit, a machine, and the model.

use serde_json::{Map, Value, json};

use crate::api::{ApplicationStatus, FullStatus, MachineStatus, UnitStatus};
use crate::cli::names::{application_of, natural};
use crate::cli::status::application_status;

/// The kinds of things one can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Application,
    Unit,
    Machine,
    Model,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Unit => "unit",
            Self::Machine => "machine",
            Self::Model => "model",
        }
    }

    /// What is waited for if no query is given.
    pub(super) fn default_query(self) -> &'static str {
        match self {
            Self::Application => r#"life=="alive" && status=="active""#,
            Self::Unit => r#"life=="alive" && workload-status=="active""#,
            Self::Machine => r#"life=="alive" && status=="started""#,
            Self::Model => r#"life=="alive" && status=="available""#,
        }
    }

    /// What is known of the thing called `name`; `None` if there is none.
    pub(super) fn known(self, status: &FullStatus, name: &str) -> Option<Map<String, Value>> {
        let value = match self {
            Self::Application => application(name, status.applications.get(name)?),
            Self::Unit => all_units(status)
                .find(|(unit, _)| *unit == name)
                .map(|(name, found)| unit(name, found))?,
            Self::Machine => machine(name, status.machines.get(name)?),
            Self::Model => model(status),
        };
        match value {
            Value::Object(known) => Some(known),
            _ => None,
        }
    }

    /// One line about how far it is, for people who wait.
    pub(super) fn progress(self, known: &Map<String, Value>) -> String {
        let word = |key: &str| known.get(key).and_then(Value::as_str).unwrap_or_default();
        let count = |key: &str| known.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        match self {
            Self::Application => format!(
                "{} with {} unit(s): {}",
                word("status"),
                count("units"),
                word("message")
            ),
            Self::Unit => format!(
                "{}, agent {}: {}",
                word("workload-status"),
                word("agent-status"),
                word("workload-message")
            ),
            Self::Machine => word("status").to_owned(),
            Self::Model => format!(
                "{} with {} application(s), {} unit(s)",
                word("status"),
                count("applications"),
                count("units")
            ),
        }
        .trim_end_matches([' ', ':'])
        .to_owned()
    }
}

fn all_units(status: &FullStatus) -> impl Iterator<Item = (&str, &UnitStatus)> {
    status
        .applications
        .values()
        .flat_map(|application| natural(&application.units))
        .flat_map(|(name, unit)| std::iter::once((name, unit)).chain(natural(&unit.subordinates)))
}

fn application(name: &str, application: &ApplicationStatus) -> Value {
    let status = application_status(application);
    let units: Vec<Value> = natural(&application.units)
        .into_iter()
        .map(|(name, found)| unit(name, found))
        .collect();
    json!({
        "name": name,
        "life": application.life,
        "status": status.current,
        "message": status.message,
        "charm": application.charm,
        "exposed": application.exposed,
        "subordinate": !application.subordinate_to.is_empty(),
        "workload-version": application.workload_version,
        "units": units,
    })
}

fn unit(name: &str, unit: &UnitStatus) -> Value {
    json!({
        "name": name,
        "application": application_of(name),
        "life": unit.life,
        "workload-status": unit.workload.current,
        "workload-message": unit.workload.message,
        "agent-status": unit.agent.current,
        "agent-message": unit.agent.message,
        "status": unit.workload.current,
        "leader": unit.leader,
        "machine": unit.machine,
        "public-address": unit.address,
    })
}

fn machine(number: &str, machine: &MachineStatus) -> Value {
    json!({
        "name": number,
        "id": number,
        "life": "alive",
        "status": machine.agent.current,
        "instance-status": machine.instance.current,
        "hostname": machine.hostname,
    })
}

fn model(status: &FullStatus) -> Value {
    let applications: Vec<Value> = natural(&status.applications)
        .into_iter()
        .map(|(name, found)| application(name, found))
        .collect();
    let machines: Vec<Value> = natural(&status.machines)
        .into_iter()
        .map(|(number, found)| machine(number, found))
        .collect();
    let units: Vec<Value> = all_units(status)
        .map(|(name, found)| unit(name, found))
        .collect();
    json!({
        "name": status.model.name,
        "uuid": status.model.uuid,
        "life": status.model.life,
        "status": status.model_status.current,
        "cloud": status.model.cloud,
        "applications": applications,
        "units": units,
        "machines": machines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::status::samples;
    use crate::cli::wait_for::query::Query;

    fn holds(kind: Kind, name: &str, query: &str) -> bool {
        let known = kind.known(&samples::model(), name).unwrap();
        query.parse::<Query>().unwrap().holds(&known).unwrap()
    }

    #[test]
    fn the_default_queries_find_their_names() {
        assert!(!holds(
            Kind::Application,
            "postgresql",
            Kind::Application.default_query()
        ));
        assert!(holds(
            Kind::Application,
            "client",
            Kind::Application.default_query()
        ));
        assert!(holds(
            Kind::Unit,
            "postgresql/0",
            Kind::Unit.default_query()
        ));
        assert!(holds(Kind::Unit, "agent/0", Kind::Unit.default_query()));
        assert!(holds(Kind::Machine, "0", Kind::Machine.default_query()));
        assert!(!holds(Kind::Machine, "2", Kind::Machine.default_query()));
        assert!(holds(Kind::Model, "dev", Kind::Model.default_query()));
    }

    #[test]
    fn units_of_applications_and_models_can_be_asked_about() {
        assert!(holds(
            Kind::Application,
            "postgresql",
            r#"len(units) == 3 && forEach(units, u => u.life == "alive")"#
        ));
        assert!(!holds(
            Kind::Model,
            "dev",
            r#"forEach(units, u => u.workload-status == "active")"#
        ));
    }

    #[test]
    fn what_is_not_there_is_not_known() {
        assert_eq!(Kind::Unit.known(&samples::model(), "postgresql/9"), None);
    }

    #[test]
    fn progress_is_one_readable_line() {
        let status = samples::model();
        let line = |kind: Kind, name: &str| kind.progress(&kind.known(&status, name).unwrap());
        assert_eq!(
            line(Kind::Application, "postgresql"),
            "blocked with 3 unit(s): no primary"
        );
        assert_eq!(line(Kind::Application, "client"), "active with 1 unit(s)");
        assert_eq!(line(Kind::Unit, "postgresql/1"), "active, agent executing");
    }
}
