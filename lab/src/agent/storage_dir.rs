//! The directories behind storage instances: made before they are attached, kept or removed after they are detached.

use super::Agent;
use crate::api::Failure;
use crate::home::Home;
use crate::model::hook::Hook;
use crate::model::{Life, Model};
use std::fs;
use std::path::{Path, PathBuf};

/// Where detached persistent storage waits: `<home>/storage/<model uuid>`.
#[derive(Debug, Clone)]
pub struct StorageArea(PathBuf);

impl StorageArea {
    pub fn new(home: &Home, model_uuid: &str) -> Self {
        Self(home.path().join("storage").join(model_uuid))
    }

    fn place(&self, id: &str) -> PathBuf {
        self.0.join(id.replace('/', "-"))
    }

    /// Takes an instance's content off a machine.
    fn put(&self, id: &str, location: &Path) -> std::io::Result<()> {
        fs::create_dir_all(&self.0)?;
        relocate(location, &self.place(id))
    }

    /// Gives an instance's content to a machine; a fresh instance is an empty directory.
    fn bring(&self, id: &str, location: &Path) -> std::io::Result<()> {
        if let Some(parent) = location.parent() {
            fs::create_dir_all(parent)?;
        }
        let kept = self.place(id);
        if kept.exists() {
            relocate(&kept, location)
        } else {
            fs::create_dir_all(location)
        }
    }

    /// Destroys the content of a detached instance.
    pub fn remove(&self, id: &str) -> std::io::Result<()> {
        remove_if_there(&self.place(id))
    }

    /// Destroys all content kept for the model.
    pub fn clear(&self) -> std::io::Result<()> {
        remove_if_there(&self.0)
    }
}

/// Moves a directory, also onto another disk.
fn relocate(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
            let copied = std::process::Command::new("cp")
                .arg("-aT")
                .arg(from)
                .arg(to)
                .status()?;
            if !copied.success() {
                let text = format!("cannot copy {} to {}", from.display(), to.display());
                return Err(std::io::Error::other(text));
            }
            fs::remove_dir_all(from)
        }
        other => other,
    }
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// True if a storage instance of the unit does not know yet on which machine it is.
pub(super) fn has_unplaced(model: &Model, unit: &str) -> bool {
    model
        .storage_of(unit)
        .any(|storage| storage.location.is_relative())
}

/// Puts the unit's new storage below the root of its machine.
pub(super) fn place(model: &mut Model, unit: &str, root: &Path) {
    for storage in model
        .storage
        .values_mut()
        .filter(|it| it.unit.as_deref() == Some(unit))
    {
        if storage.location.is_relative() {
            storage.location = root.join(&storage.location);
        }
    }
}

impl Agent {
    /// Makes the directory that a storage-attached hook is about.
    pub(super) fn prepare_storage(&self, hook: &Hook) -> Result<(), Failure> {
        match hook {
            Hook::Storage(storage) if storage.attached && !storage.location.exists() => {
                StorageArea::new(&self.daemon.home, &self.key.uuid)
                    .bring(&storage.id, &storage.location)
                    .map_err(|error| {
                        Failure::internal(format!("cannot attach storage {}: {error}", storage.id))
                    })
            }
            _ => Ok(()),
        }
    }

    /// After storage-detaching: destroys the instance or puts it aside.
    pub(super) fn after_hook(&self, hook: &Hook) -> Result<(), Failure> {
        let Hook::Storage(storage) = hook else {
            return Ok(());
        };
        let fate = self.read(|model| {
            let instance = model
                .storage
                .get(&storage.id)
                .filter(|instance| instance.unit.is_none())?;
            let wanted = model
                .units
                .get(&self.key.unit)
                .is_some_and(|unit| unit.destroy_storage);
            Some(instance.is_persistent() && !wanted)
        });
        let area = StorageArea::new(&self.daemon.home, &self.key.uuid);
        let failed = |error: std::io::Error| {
            Failure::internal(format!("cannot detach storage {}: {error}", storage.id))
        };
        match fate {
            None => Ok(()),
            Some(true) => {
                area.put(&storage.id, &storage.location).map_err(failed)?;
                self.change(|model| {
                    if let Some(instance) = model.storage.get_mut(&storage.id) {
                        instance.life = Life::Alive;
                    }
                })
            }
            Some(false) => {
                remove_if_there(&storage.location).map_err(failed)?;
                self.change(|model| {
                    model.storage.remove(&storage.id);
                })
            }
        }
    }
}
