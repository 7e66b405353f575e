//! The actions.

use juju_charm::Event;
use juju_charm::testing::{Relation, State};
use serde_json::{Value, json};

use crate::{action, asking, ca_of, certificates, csr, leader, requests, run, text};

fn issued() -> State {
    let trust = Relation::new("send-ca-cert:4", "postgresql").with_remote_data([("version", "1")]);
    let relation = asking(&[&csr("one")]).with_unit(
        1,
        [("certificate_signing_requests", &requests(&[&csr("two")]))],
    );
    run(
        &leader().with_relation(relation).with_relation(trust),
        &Event::UpdateStatus,
    )
    .state
}

#[test]
fn the_authority_is_shown_once_there_is_one() {
    let nothing = action(&leader(), "get-ca-certificate", json!({}));
    assert_eq!(
        nothing.failure.as_deref(),
        Some("There is no authority yet.")
    );
    let state = issued();
    let shown = action(&state, "get-ca-certificate", json!({}));
    assert_eq!(shown.results["ca-certificate"], ca_of(&state));
}

#[test]
fn certificates_in_force_are_shown_as_a_list_of_texts() {
    let nothing = action(&leader(), "get-issued-certificates", json!({}));
    assert_eq!(
        nothing.failure.as_deref(),
        Some("No certificates are in force.")
    );
    let state = issued();
    let shown = action(&state, "get-issued-certificates", json!({}));
    let texts: Vec<String> = serde_json::from_str(&shown.results["certificates"]).unwrap();
    let items: Vec<Value> = texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let published: Vec<Value> =
        serde_json::from_str(&state.relation(3).local_app["certificates"]).unwrap();
    assert_eq!(items, published);
}

#[test]
fn another_key_revokes_everything_until_the_next_event() {
    let state = issued();
    let outcome = action(&state, "rotate-private-key", json!({}));
    assert!(outcome.results.contains_key("result"));
    assert_ne!(ca_of(&outcome.state), ca_of(&state));
    assert!(
        certificates(&outcome)
            .iter()
            .all(|item| item["revoked"] == json!(true))
    );
    let next = run(&outcome.state, &Event::UpdateStatus);
    let ca = ca_of(&next.state);
    assert!(
        certificates(&next)
            .iter()
            .all(|item| item.get("revoked").is_none() && text(item, "ca") == ca)
    );
}

#[test]
fn another_authority_issues_everything_at_once_and_both_are_trusted() {
    let state = issued();
    let outcome = action(&state, "rotate-ca", json!({}));
    assert_eq!(outcome.results["issued"], "2");
    let (before, ca) = (ca_of(&state), ca_of(&outcome.state));
    assert_ne!(before, ca);
    assert!(
        certificates(&outcome)
            .iter()
            .all(|item| text(item, "ca") == ca)
    );
    let trusted = json!([ca, before]).to_string();
    assert_eq!(outcome.state.relation(4).local_app["certificates"], trusted);
    let later = run(&outcome.state, &Event::UpdateStatus);
    assert_eq!(later.state.relation(4).local_app["certificates"], trusted);
}

#[test]
fn a_units_certificate_is_revoked_or_those_of_the_application() {
    let state = issued();
    let one = action(&state, "revoke", json!({"requirer": "postgresql/1"}));
    assert_eq!(one.results["revoked"], "1");
    let revoked: Vec<bool> = certificates(&one)
        .iter()
        .map(|item| item["revoked"] == json!(true))
        .collect();
    assert_eq!(revoked, [false, true]);
    let all = action(&state, "revoke", json!({"requirer": "postgresql"}));
    assert_eq!(all.results["revoked"], "2");
    let nobody = action(&state, "revoke", json!({"requirer": "mysql/0"}));
    assert_eq!(
        nobody.failure.as_deref(),
        Some("\"mysql/0\" has no certificate in force.")
    );
    assert_eq!(nobody.state, state);
}

#[test]
fn only_the_leader_changes_anything() {
    let mut state = issued();
    state.leader = false;
    for (name, params) in [
        ("rotate-private-key", json!({})),
        ("rotate-ca", json!({})),
        ("revoke", json!({"requirer": "postgresql"})),
    ] {
        let outcome = action(&state, name, params);
        assert_eq!(
            outcome.failure.as_deref(),
            Some("This action can be run only on the leader unit.")
        );
        assert_eq!(outcome.state, state, "{name}");
    }
}
