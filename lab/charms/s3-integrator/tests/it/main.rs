//! The charm in its Juju world, without Juju.

#![expect(clippy::unwrap_used, reason = "a test may fail this way")]

mod actions;
mod credentials;
mod newer_protocol;
mod object_store;
mod older_protocol;
mod process;

use juju_charm::testing::{Outcome, Scenario, Secret, SecretHolder, State};
use juju_charm::{Event, Juju, SecretContent, ToolError};
use s3_integrator::charm_with;

/// The charm before an object store that has or makes every bucket.
fn charm(event: &Event, juju: &Juju) -> Result<(), ToolError> {
    charm_with(event, juju, &|_| Ok(()))
}

fn scenario() -> Scenario {
    Scenario::parse(
        include_str!("../../metadata.yaml"),
        include_str!("../../config.yaml"),
        include_str!("../../actions.yaml"),
    )
}

fn leader() -> State {
    State::new("s3-integrator/0").leader()
}

fn keys(access_key: &str, secret_key: &str) -> SecretContent {
    SecretContent::new()
        .with("access-key", access_key)
        .with("secret-key", secret_key)
}

/// A secret of the operator's, granted to the application.
fn operators() -> Secret {
    Secret::new(
        "secret:operators",
        SecretHolder::Granted,
        keys("AKLAB", "s3cr3t"),
    )
}

/// A leader that has its credentials in the option.
fn configured() -> State {
    leader()
        .with_secret(operators())
        .with_config("credentials", "secret:operators")
}

fn run(state: &State, event: &Event) -> Outcome {
    let outcome = scenario().run(state, event, charm);
    assert!(
        outcome.succeeded,
        "{:?} {:?}",
        outcome.log, outcome.commit_errors
    );
    outcome
}

fn blocked_with(outcome: &Outcome) -> &str {
    let status = outcome.state.status.as_ref().unwrap();
    assert_eq!(status.kind, juju_charm::StatusKind::Blocked);
    &status.message
}
