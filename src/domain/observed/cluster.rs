//! The cluster: etcd, the members as Patroni sees them, and this unit's own database.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::ArchiverView;
use crate::domain::words::{MemberName, SystemId, Timeline};

/// The configuration store, as this unit reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdView {
    /// Whether clients have to say who they are.
    pub authenticated: bool,
    /// Its members.
    pub members: Vec<EtcdMember>,
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
    /// Anything else, in Patroni's words.
    Other(String),
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
    /// Whether the server accepts TLS.
    pub tls: bool,
    /// Parameters that wait for a restart.
    pub pending_restart: Vec<String>,
}

/// One system role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    /// Whether the password in the application's secret opens it.
    pub password_matches: bool,
    /// Whether its attributes and grants are as they should be.
    pub as_wanted: bool,
}
