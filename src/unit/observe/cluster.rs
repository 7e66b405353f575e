//! The cluster, as Patroni sees it.

use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::patroni::{self, Patroni, PatroniError};
use crate::domain::observed::{
    ClusterView, Member, MemberState, Packages, Role as MemberRole, Seen,
};
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::unit::{QUESTION, Unit};

pub(super) fn look(unit: &Unit<'_>) -> Seen<ClusterView> {
    let Some(patroni) = unit.patroni() else {
        return Seen::NotAsked;
    };
    match ask_cluster(&patroni) {
        Ok(view) => Seen::Known(view),
        Err(error) => Seen::Unreachable(StepError::because(&error).problem().to_owned()),
    }
}

/// The cluster as another unit's Patroni sees it, for when this unit's own is away.
pub(crate) fn cluster_elsewhere(unit: &Unit<'_>) -> Option<ClusterView> {
    let peers = unit.view.peers.as_ref()?;
    let others = (peers.units.iter()).filter(|(name, _)| **name != unit.view.member);
    let mut others = others.filter_map(|(_, address)| unit.patroni_at((*address)?));
    others.find_map(|patroni| ask_cluster(&patroni).ok())
}

fn ask_cluster(patroni: &Patroni) -> Result<ClusterView, PatroniError> {
    let deadline = Deadline::after(QUESTION);
    let members = patroni.cluster(deadline)?;
    let synchronous = (members.iter()).filter(|it| it.role == patroni::Role::SyncStandby);
    Ok(ClusterView {
        synchronous: synchronous.filter_map(|it| it.name.parse().ok()).collect(),
        members: members.into_iter().filter_map(member).collect(),
        config: patroni.config(deadline)?,
    })
}

/// Whether the cluster knows this unit as a member that works: one on other data than the cluster's ends as it starts, and
/// may have answered in between.
pub(super) fn runs_in(cluster: &Seen<ClusterView>, unit: &Unit<'_>) -> bool {
    let own = cluster.known().and_then(|it| it.member(&unit.view.member));
    own.is_some_and(|own| own.state == MemberState::Running)
}

/// A member with a name that is no unit's is somebody else's experiment, and none of ours.
pub(crate) fn member(member: patroni::Member) -> Option<Member> {
    let name: MemberName = member.name.parse().ok()?;
    let role = match member.role {
        patroni::Role::Leader => MemberRole::Primary,
        patroni::Role::StandbyLeader => MemberRole::StandbyLeader,
        patroni::Role::SyncStandby | patroni::Role::Replica | patroni::Role::Uninitialized => {
            MemberRole::Replica
        }
    };
    let state = match member.state {
        patroni::MemberState::Running | patroni::MemberState::Streaming => MemberState::Running,
        other => MemberState::Other(state_in_words(other)),
    };
    let lag = match member.lag {
        Some(patroni::Lag::Bytes(bytes)) => Some(bytes),
        Some(patroni::Lag::Unknown) | None => None,
    };
    Some(Member {
        name,
        role,
        state,
        host: member.host,
        timeline: member.timeline,
        lag,
        pending_restart: member.pending_restart,
    })
}

/// How much of this unit's database was copied: from the repository as its program tells, or from the primary, which knows.
pub(super) fn copied(
    unit: &Unit<'_>,
    cluster: &Seen<ClusterView>,
    packages: &Packages,
) -> Option<u8> {
    let cluster = cluster.known()?;
    let own = cluster.member(&unit.view.member)?;
    if !own.state.is_being_copied() {
        return None;
    }
    let (Packages::Present { major, .. } | Packages::Missing { major, .. }) = packages;
    let told = files::read_text(&unit.layout.copied(*major)).ok().flatten();
    if let Some(percent) = told.and_then(|text| text.parse().ok()) {
        return Some(percent);
    }
    let primary = cluster.primary()?;
    let to = unit.view.address?.to_string();
    let place = (&*primary.name.to_string(), &*primary.host);
    let mut session = (unit.session_with(place, "postgres", Deadline::after(QUESTION))).ok()?;
    session.copied_to(&to).ok().flatten()
}

fn state_in_words(state: patroni::MemberState) -> String {
    use patroni::MemberState as State;
    match state {
        State::Running | State::Streaming => "running",
        State::InArchiveRecovery => "replaying from the archive",
        State::Starting => "starting",
        State::Stopping => "stopping",
        State::Stopped => "stopped",
        State::Restarting => "restarting",
        State::CreatingReplica => MemberState::BEING_COPIED,
        State::Bootstrapping => "being made",
        State::Crashed => "crashed",
        State::Other(state) => return state,
    }
    .to_owned()
}
