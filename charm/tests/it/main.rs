//! The crate from the outside: environment in, calls of hook tools and a new state out.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail this way"
)]

mod actions;
mod consistency;
mod databags;
mod dispatch;
mod environment;
mod events;
mod log;
mod programs;
mod reading;
mod secrets;

use juju_charm::testing::{Scenario, State};
use juju_charm::{Event, Juju, ToolError};

/// A charm with one of everything.
fn scenario() -> Scenario {
    Scenario::parse(
        include_str!("metadata.yaml"),
        include_str!("config.yaml"),
        include_str!("actions.yaml"),
    )
}

fn leader() -> State {
    State::new("pg/0").leader()
}

/// Runs a piece of a charm in a hook and expects it to succeed.
fn in_hook(
    state: &State,
    charm: impl FnOnce(&Juju) -> Result<(), ToolError>,
) -> juju_charm::testing::Outcome {
    let outcome = scenario().run(state, &Event::ConfigChanged, |_, juju| charm(juju));
    assert!(outcome.succeeded, "{:?}", outcome.log);
    outcome
}
