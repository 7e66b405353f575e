//! Secrets of the operator, and what the operator may see of the charms' secrets.

use crate::api::{
    AddSecret, Failure, ListSecrets, SecretAccess, SecretClock, SecretRevision, SecretView,
    ShowSecret, UpdateSecret,
};
use crate::daemon::{Daemon, application_of};
use crate::model::secret::{Grant, Owner, Rotate, Secret};
use crate::model::{Model, identity};
use crate::tools::{ToolError, check_secret_content, scope_tag, target_tag};
use jiff::Timestamp;
use std::collections::BTreeMap;

fn view(
    model: &Model,
    secret: &Secret,
    revision: Option<u64>,
    reveal: bool,
) -> Result<SecretView, Failure> {
    let shown = revision.unwrap_or(secret.latest);
    let content = secret
        .revisions
        .get(&shown)
        .map(|revision| &revision.content)
        .ok_or_else(|| {
            Failure::not_found(format!("secret \"{}\" has no revision {shown}", secret.id))
        })?;
    let user = secret.owner == Owner::Model;
    Ok(SecretView {
        id: secret.id.clone(),
        revision: secret.latest,
        owner: secret.owner.to_string(),
        name: secret.label.clone().filter(|_| user),
        label: secret.label.clone().filter(|_| !user),
        description: Some(secret.description.clone()).filter(|text| !text.is_empty()),
        rotation: (secret.rotate != Rotate::Never).then(|| secret.rotate.as_str().to_owned()),
        rotates: secret.rotates,
        expires: secret.expires,
        created: secret.created,
        updated: secret.updated,
        checksum: secret.checksum(shown),
        content: reveal.then(|| content.clone()),
        revisions: secret
            .revisions
            .iter()
            .map(|(number, revision)| SecretRevision {
                revision: *number,
                created: revision.created,
                updated: revision.created,
            })
            .collect(),
        access: secret
            .grants
            .iter()
            .map(|grant| SecretAccess {
                target: target_tag(&grant.to),
                scope: scope_tag(model, grant.relation),
                role: "view".to_owned(),
            })
            .collect(),
    })
}

pub fn list(daemon: &Daemon, request: &ListSecrets) -> Result<Vec<SecretView>, Failure> {
    if let Some(owner) = &request.owner
        && !["application-", "unit-", "model-"]
            .iter()
            .any(|kind| owner.starts_with(kind))
    {
        return Err(Failure::invalid(format!(
            "invalid owner \"{owner}\": \"{owner}\" is not a valid tag\nhint: write application-{0} or unit-{0}-0",
            identity::application_of(owner)
        )));
    }
    daemon.read(&request.model, |model| {
        model
            .secrets
            .values()
            .filter(|secret| {
                request
                    .owner
                    .as_ref()
                    .is_none_or(|owner| secret.owner.tag(&model.uuid) == *owner)
            })
            .map(|secret| view(model, secret, None, false))
            .collect()
    })
}

/// A secret by URI, id, name or label.
fn find<'a>(model: &'a Model, name: &str) -> Result<&'a Secret, Failure> {
    identity::parse_secret_uri(name)
        .and_then(|id| model.secrets.get(id))
        .or_else(|| {
            let named = |secret: &&Secret| secret.label.as_deref() == Some(name);
            let user = model
                .secrets
                .values()
                .filter(|secret| secret.owner == Owner::Model)
                .find(named);
            user.or_else(|| model.secrets.values().find(named))
        })
        .ok_or_else(|| Failure::not_found(format!("secret \"{name}\" not found")))
}

/// A secret the operator owns.
fn find_own(model: &Model, name: &str) -> Result<String, Failure> {
    let secret = find(model, name)?;
    if secret.owner != Owner::Model {
        return Err(Failure::invalid(format!(
            "secret \"{name}\" belongs to {}\nhint: only secrets made by 'juju add-secret' can be changed here",
            secret.owner
        )));
    }
    Ok(secret.id.clone())
}

pub fn show(daemon: &Daemon, request: &ShowSecret) -> Result<SecretView, Failure> {
    daemon.read(&request.model, |model| {
        view(
            model,
            find(model, &request.secret)?,
            request.revision,
            request.reveal,
        )
    })
}

fn check(content: &BTreeMap<String, String>) -> Result<(), Failure> {
    check_secret_content(content).map_err(|error| match error {
        ToolError::Usage(text) | ToolError::Runtime(text) => Failure::invalid(text),
    })
}

fn check_name(model: &Model, name: &str, except: Option<&str>) -> Result<(), Failure> {
    let taken = |secret: &Secret| {
        secret.owner == Owner::Model
            && secret.label.as_deref() == Some(name)
            && Some(secret.id.as_str()) != except
    };
    if model.secrets.values().any(taken) {
        return Err(Failure::exists(format!(
            "secret with name \"{name}\" already exists"
        )));
    }
    Ok(())
}

pub fn add(daemon: &Daemon, request: &AddSecret) -> Result<String, Failure> {
    if request.content.is_empty() {
        return Err(Failure::invalid("missing secret value or filename"));
    }
    check(&request.content)?;
    daemon.update(&request.model, |model| {
        check_name(model, &request.name, None)?;
        let now = Timestamp::now();
        let mut secret = Secret::new(
            identity::secret_id(now),
            Owner::Model,
            request.content.clone(),
            now,
        );
        secret.label = Some(request.name.clone());
        secret.description = request.info.clone().unwrap_or_default();
        let uri = format!("secret:{}", secret.id);
        model.secrets.insert(secret.id.clone(), secret);
        Ok(uri)
    })
}

pub fn update(daemon: &Daemon, request: &UpdateSecret) -> Result<(), Failure> {
    if let Some(content) = &request.content {
        check(content)?;
    }
    daemon.update(&request.model, |model| {
        let id = find_own(model, &request.secret)?;
        if let Some(name) = &request.name {
            check_name(model, name, Some(&id))?;
        }
        if let Some(secret) = model.secrets.get_mut(&id) {
            if let Some(name) = &request.name {
                secret.label = Some(name.clone());
            }
            if let Some(info) = &request.info {
                secret.description.clone_from(info);
            }
            secret.auto_prune = request.auto_prune.unwrap_or(secret.auto_prune);
            if let Some(content) = &request.content {
                secret.add_revision(content.clone(), Timestamp::now());
            }
            secret.updated = Timestamp::now();
            secret.prune();
        }
        Ok(())
    })
}

pub fn grant(
    daemon: &Daemon,
    model: &str,
    secret: &str,
    applications: &[String],
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        let id = find_own(model, secret)?;
        for application in applications {
            application_of(model, application)?;
        }
        if let Some(secret) = model.secrets.get_mut(&id) {
            for application in applications {
                if !secret.grants.iter().any(|grant| grant.to == *application) {
                    secret.grants.push(Grant {
                        to: application.clone(),
                        relation: None,
                        suspended: false,
                    });
                }
            }
        }
        Ok(())
    })
}

pub fn revoke(
    daemon: &Daemon,
    model: &str,
    secret: &str,
    applications: &[String],
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        let id = find_own(model, secret)?;
        if let Some(secret) = model.secrets.get_mut(&id) {
            secret
                .grants
                .retain(|grant| !applications.contains(&grant.to));
        }
        Ok(())
    })
}

/// Lets what comes at a time of its owner's choice come now.
pub fn fall_due(
    daemon: &Daemon,
    model: &str,
    name: &str,
    what: SecretClock,
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        let id = find(model, name)?.id.clone();
        let Some(secret) = model.secrets.get_mut(&id) else {
            return Ok(());
        };
        let (clock, never, option) = match what {
            SecretClock::Rotation => (&mut secret.rotates, "is never rotated", "--rotate hourly"),
            SecretClock::Expiry => (&mut secret.expires, "never expires", "--expire 24h"),
        };
        if clock.is_none() {
            return Err(Failure::invalid(format!(
                "secret \"{name}\" {never}\nhint: its charm says when, with secret-set {id} {option}"
            )));
        }
        *clock = Some(Timestamp::now());
        Ok(())
    })
}

pub fn remove(
    daemon: &Daemon,
    model: &str,
    secret: &str,
    revision: Option<u64>,
) -> Result<(), Failure> {
    daemon.update(model, |model| {
        let id = find_own(model, secret)?;
        let Some(revision) = revision else {
            model.secrets.remove(&id);
            return Ok(());
        };
        let Some(secret) = model.secrets.get_mut(&id) else {
            return Ok(());
        };
        if secret.revisions.remove(&revision).is_none() {
            return Err(Failure::not_found(format!(
                "secret \"{id}\" has no revision {revision}"
            )));
        }
        match secret.revisions.last_key_value() {
            Some((latest, _)) => secret.latest = *latest,
            None => {
                model.secrets.remove(&id);
            }
        }
        Ok(())
    })
}
