//! What is. Every part that has to be asked for can be unknown, and says so.

mod clients;
mod cluster;
mod host;
mod juju;
mod repository;
mod restore;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use clients::{Client, ClientUser, ClientsView, DatabaseFacts};
pub use cluster::{
    ClusterView, DatabaseView, EtcdMember, EtcdView, HELD, Held, LostQuorum, Member, MemberState,
    RESTORED, Restored, Role, RoleView, ServerTls,
};
pub use host::{DataDirectory, HostView, ManagedFile, Packages, Service, ServiceState};
pub use juju::{JujuView, ObjectStorage, ObjectStore, Passwords, PeerRelation, Standing, Written};
pub use repository::{ArchiverView, Moved, RepositoryRecord, RepositoryState};
pub use restore::{Fetch, Kept, Recovery, RestorePhase, RestoreRecord, Source};
pub use tls::TlsView;

use crate::domain::words::Timestamp;

/// Something that had to be asked for.
///
/// `Unreachable` is never read as "absent": that Patroni did not answer does not mean that there is no primary.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen<T> {
    /// It answered, and this is the answer.
    Known(T),
    /// It was asked and did not answer; the text says why.
    Unreachable(String),
    /// This event did not need it.
    NotAsked,
}

impl<T> Seen<T> {
    /// The answer, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unreachable(_) | Self::NotAsked => None,
        }
    }

    /// Why there is no answer; empty when there is one.
    pub fn why(&self) -> &str {
        match self {
            Self::Known(_) => "",
            Self::Unreachable(why) => why,
            Self::NotAsked => "it was not asked",
        }
    }
}

/// Everything a decision may rest on.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// What Juju says.
    pub juju: JujuView,
    /// What is on the machine.
    pub host: HostView,
    /// The cluster's configuration store.
    pub etcd: Seen<EtcdView>,
    /// Which voters answer, when etcd as a whole does not.
    pub lost_quorum: Option<LostQuorum>,
    /// The cluster as Patroni sees it.
    pub cluster: Seen<ClusterView>,
    /// The database of this unit, over its own socket.
    pub database: Seen<DatabaseView>,
    /// What the primary's database has for applications; only the leader asks.
    pub clients: Seen<ClientsView>,
    /// Users of applications with whom this dispatch did not succeed, and why: once is enough.
    pub clients_failed: BTreeMap<String, String>,
    /// When this was observed.
    pub now: Timestamp,
    /// For how long this dispatch has only looked, and done nothing.
    pub waited: Duration,
    /// Whether this dispatch has already tried the object store: once is enough.
    pub repository_tried: bool,
    /// Whether this dispatch has already tried to have another member of etcd lead: once is enough.
    pub etcd_lead_tried: bool,
}

impl Observed {
    /// This unit as a member of the cluster, when Patroni answered and knows it.
    pub fn this_member(&self) -> Option<&Member> {
        self.cluster.known()?.member(&self.juju.member)
    }

    /// Whether this unit is the primary and its database answers as one.
    pub fn is_primary(&self) -> bool {
        self.this_member()
            .is_some_and(|member| member.role == Role::Primary)
            && self
                .database
                .known()
                .is_some_and(|database| !database.in_recovery)
    }
}

/// Shows a role as people say it.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::StandbyLeader => "standby leader",
            Self::Replica => "replica",
        })
    }
}
