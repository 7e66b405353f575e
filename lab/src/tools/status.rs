//! `status-get`, `status-set`, `application-version-set`. All of them act at once.

use super::ToolError;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use crate::model::application::shown_status;
use crate::model::status::{SETTABLE, Status};
use serde_json::{Map, Value, json};

pub(super) const GET_FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    parse::switch("application"),
    parse::switch("include-data"),
];
pub(super) const SET_FLAGS: &[Flag] = &[parse::switch("application")];

const NOT_LEADER: &str = "this unit is not the leader";

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let with_data = args.has("include-data");
    let view = |status: &Status| {
        if with_data {
            json!({"message": status.message, "status": status.current, "status-data": {}})
        } else {
            json!({"status": status.current})
        }
    };
    let context = invocation.context;
    if !args.has("application") {
        let status = invocation.read(|model| {
            Ok(crate::daemon::unit_of(model, &context.unit)?
                .workload
                .clone())
        })?;
        return Ok(Output::Value(if with_data {
            view(&status)
        } else {
            Value::from(status.current)
        }));
    }
    if !invocation.is_leader()? {
        return Err(ToolError::runtime(NOT_LEADER));
    }
    invocation.read(|model| {
        let application = crate::daemon::application_of(model, &context.application)?;
        let mut shown = view(&shown_status(model, application));
        let units: Map<String, Value> = model
            .units_of(&context.application)
            .map(|unit| (unit.name.clone(), view(&unit.workload)))
            .collect();
        if with_data && let Value::Object(shown) = &mut shown {
            shown.insert("units".into(), Value::Object(units));
        }
        Ok(Output::Value(json!({"application-status": shown})))
    })
}

pub(super) fn set(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(2)?;
    let Some(status) = args.rest.first() else {
        return Err(ToolError::usage("invalid args, require <status> [message]"));
    };
    if !SETTABLE.contains(&status.as_str()) {
        return Err(ToolError::usage(format!(
            "invalid status \"{status}\", expected one of [{}]",
            SETTABLE.join(" ")
        )));
    }
    let message = args.rest.get(1).map_or("", String::as_str);
    let (context, now) = (invocation.context, invocation.now);
    if args.has("application") {
        return invocation.update(|model| {
            if !model.is_leader(&context.unit, now) {
                return Err(ToolError::runtime(NOT_LEADER));
            }
            if let Some(application) = model.applications.get_mut(&context.application) {
                application.status = Some(Status::new(status, message, now));
            }
            Ok(Output::Nothing)
        });
    }
    invocation.update(|model| {
        if let Some(unit) = model.units.get_mut(&context.unit) {
            unit.spoke = true;
            unit.set_workload(status, message, now);
        }
        Ok(Output::Nothing)
    })
}

pub(super) fn version_set(
    invocation: &mut Invocation<'_>,
    args: &Args,
) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let Some(version) = args.rest.first() else {
        return Err(ToolError::usage("no version specified"));
    };
    let context = invocation.context;
    invocation.update(|model| {
        if let Some(application) = model.applications.get_mut(&context.application) {
            application.workload_version.clone_from(version);
        }
        Ok(Output::Nothing)
    })
}
