//! Puts what a hook wrote into the model: everything or nothing. The rights are checked here again, because they may
//! have been lost since the tool was called.

mod secrets;
mod storage;

pub use storage::{add_storage, location};

use crate::model::Model;
use crate::model::relation::Bag;
use crate::tools::context::{Buffer, Context};
use jiff::Timestamp;
use std::path::Path;

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
        secrets::apply(model, &context.unit, change, leader, now)?;
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
