//! Durable state: one file per model and one per charm revision below `<home>/state`, replaced as a whole so that a
//! reader after a crash finds either the old or the new content.

use crate::model::Model;
use crate::model::charm::Charm;
use crate::model::identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    #[error("cannot {operation} {}: {source}", path.display())]
    Io {
        operation: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the lab in {} was written by {} build of juju-lab: its state has format {found}, this build reads format {FORMAT}\nhint: 'juju-lab destroy' removes it, with all that is in it; another JUJU_LAB_HOME keeps both", home.display(), if *found < FORMAT { "an older" } else { "a newer" })]
    Incompatible { home: PathBuf, found: u32 },
    #[error("cannot understand {}: {source}\nhint: it was written by another version of the lab; move it away, or start over with 'juju-lab destroy'", path.display())]
    Format {
        path: PathBuf,
        source: serde_json::Error,
    },
}

/// Grows with every change that makes a home unreadable for the builds before it, or theirs for this one.
pub const FORMAT: u32 = 3;

/// Identity of the controller.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Controller {
    pub uuid: String,
    /// The operator's defaults for settings of models, as they were at the start.
    #[serde(default)]
    pub model_defaults: BTreeMap<String, String>,
    /// The first format was not written down.
    #[serde(default = "first_format")]
    pub format: u32,
}

fn first_format() -> u32 {
    1
}

/// Fails if a home has state that this build cannot read. A home without state is fine.
pub fn check_format(state: &Path) -> Result<(), PersistError> {
    // Of a file in another format nothing but the number may be counted on.
    #[derive(Deserialize)]
    struct Head {
        #[serde(default = "first_format")]
        format: u32,
    }
    let path = state.join("controller.json");
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(|source| PersistError::Io {
            operation: "read",
            path: path.clone(),
            source,
        })?,
    };
    let head: Head = parse(&path, &bytes)?;
    if head.format == FORMAT {
        return Ok(());
    }
    Err(PersistError::Incompatible {
        home: state.parent().unwrap_or(state).to_owned(),
        found: head.format,
    })
}

#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    pub fn open(directory: &Path) -> Result<Self, PersistError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|source| PersistError::Io {
                operation: "create",
                path: directory.to_owned(),
                source,
            })?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// The controller (created at the first start) and its models by name.
    pub fn load(&self) -> Result<(Controller, BTreeMap<String, Model>), PersistError> {
        check_format(&self.directory)?;
        let path = self.directory.join("controller.json");
        let controller = match fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let controller = Controller {
                    uuid: identity::uuid(),
                    format: FORMAT,
                    model_defaults: BTreeMap::new(),
                };
                write(&path, &controller)?;
                controller
            }
            Err(source) => {
                return Err(PersistError::Io {
                    operation: "read",
                    path,
                    source,
                });
            }
        };
        let entries = fs::read_dir(&self.directory)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|source| PersistError::Io {
                operation: "list",
                path: self.directory.clone(),
                source,
            })?;
        let mut models = BTreeMap::new();
        for path in entries.into_iter().map(|entry| entry.path()) {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.starts_with("model-") && path.extension().is_some_and(|it| it == "json") {
                let bytes = fs::read(&path).map_err(|source| PersistError::Io {
                    operation: "read",
                    path: path.clone(),
                    source,
                })?;
                let mut model: Model = parse(&path, &bytes)?;
                for application in model.applications.values_mut() {
                    application.charm = Arc::new(self.charm(&application.charm.key)?);
                }
                models.insert(model.name.clone(), model);
            }
        }
        Ok((controller, models))
    }

    pub fn save_controller(&self, controller: &Controller) -> Result<(), PersistError> {
        write(&self.directory.join("controller.json"), controller)
    }

    pub fn save(&self, model: &Model) -> Result<(), PersistError> {
        for application in model.applications.values() {
            let path = self.charm_path(&application.charm.key);
            if !path.exists() {
                write(&path, &*application.charm)?;
            }
        }
        write(&self.path(&model.uuid), model)
    }

    fn charm(&self, key: &str) -> Result<Charm, PersistError> {
        let path = self.charm_path(key);
        let bytes = fs::read(&path).map_err(|source| PersistError::Io {
            operation: "read",
            path: path.clone(),
            source,
        })?;
        parse(&path, &bytes)
    }

    fn charm_path(&self, key: &str) -> PathBuf {
        self.directory.join(format!("charm-{key}.json"))
    }

    /// Removes the charm revisions that are not `used`.
    pub fn retain_charms(&self, used: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let key = name
                .to_str()
                .and_then(|name| name.strip_prefix("charm-")?.strip_suffix(".json"));
            if key.is_some_and(|key| !used(key)) {
                // Tried again with the next model that goes.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    pub fn remove(&self, uuid: &str) -> Result<(), PersistError> {
        let path = self.path(uuid);
        fs::remove_file(&path).map_err(|source| PersistError::Io {
            operation: "remove",
            path,
            source,
        })
    }

    fn path(&self, uuid: &str) -> PathBuf {
        self.directory.join(format!("model-{uuid}.json"))
    }
}

fn parse<T: for<'a> Deserialize<'a>>(path: &Path, bytes: &[u8]) -> Result<T, PersistError> {
    serde_json::from_slice(bytes).map_err(|source| PersistError::Format {
        path: path.to_owned(),
        source,
    })
}

/// Replaces a file. There is no fsync: the lab survives the death of its processes, not of the computer.
fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), PersistError> {
    let failed = |operation| {
        move |source| PersistError::Io {
            operation,
            path: path.to_owned(),
            source,
        }
    };
    let bytes = serde_json::to_vec(value).map_err(|source| PersistError::Format {
        path: path.to_owned(),
        source,
    })?;
    let draft = path.with_extension("json.new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed("create"))?;
    file.write_all(&bytes).map_err(failed("write"))?;
    fs::rename(&draft, path).map_err(failed("replace"))
}
