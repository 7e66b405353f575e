//! `secret-info-get`, `secret-ids`.

use super::ToolError;
use super::context::SecretUpdate;
use super::output::Output;
use super::parse::{self, Args, Flag};
use super::secret::secret_id;
use super::secret_read::{created, id_by_label, not_found, pending};
use super::server::Invocation;
use crate::model::Model;
use crate::model::secret::{Owner, Rotate, Secret};
use serde_json::{Map, Value, json};

pub(super) const INFO_FLAGS: &[Flag] = &[parse::FORMAT, parse::OUTPUT, parse::value("label")];

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
