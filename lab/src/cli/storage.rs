//! Storage instances: `juju storage`, the storage part of status, adding, detaching and removing.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::api::{FullStatus, Request, StatusInfo, StorageStatus};

use super::failure::CliError;
use super::go_time::Clock;
use super::names::natural;
use super::output::{Listing, Output};
use super::session::Session;
use super::table::{Cell, Table};

#[derive(Debug, Default, Serialize)]
pub(crate) struct StorageDocument {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<String, Instance>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    filesystems: BTreeMap<String, Filesystem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Serialize)]
struct Instance {
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    life: String,
    status: State,
    persistent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Attachments>,
}

#[derive(Debug, Serialize)]
struct State {
    current: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    since: String,
}

#[derive(Debug, Serialize)]
struct Attachments {
    units: BTreeMap<String, UnitAttachment>,
}

#[derive(Debug, Serialize)]
struct UnitAttachment {
    #[serde(skip_serializing_if = "String::is_empty")]
    machine: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    location: String,
    life: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Filesystem {
    storage: String,
    attachments: FilesystemAttachments,
    pool: String,
    /// MiB
    size: u64,
    life: String,
    status: State,
}

#[derive(Debug, Serialize)]
struct FilesystemAttachments {
    machines: BTreeMap<String, Mount>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Mount {
    mount_point: String,
    read_only: bool,
    life: String,
}

/// The storage of a model as data; empty if there is none.
pub(crate) fn document(
    storage: &BTreeMap<String, StorageStatus>,
    clock: &Clock,
) -> StorageDocument {
    if storage.is_empty() {
        return StorageDocument::default();
    }
    let state = |status: &StatusInfo| State {
        current: status.current.clone(),
        message: status.message.clone(),
        since: clock.status_layout(status.since),
    };
    let mut document = StorageDocument {
        volumes: Some(BTreeMap::new()),
        ..StorageDocument::default()
    };
    for (number, (id, instance)) in natural(storage).into_iter().enumerate() {
        let machine = instance.machine.clone().unwrap_or_default();
        let attachments = instance.unit.as_ref().map(|unit| Attachments {
            units: BTreeMap::from([(
                unit.clone(),
                UnitAttachment {
                    machine: machine.clone(),
                    location: instance.location.clone(),
                    life: instance.life.clone(),
                },
            )]),
        });
        document.storage.insert(
            id.to_owned(),
            Instance {
                kind: instance.kind.clone(),
                life: instance.life.clone(),
                status: state(&instance.status),
                persistent: instance.persistent,
                attachments,
            },
        );
        if instance.kind == "filesystem" {
            let mount = || Mount {
                mount_point: instance.location.clone(),
                read_only: instance.read_only,
                life: instance.life.clone(),
            };
            let machines = instance
                .machine
                .iter()
                .map(|machine| (machine.clone(), mount()));
            let filesystem = Filesystem {
                storage: id.to_owned(),
                attachments: FilesystemAttachments {
                    machines: machines.collect(),
                },
                pool: instance.pool.clone(),
                size: instance.size,
                life: instance.life.clone(),
                status: state(&instance.status),
            };
            document.filesystems.insert(number.to_string(), filesystem);
        }
    }
    document
}

/// The storage of a model as a table; empty if there is none.
pub(crate) fn table(storage: &BTreeMap<String, StorageStatus>) -> Table {
    let mut table = Table::new(&[
        "Storage Unit",
        "Storage ID",
        "Type",
        "Pool",
        "Mountpoint",
        "Size",
        "Status",
        "Message",
    ]);
    for (id, instance) in natural(storage) {
        table.row([
            Cell::from(instance.unit.clone().unwrap_or_default()),
            id.into(),
            instance.kind.as_str().into(),
            instance.pool.as_str().into(),
            instance.location.as_str().into(),
            size(instance.size).into(),
            Cell::status(&instance.status.current),
            instance.status.message.as_str().into(),
        ]);
    }
    table
}

/// MiB in the largest unit that keeps a whole part.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn size(mebibytes: u64) -> String {
    const UNITS: [&str; 4] = ["MiB", "GiB", "TiB", "PiB"];
    if mebibytes == 0 {
        return String::new();
    }
    let mut amount = mebibytes as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// Lists the storage of the model
#[derive(Debug, Args)]
pub(crate) struct ListStorage {
    #[command(flatten)]
    output: Output<Listing>,
}

impl ListStorage {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let status: FullStatus = session.call(&Request::Status {
            model: session.model()?,
        })?;
        if status.storage.is_empty() && self.output.format() == Listing::Tabular {
            session.tell("No storage to display.");
            return Ok(());
        }
        let document = document(&status.storage, &Clock::local());
        let palette = session.palette();
        self.output.write_listing(session, &document, || {
            table(&status.storage).render(palette)
        })
    }
}

/// Adds storage instances to a unit
#[derive(Debug, Args)]
pub(crate) struct AddStorage {
    unit: String,
    /// NAME[=COUNT]
    #[arg(required = true, value_name = "STORAGE")]
    storage: Vec<String>,
}

impl AddStorage {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        for directive in self.storage {
            let (name, count) = match directive.split_once('=') {
                None => (directive.as_str(), 1),
                Some((name, count)) => {
                    let count = count.parse().ok().filter(|count| *count > 0);
                    let count = count.ok_or_else(|| {
                        CliError::usage(format!(
                            "storage directive {directive:?} is not NAME=COUNT\nhint: for example archive=1"
                        ))
                    })?;
                    (name, count)
                }
            };
            let added: Vec<String> = session.call(&Request::AddStorage {
                model: model.clone(),
                unit: self.unit.clone(),
                name: name.to_owned(),
                count,
            })?;
            for id in added {
                session.tell(&format!("added storage {id} to {}", self.unit));
            }
        }
        Ok(())
    }
}

/// Detaches storage from units
#[derive(Debug, Args)]
pub(crate) struct DetachStorage {
    #[arg(required = true)]
    storage: Vec<String>,
    #[arg(long)]
    force: bool,
    /// Accepted, nothing waits
    #[arg(long, requires = "force")]
    no_wait: bool,
}

impl DetachStorage {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        let storage = self.storage.clone();
        session.call::<()>(&Request::DetachStorage {
            model,
            storage,
            force: self.force,
        })?;
        for id in self.storage {
            session.tell(&format!("detaching {id}"));
        }
        Ok(())
    }
}

/// Removes detached storage with its content
#[derive(Debug, Args)]
pub(crate) struct RemoveStorage {
    #[arg(required = true)]
    storage: Vec<String>,
}

impl RemoveStorage {
    pub(crate) fn run(self, session: &mut Session) -> Result<(), CliError> {
        let model = session.model()?;
        session.call::<()>(&Request::RemoveStorage {
            model,
            storage: self.storage.clone(),
        })?;
        for id in self.storage {
            session.tell(&format!("removing {id}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_a_readable_unit() {
        let cases = [
            (0, ""),
            (512, "512.0 MiB"),
            (1024, "1.0 GiB"),
            (1_572_864, "1.5 TiB"),
        ];
        for (mebibytes, expected) in cases {
            assert_eq!(size(mebibytes), expected);
        }
    }
}
