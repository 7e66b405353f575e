//! `juju status` in a few lines: one per unit, or only counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::api::{FullStatus, UnitStatus};
use crate::cli::names::natural;

use super::derive;

/// One line per unit: `- postgresql/0: 10.0.0.11 (agent:idle, workload:active) 5432/tcp`.
pub(crate) fn render(status: &FullStatus) -> String {
    let mut out = String::new();
    for (_, application) in natural(&status.applications) {
        for (name, unit) in natural(&application.units) {
            line(&mut out, name, unit, "");
            for (name, subordinate) in natural(&unit.subordinates) {
                line(&mut out, name, subordinate, "  ");
            }
        }
    }
    out
}

fn line(out: &mut String, name: &str, unit: &UnitStatus, indent: &str) {
    let address = if unit.address.is_empty() {
        "unknown"
    } else {
        &unit.address
    };
    let _ = write!(
        out,
        "{indent}- {name}: {address} (agent:{}, workload:{})",
        unit.agent.current, unit.workload.current
    );
    if !unit.open_ports.is_empty() {
        let _ = write!(out, " {}", unit.open_ports.join(", "));
    }
    out.push('\n');
}

/// Counts of machines, units and applications by their state.
pub(crate) fn summary(status: &FullStatus) -> String {
    let mut ports = BTreeSet::new();
    let mut units = BTreeMap::new();
    let mut machines = BTreeMap::new();
    for unit in status
        .applications
        .values()
        .flat_map(|application| application.units.values())
    {
        for unit in std::iter::once(unit).chain(unit.subordinates.values()) {
            *units
                .entry(unit.workload.current.as_str())
                .or_insert(0_usize) += 1;
            ports.extend(unit.open_ports.iter().map(String::as_str));
        }
    }
    for machine in status.machines.values() {
        *machines
            .entry(machine.agent.current.as_str())
            .or_insert(0_usize) += 1;
    }
    let mut out = String::new();
    let ports: Vec<&str> = ports.into_iter().collect();
    let _ = writeln!(out, "Open ports:    {}", ports.join(", "));
    counts(&mut out, "machines", &machines);
    counts(&mut out, "units", &units);
    let _ = writeln!(out, "# applications: ({})", status.applications.len());
    for (name, application) in natural(&status.applications) {
        let current = derive::application_status(application).current;
        let _ = writeln!(
            out,
            "  {name}: {}/{} {current}",
            idle(&application.units),
            application.units.len()
        );
    }
    out
}

fn idle(units: &BTreeMap<String, UnitStatus>) -> usize {
    units
        .values()
        .filter(|unit| unit.agent.current == "idle")
        .count()
}

fn counts(out: &mut String, title: &str, counts: &BTreeMap<&str, usize>) {
    let _ = writeln!(out, "# {title}: ({})", counts.values().sum::<usize>());
    for (state, count) in counts {
        let _ = writeln!(out, "  {state}: {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn every_unit_takes_one_line() {
        let expected = "\
- client/0: 10.0.0.14 (agent:idle, workload:active)
  - agent/0: 10.0.0.14 (agent:idle, workload:active)
- postgresql/0: 10.0.0.11 (agent:idle, workload:active) 5432/tcp
- postgresql/1: 10.0.0.12 (agent:executing, workload:active) 5432/tcp
- postgresql/2: 10.0.0.13 (agent:allocating, workload:waiting)
";
        assert_eq!(render(&samples::model()), expected);
    }

    #[test]
    fn a_summary_counts() {
        let expected = "\
Open ports:    5432/tcp
# machines: (4)
  pending: 1
  started: 3
# units: (5)
  active: 4
  waiting: 1
# applications: (3)
  agent: 0/0 active
  client: 1/1 active
  postgresql: 1/3 blocked
";
        assert_eq!(summary(&samples::model()), expected);
    }
}
