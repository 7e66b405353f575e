//! A charm that greets whoever relates to it: the smallest thing that is still a whole charm.
//!
//! Built and named `dispatch`, it runs beside a `metadata.yaml` that provides the endpoint
//! `greeting`, a `config.yaml` with the option `name`, and an `actions.yaml` with the action
//! `greet`.

use std::process::ExitCode;

use juju_charm::{Event, Juju, Own, Status, ToolError};

fn main() -> ExitCode {
    juju_charm::main(charm)
}

/// One function for every event: look at the world, and make it so.
pub(crate) fn charm(event: &Event, juju: &Juju) -> Result<(), ToolError> {
    let config = juju.config()?;
    let Some(name) = config.string("name") else {
        return juju.status_set(&Status::blocked("set the option `name`"));
    };
    let greeting = format!("Hello, {name}!");

    if juju.is_leader()? {
        for relation in juju.relation_ids("greeting")? {
            juju.relation_set(&relation, Own::App, "greeting", &greeting);
        }
    }
    if let Event::Action(action) = event {
        tracing::info!("task {} asked for a greeting", action.task);
        juju.action_set("greeting", greeting)?;
    }
    juju.status_set(&Status::active(""))
}
