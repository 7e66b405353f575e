//! Who writes `bucket` and asks for no secret is answered in plain text.

use juju_charm::testing::Relation;
use juju_charm::{Event, Status};

use crate::{configured, leader, run};

fn requirer() -> Relation {
    Relation::new("s3-credentials:7", "postgresql").with_remote_data([("bucket", "relation-7")])
}

#[test]
fn the_answer_is_complete_and_in_plain_text() {
    let chain = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0t";
    let state = configured()
        .with_config("endpoint", "https://minio.lab:9000")
        .with_config("region", "eu-lab-1")
        .with_config("path", "clusters/a")
        .with_config("s3-uri-style", "path")
        .with_config("attributes", "x-a:1,x-b:2")
        .with_config("tls-ca-chain", chain)
        .with_config("experimental-delete-older-than-days", 30)
        .with_relation(requirer());
    let outcome = run(&state, &requirer().app_changed());
    let bag = &outcome.state.relation(7).local_app;
    let shown: Vec<String> = bag
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    assert_eq!(
        shown,
        [
            "access-key: AKLAB",
            "attributes: [\"x-a:1\",\"x-b:2\"]",
            "bucket: relation-7",
            "data: {\"bucket\":\"relation-7\"}",
            "delete-older-than-days: 30",
            "endpoint: https://minio.lab:9000",
            "path: clusters/a",
            "region: eu-lab-1",
            "s3-uri-style: path",
            "secret-key: s3cr3t",
            "tls-ca-chain: [\"-----BEGIN CERTIFICATE-----\\nAAA\\n-----END CERTIFICATE-----\"]",
        ]
    );
    assert_eq!(outcome.state.status, Some(Status::active("")));
}

#[test]
fn the_bucket_of_the_option_comes_before_the_one_asked_for() {
    let state = configured()
        .with_config("bucket", "pgbackups")
        .with_relation(requirer());
    let outcome = run(&state, &Event::ConfigChanged);
    assert_eq!(outcome.state.relation(7).local_app["bucket"], "pgbackups");
}

#[test]
fn each_relation_gets_the_bucket_it_asked_for() {
    let other =
        Relation::new("s3-credentials:8", "mysql").with_remote_data([("bucket", "relation-8")]);
    let state = configured().with_relation(requirer()).with_relation(other);
    let outcome = run(&state, &Event::ConfigChanged);
    assert_eq!(outcome.state.relation(7).local_app["bucket"], "relation-7");
    assert_eq!(outcome.state.relation(8).local_app["bucket"], "relation-8");
}

#[test]
fn before_there_are_credentials_the_rest_is_answered_already() {
    let state = leader()
        .with_config("region", "eu-lab-1")
        .with_relation(requirer());
    let outcome = run(&state, &requirer().app_changed());
    let bag = &outcome.state.relation(7).local_app;
    assert_eq!(bag["region"], "eu-lab-1");
    assert!(!bag.contains_key("access-key") && !bag.contains_key("secret-key"));
}

#[test]
fn an_option_that_is_reset_goes_away() {
    let state = configured()
        .with_config("region", "eu-lab-1")
        .with_relation(requirer());
    let mut after = run(&state, &Event::ConfigChanged).state;
    after.config.remove("region");
    let outcome = run(&after, &Event::ConfigChanged);
    assert!(!outcome.state.relation(7).local_app.contains_key("region"));
}

#[test]
fn who_has_not_asked_is_not_answered() {
    let silent = Relation::new("s3-credentials:7", "postgresql");
    let state = configured().with_relation(silent.clone());
    let outcome = run(&state, &silent.created());
    assert!(outcome.state.relation(7).local_app.is_empty());
}

#[test]
fn twice_is_as_good_as_once_and_writes_nothing() {
    let state = configured().with_relation(requirer());
    let first = run(&state, &Event::UpdateStatus).state;
    let again = run(&first, &Event::UpdateStatus);
    assert_eq!(again.state, first);
    assert_eq!(again.count("relation-set"), 0);
}

#[test]
fn only_the_leader_answers() {
    let mut state = configured().with_relation(requirer());
    state.leader = false;
    let outcome = run(&state, &requirer().app_changed());
    assert_eq!(outcome.count("relation-set"), 0);
    assert_eq!(outcome.state.status, Some(Status::active("")));
}
