//! Whether a model came to rest after a step, and what keeps it from it.

use crate::api::{FullStatus, UnitStatus};
use std::collections::BTreeMap;

/// What is not at rest. Units on the machine of `broken` are not expected to answer.
pub(super) fn restless(status: &FullStatus, broken: Option<&str>) -> Vec<String> {
    let applications = status.applications.values();
    let units = applications
        .flat_map(|it| it.units.clone())
        .collect::<BTreeMap<_, _>>();
    let mut open = restless_units(&units, broken);
    for (name, application) in &status.applications {
        if application.life != "alive" {
            open.push(format!("{name} is {}", application.life));
        }
    }
    open
}

fn restless_units(units: &BTreeMap<String, UnitStatus>, broken: Option<&str>) -> Vec<String> {
    let mut open = Vec::new();
    let down = broken
        .and_then(|broken| units.get(broken))
        .map(|unit| &unit.machine);
    for (name, unit) in units.iter().filter(|(_, it)| Some(&it.machine) != down) {
        open.extend(reason(name, unit));
        for (name, unit) in &unit.subordinates {
            open.extend(reason(name, unit));
        }
    }
    open
}

fn reason(name: &str, unit: &UnitStatus) -> Option<String> {
    let said = |what: &str, message: &str| format!("{name} is {what} ({message})");
    if unit.life != "alive" {
        return Some(said(&unit.life, &unit.workload.message));
    }
    if unit.workload.current == "error" {
        return Some(said("in error", &unit.workload.message));
    }
    (unit.agent.current != "idle").then(|| said(&unit.agent.current, &unit.agent.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unit(name: &str, machine: u32, agent: &str) -> (String, UnitStatus) {
        let info = |current: &str| json!({"current": current, "message": "m", "since": "2026-01-01T00:00:00Z"});
        let unit = json!({
            "workload": info("active"), "agent": info(agent), "life": "alive", "leader": false,
            "machine": machine.to_string(), "address": "", "open_ports": [], "subordinates": {}
        });
        (name.to_owned(), serde_json::from_value(unit).unwrap())
    }

    fn open(units: Vec<(String, UnitStatus)>, broken: Option<&str>) -> Vec<String> {
        let units = units.into_iter().collect();
        restless_units(&units, broken)
    }

    #[test]
    fn who_works_or_failed_is_not_at_rest() {
        let mut failed = unit("pg/2", 2, "idle");
        failed.1.workload.current = "error".into();
        let units = vec![
            unit("pg/0", 0, "idle"),
            unit("pg/1", 1, "executing"),
            failed,
        ];
        assert_eq!(
            open(units, None),
            ["pg/1 is executing (m)", "pg/2 is in error (m)"]
        );
    }

    #[test]
    fn who_shares_the_broken_machine_does_not_count() {
        let units = vec![
            unit("pg/0", 0, "lost"),
            unit("client/0", 0, "lost"),
            unit("pg/1", 1, "lost"),
        ];
        assert_eq!(open(units, Some("pg/0")), ["pg/1 is lost (m)"]);
    }
}
