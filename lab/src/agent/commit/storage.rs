//! New storage instances.

use super::CommitError;
use crate::model::application::Application;
use crate::model::storage::{DEFAULT_SIZE, StorageInstance, mebibytes};
use crate::model::{Life, Model, take};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

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
        .unwrap_or(if spec.minimum_size > 0 {
            spec.minimum_size
        } else {
            DEFAULT_SIZE
        });
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

#[cfg(test)]
mod tests {
    use super::*;

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
