//! What a restore on one unit means for the others.

use crate::domain::decision::{Decision, Wait, Wake};
use crate::domain::observed::{ClusterView, Observed, Seen, Written};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::words::MemberName;

/// The cluster, when no restore keeps this unit from taking its lead.
///
/// # Errors
///
/// Refuses while a restore holds the members, and to a unit whose data is from before the last one.
pub fn free_to_lead(seen: &Observed) -> Result<&ClusterView, Refusal> {
    let cluster = match &seen.cluster {
        Seen::Known(cluster) => cluster,
        other => return Err(Refusal::ClusterUnreachable(other.why().to_owned())),
    };
    if let Some(held) = cluster.held_for() {
        return Err(Refusal::RestoredElsewhere(held.by.unit()));
    }
    if cluster.is_stale(&seen.juju.member) {
        return Err(Refusal::Stale);
    }
    Ok(cluster)
}

/// A member that is held keeps its hands off. One whose data is from before the last restore is rebuilt, on purpose: it
/// never goes on from what it has.
pub fn held(seen: &Observed) -> Decision {
    let Some(cluster) = seen.cluster.known() else {
        return Decision::Settled;
    };
    let me = &seen.juju.member;
    let units = seen.juju.peers.iter().flat_map(|peers| peers.units.keys());
    let exists = |name: &MemberName| name == me || units.clone().any(|unit| unit == name);
    if let Some(held) = cluster.held_for() {
        if exists(&held.by) {
            return Decision::Wait(Wait::until(
                Wake::UpdateStatus,
                format!("held while {} restores", held.by.unit()),
            ));
        }
        if seen.juju.leader {
            return Decision::Do(Plan::new(
                format!("let the members go that {} held", held.by.unit()),
                vec![Step::ReleaseMembers {
                    by: Some(held.by),
                    id: held.id,
                }],
            ));
        }
        return Decision::Settled;
    }
    let Some(restored) = cluster.restored().filter(|it| it.stale.contains(me)) else {
        return Decision::Settled;
    };
    if let Some(by) = restored.rebuilt_by.filter(|by| exists(by)) {
        return Decision::Wait(Wait::until(
            Wake::UpdateStatus,
            format!("{} rebuilds the replicas after a restore", by.unit()),
        ));
    }
    match cluster.primary() {
        Some(primary) if primary.name != *me => Decision::Do(Plan::new(
            "rebuild this replica, whose data is from before the last restore",
            vec![Step::RebuildThisReplica { id: restored.id }],
        )),
        Some(_) => Decision::Settled,
        None => Decision::Wait(Wait::until(
            Wake::UpdateStatus,
            "waiting for a primary to be rebuilt from after a restore",
        )),
    }
}

/// The peers learn of a restore, so that those that were away look at once.
pub fn told(seen: &Observed) -> Decision {
    let (Some(peers), Some(cluster), true) =
        (&seen.juju.peers, seen.cluster.known(), seen.juju.leader)
    else {
        return Decision::Settled;
    };
    match cluster.restored() {
        Some(restored)
            if peers.restored.as_ref() != Some(&restored.id)
                && !seen.juju.written.contains(&Written::Restored) =>
        {
            Decision::Do(Plan::new(
                "tell the peers of the restore",
                vec![Step::PublishRestored(restored.id)],
            ))
        }
        _ => Decision::Settled,
    }
}
