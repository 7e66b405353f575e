//! `secret-get`, `secret-info-get`, `secret-ids`.

use super::ToolError;
use super::context::{SecretChange, SecretUpdate};
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::secret::secret_id;
use super::server::Invocation;
use crate::model::Model;
use crate::model::secret::{Owner, Rotate, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) const GET_FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    parse::value("label"),
    parse::switch("peek"),
    parse::switch("refresh"),
];
pub(super) const INFO_FLAGS: &[Flag] = &[parse::FORMAT, parse::OUTPUT, parse::value("label")];

type Content = BTreeMap<String, String>;

fn not_found(name: &str) -> ToolError {
    ToolError::runtime(format!("secret \"{name}\" not found"))
}

/// What this hook would make of a secret, with its latest attributes.
fn pending<'a>(invocation: &'a Invocation<'_>, id: &str) -> Option<&'a SecretUpdate> {
    invocation
        .state
        .buffer
        .secrets
        .iter()
        .find_map(|change| match change {
            SecretChange::Create {
                id: known, update, ..
            }
            | SecretChange::Update { id: known, update }
                if known == id =>
            {
                Some(update)
            }
            _ => None,
        })
}

fn created<'a>(invocation: &'a Invocation<'_>, id: &str) -> Option<(&'a Owner, &'a SecretUpdate)> {
    invocation
        .state
        .buffer
        .secrets
        .iter()
        .find_map(|change| match change {
            SecretChange::Create {
                id: known,
                owner,
                update,
            } if known == id => Some((owner, update)),
            _ => None,
        })
}

fn pending_by_label(invocation: &Invocation<'_>, label: &str) -> Option<String> {
    invocation
        .state
        .buffer
        .secrets
        .iter()
        .find_map(|change| match change {
            SecretChange::Create { id, update, .. } | SecretChange::Update { id, update }
                if update.label.as_deref() == Some(label) =>
            {
                Some(id.clone())
            }
            _ => None,
        })
}

fn id_by_label(invocation: &Invocation<'_>, label: &str) -> Result<String, ToolError> {
    if let Some(id) = pending_by_label(invocation, label) {
        return Ok(id);
    }
    let unit = &invocation.context.unit;
    invocation.read(|model| {
        model
            .secret_by_label(unit, label)
            .map(|secret| secret.id.clone())
            .ok_or_else(|| not_found(label))
    })
}

pub(super) fn get(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    // An id and a key are both plain arguments; with a label alone the first argument may be the key.
    let label = args.get("label").filter(|label| !label.is_empty());
    let (peek, refresh) = (args.has("peek"), args.has("refresh"));
    if peek && refresh {
        return Err(ToolError::usage(
            "specify one of --peek or --refresh but not both",
        ));
    }
    args.at_most(2)?;
    let (id, key) = match (args.rest.as_slice(), label) {
        ([], None) => return Err(ToolError::usage("require either a secret URI or label")),
        ([], Some(label)) => (id_by_label(invocation, label)?, None),
        ([only], Some(label)) if secret_id(only).is_err() => {
            (id_by_label(invocation, label)?, Some(only))
        }
        ([id], _) => (secret_id(id)?, None),
        ([id, key, ..], _) => (secret_id(id)?, Some(key)),
    };
    let content = content(invocation, &id, label, peek, refresh)?;
    let Some(key) = key else {
        return Ok(Output::Value(json!(content)));
    };
    let (key, encode) = key
        .strip_suffix("#base64")
        .map_or((key.as_str(), false), |key| (key, true));
    match content.get(key) {
        Some(value) if encode => Ok(Output::Value(Value::from(STANDARD.encode(value)))),
        Some(value) => Ok(Output::Value(Value::from(value.clone()))),
        None => Err(ToolError::runtime(format!(
            "secret key value for \"{key}\" not found"
        ))),
    }
}

fn content(
    invocation: &mut Invocation<'_>,
    id: &str,
    label: Option<&str>,
    peek: bool,
    refresh: bool,
) -> Result<Content, ToolError> {
    if let Some((_, update)) = created(invocation, id) {
        return Ok(update.content.clone().unwrap_or_default());
    }
    let updated = pending(invocation, id).and_then(|update| update.content.clone());
    let unit = invocation.context.unit.clone();
    if let Some(updated) = updated
        && (peek || refresh)
    {
        if refresh {
            invocation
                .state
                .buffer
                .secrets
                .push(SecretChange::Track { id: id.to_owned() });
        }
        return Ok(updated);
    }
    let (content, moves) = invocation.read(|model| {
        let secret = model.secrets.get(id).ok_or_else(|| not_found(id))?;
        if !secret.may_read(&unit) {
            return Err(ToolError::runtime("permission denied"));
        }
        let consumer = secret.consumers.get(&unit);
        let pinned = consumer.map(|consumer| consumer.revision);
        let revision = pinned
            .filter(|_| !peek && !refresh)
            .unwrap_or(secret.latest);
        let moves = pinned.is_none()
            || (refresh && pinned != Some(secret.latest))
            || label
                .is_some_and(|label| consumer.and_then(|it| it.label.as_deref()) != Some(label));
        let content = secret
            .revisions
            .get(&revision)
            .map(|revision| revision.content.clone());
        Ok((
            content.ok_or_else(|| not_found(&format!("{id}/{revision}")))?,
            moves,
        ))
    })?;
    if moves {
        invocation.update(|model| track(model, id, &unit, label, refresh))?;
    }
    Ok(content)
}

/// Pins or moves the consumer at once: this is not part of the hook's commit.
fn track(
    model: &mut Model,
    id: &str,
    unit: &str,
    label: Option<&str>,
    refresh: bool,
) -> Result<(), ToolError> {
    if let Some(label) = label
        && model
            .secret_by_label(unit, label)
            .is_some_and(|other| other.id != id)
    {
        return Err(ToolError::runtime(format!(
            "secret with label \"{label}\" already exists"
        )));
    }
    let secret = model.secrets.get_mut(id).ok_or_else(|| not_found(id))?;
    let pinned = secret.consumers.get(unit).map(|consumer| consumer.revision);
    let revision = pinned.filter(|_| !refresh).unwrap_or(secret.latest);
    secret.track(unit, revision, label);
    Ok(())
}

pub(super) fn info(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(1)?;
    let label = args.get("label").filter(|label| !label.is_empty());
    let id = match (args.rest.first(), label) {
        (Some(_), Some(_)) => {
            return Err(ToolError::usage(
                "specify either a secret URI or label but not both",
            ));
        }
        (None, None) => return Err(ToolError::usage("require either a secret URI or label")),
        (Some(id), None) => secret_id(id)?,
        (None, Some(label)) => id_by_label(invocation, label)?,
    };
    let leader = invocation.is_leader()?;
    let context = invocation.context;
    let mut info = match created(invocation, &id) {
        Some((owner, _)) => attributes(1, owner, None, &[]),
        None => invocation.read(|model| {
            let secret = model
                .secrets
                .get(&id)
                .filter(|secret| secret.is_managed_by(&context.unit, leader))
                .ok_or_else(|| not_found(label.unwrap_or(&id)))?;
            Ok(attributes(
                secret.latest,
                &secret.owner,
                Some(secret),
                &access(model, secret),
            ))
        })?,
    };
    if let Some(update) = pending(invocation, &id) {
        overlay(&mut info, update);
    }
    Ok(Output::Value(json!({ id: info })))
}

fn attributes(
    revision: u64,
    owner: &Owner,
    secret: Option<&Secret>,
    access: &[Value],
) -> Map<String, Value> {
    let mut info = Map::new();
    info.insert("revision".into(), json!(revision));
    let owner = if matches!(owner, Owner::Unit(_)) {
        "unit"
    } else {
        "application"
    };
    info.insert("owner".into(), json!(owner));
    info.insert("rotation".into(), json!(Rotate::Never.as_str()));
    if let Some(secret) = secret {
        if let Some(label) = &secret.label {
            info.insert("label".into(), json!(label));
        }
        if !secret.description.is_empty() {
            info.insert("description".into(), json!(secret.description));
        }
        info.insert("rotation".into(), json!(secret.rotate.as_str()));
        if let Some(rotates) = secret.rotates {
            info.insert("rotates".into(), json!(rotates.to_string()));
        }
        if let Some(expires) = secret.expires {
            info.insert("expiry".into(), json!(expires.to_string()));
        }
    }
    if !access.is_empty() {
        info.insert("access".into(), json!(access));
    }
    info
}

fn overlay(info: &mut Map<String, Value>, update: &SecretUpdate) {
    for (key, value) in [
        ("label", update.label.clone()),
        ("description", update.description.clone()),
        (
            "rotation",
            update.rotate.map(|rotate| rotate.as_str().to_owned()),
        ),
        ("expiry", update.expires.map(|time| time.to_string())),
    ] {
        if let Some(value) = value {
            info.insert(key.into(), Value::from(value));
        }
    }
}

/// Grants as `secret-info-get` lists them.
fn access(model: &Model, secret: &Secret) -> Vec<Value> {
    secret
        .grants
        .iter()
        .map(|grant| {
            let target = target_tag(&grant.to);
            json!({"target": target, "scope": scope_tag(model, grant.relation), "role": "view"})
        })
        .collect()
}

/// `application-client` or `unit-client-0`.
pub(crate) fn target_tag(name: &str) -> String {
    match name.split_once('/') {
        Some(_) => crate::model::identity::unit_tag(name),
        None => format!("application-{name}"),
    }
}

/// `relation-client.db#pg.database`, `relation-pg.peers` or `model-<uuid>`.
pub(crate) fn scope_tag(model: &Model, relation: Option<u64>) -> String {
    match relation.and_then(|id| model.relations.get(&id)) {
        Some(relation) => {
            let ends: Vec<String> = relation
                .ends
                .iter()
                .rev()
                .map(|end| format!("{}.{}", end.application, end.endpoint))
                .collect();
            format!("relation-{}", ends.join("#"))
        }
        None => format!("model-{}", model.uuid),
    }
}

pub(super) fn ids(invocation: &mut Invocation<'_>, args: &Args) -> Result<Output, ToolError> {
    args.at_most(0)?;
    let leader = invocation.is_leader()?;
    let unit = &invocation.context.unit;
    let ids: Vec<String> = invocation.read(|model| {
        let managed = model
            .secrets
            .values()
            .filter(|secret| secret.is_managed_by(unit, leader));
        Ok(managed.map(|secret| secret.id.clone()).collect())
    })?;
    Ok(Output::Value(json!(ids)))
}
