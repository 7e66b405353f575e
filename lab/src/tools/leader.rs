//! `is-leader` and `goal-state`.

use super::ToolError;
use super::output::Output;
use super::parse::Args;
use super::server::Invocation;
use crate::model::application::shown_status;
use crate::model::{Life, Model, relation::Relation};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(super) fn is_leader(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let leads = invocation.is_leader()?;
    invocation.state.heard_to_lead |= leads;
    Ok(Output::Value(Value::Bool(leads)))
}

pub(super) fn goal_state(
    invocation: &mut Invocation<'_>,
    args: &Args,
) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let application = &invocation.context.application;
    invocation.read(|model| {
        let mut relations = Map::new();
        for relation in model.relations_of(application) {
            if let (Some(own), false) = (relation.end_of(application), relation.is_peer())
                && let Some(remote) = relation.remote_end(application)
            {
                let entry = relations
                    .entry(own.endpoint.clone())
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(entry) = entry {
                    entry.insert(
                        remote.application.clone(),
                        application_goal(model, relation, &remote.application),
                    );
                    entry.extend(units(model, &remote.application));
                }
            }
        }
        Ok(Output::Value(
            json!({"units": units(model, application), "relations": relations}),
        ))
    })
}

fn units(model: &Model, application: &str) -> Map<String, Value> {
    let word = |life: Life, status: String| {
        if life == Life::Alive {
            status
        } else {
            "dying".to_owned()
        }
    };
    model
        .units_of(application)
        .map(|unit| {
            let status = unit.shown_workload();
            (
                unit.name.clone(),
                json!({"status": word(unit.life, status.current), "since": since(status.since)}),
            )
        })
        .collect()
}

fn application_goal(model: &Model, relation: &Relation, application: &str) -> Value {
    let joined = match (relation.life, &relation.suspended) {
        (Life::Alive, None) => "joined",
        (Life::Alive, Some(_)) => "suspended",
        _ => "dying",
    };
    let time = model
        .applications
        .get(application)
        .map(|it| shown_status(model, it).since);
    json!({"status": joined, "since": time.map(since)})
}

fn since(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
