//! The charm in its Juju world, without Juju.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail this way"
)]

mod actions;
mod authority;
mod issuing;
mod refusals;
mod transfer;
mod verified;

use juju_charm::testing::{Outcome, Relation, Scenario, State};
use juju_charm::{Event, StatusKind};
use rcgen::{CertificateParams, KeyPair};
use self_signed_certificates::charm_at;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

fn scenario() -> Scenario {
    Scenario::parse(
        include_str!("../../metadata.yaml"),
        include_str!("../../config.yaml"),
        include_str!("../../actions.yaml"),
    )
}

fn leader() -> State {
    State::new("self-signed-certificates/0").leader()
}

/// As it is once the charm has read its secret, which it is held to from then on.
fn settled(state: &State) -> State {
    run(state, &Event::UpdateStatus).state
}

/// When the tests take place.
fn start() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap()
}

fn run_at(state: &State, event: &Event, after: Duration) -> Outcome {
    let outcome = scenario().run(state, event, |event, juju| {
        charm_at(event, juju, start() + after)
    });
    assert!(
        outcome.succeeded,
        "{:?} {:?}",
        outcome.log, outcome.commit_errors
    );
    outcome
}

fn run(state: &State, event: &Event) -> Outcome {
    run_at(state, event, Duration::ZERO)
}

fn action(state: &State, name: &str, params: Value) -> Outcome {
    scenario().action(state, name, params, |event, juju| {
        charm_at(event, juju, start())
    })
}

/// A request for this DNS name, as its requirer would write it.
fn csr(name: &str) -> String {
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let request = params
        .serialize_request(&KeyPair::generate().unwrap())
        .unwrap();
    request.pem().unwrap().trim().to_owned()
}

fn requests(csrs: &[&str]) -> String {
    let items: Vec<Value> = csrs
        .iter()
        .map(|csr| json!({"certificate_signing_request": csr, "ca": false}))
        .collect();
    json!(items).to_string()
}

/// A relation whose first unit asks for these.
fn asking(csrs: &[&str]) -> Relation {
    Relation::new("certificates:3", "postgresql")
        .with_unit(0, [("certificate_signing_requests", &requests(csrs))])
}

/// A list in the application's databag of the relation.
fn list(outcome: &Outcome, key: &str) -> Vec<Value> {
    match outcome.state.relation(3).local_app.get(key) {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => Vec::new(),
    }
}

fn certificates(outcome: &Outcome) -> Vec<Value> {
    list(outcome, "certificates")
}

fn text<'a>(item: &'a Value, key: &str) -> &'a str {
    item[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {item}"))
}

/// What the secret with the authority holds.
fn ca_of(state: &State) -> String {
    let secret = state.secret_by_label("active-ca-certificates").unwrap();
    secret
        .newest_content()
        .get("ca-certificate")
        .unwrap()
        .expose()
        .to_owned()
}

fn blocked_with(outcome: &Outcome) -> &str {
    let status = outcome.state.status.as_ref().unwrap();
    assert_eq!(status.kind, StatusKind::Blocked);
    &status.message
}
