//! Units leave one after the other: a lock in etcd says whose turn it is.

use std::time::Duration;

use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::patroni::Role;
use crate::domain::words::MemberName;
use crate::unit::{QUESTION, Unit};

/// What a unit holds while it leaves.
const LOCK: &str = "/charm/leaving";
/// Longer than the longest step of leaving; it is renewed before each. The turn of a unit that dies is over after it.
const LOCK_SECONDS: u32 = 300;
/// How long a unit waits for others to leave; several may be in front of it.
const TURN: Duration = Duration::from_mins(15);
/// How long a primary lets others go first: as long as they stay, they are those that have every commit.
const OTHERS_FIRST: Duration = Duration::from_mins(2);
/// Without an etcd that answers there is nobody to ask.
const SILENCE: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// Waits for this unit's turn and takes it. Who waits in vain leaves all the same: the others may never go.
pub(super) fn take(unit: &mut Unit<'_>, others: &[MemberName]) {
    if unit.turn.is_some() {
        return;
    }
    let over = Deadline::after(TURN);
    let others_first = Deadline::after(OTHERS_FIRST);
    let mut silence = Deadline::after(SILENCE);
    let me = unit.view.member.to_string();
    while !over.is_over() && !silence.is_over() {
        if !others_first.is_over() && leads_any_of(unit, others) {
            silence = Deadline::after(SILENCE);
            clock::sleep(BETWEEN_LOOKS);
            continue;
        }
        for etcd in unit.etcds() {
            match etcd.lock(LOCK, &me, LOCK_SECONDS, Deadline::after(QUESTION)) {
                Ok(Some(lock)) => {
                    unit.turn = Some(lock);
                    return;
                }
                Ok(None) => {
                    silence = Deadline::after(SILENCE);
                    break;
                }
                Err(error) => tracing::debug!("{error}"),
            }
        }
        clock::sleep(BETWEEN_LOOKS);
    }
    tracing::warn!("waited in vain for the turn to leave; leaving without it");
}

/// Whether this unit is the primary of one of these.
fn leads_any_of(unit: &Unit<'_>, others: &[MemberName]) -> bool {
    if others.is_empty() {
        return false;
    }
    let me = unit.view.member.to_string();
    let members = super::cluster::patroni(unit)
        .ok()
        .and_then(|patroni| patroni.cluster(Deadline::after(QUESTION)).ok())
        .unwrap_or_default();
    let leads = members
        .iter()
        .any(|member| member.role == Role::Leader && member.name == me);
    let follows = |other: &MemberName| members.iter().any(|it| it.name == other.to_string());
    leads && others.iter().any(follows)
}

/// Keeps the turn while this unit has it.
pub(in crate::unit) fn renew(unit: &Unit<'_>) {
    let Some(turn) = &unit.turn else { return };
    let renewed = Unit::first_answer(unit.etcds(), |etcd| {
        etcd.renew(turn, Deadline::after(QUESTION))
    });
    if let Err(error) = renewed {
        tracing::debug!("{error}");
    }
}

/// Ends the turn; it would end by itself, later.
pub(super) fn end(unit: &mut Unit<'_>) {
    let Some(turn) = unit.turn.take() else { return };
    // This unit's own etcd may have gone by now.
    let mut etcds = unit.etcds();
    etcds.reverse();
    let ended = Unit::first_answer(etcds, |etcd| etcd.unlock(&turn, Deadline::after(QUESTION)));
    if let Err(error) = ended {
        tracing::debug!("{error}");
    }
}
