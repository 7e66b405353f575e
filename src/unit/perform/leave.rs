//! Leaving, and the change of the lead.

use std::net::IpAddr;
use std::time::Duration;

use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::patroni::{Member, MemberState, Patroni, PatroniError, Role, Switchover};
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, because, records};

/// Patroni checkpoints, stops the old primary and promotes; on a busy machine that takes a while.
const SWITCH: Duration = Duration::from_mins(2);
/// How long a leaving primary looks for somebody to take over.
const SUCCESSOR: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

pub(super) fn record(unit: &mut Unit<'_>, etcd: &[IpAddr]) -> Result<(), StepError> {
    let leaving = crate::unit::Leaving {
        address: unit.address(),
        etcd: etcd.to_vec(),
    };
    records::write(&unit.layout.leaving_record(), &leaving).map_err(because)?;
    unit.leaving = Some(leaving);
    Ok(())
}

pub(super) fn switch_over(unit: &Unit<'_>, from: &MemberName) -> Result<(), StepError> {
    let patroni = super::cluster::patroni(unit)?;
    let switchover = Switchover {
        leader: from.to_string(),
        candidate: Some(unit.view.member.to_string()),
    };
    patroni
        .switchover(&switchover, Deadline::after(SWITCH))
        .map_err(|error| match error {
            PatroniError::Answered {
                status: 412, said, ..
            } => StepError::expected(
                format!("Patroni does not hand the lead to this unit: {said}"),
                "a replica that has just joined becomes the synchronous one shortly: try again in a few seconds",
            ),
            other => because(other),
        })
}

/// The lead goes to a unit that stays. A cluster without one elects another primary by itself, later.
pub(super) fn hand_over(unit: &Unit<'_>, staying: &[MemberName]) -> Result<(), StepError> {
    let patroni = super::cluster::patroni(unit)?;
    let mut deadline = Deadline::after(SUCCESSOR);
    let me = unit.view.member.to_string();
    let mut asked = false;
    loop {
        match patroni.cluster(Deadline::after(QUESTION)) {
            Ok(members) => {
                let leader = members.iter().find(|member| member.role == Role::Leader);
                match leader {
                    Some(leader) if leader.name != me && runs(leader) => return Ok(()),
                    Some(leader)
                        if leader.name == me
                            && offer(&patroni, &me, &members, staying)
                            && !asked =>
                    {
                        asked = true;
                        deadline = Deadline::after(SWITCH);
                    }
                    _ => {}
                }
            }
            Err(error) => tracing::warn!("{error}"),
        }
        if deadline.is_over() {
            tracing::warn!("no unit has taken the lead over in time; Patroni elects one");
            return Ok(());
        }
        clock::sleep(BETWEEN_LOOKS);
    }
}

fn runs(member: &Member) -> bool {
    matches!(member.state, MemberState::Running | MemberState::Streaming)
}

/// Offers the lead to those that stay, synchronous standbys first. Whether one has taken it.
fn offer(patroni: &Patroni, me: &str, members: &[Member], staying: &[MemberName]) -> bool {
    let mut candidates: Vec<&Member> = members
        .iter()
        .filter(|member| runs(member) && member.name != me)
        .filter(|member| staying.iter().any(|name| name.to_string() == member.name))
        .collect();
    candidates.sort_by_key(|member| member.role != Role::SyncStandby);
    for candidate in candidates {
        let switchover = Switchover {
            leader: me.to_owned(),
            candidate: Some(candidate.name.clone()),
        };
        match patroni.switchover(&switchover, Deadline::after(SWITCH)) {
            Ok(()) => return true,
            Err(error) => tracing::warn!("{} does not take the lead: {error}", candidate.name),
        }
    }
    false
}

pub(super) fn forget_member(unit: &Unit<'_>) {
    let key = super::cluster::key(unit, &format!("members/{}", unit.view.member));
    for etcd in unit.etcds() {
        match etcd.delete(&key, Deadline::after(QUESTION)) {
            Ok(_) => return,
            // It goes by itself with its lease.
            Err(error) => tracing::warn!("{error}"),
        }
    }
}
