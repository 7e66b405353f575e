//! etcd without a majority: what that means, and going on with those that are left because an operator says so.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::decision::Decision;
use crate::domain::files;
use crate::domain::observed::{
    HostView, LostQuorum, ManagedFile, Observed, PeerRelation, Seen, Service,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::render::dcs::DynamicConfiguration;
use crate::domain::words::{Lsn, MemberName, Timeline};

/// How far a unit's copy of the database reaches; the later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// The timeline it follows.
    pub timeline: Timeline,
    /// The end of the WAL it has.
    pub end: Lsn,
}

/// Who is silent, for the status.
pub(super) fn described(lost: &LostQuorum) -> String {
    let names: Vec<String> = lost.silent.iter().map(MemberName::unit).collect();
    format!(
        "no majority of etcd's voters answers, and without one there is no primary: {} silent",
        match names.as_slice() {
            [one] => format!("{one} is"),
            several => format!("{} are", several.join(", ")),
        }
    )
}

/// The plan of going on without those that are silent.
///
/// etcd is founded again with this unit as its only voter, on an empty store: what it held is all made from the units that
/// are there. The data of the old member is put aside, not removed.
///
/// # Errors
///
/// Refuses when nothing is lost, when another unit that answers has more of the database, and without force.
pub fn plan(
    seen: &Observed,
    force: bool,
    own: Option<Reach>,
    others: &BTreeMap<MemberName, Reach>,
) -> Result<Plan, Refusal> {
    let lost = match (&seen.etcd, &seen.lost_quorum) {
        (Seen::Unreachable(_), Some(lost)) if lost.is_beyond_repair() => lost,
        _ => return Err(Refusal::QuorumNotLost),
    };
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    let (Some(peers), Some(address)) = (&seen.juju.peers, seen.juju.address) else {
        return Err(Refusal::NotRunning("it has not joined its peers".into()));
    };
    let (Some(own), Some(database)) = (own, seen.database.known()) else {
        return Err(Refusal::NotRunning("its database does not answer".into()));
    };
    furthest(own, others)?;
    let me = seen.juju.member.clone();
    if !peers.voters.contains_key(&me) && !seen.juju.leader {
        return Err(Refusal::CannotFound);
    }
    if !force {
        return Err(Refusal::RecoveryNotForced {
            silent: lost.silent.iter().map(MemberName::unit).collect(),
        });
    }
    let Ok(settings) = &seen.juju.settings else {
        return Err(Refusal::NotRunning("its options are invalid".into()));
    };
    let present: BTreeSet<&MemberName> = others.keys().chain([&seen.juju.member]).collect();
    // For those that are left: they must not wait for the others to confirm.
    let config = DynamicConfiguration::new(settings, count(present.len()))
        .patch(&serde_json::Value::Null)
        .unwrap_or_default();
    let alone = BTreeMap::from([(me.clone(), address)]);
    let missing = peers.units.keys().filter(|name| !present.contains(name));
    let etcd_config = files::founding_etcd_config(seen, address);
    let mut steps = vec![
        Step::RecordLost(missing.cloned().collect()),
        Step::PutEtcdAside,
        Step::WriteFile {
            file: ManagedFile::EtcdConfig,
            content: etcd_config.clone(),
        },
        Step::WriteFile {
            file: ManagedFile::EtcdUnit,
            content: files::etcd_unit(seen),
        },
    ];
    if seen.juju.leader {
        steps.push(Step::PublishVoters(alone.clone()));
        let mut alone_seen = seen.clone();
        alone_seen.juju.peers = Some(PeerRelation {
            voters: alone,
            gone: BTreeSet::new(),
            ..peers.clone()
        });
        let archive = files::archive_command(seen);
        if let Ok(content) = files::patroni_config(&alone_seen, &archive) {
            let file = ManagedFile::PatroniConfig;
            steps.push(Step::WriteFile { file, content });
        }
    }
    steps.extend([
        Step::Start(Service::Etcd),
        Step::WriteFile {
            file: ManagedFile::EtcdInForce,
            content: files::etcd_in_force(seen, &etcd_config),
        },
        Step::ProtectEtcd,
        Step::NameDatabase {
            system_id: database.system_id,
            config: config.to_string(),
        },
        // With PostgreSQL, which would go on to wait for the lost units: Patroni leaves that in force where it finds it.
        Step::Stop(Service::Patroni),
        Step::Start(Service::Patroni),
        Step::AwaitPrimary,
    ]);
    Ok(Plan::new("go on without the voters that are lost", steps))
}

/// Nobody who answers has more of the database.
pub(super) fn furthest(own: Reach, others: &BTreeMap<MemberName, Reach>) -> Result<(), Refusal> {
    let further = others.iter().filter(|(_, reach)| **reach > own);
    match further.max_by_key(|(_, reach)| **reach) {
        Some((name, _)) => Err(Refusal::AnotherReachesFurther(name.unit())),
        None => Ok(()),
    }
}

fn count(units: usize) -> u32 {
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// A unit that was lost counts again once it is back, or is not counted any more because it was removed.
pub fn returned(seen: &Observed) -> Decision {
    let (Some(peers), Some(cluster)) = (&seen.juju.peers, seen.cluster.known()) else {
        return Decision::Settled;
    };
    let HostView { lost, .. } = &seen.host;
    let running = cluster.running();
    let still: BTreeSet<MemberName> = lost
        .iter()
        .filter(|name| peers.units.contains_key(*name) && !running.contains(name))
        .cloned()
        .collect();
    if still == *lost {
        return Decision::Settled;
    }
    Decision::Do(Plan::new(
        "count units that are back",
        vec![Step::RecordLost(still)],
    ))
}
