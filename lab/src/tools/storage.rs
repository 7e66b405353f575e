//! `storage-add`, `storage-get`, `storage-list`.

use super::ToolError;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use crate::model::hook::Hook;
use serde_json::{Value, json};

pub(super) const GET_FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    Flag {
        long: "storage",
        short: Some('s'),
        takes_value: true,
    },
];

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let context = invocation.context;
    let own = match &context.hook {
        Some(Hook::Storage(hook)) => Some(hook.id.as_str()),
        _ => None,
    };
    let Some(id) = args.get("storage").or(own) else {
        return Err(ToolError::usage("no storage instance specified"));
    };
    let attributes = invocation.read(|model| {
        let storage = model
            .storage_of(&context.unit)
            .find(|storage| storage.id == id)
            .ok_or_else(|| {
                ToolError::usage(format!(
                    "invalid value \"{id}\" for option -s: storage not found"
                ))
            })?;
        Ok(json!({"kind": storage.kind, "location": storage.location}))
    })?;
    match args.rest.first().map(String::as_str) {
        None | Some("-") => Ok(Output::Value(attributes)),
        Some(key) => match attributes.get(key) {
            Some(value) => Ok(Output::Value(value.clone())),
            None => Err(ToolError::runtime(format!(
                "invalid storage attribute \"{key}\""
            ))),
        },
    }
}

pub(super) fn list(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let name = args.rest.first();
    let context = invocation.context;
    let attaching = match &context.hook {
        Some(Hook::Storage(hook)) => Some(hook.id.as_str()),
        _ => None,
    };
    let ids = invocation.read(|model| {
        let unit = crate::daemon::unit_of(model, &context.unit)?;
        Ok(model
            .storage_of(&context.unit)
            .filter(|storage| {
                unit.progress.storage.contains(&storage.id)
                    || attaching == Some(storage.id.as_str())
            })
            .filter(|storage| name.is_none_or(|name| storage.name == *name))
            .map(|storage| Value::from(storage.id.clone()))
            .collect())
    })?;
    Ok(Output::Value(ids))
}

pub(super) fn add(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    if args.rest.is_empty() {
        return Err(ToolError::usage("storage add requires a storage directive"));
    }
    let mut requests = Vec::new();
    for arg in &args.rest {
        let (name, count) = arg.split_once('=').unwrap_or((arg, "1"));
        let count: u32 = count
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| ToolError::usage(format!("cannot parse storage count \"{count}\"")))?;
        requests.push((name.to_owned(), count));
    }
    let context = invocation.context;
    invocation.read(|model| {
        let charm = &crate::daemon::application_of(model, &context.application)?.charm;
        match requests
            .iter()
            .find(|(name, _)| !charm.storage.contains_key(name))
        {
            Some((name, _)) => Err(ToolError::runtime(format!("storage \"{name}\" not found"))),
            None => Ok(()),
        }
    })?;
    for (name, count) in requests {
        *invocation.state.buffer.storage.entry(name).or_default() += count;
    }
    Ok(Output::Nothing)
}
