//! `secret-get`.

use super::ToolError;
use super::context::{SecretChange, SecretUpdate};
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::secret::secret_id;
use super::secret_foreign;
use super::server::Invocation;
use crate::model::secret::{Owner, Secret};
use crate::model::{Model, identity};
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

pub(super) type Content = BTreeMap<String, String>;

/// Where a secret is kept.
pub(super) enum Place {
    /// In the unit's own model, by bare id.
    Here(String),
    /// In the model with this UUID.
    Elsewhere { model: String, id: String },
}

/// How a secret is to be read.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Label that the reader gives it.
    pub label: Option<&'a str>,
    pub peek: bool,
    pub refresh: bool,
}

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
    let (place, key) = match (args.rest.as_slice(), label) {
        ([], None) => return Err(ToolError::usage("require either a secret URI or label")),
        ([], Some(label)) => (place_by_label(invocation, label)?, None),
        ([only], Some(label)) if secret_id(only).is_err() => {
            (place_by_label(invocation, label)?, Some(only))
        }
        ([id], _) => (place(invocation, id)?, None),
        ([id, key, ..], _) => (place(invocation, id)?, Some(key)),
    };
    let ask = Ask {
        label,
        peek,
        refresh,
    };
    let content = match place {
        Place::Here(id) => content(invocation, &id, ask)?,
        Place::Elsewhere { model, id } => secret_foreign::content(invocation, &model, &id, ask)?,
    };
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

fn place(invocation: &Invocation<'_>, uri: &str) -> Result<Place, ToolError> {
    let id = secret_id(uri)?;
    let own = invocation.context.model_uuid.as_str();
    Ok(match identity::secret_source(uri) {
        Some(model) if model != own => Place::Elsewhere {
            model: model.to_owned(),
            id,
        },
        _ => Place::Here(id),
    })
}

fn place_by_label(invocation: &Invocation<'_>, label: &str) -> Result<Place, ToolError> {
    match id_by_label(invocation, label) {
        Ok(id) => Ok(Place::Here(id)),
        Err(missing) => secret_foreign::by_label(invocation, label).ok_or(missing),
    }
}

fn content(invocation: &mut Invocation<'_>, id: &str, ask: Ask<'_>) -> Result<Content, ToolError> {
    if let Some((_, update)) = created(invocation, id) {
        return Ok(update.content.clone().unwrap_or_default());
    }
    let updated = pending(invocation, id).and_then(|update| update.content.clone());
    let (unit, now) = (invocation.context.unit.clone(), invocation.now);
    if let Some(updated) = updated
        && (ask.peek || ask.refresh)
    {
        if ask.refresh {
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
        let late = model.units.get(&unit).and_then(|it| it.faults.secrets_late);
        let known = secret.is_owned_by(&unit) || secret.consumers.contains_key(&unit);
        if !known && late.is_some_and(|until| until > now) {
            return Err(not_found(id));
        }
        reading(secret, &unit, ask)
    })?;
    if moves {
        invocation.update(|model| track(model, id, &unit, ask))?;
    }
    Ok(content)
}

/// What a reader gets of a secret, and whether that moves or labels what it tracks.
pub(super) fn reading(
    secret: &Secret,
    reader: &str,
    ask: Ask<'_>,
) -> Result<(Content, bool), ToolError> {
    if !secret.may_read(reader) {
        return Err(ToolError::runtime("permission denied"));
    }
    let consumer = secret.consumers.get(reader);
    let pinned = consumer.map(|consumer| consumer.revision);
    let revision = pinned
        .filter(|_| !ask.peek && !ask.refresh)
        .unwrap_or(secret.latest);
    let labelled = consumer.and_then(|it| it.label.as_deref());
    let moves = pinned.is_none()
        || (ask.refresh && pinned != Some(secret.latest))
        || ask.label.is_some_and(|label| labelled != Some(label));
    let content = secret
        .revisions
        .get(&revision)
        .map(|revision| revision.content.clone())
        .ok_or_else(|| not_found(&format!("{}/{revision}", secret.id)))?;
    Ok((content, moves))
}

/// Pins or moves the consumer at once: this is not part of the hook's commit.
pub(super) fn track(
    model: &mut Model,
    id: &str,
    reader: &str,
    ask: Ask<'_>,
) -> Result<(), ToolError> {
    if let Some(label) = ask.label
        && model
            .secret_by_label(reader, label)
            .is_some_and(|other| other.id != id)
    {
        return Err(ToolError::runtime(format!(
            "secret with label \"{label}\" already exists"
        )));
    }
    let secret = model.secrets.get_mut(id).ok_or_else(|| not_found(id))?;
    let pinned = secret
        .consumers
        .get(reader)
        .map(|consumer| consumer.revision);
    let revision = pinned.filter(|_| !ask.refresh).unwrap_or(secret.latest);
    secret.track(reader, revision, ask.label);
    Ok(())
}
