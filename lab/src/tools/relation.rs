//! `relation-ids`, `relation-list`, `relation-get`, `relation-set`, `relation-model-get`.

use super::ToolError;
use super::files;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::server::Invocation;
use crate::model::relation::{Relation, overlay};
use crate::model::{Model, identity};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::PoisonError;

pub(super) const GET_FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    parse::RELATION,
    parse::switch("app"),
];
pub(super) const LIST_FLAGS: &[Flag] = GET_FLAGS;
pub(super) const MODEL_FLAGS: &[Flag] = &[parse::FORMAT, parse::OUTPUT, parse::RELATION];
pub(super) const SET_FLAGS: &[Flag] = &[
    parse::RELATION,
    parse::FILE,
    parse::switch("app"),
    parse::FORMAT,
];

type Data = BTreeMap<String, String>;

/// Id given by `-r`, checked; none if the flag is absent.
pub(super) fn relation_flag(
    invocation: &Invocation<'_>,
    args: &Args,
) -> Result<Option<u64>, ToolError> {
    let Some(text) = args.get("relation") else {
        return Ok(None);
    };
    let invalid =
        |what: &str| ToolError::usage(format!("invalid value \"{text}\" for option -r: {what}"));
    let (name, number) = text
        .rsplit_once(':')
        .map_or((None, text), |(name, number)| (Some(name), number));
    let id: u64 = number.parse().map_err(|_| invalid("invalid relation id"))?;
    let application = &invocation.context.application;
    invocation.read(|model| {
        let end = model
            .relations
            .get(&id)
            .filter(|relation| relation.is_inside(&invocation.context.unit))
            .and_then(|relation| relation.end_of(application));
        match end {
            Some(end) if name.is_none_or(|name| name == end.endpoint) => Ok(Some(id)),
            _ => Err(invalid("relation not found")),
        }
    })
}

/// Id given by `-r`, or that of the relation hook that runs.
pub(super) fn relation_id(invocation: &Invocation<'_>, args: &Args) -> Result<u64, ToolError> {
    relation_flag(invocation, args)?
        .or_else(|| invocation.context.relation_hook().map(|hook| hook.relation))
        .ok_or_else(|| ToolError::usage("no relation id specified"))
}

fn denied() -> ToolError {
    ToolError::runtime("permission denied")
}

fn with_relation<R>(
    invocation: &Invocation<'_>,
    id: u64,
    read: impl FnOnce(&Model, &Relation) -> Result<R, ToolError>,
) -> Result<R, ToolError> {
    invocation.read(|model| read(model, model.relations.get(&id).ok_or_else(denied)?))
}

/// A relation as the unit sees it, which may be late.
fn with_relation_seen<R>(
    invocation: &Invocation<'_>,
    id: u64,
    read: impl FnOnce(&Relation) -> Result<R, ToolError>,
) -> Result<R, ToolError> {
    let unit = &invocation.context.unit;
    invocation.read(|model| read(model.relation_seen_by(unit, id).ok_or_else(denied)?))
}

pub(super) fn ids(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let context = invocation.context;
    let hook_endpoint = context.relation_hook().map(|hook| hook.endpoint.as_str());
    let Some(endpoint) = args.rest.first().map(String::as_str).or(hook_endpoint) else {
        return Err(ToolError::usage("no endpoint name specified"));
    };
    let mut ids = invocation.read(|model| {
        Ok(model
            .relations_of(&context.application)
            .filter(|relation| relation.is_inside(&context.unit))
            .filter(|relation| {
                relation
                    .end_of(&context.application)
                    .is_some_and(|end| end.endpoint == endpoint)
            })
            .map(|relation| format!("{endpoint}:{}", relation.id))
            .collect::<Vec<_>>())
    })?;
    // Juju sorts them as text.
    ids.sort();
    Ok(Output::Value(json!(ids)))
}

pub(super) fn list(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let id = relation_id(invocation, args)?;
    if args.has("app") {
        let remote = with_relation(invocation, id, |_, relation| {
            Ok(relation
                .remote_end(&invocation.context.application)
                .map(|end| end.application.clone()))
        })?;
        return Ok(Output::Value(json!(remote)));
    }
    Ok(Output::Value(json!(
        invocation
            .context
            .members
            .get(&id)
            .cloned()
            .unwrap_or_default()
    )))
}

pub(super) fn model_get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let id = relation_id(invocation, args)?;
    let other = with_relation(invocation, id, |_, relation| {
        Ok(relation.across.as_ref().map(|across| across.model.clone()))
    })?;
    let uuid = other.unwrap_or_else(|| invocation.context.model_uuid.clone());
    Ok(Output::Value(json!({"uuid": uuid})))
}

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(2)?;
    let id = relation_id(invocation, args)?;
    let hook = invocation
        .context
        .relation_hook()
        .filter(|hook| hook.relation == id);
    let mut app = args.has("app");
    let target = match args.rest.get(1) {
        Some(name) => name.clone(),
        None => match (app, hook) {
            (false, Some(hook)) if hook.remote_unit.is_some() => {
                hook.remote_unit.clone().unwrap_or_default()
            }
            (_, Some(hook)) => {
                app = true;
                hook.remote_app.clone()
            }
            (_, None) => return Err(ToolError::usage("no unit or application specified")),
        },
    };
    let is_unit = identity::unit_number(&target).is_some();
    if !app && !is_unit {
        return Err(ToolError::usage(
            if identity::is_application_name(&target) {
                format!("expected unit name, got application name \"{target}\"")
            } else {
                format!("invalid unit name \"{target}\"")
            },
        ));
    }
    let data = if app {
        app_bag(invocation, id, identity::application_of(&target))?
    } else {
        unit_bag(invocation, id, &target)?
    };
    Ok(Output::Value(
        match args.rest.first().filter(|key| *key != "-") {
            None => json!(data),
            Some(key) => json!(data.get(key)),
        },
    ))
}

fn app_bag(invocation: &mut Invocation<'_>, id: u64, application: &str) -> Result<Data, ToolError> {
    let context = invocation.context;
    let own = application == context.application;
    let leader = invocation.is_leader()?;
    let readable = with_relation(invocation, id, |_, relation| {
        let known = relation.end_of(application).is_some();
        Ok(known && (!own || relation.is_peer() || leader))
    })?;
    if !readable {
        return Err(denied());
    }
    let key = (id, application.to_owned());
    if !invocation.state.app_bags.contains_key(&key) {
        let bag = |relation: &Relation| {
            let bag = relation.applications.get(application);
            Ok(bag.map(|bag| bag.data.clone()).unwrap_or_default())
        };
        // Who writes a bag knows what is in it.
        let data = if own && leader {
            with_relation(invocation, id, |_, relation| bag(relation))?
        } else {
            with_relation_seen(invocation, id, bag)?
        };
        invocation.state.app_bags.insert(key.clone(), data);
    }
    let data = invocation
        .state
        .app_bags
        .get(&key)
        .cloned()
        .unwrap_or_default();
    let writes = invocation.state.buffer.app_bags.get(&id).filter(|_| own);
    Ok(overlay(&data, writes))
}

fn unit_bag(invocation: &mut Invocation<'_>, id: u64, unit: &str) -> Result<Data, ToolError> {
    let context = invocation.context;
    let bag = |relation: &Relation| {
        let remote = relation
            .remote_end(&context.application)
            .map(|end| end.application.as_str());
        let related = unit == context.unit || remote == Some(identity::application_of(unit));
        let scope = relation
            .units
            .get(unit)
            .filter(|_| related)
            .ok_or_else(denied)?;
        Ok(scope.bag.data.clone())
    };
    let read = || {
        if unit == context.unit {
            with_relation(invocation, id, |_, relation| bag(relation))
        } else {
            with_relation_seen(invocation, id, bag)
        }
    };
    if unit == context.unit {
        return Ok(overlay(
            &read()?,
            invocation.state.buffer.unit_bags.get(&id),
        ));
    }
    if !context
        .members
        .get(&id)
        .is_some_and(|members| members.contains(unit))
    {
        return read();
    }
    // A member's bag stays as this agent saw it until a hook for that very unit runs.
    let key = (id, unit.to_owned());
    let cached = context
        .bags
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .cloned();
    if let Some(data) = cached {
        return Ok(data);
    }
    let data = read()?;
    context
        .bags
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, data.clone());
    Ok(data)
}

pub(super) fn set(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    let id = relation_id(invocation, args)?;
    let mut values = match args.get("file") {
        Some(file) => files::flat_map(&files::read(invocation, file)?)?,
        None => Data::new(),
    };
    for arg in &args.rest {
        let (key, value) = parse::pair(arg)?;
        values.insert(key.to_owned(), value.to_owned());
    }
    invocation.warn_of_format(args, "relation-set");
    let app = args.has("app");
    if app && !invocation.is_leader()? {
        return Err(ToolError::runtime("cannot write relation settings"));
    }
    let buffer = &mut invocation.state.buffer;
    let bags = if app {
        &mut buffer.app_bags
    } else {
        &mut buffer.unit_bags
    };
    bags.entry(id)
        .or_default()
        .extend(values.into_iter().map(|(key, value)| (key, Some(value))));
    Ok(Output::Nothing)
}
