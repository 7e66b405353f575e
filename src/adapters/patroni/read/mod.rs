//! What Patroni's answers mean.

use std::collections::BTreeMap;

use serde_json::Value;

use super::wire;
use crate::domain::words::{Lsn, SystemId, Timeline, Timestamp};

/// What a member is in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The primary.
    Leader,
    /// The member that replicates from another cluster.
    StandbyLeader,
    /// A replica that commits wait for.
    SyncStandby,
    /// A replica.
    Replica,
    /// Nothing yet: the member has no database.
    Uninitialized,
}

/// What a member's database does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// It runs (a replica that streams counts).
    Running,
    /// It runs and streams from another member (Patroni from 3.1 on tells).
    Streaming,
    /// It replays from the archive (Patroni from 3.1 on tells).
    InArchiveRecovery,
    /// It starts.
    Starting,
    /// It stops.
    Stopping,
    /// It is stopped.
    Stopped,
    /// It restarts.
    Restarting,
    /// The member is being copied from another one or from a backup.
    CreatingReplica,
    /// The first database is being made, or restored by a bootstrap method.
    Bootstrapping,
    /// It crashed and was not started again.
    Crashed,
    /// Another state; failures to start, stop and restart among them.
    Other(String),
}

/// How far a replica is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// This many bytes.
    Bytes(u64),
    /// Patroni does not know.
    Unknown,
}

/// A member in the view of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// What its database does.
    pub state: MemberState,
    /// Address of its database; empty while it has none.
    pub host: String,
    /// Port of its database; 5432 while it has none.
    pub port: u16,
    /// Timeline it is on, once known.
    pub timeline: Option<Timeline>,
    /// How far it is behind; `None` for a leader.
    pub lag: Option<Lag>,
    /// Its tags, as Patroni shows them.
    pub tags: BTreeMap<String, Value>,
    /// Whether a setting waits for a restart.
    pub pending_restart: bool,
}

/// A member about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThisMember {
    /// What it is.
    pub role: Role,
    /// What its database does.
    pub state: MemberState,
    /// Timeline, once the database answers.
    pub timeline: Option<Timeline>,
    /// Version of PostgreSQL as a number, such as 150006.
    pub server_version: Option<u32>,
    /// Whether a setting waits for a restart.
    pub pending_restart: bool,
    /// Whether Patroni leaves the cluster alone.
    pub paused: bool,
    /// Whether the cluster has a leader, as far as this member knows.
    pub has_leader: bool,
    /// System identifier of the database, once known.
    pub system_identifier: Option<SystemId>,
    /// When the database started.
    pub started: Option<Timestamp>,
    /// Where it is in the write-ahead log.
    pub xlog: Option<Xlog>,
    /// Version of Patroni, such as `3.0.2`.
    pub patroni_version: String,
    /// Name of the cluster.
    pub scope: String,
    /// When Patroni last reached the store of the cluster, in seconds since 1970.
    pub dcs_last_seen: Option<i64>,
}

/// Position in the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Xlog {
    /// A primary writes here.
    Writing {
        /// Position.
        location: Lsn,
    },
    /// A replica replays here.
    Replaying {
        /// Last position received.
        received: Option<Lsn>,
        /// Last position replayed.
        replayed: Option<Lsn>,
        /// When the last replayed transaction was committed.
        replayed_timestamp: Option<Timestamp>,
        /// Whether replay is paused.
        paused: bool,
    },
}

/// A planned change of the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switchover {
    /// The leader of now; Patroni refuses when it is another one.
    pub leader: String,
    /// The member to lead; any healthy one when `None`.
    pub candidate: Option<String>,
}

impl Role {
    /// From Patroni's word; up to version 3 a primary was a `master`.
    fn of(word: &str) -> Self {
        match word {
            "leader" | "master" | "primary" => Self::Leader,
            "standby_leader" => Self::StandbyLeader,
            "sync_standby" | "quorum_standby" => Self::SyncStandby,
            "uninitialized" => Self::Uninitialized,
            _ => Self::Replica,
        }
    }
}

impl MemberState {
    fn of(words: &str) -> Self {
        match words {
            "running" => Self::Running,
            "streaming" => Self::Streaming,
            "in archive recovery" => Self::InArchiveRecovery,
            "starting" => Self::Starting,
            "stopping" => Self::Stopping,
            "stopped" => Self::Stopped,
            "restarting" => Self::Restarting,
            "creating replica" => Self::CreatingReplica,
            "initializing new cluster"
            | "running custom bootstrap script"
            | "starting after custom bootstrap" => Self::Bootstrapping,
            "crashed" => Self::Crashed,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether the database answers.
    pub fn is_up(&self) -> bool {
        matches!(
            self,
            Self::Running | Self::Streaming | Self::InArchiveRecovery
        )
    }
}

pub(super) fn members(cluster: wire::Cluster) -> Vec<Member> {
    cluster.members.into_iter().map(member).collect()
}

fn member(member: wire::Member) -> Member {
    let role = Role::of(&member.role);
    let leads = matches!(role, Role::Leader | Role::StandbyLeader);
    Member {
        name: member.name,
        role,
        state: MemberState::of(&member.state),
        host: member.host.unwrap_or_default(),
        port: member.port.unwrap_or(5432),
        timeline: timeline(member.timeline),
        lag: (!leads).then(|| match member.lag.as_ref().and_then(Value::as_u64) {
            Some(bytes) => Lag::Bytes(bytes),
            None => Lag::Unknown,
        }),
        tags: member.tags,
        pending_restart: member.pending_restart,
    }
}

pub(super) fn this_member(member: wire::ThisMember) -> ThisMember {
    let role = match Role::of(&member.role) {
        Role::Replica if member.sync_standby => Role::SyncStandby,
        role => role,
    };
    ThisMember {
        role,
        state: MemberState::of(&member.state),
        timeline: timeline(member.timeline),
        server_version: member.server_version,
        pending_restart: member.pending_restart,
        paused: member.pause,
        has_leader: !member.cluster_unlocked,
        system_identifier: member
            .database_system_identifier
            .and_then(|id| id.parse().ok()),
        started: member.postmaster_start_time.and_then(|at| at.parse().ok()),
        xlog: member.xlog.map(xlog),
        patroni_version: member.patroni.version,
        scope: member.patroni.scope,
        dcs_last_seen: member.dcs_last_seen,
    }
}

fn xlog(xlog: wire::Xlog) -> Xlog {
    match xlog.location {
        Some(location) => Xlog::Writing {
            location: Lsn::new(location),
        },
        None => Xlog::Replaying {
            received: position(xlog.received_location),
            replayed: position(xlog.replayed_location),
            replayed_timestamp: xlog.replayed_timestamp.and_then(|at| at.parse().ok()),
            paused: xlog.paused,
        },
    }
}

/// Patroni reports 0 for a position it does not know.
fn position(byte: Option<u64>) -> Option<Lsn> {
    byte.filter(|byte| *byte > 0).map(Lsn::new)
}

/// Patroni reports 0 for a timeline it does not know.
fn timeline(number: Option<u32>) -> Option<Timeline> {
    number.and_then(|number| Timeline::new(number).ok())
}

#[cfg(test)]
mod tests;
