//! `state-get`, `state-set`, `state-delete`: the unit's store on the controller.

use super::ToolError;
use super::files;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use crate::model::relation::overlay;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const GET_FLAGS: &[Flag] = &[parse::FORMAT, parse::OUTPUT, parse::switch("strict")];
pub(super) const SET_FLAGS: &[Flag] = &[parse::FILE];

/// Largest value, and largest key, in bytes.
const LARGEST_ITEM: usize = 64 << 10;

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let stored = invocation.read(|model| {
        Ok(crate::daemon::unit_of(model, &invocation.context.unit)?
            .state
            .clone())
    })?;
    let state = overlay(&stored, Some(&invocation.state.buffer.state));
    match args.rest.first().filter(|key| *key != "-") {
        None => Ok(Output::Value(
            state
                .into_iter()
                .map(|(key, value)| (key, Value::from(value)))
                .collect(),
        )),
        Some(key) => match state.get(key) {
            Some(value) => Ok(Output::Value(Value::from(value.clone()))),
            None if args.has("strict") => Err(ToolError::runtime(format!("\"{key}\" not found"))),
            None => Ok(Output::Value(Value::from(""))),
        },
    }
}

pub(super) fn set(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    let mut values = match args.get("file") {
        Some(file) => files::flat_map(&files::read(invocation, file)?)?,
        None => BTreeMap::new(),
    };
    for arg in &args.rest {
        let (key, value) = parse::pair(arg)?;
        values.insert(key.to_owned(), value.to_owned());
    }
    for (key, value) in &values {
        if key.len() > LARGEST_ITEM || value.len() > LARGEST_ITEM {
            let what = if key.len() > LARGEST_ITEM {
                "key"
            } else {
                "value"
            };
            return Err(ToolError::runtime(format!(
                "max allowed {what} length ({LARGEST_ITEM}) exceeded"
            )));
        }
    }
    invocation
        .state
        .buffer
        .state
        .extend(values.into_iter().map(|(key, value)| (key, Some(value))));
    Ok(Output::Nothing)
}

pub(super) fn delete(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let Some(key) = args.rest.first().filter(|key| !key.is_empty()) else {
        return Err(ToolError::usage("key to delete is required"));
    };
    invocation.state.buffer.state.insert(key.clone(), None);
    Ok(Output::Nothing)
}
