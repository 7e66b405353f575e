//! `tracing` in `juju debug-log`.

use juju_charm::{Event, ToolError};
use tracing::Level;

use crate::{leader, scenario};

#[test]
fn lines_reach_jujus_log_with_their_level_and_fields_in_few_calls() {
    let outcome = scenario().run(&leader(), &Event::ConfigChanged, |_, _| {
        tracing::debug!("not shown");
        tracing::info!("first");
        tracing::info!(member = "pg-0", lag = 3, "second");
        tracing::warn!("third");
        tracing::info!("fourth");
        Ok::<(), ToolError>(())
    });
    let lines: Vec<_> = outcome
        .log
        .iter()
        .map(|(level, line)| format!("{level} {line}"))
        .collect();
    assert_eq!(
        lines,
        [
            "INFO first",
            "INFO second member=pg-0 lag=3",
            "WARNING third",
            "INFO fourth"
        ]
    );
    assert_eq!(outcome.count("juju-log"), 3);
}

#[test]
fn a_charm_can_ask_for_more() {
    let outcome = scenario().run(&leader(), &Event::ConfigChanged, |_, juju| {
        juju.log().set_most_verbose(Level::DEBUG);
        tracing::debug!("shown");
        tracing::trace!("not shown");
        Ok::<(), ToolError>(())
    });
    assert_eq!(outcome.log, [("DEBUG".to_owned(), "shown".to_owned())]);
}
