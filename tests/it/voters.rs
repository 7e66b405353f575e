//! Who votes in etcd, for every size and in any order of coming and going.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use postgresql_charm::domain::decide::voters::{Candidates, choose, number};
use postgresql_charm::domain::words::MemberName;
use proptest::prelude::*;

fn name(number: u32) -> MemberName {
    format!("postgresql-{number}").parse().unwrap()
}

fn address(number: u32) -> IpAddr {
    IpAddr::from([10, 0, 0, u8::try_from(number).unwrap()])
}

fn units(numbers: impl IntoIterator<Item = u32>) -> BTreeMap<MemberName, IpAddr> {
    numbers
        .into_iter()
        .map(|number| (name(number), address(number)))
        .collect()
}

fn chosen(candidates: &Candidates) -> Vec<u32> {
    choose(candidates).keys().map(MemberName::number).collect()
}

#[test]
fn d1_as_many_vote_as_the_largest_odd_number_of_units_and_at_most_seven() {
    let table = [
        (1, 1),
        (2, 1),
        (3, 3),
        (4, 3),
        (5, 5),
        (6, 5),
        (7, 7),
        (8, 7),
        (30, 7),
    ];
    for (units, voters) in table {
        assert_eq!(number(units), voters, "{units} units");
    }
}

#[test]
fn the_choice_for_each_situation() {
    struct Case {
        what: &'static str,
        units: &'static [u32],
        voters: &'static [u32],
        running: &'static [u32],
        primary: u32,
        chosen: &'static [u32],
    }
    let case = |what, units, voters, running, primary, chosen| Case {
        what,
        units,
        voters,
        running,
        primary,
        chosen,
    };
    let cases = [
        case("one unit", &[0], &[0], &[0], 0, &[0]),
        case("a second unit", &[0, 1], &[0], &[0, 1], 0, &[0]),
        case("a third is not up", &[0, 1, 2], &[0], &[0, 1], 0, &[0]),
        case("three are up", &[0, 1, 2], &[0], &[0, 1, 2], 0, &[0, 1, 2]),
        case(
            "a voter is down",
            &[0, 1, 2],
            &[0, 1, 2],
            &[0, 1],
            0,
            &[0, 1, 2],
        ),
        case("one of three went", &[0, 1], &[0, 1], &[0, 1], 1, &[1]),
        case("the primary stays", &[0, 1], &[0, 1], &[0, 1], 0, &[0]),
        case("who is up stays", &[0, 1], &[0, 1], &[0], 1, &[0]),
        case(
            "one is replaced",
            &[0, 1, 3],
            &[0, 1],
            &[0, 1, 3],
            0,
            &[0, 1, 3],
        ),
        case(
            "its replacement is not up",
            &[0, 1, 3],
            &[0, 1],
            &[0, 1],
            0,
            &[0],
        ),
        case(
            "a fourth changes nothing",
            &[0, 1, 2, 3],
            &[0, 1, 2],
            &[0, 1, 2, 3],
            3,
            &[0, 1, 2],
        ),
        case(
            "five",
            &[0, 1, 2, 3, 4],
            &[0, 1, 2],
            &[0, 1, 2, 3, 4],
            0,
            &[0, 1, 2, 3, 4],
        ),
    ];
    for case in cases {
        let candidates = Candidates {
            units: units(case.units.iter().copied()),
            count: case.units.len(),
            voters: units(case.voters.iter().copied()),
            running: case.running.iter().copied().map(name).collect(),
            preferred: vec![name(case.primary)],
        };
        assert_eq!(chosen(&candidates), case.chosen, "{}", case.what);
    }
}

/// What happens to the units.
#[derive(Clone, Debug)]
enum Event {
    Comes,
    Leaves(prop::sample::Index),
    IsRemoved(prop::sample::Index),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => Just(Event::Comes),
        2 => any::<prop::sample::Index>().prop_map(Event::Leaves),
        1 => any::<prop::sample::Index>().prop_map(Event::IsRemoved),
    ];
    prop::collection::vec(event, 1..25)
}

/// The members of etcd: which vote, and which of them answer.
#[derive(Clone, Debug, Default)]
struct Etcd {
    voters: BTreeSet<u32>,
    dead: BTreeSet<u32>,
}

impl Etcd {
    /// One change, which needs the majority it begins with, and must leave one.
    fn change(&mut self, change: impl FnOnce(&mut BTreeSet<u32>)) {
        assert!(self.has_quorum(), "a change without a majority: {self:?}");
        let before = self.voters.clone();
        change(&mut self.voters);
        let changed = before.symmetric_difference(&self.voters).count();
        assert_eq!(changed, 1, "one member at a time: {before:?}, {self:?}");
        assert!(
            self.has_quorum(),
            "the majority is lost: {before:?}, {self:?}"
        );
    }

    fn has_quorum(&self) -> bool {
        let alive = self.voters.difference(&self.dead).count();
        alive > self.voters.len() / 2
    }
}

/// Chooses and changes until the choice is in force.
fn come_to_rest(units_there: &BTreeSet<u32>, etcd: &mut Etcd) {
    for _ in 0..10 {
        let candidates = Candidates {
            units: units(units_there.iter().copied()),
            count: units_there.len(),
            voters: units(etcd.voters.intersection(units_there).copied()),
            running: units_there.iter().copied().map(name).collect(),
            preferred: Vec::new(),
        };
        let gone: Vec<u32> = etcd.voters.difference(units_there).copied().collect();
        for number in gone {
            etcd.change(|voters| {
                voters.remove(&number);
            });
        }
        let wanted: BTreeSet<u32> = chosen(&candidates).into_iter().collect();
        if wanted == etcd.voters {
            return;
        }
        let (added, dropped): (Vec<u32>, Vec<u32>) = (
            wanted.difference(&etcd.voters).copied().collect(),
            etcd.voters.difference(&wanted).copied().collect(),
        );
        for number in added {
            etcd.change(|voters| {
                voters.insert(number);
            });
        }
        for number in dropped {
            etcd.change(|voters| {
                voters.remove(&number);
            });
        }
    }
    panic!("it does not come to rest: {etcd:?} for {units_there:?}");
}

proptest! {
    #[test]
    fn units_that_come_leave_and_vanish_never_cost_the_majority(events in events()) {
        let mut there = BTreeSet::from([0]);
        let mut etcd = Etcd { voters: BTreeSet::from([0]), ..Default::default() };
        let mut next = 1;
        for event in events {
            match event {
                Event::Comes if there.len() < 7 => {
                    there.insert(next);
                    next += 1;
                }
                // A voter takes itself out while it still runs; the only one waits for its heir.
                Event::Leaves(which) if there.len() > 1 => {
                    let number = *which.get(&there.iter().copied().collect::<Vec<_>>());
                    there.remove(&number);
                    if etcd.voters.contains(&number) {
                        if etcd.voters.len() == 1 {
                            let heir = *there.iter().next().unwrap();
                            etcd.change(|voters| { voters.insert(heir); });
                        }
                        etcd.change(|voters| { voters.remove(&number); });
                    }
                }
                // A unit that is lost without a word: only a majority of three and more survives that.
                Event::IsRemoved(which) if number_of(&etcd) > 2 => {
                    let number = *which.get(&there.iter().copied().collect::<Vec<_>>());
                    there.remove(&number);
                    etcd.dead.insert(number);
                }
                _ => {}
            }
            come_to_rest(&there, &mut etcd);
            prop_assert_eq!(etcd.voters.len(), number(there.len()));
        }
    }
}

fn number_of(etcd: &Etcd) -> usize {
    etcd.voters.len()
}
