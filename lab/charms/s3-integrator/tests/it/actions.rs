//! The three actions.

use juju_charm::Event;
use juju_charm::testing::{Outcome, Relation, State};
use serde_json::json;

use crate::{charm, configured, keys, leader, run, scenario};

fn sync(state: &State, access_key: &str, secret_key: &str) -> Outcome {
    let params = json!({"access-key": access_key, "secret-key": secret_key});
    let outcome = scenario().action(state, "sync-s3-credentials", params, charm);
    assert!(outcome.succeeded, "{:?}", outcome.commit_errors);
    outcome
}

fn ask(state: &State, action: &str) -> Outcome {
    scenario().action(state, action, json!({}), charm)
}

#[test]
fn credentials_are_kept_in_a_secret_and_handed_on_at_once() {
    let relation = Relation::new("s3-credentials:7", "postgresql")
        .with_remote_data([("bucket", "relation-7")]);
    let outcome = sync(&leader().with_relation(relation), "AKLAB", "s3cr3t");
    assert_eq!(outcome.results["ok"], "Credentials successfully updated.");
    let bag = &outcome.state.relation(7).local_app;
    assert_eq!(
        (bag["access-key"].as_str(), bag["secret-key"].as_str()),
        ("AKLAB", "s3cr3t")
    );
    let kept = outcome
        .state
        .secret_by_label("s3-credentials.synced")
        .unwrap();
    assert_eq!(kept.newest_content(), keys("AKLAB", "s3cr3t"));
    let arguments: Vec<&String> = outcome.calls.iter().flat_map(|call| &call.args).collect();
    assert!(!format!("{:?} {arguments:?}", outcome.log).contains("s3cr3t"));

    let again = sync(&outcome.state, "AKLAB", "renewed");
    assert_eq!(again.state.relation(7).local_app["secret-key"], "renewed");
    let later = run(&again.state, &Event::UpdateStatus);
    assert_eq!(later.state.relation(7).local_app["secret-key"], "renewed");
    assert_eq!(later.state.secrets.len(), 1);
}

#[test]
fn only_the_leader_takes_credentials() {
    let mut state = leader();
    state.leader = false;
    let outcome = sync(&state, "AKLAB", "s3cr3t");
    assert_eq!(
        outcome.failure.as_deref(),
        Some("The action can be run only on leader unit.")
    );
    assert_eq!(outcome.state, state);
}

#[test]
fn empty_credentials_are_refused() {
    let outcome = sync(&leader(), "AKLAB", "");
    assert!(outcome.failure.is_some());
    assert!(outcome.state.secrets.is_empty());
}

#[test]
fn whether_credentials_are_set_is_told_without_telling_them() {
    let unset = ask(&leader(), "get-s3-credentials");
    assert_eq!(unset.failure.as_deref(), Some("Credentials are not set!"));
    let set = ask(&configured(), "get-s3-credentials");
    assert_eq!(set.results["ok"], "Credentials are configured.");
}

#[test]
fn the_connection_is_shown_with_masked_credentials() {
    let state = configured().with_config("endpoint", "https://minio.lab:9000");
    let shown = ask(&state, "get-s3-connection-info").results;
    let shown: Vec<String> = shown
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    assert_eq!(
        shown,
        [
            "access-key=************",
            "endpoint=https://minio.lab:9000",
            "secret-key=************",
        ]
    );
    let nothing = ask(&leader(), "get-s3-connection-info");
    assert_eq!(nothing.failure.as_deref(), Some("Credentials are not set!"));
}
