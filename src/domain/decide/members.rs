//! Who is a member, at which address, and who votes in etcd.

use std::collections::BTreeMap;

use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::observed::{Observed, Written};
use crate::domain::plan::{Plan, Step};

/// This unit's address is known to its peers.
pub fn address(seen: &Observed) -> Decision {
    let Some(peers) = &seen.juju.peers else {
        return Decision::Wait(Wait::until(
            Wake::PeersCreated,
            "waiting for the peer relation",
        ));
    };
    let Some(address) = seen.juju.address else {
        return Decision::Wait(Wait::until(Wake::ConfigChanged, "waiting for an address"));
    };
    let published = peers.units.get(&seen.juju.member).copied().flatten();
    if published == Some(address) || seen.juju.written.contains(&Written::Address) {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "join the peers",
        vec![Step::PublishAddress(address)],
    ))
}

/// The voters of etcd are known, or are being published by this dispatch.
///
/// The first leader votes alone: one voter for one or two units (D1).
pub fn voters(seen: &Observed) -> Decision {
    let (Some(peers), Some(address)) = (&seen.juju.peers, seen.juju.address) else {
        return Decision::Wait(Wait::until(
            Wake::PeersCreated,
            "waiting for the peer relation",
        ));
    };
    if !peers.voters.is_empty() || seen.juju.written.contains(&Written::Voters) {
        return Decision::Settled;
    }
    if !seen.juju.leader {
        return Decision::Wait(Wait::until(
            Wake::PeersChanged,
            "waiting for the leader to start the cluster",
        ));
    }
    Decision::Do(Plan::new(
        "choose who votes in etcd",
        vec![Step::PublishVoters(BTreeMap::from([(
            seen.juju.member.clone(),
            address,
        )]))],
    ))
}

/// Juju has recorded the passwords and the voters.
///
/// They are put to use only by a dispatch that found them recorded. Juju discards what a failed hook wrote: a database made
/// with such a password would be locked, and two leaders in turn would make two clusters.
pub fn recorded(seen: &Observed) -> Decision {
    let founding = seen
        .juju
        .peers
        .as_ref()
        .is_none_or(|peers| peers.voters.is_empty());
    let written = |write| seen.juju.written.contains(&write);
    if written(Written::Passwords) || (founding && written(Written::Voters)) {
        return Decision::Wait(Wait::until(
            Wake::NextHook,
            "waiting for Juju to record passwords and members",
        ));
    }
    Decision::Settled
}
