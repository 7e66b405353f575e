//! The cluster: etcd, the members as Patroni sees them, and this unit's own database.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{ArchiverView, Moved};
use crate::domain::words::{MemberName, SystemId, Timeline, Timestamp};

/// The configuration store, as this unit reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdView {
    /// Whether clients have to say who they are.
    pub authenticated: bool,
    /// Its members.
    pub members: Vec<EtcdMember>,
    /// The one that leads.
    pub leader: u64,
}

impl EtcdView {
    /// The member of a unit: by its name, or by its address while it has not started and has no name.
    pub fn member(&self, name: &MemberName, address: Option<IpAddr>) -> Option<&EtcdMember> {
        self.members.iter().find(|member| match &member.name {
            Some(its) => its == name,
            None => member.address.is_some() && member.address == address,
        })
    }

    /// The members that vote, by name.
    pub fn voters(&self) -> Vec<&MemberName> {
        let voters = self.members.iter().filter(|member| !member.learner);
        voters.filter_map(|member| member.name.as_ref()).collect()
    }
}

/// The voters of etcd, when none of those that were asked knows a leader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostQuorum {
    /// They do not answer.
    pub silent: Vec<MemberName>,
    /// They answer, and wait for a majority.
    pub waiting: Vec<MemberName>,
}

impl LostQuorum {
    /// Whether those that answer are too few to elect a leader.
    pub fn is_beyond_repair(&self) -> bool {
        let voters = self.silent.len() + self.waiting.len();
        self.waiting.len() <= voters / 2
    }
}

/// A member of etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdMember {
    /// How etcd calls it.
    pub id: u64,
    /// The unit it runs on; none until it has started for the first time.
    pub name: Option<MemberName>,
    /// The URLs at which the other members reach it.
    pub peer_urls: Vec<String>,
    /// The address in them.
    pub address: Option<IpAddr>,
    /// Whether it copies and does not vote.
    pub learner: bool,
}

/// The members, as Patroni sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterView {
    /// Every member.
    pub members: Vec<Member>,
    /// Those that Patroni counts as synchronous: they have every commit.
    pub synchronous: BTreeSet<MemberName>,
    /// The configuration that Patroni keeps for all of them.
    pub config: serde_json::Value,
}

impl ClusterView {
    /// One member.
    pub fn member(&self, name: &MemberName) -> Option<&Member> {
        self.members.iter().find(|member| &member.name == name)
    }

    /// The member that accepts writes.
    pub fn primary(&self) -> Option<&Member> {
        self.members
            .iter()
            .find(|member| member.role == Role::Primary)
    }

    /// The restore for which the members are held: nobody takes the lead while it is put in place.
    pub fn held_for(&self) -> Option<Held> {
        serde_json::from_value(self.config.get(HELD)?.clone()).ok()
    }

    /// The last restore, and the members whose data is still from before it.
    pub fn restored(&self) -> Option<Restored> {
        serde_json::from_value(self.config.get(RESTORED)?.clone()).ok()
    }

    /// Whether a member's data is from before the last restore.
    pub fn is_stale(&self, name: &MemberName) -> bool {
        self.restored()
            .is_some_and(|restored| restored.stale.contains(name))
    }

    /// The members whose database runs, by name.
    pub fn running(&self) -> Vec<&MemberName> {
        self.members
            .iter()
            .filter(|member| member.state == MemberState::Running)
            .map(|member| &member.name)
            .collect()
    }

    /// The members that follow and stream, by name.
    pub fn replicas(&self) -> Vec<&MemberName> {
        self.members
            .iter()
            .filter(|member| member.role == Role::Replica && member.state == MemberState::Running)
            .map(|member| &member.name)
            .collect()
    }
}

/// The key of the cluster's configuration that says for which restore the members are held.
///
/// It lies where every member reads it before it decides anything, and where it outlives all of them.
pub const HELD: &str = "held_for_restore";
/// The key that says which restore was the last, and who has yet to be rebuilt after it.
pub const RESTORED: &str = "restored";

/// The restore for which the members are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The restore.
    pub id: String,
    /// The member that restores.
    pub by: MemberName,
}

/// The last restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The restore.
    pub id: String,
    /// Members whose data is from before it. A unit's name is never used twice, so one that is gone does no harm.
    pub stale: BTreeSet<MemberName>,
    /// The member that is still at work on the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuilt_by: Option<MemberName>,
    /// Where the restored database archives from then on, when that has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
}

/// One member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: MemberName,
    /// What it is.
    pub role: Role,
    /// How it is.
    pub state: MemberState,
    /// The address it is reached at.
    pub host: String,
    /// The timeline it is on.
    pub timeline: Option<Timeline>,
    /// Bytes it is behind; none when unknown or when it is the primary.
    pub lag: Option<u64>,
    /// Whether a parameter waits for its restart.
    pub pending_restart: bool,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It accepts writes.
    Primary,
    /// It leads a standby cluster.
    StandbyLeader,
    /// It follows.
    Replica,
}

/// How a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberState {
    /// PostgreSQL runs (or streams).
    Running,
    /// Anything else, in words.
    Other(String),
}

impl MemberState {
    /// What the state of a member is called whose database is being made from another's.
    pub const BEING_COPIED: &str = "being copied";

    /// Whether its database is being made from another's, or from a backup.
    pub fn is_being_copied(&self) -> bool {
        matches!(self, Self::Other(state) if state == Self::BEING_COPIED)
    }
}

/// This unit's own database, over its own socket.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseView {
    /// Whether it follows another or recovers.
    pub in_recovery: bool,
    /// The identifier made when the database was.
    pub system_id: SystemId,
    /// The timeline it is on.
    pub timeline: Timeline,
    /// The system roles that exist.
    pub roles: BTreeMap<String, RoleView>,
    /// How archiving goes.
    pub archiver: ArchiverView,
    /// What the server does about TLS.
    pub tls: ServerTls,
    /// Parameters that wait for a restart.
    pub pending_restart: Vec<String>,
    /// What it runs with of the parameters in [`SETTINGS`](crate::domain::backups::requirements::SETTINGS).
    pub limits: BTreeMap<String, i64>,
    /// Whose confirmation a commit here waits for.
    pub waits_for: BTreeSet<MemberName>,
    /// Who streams from here.
    pub streaming: BTreeSet<MemberName>,
}

/// What a server does about TLS. It shows nothing of the rules and the certificate it has in memory, only when it read
/// them last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerTls {
    /// Whether it accepts TLS.
    pub on: bool,
    /// Whether its rules, as they are written, let somebody in over the network without TLS.
    pub plaintext: bool,
    /// When it last read its rules and its certificate.
    pub loaded: Timestamp,
    /// When its rules were written.
    pub rules_written: Option<Timestamp>,
    /// When its certificate was written; none when there is none.
    pub certificate_written: Option<Timestamp>,
}

impl ServerTls {
    /// Whether it has read all of them since they were written. What was written in the future says nothing: the clock
    /// was set back.
    pub fn is_up_to_date(&self, now: Timestamp) -> bool {
        let mut written = self.rules_written.iter().chain(&self.certificate_written);
        written.all(|written| *written <= self.loaded || *written > now)
    }
}

/// One system role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    /// Whether the password in the application's secret opens it.
    pub password_matches: bool,
    /// Whether its attributes and grants are as they should be.
    pub as_wanted: bool,
}
