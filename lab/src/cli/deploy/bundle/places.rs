//! From the machines a bundle numbers to the machines of the model.

use std::collections::BTreeMap;

use crate::api::FullStatus;
use crate::cli::names;

#[derive(Debug, Default)]
pub(super) struct Places {
    /// Machine of the bundle -> machine of the model.
    machines: BTreeMap<String, String>,
    /// Unit -> machine of the model.
    units: BTreeMap<String, String>,
}

impl Places {
    pub(super) fn new(status: &FullStatus, map_existing: bool) -> Self {
        let mut places = Self::default();
        if map_existing {
            places.machines = status
                .machines
                .keys()
                .map(|number| (number.clone(), number.clone()))
                .collect();
        }
        places.note_units(status);
        places
    }

    fn note_units(&mut self, status: &FullStatus) {
        let units = status
            .applications
            .values()
            .flat_map(|application| &application.units);
        self.units
            .extend(units.map(|(name, unit)| (name.clone(), unit.machine.clone())));
    }

    /// Replaces the bundle's places by machines of the model. Places on machines that do not exist yet are taken
    /// out and returned: the units for them get new machines, in this order, after those with a known place.
    pub(super) fn resolve(&self, to: &mut Vec<String>) -> Vec<String> {
        let mut fresh = Vec::new();
        let mut known = Vec::new();
        for place in to.drain(..) {
            let machine = self.machines.get(&place).or_else(|| self.units.get(&place));
            match machine {
                Some(machine) => known.push(machine.clone()),
                None => fresh.push(place),
            }
        }
        let first_fresh = known.len();
        *to = known;
        // The empty names keep positions: unit i belongs to the i-th place.
        std::iter::repeat_n(String::new(), first_fresh)
            .chain(fresh)
            .collect()
    }

    /// Takes note of where `units` went that were placed as `wanted`.
    pub(super) fn learn(&mut self, status: &FullStatus, wanted: &[String], units: &[String]) {
        self.note_units(status);
        for (place, unit) in wanted.iter().zip(units) {
            let is_number = !place.is_empty() && place.bytes().all(|b| b.is_ascii_digit());
            if let Some(machine) = self.units.get(unit).filter(|_| is_number) {
                self.machines.insert(place.clone(), machine.clone());
            }
        }
    }
}

/// The places of `count` units; as in Juju the last place is for all that follow, unless that is a single machine.
pub(super) fn spread(to: &[String], count: u32, first: usize) -> Vec<String> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let repeats_last = to
        .last()
        .is_some_and(|place| place == "new" || names::is_application(place));
    let place = |index: usize| {
        to.get(index)
            .or(to.last().filter(|_| repeats_last))
            .cloned()
    };
    (first..first.saturating_add(count))
        .map_while(place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::status::samples;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_machine_of_the_bundle_is_the_one_its_first_unit_got() {
        let mut places = Places::default();
        let mut to = names(&["0", "1"]);
        let wanted = places.resolve(&mut to);
        assert!(to.is_empty());
        places.learn(
            &samples::model(),
            &wanted,
            &names(&["postgresql/1", "client/0"]),
        );
        let mut to = names(&["1", "2", "0"]);
        assert_eq!(places.resolve(&mut to), names(&["", "", "2"]));
        assert_eq!(to, names(&["3", "1"]));
    }

    #[test]
    fn a_unit_may_be_the_place() {
        let places = Places::new(&samples::model(), false);
        let mut to = names(&["postgresql/0", "lxd:0"]);
        assert_eq!(places.resolve(&mut to), names(&["", "lxd:0"]));
        assert_eq!(to, names(&["0"]));
    }

    #[test]
    fn existing_machines_are_mapped_on_request() {
        let mut to = names(&["2"]);
        Places::new(&samples::model(), true).resolve(&mut to);
        assert_eq!(to, names(&["2"]));
    }

    #[test]
    fn units_beyond_the_places_get_machines_of_their_own() {
        assert_eq!(spread(&names(&["0", "1"]), 3, 0), names(&["0", "1"]));
        assert_eq!(
            spread(&names(&["0", "new"]), 3, 0),
            names(&["0", "new", "new"])
        );
        assert_eq!(spread(&names(&["0", "1"]), 1, 1), names(&["1"]));
    }
}
