//! `juju status PATTERN…`: only the applications and units that match, and what belongs to them.

use std::collections::BTreeSet;

use crate::api::{FullStatus, UnitStatus};
use crate::cli::names::{application_of, matches};

/// Keeps what matches any pattern: names of applications and units (with `*`), machine numbers, status words.
/// Returns whether anything was kept. Without patterns everything is.
pub(crate) fn keep(status: &mut FullStatus, patterns: &[String]) -> bool {
    if patterns.is_empty() {
        return true;
    }
    let any = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    status.applications.retain(|name, application| {
        if any(name) || any(&application.status.current) {
            return true;
        }
        application
            .units
            .retain(|name, unit| unit_matches(name, unit, &any));
        !application.units.is_empty()
    });
    let used: BTreeSet<&str> = status
        .applications
        .values()
        .flat_map(|application| application.units.values())
        .map(|unit| unit.machine.as_str())
        .collect();
    status
        .machines
        .retain(|number, _| used.contains(number.as_str()) || any(number));
    status.storage.retain(|_, storage| {
        storage.unit.as_ref().is_some_and(|unit| {
            status
                .applications
                .values()
                .any(|application| application.units.contains_key(unit))
        })
    });
    let kept = &status.applications;
    status.relations.retain(|relation| {
        [&relation.provider, &relation.requirer]
            .iter()
            .any(|end| kept.contains_key(&end.application))
    });
    status
        .offers
        .retain(|offer| kept.contains_key(&offer.application));
    status.remote_applications.retain(|name, _| any(name));
    !(status.applications.is_empty()
        && status.machines.is_empty()
        && status.remote_applications.is_empty())
}

fn unit_matches(name: &str, unit: &UnitStatus, any: &impl Fn(&str) -> bool) -> bool {
    any(name)
        || any(&unit.workload.current)
        || any(&unit.agent.current)
        || (!unit.machine.is_empty() && any(&unit.machine))
        || unit
            .subordinates
            .iter()
            .any(|(name, unit)| any(application_of(name)) || unit_matches(name, unit, any))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn kept(patterns: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut status = samples::model();
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        keep(&mut status, &patterns);
        let units = status
            .applications
            .values()
            .flat_map(|a| a.units.keys().cloned())
            .collect();
        (
            status.applications.into_keys().collect(),
            units,
            status.machines.into_keys().collect(),
        )
    }

    #[test]
    fn an_application_is_kept_with_all_its_units_and_machines() {
        let (applications, units, machines) = kept(&["postgresql"]);
        assert_eq!(applications, ["postgresql"]);
        assert_eq!(units, ["postgresql/0", "postgresql/1", "postgresql/2"]);
        assert_eq!(machines, ["0", "1", "2"]);
    }

    #[test]
    fn a_unit_is_kept_alone() {
        let (applications, units, machines) = kept(&["postgresql/1"]);
        assert_eq!(
            (applications.len(), units.as_slice(), machines.as_slice()),
            (1, &["postgresql/1".to_owned()][..], &["1".to_owned()][..])
        );
    }

    #[test]
    fn a_status_word_keeps_the_units_in_that_state() {
        let (_, units, _) = kept(&["waiting"]);
        assert_eq!(units, ["postgresql/2"]);
    }

    #[test]
    fn the_principal_of_a_matching_subordinate_is_kept() {
        let (applications, units, _) = kept(&["agent"]);
        assert_eq!(applications, ["agent", "client"]);
        assert_eq!(units, ["client/0"]);
    }

    #[test]
    fn what_matches_nothing_is_told() {
        assert!(!keep(&mut samples::model(), &["absent".to_owned()]));
    }
}
