//! The fence: whether a member may still write into the repository that its cluster has claimed.
//!
//! Each time a cluster takes a repository over, or goes on from a restored database, the record's epoch rises. A member
//! has an epoch of its own: the last one it was let in with. A record of a later epoch lets it in only when its database
//! is of that epoch's history. So whoever was away meanwhile writes nothing, and a mere failover, which raises no epoch,
//! shuts nobody out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ClusterId, Record};
use crate::domain::words::{SystemId, Timeline, Timestamp};

/// For how long a member goes by what it has read. Each file of the write-ahead log asks.
pub const LONGEST: Duration = Duration::from_secs(10);

/// The member that wants to write.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    /// Its cluster.
    cluster: ClusterId,
    /// Its database.
    system: SystemId,
    /// The newest timeline its database has been on.
    timeline: Timeline,
    /// The epoch it was last let in with; none when that is not known here.
    epoch: Option<u64>,
}

/// Who has gone on without this member, and when the record says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Overtaken {
    /// Another cluster writes there.
    #[error(
        "application {application} of model {model} (cluster {cluster_id}) took it over at {since} (epoch {epoch})"
    )]
    ByCluster {
        /// Its id.
        cluster_id: ClusterId,
        /// Its model, for people.
        model: String,
        /// Its name, for people.
        application: String,
        /// The epoch that began with it.
        epoch: u64,
        /// When.
        since: Timestamp,
    },
    /// A later deployment of this application, with another database, writes there.
    #[error(
        "another deployment of this application (system identifier {system}) took it over at {since} (epoch {epoch})"
    )]
    ByDeployment {
        /// Its database.
        system: SystemId,
        /// The epoch that began with it.
        epoch: u64,
        /// When.
        since: Timestamp,
    },
    /// The cluster has gone on from a restored database, and this member's is from before.
    #[error(
        "this cluster was restored without this unit and went on with timeline {timeline} at {since} (epoch {epoch})"
    )]
    ByRestore {
        /// The first timeline of that epoch.
        timeline: Timeline,
        /// The epoch that began with it.
        epoch: u64,
        /// When.
        since: Timestamp,
    },
}

/// Lets a member in, with the epoch that it goes by from now on, or says who has overtaken it.
///
/// A repository without a record is nobody else's: where one was read and is not there, a member goes on as before.
///
/// # Errors
///
/// Says who has overtaken it.
fn admit(record: Option<&Record>, member: &Member) -> Result<Option<u64>, Overtaken> {
    let Some(record) = record else {
        return Ok(member.epoch);
    };
    let (epoch, since) = (record.epoch, record.written_at);
    if record.cluster_id != member.cluster {
        return Err(Overtaken::ByCluster {
            cluster_id: record.cluster_id.clone(),
            model: record.model.clone(),
            application: record.application.clone(),
            epoch,
            since,
        });
    }
    if record.system_identifier != member.system {
        let system = record.system_identifier;
        return Err(Overtaken::ByDeployment {
            system,
            epoch,
            since,
        });
    }
    let known = member.epoch.is_some_and(|own| own >= epoch);
    if known || member.timeline >= record.timeline {
        return Ok(Some(epoch));
    }
    Err(Overtaken::ByRestore {
        timeline: record.timeline,
        epoch,
        since,
    })
}

/// What a member knows of its standing in a repository. It is kept in a file, so that not every push has to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Standing {
    /// The repository: endpoint, bucket and path.
    pub repository: String,
    /// The cluster that asked.
    pub cluster: ClusterId,
    /// The database it asked for.
    pub system: SystemId,
    /// The epoch it was last let in with.
    pub epoch: Option<u64>,
    /// The run of PostgreSQL that asked.
    pub server: String,
    /// The timeline of the file it was asked for.
    pub timeline: Timeline,
    /// When the record was read.
    pub read_at: Timestamp,
    /// Who has overtaken it, if somebody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtaken: Option<Overtaken>,
}

/// A file that is to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// To which repository.
    pub repository: String,
    /// By which cluster.
    pub cluster: ClusterId,
    /// By which run of PostgreSQL; none when that cannot be told.
    pub server: Option<String>,
    /// Of which timeline.
    pub timeline: Timeline,
}

impl Standing {
    /// What follows from a record for whoever asks, whose database has this identifier and has been on this timeline: `known`
    /// is what was known before, and an epoch that was let in counts on.
    pub fn judged(
        record: Option<&Record>,
        asks: Push,
        (system, newest): (SystemId, Timeline),
        known: Option<&Self>,
        read_at: Timestamp,
    ) -> Self {
        let own = known.and_then(|it| it.epoch_in(&asks.repository, &asks.cluster, system));
        let member = Member {
            cluster: asks.cluster,
            system,
            timeline: newest,
            epoch: own,
        };
        let (epoch, overtaken) = match admit(record, &member) {
            Ok(epoch) => (epoch.or(own), None),
            Err(overtaken) => (own, Some(overtaken)),
        };
        Self {
            repository: asks.repository,
            cluster: member.cluster,
            system,
            epoch,
            server: asks.server.unwrap_or_default(),
            timeline: asks.timeline,
            read_at,
            overtaken,
        }
    }

    /// Whether a push may go by this without reading the record again: only when all was well, moments ago, for the same
    /// run of PostgreSQL on the same timeline.
    pub fn lets_pass(&self, push: &Push, now: Timestamp) -> bool {
        let age = now.duration_since(self.read_at);
        let fresh = !age.is_negative() && age.unsigned_abs() <= LONGEST;
        let of_the_same = self.repository == push.repository
            && self.cluster == push.cluster
            && push.server.as_ref() == Some(&self.server)
            && self.timeline == push.timeline;
        self.overtaken.is_none() && fresh && of_the_same
    }

    /// The epoch with which this database was last let into this repository.
    pub fn epoch_in(&self, repository: &str, cluster: &ClusterId, system: SystemId) -> Option<u64> {
        let same =
            self.repository == repository && self.cluster == *cluster && self.system == system;
        self.epoch.filter(|_| same)
    }
}

/// Which repository a configuration of pgBackRest leads to: what tells one place from another, and no keys.
pub fn repository(config: &str) -> String {
    const PLACE: [&str; 5] = [
        "repo1-s3-endpoint=",
        "repo1-storage-host=",
        "repo1-storage-port=",
        "repo1-s3-bucket=",
        "repo1-path=",
    ];
    let lines = PLACE.iter().filter_map(|option| {
        let mut lines = config.lines();
        lines.find_map(|line| line.trim().strip_prefix(option))
    });
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
