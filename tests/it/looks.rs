//! What a look at Juju costs in hook tools, and what is remembered instead of asked for.

use std::path::PathBuf;

use juju_charm::Event;
use juju_charm::testing::{Relation, State};
use postgresql_charm::domain::observed::JujuView;
use postgresql_charm::domain::settings::Machine;
use postgresql_charm::domain::words::Timestamp;
use postgresql_charm::juju::view;
use tempfile::TempDir;

use crate::flows::{scenario, world};

/// A unit's disk, on which it remembers.
struct Disk(TempDir);

impl Disk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn record(&self) -> PathBuf {
        self.0.path().join("peers.json")
    }
}

/// What a hook sees at a second, the world after it, and the hook tools it took.
fn look(state: &State, event: &Event, disk: &Disk, second: i64) -> (JujuView, State, Vec<String>) {
    let mut seen = None;
    let outcome = scenario().run(state, event, |_, juju| {
        let machine = Machine::new(8 << 30, 2);
        let now = Timestamp::from_second(second).unwrap();
        view::read(juju, &machine, &disk.record(), now).map(|view| seen = Some(view))
    });
    let tools = outcome.tools().into_iter().map(str::to_owned).collect();
    (seen.expect("the look succeeds"), outcome.state, tools)
}

fn peers(units: u32, address_of_first: &str) -> Relation {
    (1..units).fold(
        Relation::new("database-peers:0", "postgresql"),
        |peers, number| {
            let address = if number == 1 {
                address_of_first.to_owned()
            } else {
                format!("10.0.0.{number}")
            };
            peers.with_unit(number, [("ip", &*address)])
        },
    )
}

/// The leader of so many units, with an object store.
fn cluster(units: u32, address_of_first: &str) -> State {
    let mut state = world();
    state.relations.clear();
    state
        .with_relation(peers(units, address_of_first))
        .with_relation(Relation::new("s3-parameters:1", "s3-integrator"))
}

fn first_peer(view: &JujuView) -> String {
    let peers = view.peers.as_ref().unwrap();
    let (_, address) = (peers.units.iter())
        .find(|(name, _)| name.unit() == "postgresql/1")
        .unwrap();
    address.unwrap().to_string()
}

#[test]
fn a_regular_look_takes_fourteen_hook_tools_however_many_units_there_are() {
    for units in [1, 3, 9] {
        let disk = Disk::new();
        let (_, told, _) = look(&cluster(units, "10.0.0.1"), &Event::ConfigChanged, &disk, 0);
        assert_eq!(
            told.relation(1).local_app["bucket"],
            "relation-1",
            "it tells the object store"
        );
        let (_, after, tools) = look(&told, &Event::UpdateStatus, &disk, 60);
        assert_eq!(after, told);
        // The status comes on top.
        assert_eq!(
            tools,
            [
                "is-leader",
                "relation-ids",
                "relation-get",
                "relation-list",
                "relation-get",
                "network-get",
                "relation-ids",
                "relation-ids",
                "secret-get",
                "config-get",
                "relation-ids",
                "relation-list",
                "relation-get",
                "relation-ids",
            ],
            "{units} units"
        );
    }
}

#[test]
fn what_a_peer_changes_is_seen_by_the_hook_that_tells_of_it_and_by_every_later_one() {
    let disk = Disk::new();
    look(&cluster(3, "10.0.0.1"), &Event::ConfigChanged, &disk, 0);
    let moved = cluster(3, "10.0.0.9");
    let told = peers(3, "10.0.0.9").changed(1);
    let (view, moved, _) = look(&moved, &told, &disk, 60);
    assert_eq!(first_peer(&view), "10.0.0.9");
    let (view, ..) = look(&moved, &Event::UpdateStatus, &disk, 120);
    assert_eq!(first_peer(&view), "10.0.0.9");
}

#[test]
fn what_a_skipped_hook_was_to_tell_is_seen_within_an_hour_or_with_the_next_other_hook() {
    let disk = Disk::new();
    look(&cluster(3, "10.0.0.1"), &Event::ConfigChanged, &disk, 0);
    let moved = cluster(3, "10.0.0.9");
    let (view, ..) = look(&moved, &Event::UpdateStatus, &disk, 3599);
    assert_eq!(first_peer(&view), "10.0.0.1");
    let (view, ..) = look(&moved, &Event::UpdateStatus, &disk, 3600);
    assert_eq!(first_peer(&view), "10.0.0.9");

    look(&cluster(3, "10.0.0.1"), &Event::Start, &disk, 3660);
    let (view, ..) = look(&moved, &Event::LeaderElected, &disk, 3720);
    assert_eq!(first_peer(&view), "10.0.0.9");
}

#[test]
fn a_clock_that_was_set_back_and_a_record_that_cannot_be_read_have_all_asked_for_again() {
    let disk = Disk::new();
    look(&cluster(3, "10.0.0.1"), &Event::ConfigChanged, &disk, 9000);
    let moved = cluster(3, "10.0.0.9");
    let (view, ..) = look(&moved, &Event::UpdateStatus, &disk, 10);
    assert_eq!(first_peer(&view), "10.0.0.9");

    std::fs::write(disk.record(), "{").unwrap();
    let (view, ..) = look(&cluster(3, "10.0.0.1"), &Event::UpdateStatus, &disk, 20);
    assert_eq!(first_peer(&view), "10.0.0.1");
}

#[test]
fn a_unit_that_comes_is_read_at_once_and_one_that_goes_is_forgotten() {
    let disk = Disk::new();
    look(&cluster(2, "10.0.0.1"), &Event::ConfigChanged, &disk, 0);
    let (view, ..) = look(&cluster(4, "10.0.0.1"), &Event::UpdateStatus, &disk, 60);
    assert_eq!(view.peers.unwrap().units.len(), 4);
    let (view, ..) = look(&cluster(2, "10.0.0.1"), &Event::UpdateStatus, &disk, 120);
    assert_eq!(view.peers.unwrap().units.len(), 2);
    // It comes back with another address under its old name.
    look(&cluster(1, ""), &Event::UpdateStatus, &disk, 180);
    let (view, ..) = look(&cluster(2, "10.0.0.9"), &Event::UpdateStatus, &disk, 240);
    assert_eq!(first_peer(&view), "10.0.0.9");
}
