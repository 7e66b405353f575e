//! Changes of secrets.

use super::CommitError;
use crate::model::Model;
use crate::model::secret::{Grant, Owner, Secret};
use crate::tools::context::{SecretChange, SecretUpdate};
use jiff::Timestamp;

/// Applies one change of a secret by `unit`.
pub(super) fn apply(
    model: &mut Model,
    unit: &str,
    change: &SecretChange,
    leader: bool,
    now: Timestamp,
) -> Result<(), CommitError> {
    if let SecretChange::Create { id, owner, update } = change {
        if matches!(owner, Owner::Application(_)) && !leader {
            return Err(CommitError::Denied);
        }
        check_label(model, owner, id, update.label.as_deref())?;
        let mut secret = Secret::new(
            id.clone(),
            owner.clone(),
            update.content.clone().unwrap_or_default(),
            now,
        );
        describe(&mut secret, update, now);
        model.secrets.insert(id.clone(), secret);
        return Ok(());
    }
    let id = change.id();
    let suspended = matches!(change, SecretChange::Grant { relation, .. }
        if model.relations.get(relation).is_some_and(|it| it.suspended.is_some()));
    let missing = || CommitError::NoSecret(id.to_owned());
    let secret = model.secrets.get(id).ok_or_else(missing)?;
    if !matches!(change, SecretChange::Track { .. }) && !secret.is_managed_by(unit, leader) {
        return Err(CommitError::Denied);
    }
    if let SecretChange::Update { update, .. } = change {
        check_label(model, &secret.owner.clone(), id, update.label.as_deref())?;
    }
    let secret = model.secrets.get_mut(id).ok_or_else(missing)?;
    match change {
        SecretChange::Create { .. } => {}
        SecretChange::Update { update, .. } => {
            if let Some(content) = &update.content {
                secret.add_revision(content.clone(), now);
            }
            describe(secret, update, now);
            let latest = secret.latest;
            if let Some(unit) = model.units.get_mut(unit) {
                unit.progress.secrets_changed.insert(id.to_owned(), latest);
            }
        }
        SecretChange::Track { .. } => {
            let latest = secret.latest;
            secret.track(unit, latest, None);
        }
        SecretChange::Grant { to, relation, .. } => {
            let grant = Grant {
                to: to.clone(),
                relation: Some(*relation),
                suspended,
            };
            if !secret.grants.iter().any(|granted| granted.to == *to) {
                secret.grants.push(grant);
            }
        }
        SecretChange::Revoke { to, .. } => secret.grants.retain(|grant| grant.to != *to),
        SecretChange::Remove { revision: None, .. } => {
            model.secrets.remove(id);
        }
        SecretChange::Remove {
            revision: Some(revision),
            ..
        } => {
            secret.revisions.remove(revision).ok_or_else(missing)?;
            match secret.revisions.last_key_value() {
                Some((latest, _)) => secret.latest = *latest,
                None => {
                    model.secrets.remove(id);
                }
            }
        }
    }
    Ok(())
}

/// An owner's labels are unique among its secrets.
fn check_label(
    model: &Model,
    owner: &Owner,
    id: &str,
    label: Option<&str>,
) -> Result<(), CommitError> {
    let Some(label) = label.filter(|label| !label.is_empty()) else {
        return Ok(());
    };
    let taken = |secret: &&Secret| {
        secret.owner == *owner && secret.id != id && secret.label.as_deref() == Some(label)
    };
    if model.secrets.values().any(|secret| taken(&secret)) {
        return Err(CommitError::DuplicateLabel(label.to_owned()));
    }
    Ok(())
}

fn describe(secret: &mut Secret, update: &SecretUpdate, now: Timestamp) {
    if let Some(label) = &update.label {
        secret.label = (!label.is_empty()).then(|| label.clone());
    }
    if let Some(description) = &update.description {
        secret.description.clone_from(description);
    }
    if let Some(rotate) = update.rotate {
        secret.rotate = rotate;
        secret.rotates = rotate.next(now);
    }
    if let Some(expires) = update.expires {
        secret.expires = Some(expires);
    }
    secret.updated = now;
}
