//! Whose repository this is.
//!
//! A record beside the stanza says who writes there. After a restore from another cluster's backups the system
//! identifier is that cluster's too, so pgBackRest alone would let both write: the record is what keeps them apart.
//!
//! Everything this judges was read successfully. A read that failed is no judgement at all, and never “absent”.

pub mod fence;

use std::fmt;
use std::str::FromStr;

use crate::domain::words::{Stanza, SystemId, Timeline, Timestamp};

/// The name of the record, beside the stanzas.
pub const RECORD: &str = "postgresql-owner.json";

/// A cluster, whatever its data: `<model uuid>/<application>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClusterId {
    pub model_uuid: String,
    pub application: String,
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.model_uuid, self.application)
    }
}

/// Text that is not a cluster id.
#[derive(Debug, thiserror::Error)]
#[error("a cluster id is a model's UUID, a slash and an application")]
pub struct NotAClusterId;

impl FromStr for ClusterId {
    type Err = NotAClusterId;

    fn from_str(text: &str) -> Result<Self, NotAClusterId> {
        match text.split_once('/') {
            Some((uuid, application)) if !uuid.is_empty() && !application.is_empty() => Ok(Self {
                model_uuid: uuid.to_owned(),
                application: application.to_owned(),
            }),
            _ => Err(NotAClusterId),
        }
    }
}

impl serde::Serialize for ClusterId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ClusterId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who writes into a stanza of a repository. Kept beside the stanza as JSON.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    pub cluster_id: ClusterId,
    pub system_identifier: SystemId,
    /// The timeline the owner was on when the epoch began.
    pub timeline: Timeline,
    /// Counts the times that the repository was taken over, or its cluster went on from a restored database. See
    /// [`fence`].
    pub epoch: u64,
    /// The restore for which the epoch was raised last, so that it is raised once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_for: Option<String>,
    /// For people: names may be the same in two places.
    pub model: String,
    pub application: String,
    pub written_at: Timestamp,
}

/// A record that cannot be used. The stanza then counts as somebody's.
#[derive(Debug, thiserror::Error)]
#[error("the ownership record of the repository cannot be read")]
pub struct UnreadableRecord {
    #[source]
    source: serde_json::Error,
}

impl UnreadableRecord {
    /// What the operator can do.
    pub const fn hint(&self) -> &'static str {
        "nothing is written into the repository until the record can be read; if it is damaged, point the charm to a \
         fresh path"
    }
}

impl Record {
    /// Reads a record. What a newer charm added is ignored.
    pub fn parse(text: &str) -> Result<Self, UnreadableRecord> {
        serde_json::from_str(text).map_err(|source| UnreadableRecord { source })
    }

    /// The record as it is stored.
    pub fn to_json(&self) -> String {
        // Text, numbers and a time always have a JSON form.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// A stanza found in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStanza {
    pub name: String,
    /// Its databases' system identifiers, oldest first; the last is that of the database it takes WAL from now.
    pub systems: Vec<SystemId>,
}

/// This cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Us {
    pub cluster: ClusterId,
    pub system: SystemId,
    pub stanza: Stanza,
}

/// Whose the repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Ours by its record.
    Ours { epoch: u64 },
    /// Nobody's: it is empty.
    Unclaimed,
    /// Ours by name and data, but without a record: Charmed PostgreSQL made it for this cluster. It becomes ours by
    /// writing the record.
    Adoptable,
    /// Somebody else's: it can be listed and restored from, and nothing is written into it.
    Foreign { who: Holder },
}

/// Who holds a repository that is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The record names another cluster.
    Cluster {
        id: ClusterId,
        model: String,
        application: String,
    },
    /// An earlier or later deployment of this application, by its system identifier.
    AnotherDeployment { system: SystemId },
    /// Charmed PostgreSQL of another model, by the UUID it left.
    Model { uuid: String },
    /// Stanzas of other names.
    Stanzas { names: Vec<String> },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster {
                id,
                model,
                application,
            } => {
                write!(
                    f,
                    "application {application} of model {model} (cluster {id})"
                )
            }
            Self::AnotherDeployment { system } => {
                write!(
                    f,
                    "another deployment of this application (system identifier {system})"
                )
            }
            Self::Model { uuid } => write!(f, "a cluster of another model (UUID {uuid})"),
            Self::Stanzas { names } => match names.as_slice() {
                [one] => write!(f, "the cluster of stanza {one}"),
                all => write!(f, "the clusters of stanzas {}", all.join(", ")),
            },
        }
    }
}

/// The database that the stanza of our name takes WAL from, when that is not ours.
pub fn stanza_of_another(stanzas: &[FoundStanza], us: &Us) -> Option<SystemId> {
    let ours = stanzas
        .iter()
        .find(|found| found.name == us.stanza.as_str())?;
    let system = ours.systems.last().copied();
    system.filter(|system| *system != us.system)
}

/// Judges whose the repository is, from the record beside our stanza, the `model-uuid.txt` that Charmed PostgreSQL
/// leaves, and the stanzas found.
///
/// * The record decides. The same cluster id with another system identifier is another deployment of the application,
///   whose backups must not be overwritten; so is a stanza that was taken over under our name.
/// * Without a record, another model's UUID or any stanza that is not ours makes it foreign, and a stanza of ours
///   with our system identifier makes it adoptable. The identifier alone is not enough: a restore copies it. A stanza
///   of our name that does not tell its identifier counts as somebody's.
pub fn owner(
    record: Option<&Record>,
    model_uuid: Option<&str>,
    stanzas: &[FoundStanza],
    us: &Us,
) -> Owner {
    let foreign = |who| Owner::Foreign { who };
    let another = |system| foreign(Holder::AnotherDeployment { system });
    let named_ours = stanzas
        .iter()
        .find(|found| found.name == us.stanza.as_str());
    let taken_by = stanza_of_another(stanzas, us);
    if let Some(Record {
        cluster_id,
        system_identifier,
        epoch,
        model,
        application,
        ..
    }) = record
    {
        if *cluster_id != us.cluster {
            let (id, model, application) = (cluster_id.clone(), model.clone(), application.clone());
            return foreign(Holder::Cluster {
                id,
                model,
                application,
            });
        }
        if *system_identifier != us.system {
            return another(*system_identifier);
        }
        return taken_by.map_or(Owner::Ours { epoch: *epoch }, another);
    }
    if let Some(uuid) = model_uuid
        .map(str::trim)
        .filter(|uuid| *uuid != us.cluster.model_uuid)
    {
        return foreign(Holder::Model {
            uuid: uuid.to_owned(),
        });
    }
    match (taken_by, named_ours, stanzas) {
        (Some(system), _, _) => another(system),
        (None, Some(ours), _) if ours.systems.last() == Some(&us.system) => Owner::Adoptable,
        (None, _, []) => Owner::Unclaimed,
        (None, _, others) => foreign(Holder::Stanzas {
            names: others.iter().map(|found| found.name.clone()).collect(),
        }),
    }
}

#[cfg(test)]
mod tests;
