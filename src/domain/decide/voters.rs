//! Who votes in etcd: the leader chooses, each unit comes and goes by itself, one member at a time.
//!
//! A voter is made in two steps. The unit joins as a learner, which copies and counts for nothing, and votes only once it
//! has copied: a unit that dies on the way in never costs the cluster its quorum. The unit adds itself, because only then
//! is a member added that starts at once. It goes by taking itself out while it still runs, so that the others agree
//! with it and not after a time-out without it. Only members of units that do not exist any more are taken out by the
//! leader.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::services::differing;
use super::tls;
use crate::domain::decision::{Decision, Wait};
use crate::domain::files;
use crate::domain::observed::{
    DataDirectory, EtcdMember, EtcdView, ManagedFile, Observed, PeerRelation, Role, Service,
    ServiceState, Written,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::render::etcd::peer_url;
use crate::domain::words::MemberName;

/// More voters make every change slower, and survive no loss that is likely.
const MOST: usize = 7;
/// How long a dispatch stays for another unit's member, or its own, to be ready.
const PATIENCE: Duration = Duration::from_secs(90);

/// How many vote: the largest odd number not above the number of units (D1).
pub fn number(units: usize) -> usize {
    odd(units.min(MOST))
}

fn odd(most: usize) -> usize {
    if most.is_multiple_of(2) {
        most.saturating_sub(1)
    } else {
        most
    }
}

/// What the choice of voters rests on.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// The units, with their addresses.
    pub units: BTreeMap<MemberName, IpAddr>,
    /// How many there are, those without an address included.
    pub count: usize,
    /// Those that vote and will be there.
    pub voters: BTreeMap<MemberName, IpAddr>,
    /// The units whose database runs.
    pub running: BTreeSet<MemberName>,
    /// Units that vote rather than others, the most important first.
    pub preferred: Vec<MemberName>,
}

/// Who is to vote. Always an odd number: another voter beside two is only possible once its unit runs, and one voter is
/// more likely to stay than two.
pub fn choose(candidates: &Candidates) -> BTreeMap<MemberName, IpAddr> {
    let Candidates {
        units,
        count,
        voters,
        running,
        preferred,
    } = candidates;
    let new: BTreeMap<MemberName, IpAddr> = units
        .iter()
        .filter(|(name, _)| !voters.contains_key(*name) && running.contains(*name))
        .map(|(name, address)| (name.clone(), *address))
        .collect();
    let size = odd(number(*count).min(voters.len() + new.len()));
    let rank = |name: &MemberName| {
        let preference = preferred.iter().position(|it| it == name);
        let preference = preference.unwrap_or(preferred.len());
        (!running.contains(name), preference, name.number())
    };
    // Who votes goes on voting: each change is a risk.
    let (mut old, mut new): (Vec<_>, Vec<_>) =
        (voters.iter().collect(), new.iter().collect::<Vec<_>>());
    old.sort_by_key(|(name, _)| rank(name));
    new.sort_by_key(|(name, _)| rank(name));
    old.into_iter()
        .chain(new)
        .take(size)
        .map(|(name, address)| (name.clone(), *address))
        .collect()
}

fn known(seen: &Observed) -> Option<(&PeerRelation, &EtcdView)> {
    let peers = seen.juju.peers.as_ref()?;
    let etcd = seen.etcd.known().filter(|etcd| etcd.authenticated)?;
    Some((peers, etcd))
}

/// The leader removes the members of units that are gone, and chooses other voters once the last choice is in force.
pub fn change(seen: &Observed) -> Decision {
    let Some((peers, etcd)) = known(seen).filter(|_| seen.juju.leader) else {
        return Decision::Settled;
    };
    if let Some(member) = abandoned(peers, etcd) {
        let whose = match (&member.name, member.address) {
            (Some(name), _) => name.unit(),
            (None, Some(address)) => format!("a unit at {address}"),
            (None, None) => "an unknown unit".to_owned(),
        };
        let id = member.id;
        return Decision::Do(Plan::new(
            "let go of a voter that is gone",
            vec![Step::RemoveVoter { id, whose }],
        ));
    }
    let Some(cluster) = seen.cluster.known() else {
        return Decision::Settled;
    };
    if !peers.initialised || seen.juju.written.contains(&Written::Voters) {
        return Decision::Settled;
    }
    let running: BTreeSet<MemberName> = cluster.running().into_iter().cloned().collect();
    let in_etcd: BTreeSet<&MemberName> = etcd.voters().into_iter().collect();
    let mut voters = peers.voting();
    voters.retain(|name, _| in_etcd.contains(name) || running.contains(name));
    let settled =
        etcd.members.len() == in_etcd.len() && voters.keys().collect::<BTreeSet<_>>() == in_etcd;
    if !settled {
        // One change at a time.
        return Decision::Settled;
    }
    let units: BTreeMap<MemberName, IpAddr> = peers
        .units
        .iter()
        .filter_map(|(name, address)| Some((name.clone(), (*address)?)))
        .collect();
    let unseen = voters
        .keys()
        .filter(|name| !peers.units.contains_key(*name));
    let chosen = choose(&Candidates {
        count: peers.units.len() + unseen.count(),
        units,
        voters,
        running,
        preferred: cluster
            .primary()
            .map(|primary| primary.name.clone())
            .into_iter()
            .chain([seen.juju.member.clone()])
            .collect(),
    });
    if chosen.is_empty() || chosen == peers.voters {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "change who votes in etcd",
        vec![Step::PublishVoters(chosen)],
    ))
}

/// A member of a unit that is gone, if etcd can do without it.
fn abandoned<'a>(peers: &PeerRelation, etcd: &'a EtcdView) -> Option<&'a EtcdMember> {
    let stays = |member: &EtcdMember| match &member.name {
        Some(name) => !peers.gone.contains(name),
        // It has not started yet: whose it is, is known by its address only.
        None => member.address.is_some_and(|address| {
            peers.units.values().flatten().any(|it| *it == address)
                || peers.voters.values().any(|it| *it == address)
        }),
    };
    let voter_stays = etcd
        .members
        .iter()
        .any(|member| !member.learner && stays(member));
    let mut gone = etcd.members.iter().filter(|member| !stays(member));
    gone.find(|member| member.learner || voter_stays)
}

/// This unit votes when it was chosen.
pub fn join(seen: &Observed) -> Decision {
    let (Some((peers, etcd)), Some(address)) = (known(seen), seen.juju.address) else {
        return Decision::Settled;
    };
    if !peers.voting().contains_key(&seen.juju.member) {
        return Decision::Settled;
    }
    let others: BTreeMap<MemberName, Vec<String>> = etcd
        .members
        .iter()
        .filter_map(|member| Some((member.name.clone()?, member.peer_urls.clone())))
        .filter(|(name, _)| *name != seen.juju.member)
        .collect();
    match etcd.member(&seen.juju.member, Some(address)) {
        Some(EtcdMember {
            name: Some(_),
            learner,
            ..
        }) => {
            if !*learner {
                return Decision::Settled;
            }
            return vote(Vec::new());
        }
        Some(_) => {}
        None => {
            if let Some(other) = etcd.members.iter().find(|member| member.learner) {
                let name = other.name.as_ref().map(MemberName::unit);
                return Decision::Wait(Wait::a_while(
                    PATIENCE,
                    format!(
                        "waiting until {} votes in etcd",
                        name.as_deref().unwrap_or("another unit")
                    ),
                ));
            }
            // Who the others are by then is looked up afterwards: a member that starts has to name them all.
            return Decision::Do(Plan::new(
                "join etcd",
                vec![
                    Step::WipeEtcd,
                    Step::AddLearner {
                        address,
                        url: peer_url(address, tls::stage(seen).uses()),
                    },
                ],
            ));
        }
    }
    let config = files::joining_etcd_config(seen, others);
    let in_force = config
        .as_ref()
        .map(|config| files::etcd_in_force(seen, config));
    let in_force = in_force.map_err(Clone::clone);
    let wanted = [
        (ManagedFile::EtcdConfig, config),
        (ManagedFile::EtcdUnit, Ok(files::etcd_unit(seen))),
    ];
    // A member that was added and never started knows from this file alone whom it joins.
    let mut steps = match seen.host.etcd_data {
        DataDirectory::Present => Vec::new(),
        DataDirectory::Absent => differing(seen, wanted).unwrap_or_default(),
    };
    match seen.host.service(Service::Etcd) {
        ServiceState::Running | ServiceState::Changing if steps.is_empty() => {}
        ServiceState::Running | ServiceState::Changing => steps.push(Step::Restart(Service::Etcd)),
        ServiceState::Absent | ServiceState::Stopped | ServiceState::Failed => {
            steps.push(Step::Start(Service::Etcd));
        }
    }
    if seen.host.etcd_data == DataDirectory::Absent {
        let started_with = [(ManagedFile::EtcdInForce, in_force)];
        steps.extend(differing(seen, started_with).unwrap_or_default());
    }
    vote(steps)
}

fn vote(mut steps: Vec<Step>) -> Decision {
    steps.push(Step::PromoteLearner);
    Decision::Do(Plan::new("vote in etcd", steps))
}

/// This unit stops voting when others were chosen, and they are there.
pub fn retire(seen: &Observed) -> Decision {
    let Some((peers, etcd)) = known(seen) else {
        return Decision::Settled;
    };
    let voting = peers.voting();
    let idle = matches!(
        seen.host.service(Service::Etcd),
        ServiceState::Absent | ServiceState::Stopped
    );
    if voting.contains_key(&seen.juju.member)
        || (idle && seen.host.etcd_data == DataDirectory::Absent)
    {
        return Decision::Settled;
    }
    if !etcd.voters().iter().any(|name| voting.contains_key(*name)) {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "leave the voters of etcd",
        vec![Step::LeaveEtcd, Step::Stop(Service::Etcd), Step::WipeEtcd],
    ))
}

/// Whether the member with the lead runs here.
pub(super) fn leads(seen: &Observed) -> bool {
    seen.this_member()
        .is_some_and(|member| member.role == Role::Primary)
}
