//! Leaving, and the change of the lead.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::patroni::{Member, MemberState, Patroni, PatroniError, Role, Switchover};
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, because, records};

/// Patroni checkpoints, stops the old primary and promotes; on a busy machine that takes a while.
const SWITCH: Duration = Duration::from_mins(2);
/// How long a leaving primary looks for somebody to take over among those that stay.
const SUCCESSOR: Duration = Duration::from_mins(1);
/// How long it looks in all; with a switch that is shorter than a turn to leave.
const ANYBODY: Duration = Duration::from_mins(2);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Records that this unit leaves, and where etcd answers, which may become known step by step.
pub(super) fn record(unit: &mut Unit<'_>, etcd: &[IpAddr]) -> Result<(), StepError> {
    let known = unit.leaving.iter().flat_map(|leaving| &leaving.etcd);
    let etcd: BTreeSet<IpAddr> = known.chain(etcd).copied().collect();
    let leaving = crate::unit::Leaving {
        address: unit.address(),
        etcd: etcd.into_iter().collect(),
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
        .map_err(not_handed)
}

/// Patroni elects nobody without a record that says who has every commit. An operator may name somebody.
pub(super) fn fail_over(unit: &Unit<'_>) -> Result<(), StepError> {
    let patroni = super::cluster::patroni(unit)?;
    let me = unit.view.member.to_string();
    patroni
        .failover(&me, Deadline::after(SWITCH))
        .map_err(not_handed)
}

fn not_handed(error: PatroniError) -> StepError {
    match error {
        PatroniError::Answered {
            status: 412, said, ..
        } => StepError::expected(
            format!("Patroni does not hand the lead to this unit: {said}"),
            "a replica that has just joined becomes the synchronous one shortly: try again in a few seconds",
        ),
        other => because(other),
    }
}

/// The lead goes to a unit that stays, or to another that has every commit: that one hands it on when it leaves itself.
///
/// A primary that nobody takes the lead from may have commits that are nowhere else, and does not go.
pub(super) fn hand_over(unit: &Unit<'_>, staying: &[MemberName]) -> Result<(), StepError> {
    let patroni = super::cluster::patroni(unit)?;
    let me = unit.view.member.to_string();
    let stays = |member: &Member| staying.iter().any(|name| name.to_string() == member.name);
    let (successor, anybody) = (Deadline::after(SUCCESSOR), Deadline::after(ANYBODY));
    let (mut leads, mut refusals) = (false, BTreeSet::new());
    loop {
        super::turn::renew(unit);
        match patroni.cluster(Deadline::after(QUESTION)) {
            Ok(members) => {
                let leader = members.iter().find(|member| member.role == Role::Leader);
                if leader.is_some_and(|leader| leader.name != me && runs(leader)) {
                    return Ok(());
                }
                leads = leader.is_some_and(|leader| leader.name == me);
                let candidates =
                    candidates(&members, &me, |member| stays(member) || successor.is_over());
                if leads && offer(&patroni, &me, &candidates, &mut refusals) {
                    super::turn::renew(unit);
                    return await_successor(&patroni, &me);
                }
            }
            Err(error) => tracing::warn!("{error}"),
        }
        if anybody.is_over() && leads {
            return Err(StepError::expected(
                "no other unit can take the lead over from this one: none has every commit",
                "see that another unit runs and follows; `juju remove-unit --force` gives up what only this one has",
            ));
        }
        if anybody.is_over() {
            tracing::warn!("no unit has the lead; Patroni elects one");
            return Ok(());
        }
        clock::sleep(BETWEEN_LOOKS);
    }
}

/// A member was asked to lead, and does so once it is promoted.
fn await_successor(patroni: &Patroni, me: &str) -> Result<(), StepError> {
    let deadline = Deadline::after(SWITCH);
    loop {
        let members = patroni.cluster(Deadline::after(QUESTION));
        let mut members = members.unwrap_or_default().into_iter();
        if members.any(|it| it.role == Role::Leader && it.name != me && runs(&it)) {
            return Ok(());
        }
        if deadline.is_over() {
            return Err(StepError::expected(
                "the unit that was to take the lead over does not lead in time",
                "this is tried again",
            ));
        }
        clock::sleep(BETWEEN_LOOKS);
    }
}

fn runs(member: &Member) -> bool {
    matches!(member.state, MemberState::Running | MemberState::Streaming)
}

/// Those that may take the lead, synchronous standbys first.
fn candidates<'a>(
    members: &'a [Member],
    me: &str,
    may: impl Fn(&Member) -> bool,
) -> Vec<&'a Member> {
    let mut candidates: Vec<&Member> = members
        .iter()
        .filter(|member| runs(member) && member.name != me && may(member))
        .collect();
    candidates.sort_by_key(|member| member.role != Role::SyncStandby);
    candidates
}

/// Offers the lead to one after the other. Whether one takes it.
fn offer(
    patroni: &Patroni,
    me: &str,
    candidates: &[&Member],
    refusals: &mut BTreeSet<String>,
) -> bool {
    for candidate in candidates {
        let switchover = Switchover {
            leader: me.to_owned(),
            candidate: Some(candidate.name.clone()),
        };
        match patroni.switchover(&switchover, Deadline::after(SWITCH)) {
            Ok(()) => return true,
            Err(error) => {
                let refusal = format!("{} does not take the lead: {error}", candidate.name);
                // It is asked again all the time, and mostly answers the same.
                if !refusals.contains(&refusal) {
                    tracing::warn!("{refusal}");
                    refusals.insert(refusal);
                }
            }
        }
    }
    false
}

pub(super) fn forget_member(unit: &Unit<'_>) {
    let key = super::cluster::key(unit, &format!("members/{}", unit.view.member));
    let forgotten = Unit::first_answer(unit.etcds(), |etcd| {
        etcd.delete(&key, Deadline::after(QUESTION))
    });
    // It goes by itself with its lease.
    if let Err(error) = forgotten {
        tracing::warn!("{error}");
    }
}
