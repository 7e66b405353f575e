//! Members and their health.

use super::{Etcd, EtcdError};
use crate::adapters::host::clock::Deadline;

/// Number of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// Its name; empty until it was started for the first time.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it; empty until it was started for the first time.
    pub client_urls: Vec<String>,
    /// Whether it only listens and has no vote.
    pub is_learner: bool,
}

/// Health of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its number.
    pub member: MemberId,
    /// The number of the leader it follows; `None` without a leader.
    pub leader: Option<MemberId>,
    /// Version of etcd.
    pub version: String,
    /// Bytes of its store.
    pub store_bytes: u64,
    /// Alarms and errors it reports, such as `NOSPACE`.
    pub errors: Vec<String>,
}

impl Etcd {
    /// Health of this member itself.
    pub fn health(&self, deadline: Deadline) -> Result<Health, EtcdError> {
        let _ = deadline;
        unimplemented!()
    }

    /// All members.
    pub fn member_list(&self, deadline: Deadline) -> Result<Vec<Member>, EtcdError> {
        let _ = deadline;
        unimplemented!()
    }

    /// Adds a member that is reached by others at `peer_url`, before it starts for the first time.
    pub fn member_add(&self, peer_url: &str, deadline: Deadline) -> Result<Member, EtcdError> {
        let _ = (peer_url, deadline);
        unimplemented!()
    }

    /// Removes a member; tells whether it was one.
    pub fn member_remove(&self, member: MemberId, deadline: Deadline) -> Result<bool, EtcdError> {
        let _ = (member, deadline);
        unimplemented!()
    }
}
