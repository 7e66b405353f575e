//! `secret-get`.

use super::ToolError;
use super::context::{SecretChange, SecretUpdate};
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::secret::secret_id;
use super::server::Invocation;
use crate::model::Model;
use crate::model::secret::Owner;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) const GET_FLAGS: &[Flag] = &[
    parse::FORMAT,
    parse::OUTPUT,
    parse::value("label"),
    parse::switch("peek"),
    parse::switch("refresh"),
];

type Content = BTreeMap<String, String>;

pub(super) fn not_found(name: &str) -> ToolError {
    ToolError::runtime(format!("secret \"{name}\" not found"))
}

/// What this hook would make of a secret, with its latest attributes.
pub(super) fn pending<'a>(invocation: &'a Invocation<'_>, id: &str) -> Option<&'a SecretUpdate> {
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

pub(super) fn created<'a>(
    invocation: &'a Invocation<'_>,
    id: &str,
) -> Option<(&'a Owner, &'a SecretUpdate)> {
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

pub(super) fn id_by_label(invocation: &Invocation<'_>, label: &str) -> Result<String, ToolError> {
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
