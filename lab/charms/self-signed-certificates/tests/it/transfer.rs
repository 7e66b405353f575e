//! `send-ca-cert`, in both versions of the interface.

use juju_charm::Event;
use juju_charm::testing::Relation;
use serde_json::json;

use crate::{ca_of, leader, run};

fn trusting(version: &str) -> Relation {
    Relation::new("send-ca-cert:4", "postgresql").with_remote_data([("version", version)])
}

#[test]
fn the_newer_version_gets_a_list_in_the_applications_databag() {
    let outcome = run(
        &leader().with_relation(trusting("1")),
        &trusting("1").created(),
    );
    let relation = outcome.state.relation(4);
    assert_eq!(
        relation.local_app["certificates"],
        json!([ca_of(&outcome.state)]).to_string()
    );
    assert_eq!(relation.local_app["version"], "1");
    assert!(relation.local_unit.is_empty());
}

#[test]
fn the_older_version_gets_encoded_values_in_the_units_databag_or_plain_ones() {
    let state = leader().with_relation(trusting("0"));
    let outcome = run(&state, &Event::UpdateStatus);
    let ca = ca_of(&outcome.state);
    let unit = &outcome.state.relation(4).local_unit;
    assert_eq!(
        (&unit["ca"], &unit["certificate"]),
        (&json!(ca).to_string(), &json!(ca).to_string())
    );
    assert_eq!(
        (unit["chain"].as_str(), unit["version"].as_str()),
        (json!([ca]).to_string().as_str(), "0")
    );
    assert!(outcome.state.relation(4).local_app.is_empty());

    let plain = run(
        &outcome.state.with_config("transfer-values", "plain"),
        &Event::ConfigChanged,
    );
    assert_eq!(plain.state.relation(4).local_unit["ca"], ca);
}

#[test]
fn who_changes_to_the_newer_version_finds_nothing_of_the_older_one() {
    let mut state = run(&leader().with_relation(trusting("0")), &Event::UpdateStatus).state;
    state.relation_mut(4).remote_app_data = trusting("1").remote_app_data;
    let outcome = run(&state, &trusting("1").app_changed());
    assert!(outcome.state.relation(4).local_unit.is_empty());
    assert!(
        outcome
            .state
            .relation(4)
            .local_app
            .contains_key("certificates")
    );
}
