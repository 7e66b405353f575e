//! What status shows but nobody stored: the application's status from its units', what an agent is doing, the scale.

use crate::api::{ApplicationStatus, FullStatus, Offer, StatusInfo, UnitStatus};

/// The application's own status if its leader set one, else that of its worst unit.
pub(crate) fn application_status(application: &ApplicationStatus) -> StatusInfo {
    if !matches!(application.status.current.as_str(), "" | "unset") {
        return application.status.clone();
    }
    application
        .units
        .values()
        .map(|unit| &unit.workload)
        .max_by_key(|status| severity(&status.current))
        .unwrap_or(&application.status)
        .clone()
}

fn severity(status: &str) -> u8 {
    match status {
        "error" => 100,
        "blocked" => 90,
        "maintenance" => 80,
        "waiting" => 70,
        "active" => 60,
        "terminated" => 50,
        "unknown" => 40,
        _ => 0,
    }
}

/// The hook or action an executing agent is running: `running install hook` is `install`.
pub(crate) fn doing(agent: &StatusInfo) -> Option<&str> {
    if agent.current != "executing" {
        return None;
    }
    let what = agent.message.strip_prefix("running ")?;
    if let Some(action) = what.strip_prefix("action ") {
        return Some(action);
    }
    what.split_once(" hook")
        .map(|(hook, _)| hook)
        .filter(|hook| !hook.is_empty())
}

/// The message column of a unit.
pub(crate) fn unit_message(unit: &UnitStatus) -> String {
    match doing(&unit.agent) {
        Some(what) => format!("({what}) {}", unit.workload.message)
            .trim_end()
            .to_owned(),
        None => unit.workload.message.clone(),
    }
}

/// Interface and role of an offered endpoint; from its relations if the daemon did not describe it.
pub(super) fn offered_endpoint(
    status: &FullStatus,
    offer: &Offer,
    endpoint: &str,
) -> (String, String) {
    if let Some(described) = offer.described.get(endpoint) {
        return (described.interface.clone(), described.role.clone());
    }
    let interface = status
        .applications
        .get(&offer.application)
        .and_then(|application| application.relations.get(endpoint))
        .and_then(|related| related.first())
        .map_or_else(String::new, |related| related.interface.clone());
    (interface, "provider".to_owned())
}

/// `3`, or `2/3` while an agent is not up.
pub(crate) fn scale(application: &ApplicationStatus) -> String {
    let all = application.units.len();
    let up = application
        .units
        .values()
        .filter(|unit| matches!(unit.agent.current.as_str(), "idle" | "executing"))
        .count();
    if up == all {
        all.to_string()
    } else {
        format!("{up}/{all}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::api::OfferedEndpoint;

    #[test]
    fn an_unset_application_takes_the_status_of_its_worst_unit() {
        let mut application = samples::application();
        application.status.current = "unset".to_owned();
        let derived = application_status(&application);
        assert_eq!(
            (derived.current.as_str(), derived.message.as_str()),
            ("waiting", "waiting for machine")
        );
    }

    #[test]
    fn a_status_the_leader_set_is_kept() {
        assert_eq!(
            application_status(&samples::application()).message,
            "no primary"
        );
    }

    #[test]
    fn an_executing_agent_tells_what_it_runs() {
        let agent = |current: &str, message: &str| StatusInfo {
            current: current.to_owned(),
            message: message.to_owned(),
            since: samples::time(),
        };
        let cases = [
            (agent("executing", "running install hook"), Some("install")),
            (
                agent(
                    "executing",
                    "running database-relation-changed hook for app/0",
                ),
                Some("database-relation-changed"),
            ),
            (
                agent("executing", "running secret-remove hook for secret:x/1"),
                Some("secret-remove"),
            ),
            (
                agent("executing", "running action create-backup"),
                Some("create-backup"),
            ),
            (agent("idle", "running install hook"), None),
            (agent("executing", ""), None),
        ];
        for (status, expected) in cases {
            assert_eq!(doing(&status), expected, "{}", status.message);
        }
    }

    #[test]
    fn an_offered_endpoint_is_what_the_daemon_says_or_what_its_relations_show() {
        let status = samples::model();
        let mut offer = samples::offer();
        let described = |offer: &Offer| offered_endpoint(&status, offer, "database");
        assert_eq!(
            described(&offer),
            ("postgresql_client".to_owned(), "provider".to_owned())
        );
        let endpoint = OfferedEndpoint {
            interface: "other".to_owned(),
            role: "requirer".to_owned(),
        };
        offer.described.insert("database".to_owned(), endpoint);
        assert_eq!(
            described(&offer),
            ("other".to_owned(), "requirer".to_owned())
        );
    }

    #[test]
    fn scale_counts_the_agents_that_are_up() {
        let mut application = samples::application();
        assert_eq!(scale(&application), "2/3");
        application
            .units
            .retain(|_, unit| unit.agent.current != "allocating");
        assert_eq!(scale(&application), "2");
    }
}
