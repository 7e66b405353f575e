//! What Patroni's answers mean.

use std::collections::BTreeMap;

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
    /// A new member is being copied.
    CreatingReplica,
    /// A first database is being made, or restored by a bootstrap method.
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
    /// Address of its database.
    pub host: String,
    /// Port of its database.
    pub port: u16,
    /// Timeline it is on, once known.
    pub timeline: Option<Timeline>,
    /// How far it is behind; `None` for a leader.
    pub lag: Option<Lag>,
    /// Its tags, as Patroni shows them.
    pub tags: BTreeMap<String, serde_json::Value>,
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
