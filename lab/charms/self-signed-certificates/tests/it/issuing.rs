//! From requests to certificates.

use juju_charm::testing::Relation;
use juju_charm::{Event, Status};
use serde_json::{Value, json};

use crate::{asking, ca_of, certificates, csr, leader, requests, run, settled, text};

#[test]
fn a_request_is_answered_with_certificate_authority_and_chain() {
    let csr = csr("pg.lab");
    let outcome = run(
        &leader().with_relation(asking(&[&csr])),
        &asking(&[]).changed(0),
    );
    let [item] = certificates(&outcome).try_into().unwrap();
    let ca = ca_of(&outcome.state);
    assert_eq!(text(&item, "certificate_signing_request"), csr);
    assert_eq!(text(&item, "ca"), ca);
    assert_eq!(item["chain"], json!([item["certificate"], ca]));
    let keys: Vec<&String> = item.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["ca", "certificate", "certificate_signing_request", "chain"]
    );
    assert_eq!(outcome.state.status, Some(Status::active("")));
    let capabilities = &outcome.state.relation(3).local_app["capabilities"];
    let capabilities: Value = serde_json::from_str(capabilities).unwrap();
    assert_eq!(capabilities["supports_ip_sans"], true);
    assert!(
        !outcome
            .state
            .relation(3)
            .local_app
            .contains_key("request_errors")
    );
}

#[test]
fn the_chain_can_start_with_the_authority() {
    let state = leader()
        .with_config("chain-order", "ca-first")
        .with_relation(asking(&[&csr("pg.lab")]));
    let [item] = certificates(&run(&state, &Event::ConfigChanged))
        .try_into()
        .unwrap();
    assert_eq!(item["chain"], json!([item["ca"], item["certificate"]]));
}

#[test]
fn every_unit_and_the_application_are_answered_each_request_once() {
    let (one, two, shared) = (csr("one"), csr("two"), csr("app"));
    let relation = Relation::new("certificates:3", "postgresql")
        .with_unit(0, [("certificate_signing_requests", &requests(&[&one]))])
        .with_unit(
            1,
            [("certificate_signing_requests", &requests(&[&two, &one]))],
        )
        .with_unit(2, [])
        .with_remote_data([("certificate_signing_requests", &requests(&[&shared]))]);
    let outcome = run(&leader().with_relation(relation), &Event::UpdateStatus);
    let items = certificates(&outcome);
    let answered: Vec<&str> = items
        .iter()
        .map(|item| text(item, "certificate_signing_request"))
        .collect();
    assert_eq!(answered, [&one, &two, &shared]);
}

#[test]
fn what_was_issued_stays_and_writes_nothing() {
    let state = leader().with_relation(asking(&[&csr("pg.lab")]));
    let first = settled(&settled(&state));
    let again = run(&first, &Event::UpdateStatus);
    assert_eq!(again.state, first);
    assert_eq!(
        (again.count("relation-set"), again.count("secret-set")),
        (0, 0)
    );
}

#[test]
fn another_request_is_answered_anew_and_the_withdrawn_one_goes() {
    let (before, after) = (csr("pg.lab"), csr("pg.lab"));
    let mut state = run(
        &leader().with_relation(asking(&[&before])),
        &Event::UpdateStatus,
    )
    .state;
    let relation = state.relation_mut(3);
    relation.remote_units = asking(&[&after]).remote_units;
    let outcome = run(&state, &asking(&[]).changed(0));
    let [item] = certificates(&outcome).try_into().unwrap();
    assert_eq!(text(&item, "certificate_signing_request"), after);

    let mut state = outcome.state;
    state.relation_mut(3).remote_units = asking(&[]).remote_units;
    let outcome = run(&state, &asking(&[]).changed(0));
    assert_eq!(outcome.state.relation(3).local_app["certificates"], "[]");
}

#[test]
fn requests_of_older_libraries_without_ca_are_answered() {
    let bag = json!([{"certificate_signing_request": csr("pg.lab")}]).to_string();
    let relation = Relation::new("certificates:3", "postgresql")
        .with_unit(0, [("certificate_signing_requests", bag.as_str())]);
    let outcome = run(&leader().with_relation(relation), &Event::UpdateStatus);
    assert_eq!(certificates(&outcome).len(), 1);
}

#[test]
fn a_databag_that_cannot_be_read_costs_nobody_a_certificate() {
    let mut state = run(
        &leader().with_relation(asking(&[&csr("pg.lab")])),
        &Event::UpdateStatus,
    )
    .state;
    let before = state.relation(3).local_app.clone();
    let relation = state.relation_mut(3);
    relation.remote_units.insert(
        1,
        [("certificate_signing_requests".to_owned(), "{".to_owned())].into(),
    );
    let outcome = run(&state, &asking(&[]).changed(0));
    assert_eq!(outcome.state.relation(3).local_app, before);
    assert!(
        outcome
            .log
            .iter()
            .any(|(level, line)| level == "ERROR" && line.contains("stay as they are"))
    );
}

#[test]
fn only_the_leader_issues() {
    let mut state = leader().with_relation(asking(&[&csr("pg.lab")]));
    state.leader = false;
    let outcome = run(&state, &Event::UpdateStatus);
    assert!(outcome.state.relation(3).local_app.is_empty());
    assert!(outcome.state.secrets.is_empty());
}
