//! Worlds Juju cannot produce are refused.

use std::panic::{AssertUnwindSafe, catch_unwind};

use juju_charm::testing::{Relation, Secret, SecretHolder, State};
use juju_charm::{Event, SecretContent, ToolError};

use crate::{leader, scenario};

fn check(state: &State, event: &Event, problem: &str) {
    let attempt = AssertUnwindSafe(|| scenario().run(state, event, |_, _| Ok::<(), ToolError>(())));
    let panic = catch_unwind(attempt).expect_err(problem);
    let text = panic.downcast::<String>().unwrap();
    assert_eq!(*text, format!("Juju cannot produce this:\n- {problem}"));
}

fn content() -> SecretContent {
    SecretContent::new().with("password", "x")
}

#[test]
fn options_exist_and_have_their_type() {
    check(
        &leader().with_config("nope", 1),
        &Event::Install,
        "unknown option \"nope\"",
    );
    check(
        &leader().with_config("memory", "many"),
        &Event::Install,
        "option \"memory\" expected int, got \"many\"",
    );
}

#[test]
fn relations_are_of_declared_endpoints_with_numbers_of_their_own() {
    let at = |id, app| leader().with_relation(Relation::new(id, app));
    check(
        &at("nope:1", "x"),
        &Event::Install,
        "nope:1 is of an endpoint that metadata.yaml lacks",
    );
    check(
        &at("peers:1", "x"),
        &Event::Install,
        "peers:1 is among peers, and they are of pg",
    );
    check(
        &at("database:1", "x").with_relation(Relation::new("peers:1", "pg")),
        &Event::Install,
        "peers:1 has the number of a relation of database",
    );
    check(
        &at("s3-parameters:1", "x").with_relation(Relation::new("s3-parameters:2", "y")),
        &Event::Install,
        "endpoint \"s3-parameters\" has 2 relations of 1 at most",
    );
    check(
        &leader().with_relation(Relation::new("peers:1", "pg").with_unit(0, [])),
        &Event::Install,
        "peers:1 lists this unit among the others",
    );
    check(
        &leader().with_relation(Relation::new("database:1", "x").with_unit(0, [("k", "")])),
        &Event::Install,
        "database:1 has key \"k\" without a value: it would be deleted",
    );
}

#[test]
fn relation_events_fit_the_relation() {
    let relation = Relation::new("database:5", "client").with_unit(0, []);
    let state = leader().with_relation(relation.clone());
    check(
        &leader(),
        &relation.created(),
        "database-relation-created is about database:5, of which there is none",
    );
    check(
        &state,
        &relation.changed(7),
        "database-relation-changed is about client/7, which is not in database:5",
    );
    check(
        &state,
        &relation.departed(0),
        "client/0 is still listed in database:5, although it leaves",
    );
    check(
        &state,
        &relation.broken(),
        "database:5 is broken but still has units",
    );
    let peers = Relation::new("peers:1", "pg");
    check(
        &leader().with_relation(peers.clone()),
        &peers.broken(),
        "a peer relation is never broken",
    );
}

#[test]
fn secret_events_go_to_whom_they_concern() {
    let ours = Secret::new("secret:ours", SecretHolder::Application, content());
    let theirs = Secret::new("secret:theirs", SecretHolder::Granted, content()).tracking(1);
    let mut follower = State::new("pg/1")
        .with_secret(ours.clone())
        .with_secret(theirs.clone());
    check(
        &follower,
        &ours.rotate(),
        "secret-rotate of an application's secret is sent to the leader",
    );
    check(
        &follower,
        &theirs.expired(1),
        "secret-expired is sent to the owner, and secret:theirs is not ours",
    );
    check(
        &follower,
        &theirs.changed(),
        "secret:theirs has no newer revision than this unit reads",
    );
    follower.secrets[0].granted_to.insert(9);
    check(
        &follower,
        &Event::Install,
        "secret:ours is granted to relation 9, of which there is none",
    );
    let twice = leader().with_secret(ours.clone().labelled("x"));
    let other = Secret::new("secret:other", SecretHolder::Unit, content()).labelled("x");
    check(
        &twice.with_secret(other),
        &Event::Install,
        "two secrets have the label \"x\"",
    );
}

#[test]
fn the_lead_storage_and_versions_fit() {
    check(
        &State::new("pg/1"),
        &Event::LeaderElected,
        "leader-elected is sent to the leader only",
    );
    check(
        &leader(),
        &Event::LeaderSettingsChanged,
        "leader-settings-changed is not sent to the leader",
    );
    let mut four = leader();
    four.juju_version = juju_charm::JujuVersion::new(4, 0, 0);
    check(
        &four,
        &Event::PreSeriesUpgrade,
        "Juju 4 does not send pre-series-upgrade",
    );
    let state = leader().with_storage("pgdata/0", "/a");
    let instance = state.storage[0].clone();
    check(
        &leader(),
        &instance.attached(),
        "pgdata-storage-attached is about pgdata/0, which is not there",
    );
    check(
        &state.with_storage("pgdata/1", "/b"),
        &Event::Install,
        "storage \"pgdata\" has more instances than it may have",
    );
}
