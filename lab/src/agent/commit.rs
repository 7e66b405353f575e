//! Puts what a hook wrote into the model: everything or nothing. The rights are checked here again, because they may
//! have been lost since the tool was called.

use crate::model::application::Application;
use crate::model::relation::Bag;
use crate::model::secret::{Grant, Owner, Secret};
use crate::model::storage::StorageInstance;
use crate::model::{Life, Model, take};
use crate::tools::context::{Buffer, Context, SecretChange, SecretUpdate};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Largest charm state of a unit, in bytes of keys and values.
const LARGEST_STATE: usize = 2 << 20;

/// Why the controller rejects a hook's changes; the hook then counts as failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("permission denied")]
    Denied,
    #[error("relation {0} not found")]
    NoRelation(u64),
    #[error("secret \"{0}\" not found")]
    NoSecret(String),
    #[error("secret with label \"{0}\" already exists")]
    DuplicateLabel(String),
    #[error("max allowed state size ({LARGEST_STATE}) exceeded: {0}")]
    StateTooLarge(usize),
    #[error("cannot open {port}: port ranges conflict with {other}, opened by unit {unit}")]
    PortConflict {
        port: String,
        other: String,
        unit: String,
    },
    #[error("storage \"{name}\": {text}")]
    Storage { name: String, text: String },
    #[error("{0}")]
    Other(String),
}

impl From<crate::api::Failure> for CommitError {
    fn from(failure: crate::api::Failure) -> Self {
        Self::Other(failure.message)
    }
}

/// Applies a hook's buffer. `root` is the machine's root directory, for new storage.
pub fn apply(
    model: &mut Model,
    context: &Context,
    buffer: &Buffer,
    root: &Path,
    now: Timestamp,
) -> Result<(), CommitError> {
    let leader = model.is_leader(&context.unit, now);
    bags(model, context, buffer, leader)?;
    state(model, context, buffer)?;
    ports(model, context, buffer)?;
    for (name, count) in &buffer.storage {
        for _ in 0..*count {
            add_storage(model, &context.unit, name, root, now)?;
        }
    }
    for change in &buffer.secrets {
        secret(model, context, change, leader, now)?;
    }
    Ok(())
}

fn bags(
    model: &mut Model,
    context: &Context,
    buffer: &Buffer,
    leader: bool,
) -> Result<(), CommitError> {
    for (id, writes) in &buffer.unit_bags {
        let relation = model
            .relations
            .get_mut(id)
            .ok_or(CommitError::NoRelation(*id))?;
        relation
            .units
            .get_mut(&context.unit)
            .ok_or(CommitError::Denied)?
            .bag
            .apply(writes);
    }
    for (id, writes) in &buffer.app_bags {
        let relation = model
            .relations
            .get_mut(id)
            .ok_or(CommitError::NoRelation(*id))?;
        if !leader {
            return Err(CommitError::Denied);
        }
        let peer = relation.is_peer();
        let bag: &mut Bag = relation
            .applications
            .entry(context.application.clone())
            .or_default();
        let before = bag.version;
        bag.apply(writes);
        let after = bag.version;
        // The writer is not told of its own write; but what it had not seen before it still has to see.
        if peer
            && let Some(unit) = model.units.get_mut(&context.unit)
            && let seen = unit.progress.relations.entry(*id).or_default()
            && seen.app_version == before
        {
            seen.app_version = after;
        }
    }
    Ok(())
}

fn state(model: &mut Model, context: &Context, buffer: &Buffer) -> Result<(), CommitError> {
    let unit = model
        .units
        .get_mut(&context.unit)
        .ok_or(CommitError::Denied)?;
    for (key, value) in &buffer.state {
        match value {
            Some(value) => unit.state.insert(key.clone(), value.clone()),
            None => unit.state.remove(key),
        };
    }
    let size = unit
        .state
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if size > LARGEST_STATE {
        Err(CommitError::StateTooLarge(size))
    } else {
        Ok(())
    }
}

fn ports(model: &mut Model, context: &Context, buffer: &Buffer) -> Result<(), CommitError> {
    let machine = model
        .units
        .get(&context.unit)
        .ok_or(CommitError::Denied)?
        .machine;
    for port in &buffer.open {
        let clash = model
            .units
            .values()
            .filter(|unit| unit.machine == machine && unit.name != context.unit)
            .flat_map(|unit| unit.ports.iter().map(move |other| (unit, other)))
            .find(|(_, other)| {
                other.protocol == port.protocol
                    && other.from <= port.to
                    && port.from <= other.to
                    && port.from > 0
            });
        if let Some((unit, other)) = clash {
            return Err(CommitError::PortConflict {
                port: port.to_string(),
                other: other.to_string(),
                unit: unit.name.clone(),
            });
        }
    }
    if let Some(unit) = model.units.get_mut(&context.unit) {
        for port in &buffer.close {
            if port.endpoint.is_empty() {
                unit.ports.retain(|open| {
                    (&open.protocol, open.from, open.to) != (&port.protocol, port.from, port.to)
                });
            } else {
                unit.ports.remove(port);
            }
        }
        unit.ports.extend(buffer.open.iter().cloned());
    }
    Ok(())
}

/// Creates one storage instance for a unit, to be attached by its agent.
pub fn add_storage(
    model: &mut Model,
    unit: &str,
    name: &str,
    root: &Path,
    now: Timestamp,
) -> Result<String, CommitError> {
    let failed = |text: &str| CommitError::Storage {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let application: &Application = model.application_of(unit).ok_or(CommitError::Denied)?;
    let spec = application
        .charm
        .storage
        .get(name)
        .ok_or_else(|| failed("not declared by the charm"))?
        .clone();
    let directive = application.storage.get(name).cloned().unwrap_or_default();
    let count = model
        .storage_of(unit)
        .filter(|storage| storage.name == name)
        .count();
    if spec.max.is_some_and(|max| count >= max as usize) {
        return Err(failed(&format!(
            "at most {count} instances of it may be attached to a unit"
        )));
    }
    let number = take(&mut model.sequences.storage);
    let id = format!("{name}/{number}");
    let size = directive
        .size
        .as_deref()
        .and_then(mebibytes)
        .unwrap_or(spec.minimum_size.max(1024));
    let instance = StorageInstance {
        id: id.clone(),
        name: name.to_owned(),
        kind: spec.kind.clone(),
        pool: directive.pool.unwrap_or_else(|| "rootfs".to_owned()),
        size,
        read_only: spec.read_only,
        life: Life::Alive,
        unit: Some(unit.to_owned()),
        location: location(
            spec.location.as_deref(),
            spec.is_multiple(),
            name,
            number,
            root,
        ),
        since: now,
    };
    model.storage.insert(id.clone(), instance);
    Ok(id)
}

/// Where a machine with this root has a storage instance.
pub fn location(
    declared: Option<&str>,
    multiple: bool,
    name: &str,
    number: u32,
    root: &Path,
) -> PathBuf {
    match declared {
        None => root.join(format!("var/lib/juju/storage/{name}/{number}")),
        Some(path) if multiple => root
            .join(path.trim_start_matches('/'))
            .join(number.to_string()),
        Some(path) => root.join(path.trim_start_matches('/')),
    }
}

/// A size like `1G` or `512M` in MiB; a bare number is MiB.
pub fn mebibytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().ok().filter(|number| *number >= 0.0)?;
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "M" | "MB" | "MIB" => 1.0,
        "G" | "GB" | "GIB" => 1024.0,
        "T" | "TB" | "TIB" => 1024.0 * 1024.0,
        "P" | "PB" | "PIB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    // Sizes of real disks are far below 2^53 MiB.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be positive and small"
    )]
    Some((number * factor).ceil().min(9e15) as u64)
}

fn secret(
    model: &mut Model,
    context: &Context,
    change: &SecretChange,
    leader: bool,
    now: Timestamp,
) -> Result<(), CommitError> {
    let unit = &context.unit;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_mebibytes_unless_a_suffix_says_more() {
        assert_eq!(mebibytes("512"), Some(512));
        assert_eq!(mebibytes("1.5G"), Some(1536));
        assert_eq!(mebibytes("2TiB"), Some(2 << 20));
        assert_eq!(mebibytes("1X"), None);
        assert_eq!(mebibytes("-1G"), None);
    }

    #[test]
    fn storage_lies_below_the_machines_root() {
        let root = Path::new("/m/3");
        assert_eq!(
            location(Some("/var/lib/pg"), false, "pgdata", 7, root),
            Path::new("/m/3/var/lib/pg")
        );
        assert_eq!(
            location(Some("/srv/a"), true, "archive", 7, root),
            Path::new("/m/3/srv/a/7")
        );
        assert_eq!(
            location(None, false, "x", 7, root),
            Path::new("/m/3/var/lib/juju/storage/x/7")
        );
    }
}
