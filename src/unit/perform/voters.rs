//! The members of etcd: this unit's own, and those of units that are gone.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use crate::adapters::etcd::{Etcd, EtcdError, Member, MemberId};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files;
use crate::adapters::systemd::{self, Loaded};
use crate::domain::observed::Service;
use crate::domain::words::MemberName;
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, because, records};

/// etcd wants all voters connected for 5 seconds before it changes its members, and a busy machine takes longer.
const CHANGE: Duration = Duration::from_mins(1);
/// The others of two units learn of their heritage only when the first has left the relation, and have then to join.
const HEIR: Duration = Duration::from_mins(4);
/// The other voters begin anew before.
const RESTARTS: Duration = Duration::from_mins(3);
/// What a unit holds while its member of etcd is away.
const RESTART_LOCK: &str = "/charm/etcd-restart";
const LOCK_SECONDS: u32 = 90;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Tries until it is done, for a change that etcd refuses while its members are still finding each other.
fn until_done(
    what: &str,
    patience: Duration,
    mut attempt: impl FnMut() -> Result<Option<()>, EtcdError>,
) -> Result<(), StepError> {
    let deadline = Deadline::after(patience);
    loop {
        let why = match attempt() {
            Ok(Some(())) => return Ok(()),
            Ok(None) => None,
            Err(error) => Some(StepError::because(&error).problem().to_owned()),
        };
        if deadline.is_over() {
            let why = why.unwrap_or_else(|| "it is not ready".to_owned());
            return Err(StepError::expected(
                format!("{what} in time: {why}"),
                "the next regular look tries again",
            ));
        }
        clock::sleep(BETWEEN_TRIES);
    }
}

fn is_mine(unit: &Unit<'_>, member: &Member) -> bool {
    if member.name.is_empty() {
        let own = unit.address();
        own.is_some() && address_of(member) == own
    } else {
        member.name == unit.view.member.to_string()
    }
}

/// The members as an etcd that is not this unit's knows them, and that etcd.
fn asked_of_others(unit: &Unit<'_>) -> Result<(Etcd, Vec<Member>), EtcdError> {
    let mut failed = None;
    for etcd in unit.other_etcds() {
        match led_members(&etcd) {
            Ok(Some(members)) => return Ok((etcd, members)),
            // One that waits for a majority knows nothing that counts.
            Ok(None) => {}
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or(EtcdError::NobodyElse {
        operation: "ask etcd for its members",
    }))
}

fn led_members(etcd: &Etcd) -> Result<Option<Vec<Member>>, EtcdError> {
    let leader = etcd.health(Deadline::after(QUESTION))?.leader;
    let members = etcd.member_list(Deadline::after(QUESTION))?;
    Ok(leader.map(|_| members))
}

pub(super) fn add_learner(unit: &Unit<'_>, url: &str) -> Result<(), StepError> {
    until_done("etcd does not accept this unit", CHANGE, || {
        let (etcd, members) = asked_of_others(unit)?;
        if !members.iter().any(|member| is_mine(unit, member)) {
            etcd.learner_add(url, Deadline::after(QUESTION))?;
        }
        Ok(Some(()))
    })
}

pub(super) fn promote_learner(unit: &Unit<'_>) -> Result<(), StepError> {
    until_done("this unit's member of etcd cannot vote", CHANGE, || {
        let (etcd, members) = asked_of_others(unit)?;
        let Some(mine) = members.iter().find(|member| is_mine(unit, member)) else {
            return Ok(None);
        };
        if !mine.is_learner {
            return Ok(Some(()));
        }
        let leader = etcd.health(Deadline::after(QUESTION))?.leader;
        let url = members
            .iter()
            .find(|member| Some(member.id) == leader)
            .and_then(address_of);
        let Some(leader) = url.map(|address| unit.etcd_at(address)) else {
            return Ok(None);
        };
        let votes = leader.learner_promote(mine.id, Deadline::after(QUESTION))?;
        Ok(votes.then_some(()))
    })
}

fn address_of(member: &Member) -> Option<IpAddr> {
    crate::unit::address_in(member.peer_urls.first()?)
}

/// Juju told who votes when this unit began to leave. Others may vote by now, and once this unit's own member has gone nobody
/// else tells where they are.
fn learn_who_stays(unit: &mut Unit<'_>) -> Result<(), StepError> {
    if unit.leaving.is_none() {
        // It only stops to vote, and its peers tell.
        return Ok(());
    }
    let members = Unit::first_answer(unit.etcds(), |etcd| {
        etcd.member_list(Deadline::after(QUESTION))
    });
    // Without an answer, nobody lets this unit go either.
    let voters = members.ok().flatten().into_iter().flatten();
    let voters: Vec<IpAddr> = voters
        .filter(|member| !member.is_learner)
        .filter_map(|member| address_of(&member))
        .collect();
    super::leave::record(unit, &voters)
}

/// Taken out while it runs, and gone only when a member that stays knows it and has a leader without it: one of two that
/// stops earlier leaves the other waiting for it.
pub(super) fn leave(unit: &mut Unit<'_>) -> Result<(), StepError> {
    learn_who_stays(unit)?;
    let unit = &*unit;
    until_done("etcd does not let this unit go", CHANGE, || {
        let (_, members) = asked_of_others(unit)?;
        let mine = members.iter().find(|member| is_mine(unit, member));
        let others = members
            .iter()
            .filter(|member| !member.is_learner && !is_mine(unit, member));
        let survivors: Vec<Etcd> = others
            .filter_map(address_of)
            .map(|address| unit.etcd_at(address))
            .collect();
        for survivor in survivors {
            let Ok(known) = survivor.member_list(Deadline::after(QUESTION)) else {
                continue;
            };
            let knows_me = known.iter().any(|member| is_mine(unit, member));
            if knows_me {
                if let Some(mine) = mine {
                    survivor.member_remove(mine.id, Deadline::after(QUESTION))?;
                }
                continue;
            }
            let leader = survivor.health(Deadline::after(QUESTION))?.leader;
            let led = leader.is_some_and(|leader| known.iter().any(|it| it.id == leader));
            if led {
                return Ok(Some(()));
            }
        }
        Ok(None)
    })
}

pub(super) fn remove(unit: &Unit<'_>, id: u64) -> Result<(), StepError> {
    until_done("etcd does not let a lost member go", CHANGE, || {
        let removed = Unit::first_answer(unit.etcds(), |etcd| {
            etcd.member_remove(MemberId(id), Deadline::after(QUESTION))
        });
        Ok(removed?.map(|_| ()))
    })
}

/// What a member has left is removed only when the others say that it is none: its vote is in there.
pub(super) fn wipe(unit: &Unit<'_>) -> Result<(), StepError> {
    let (_, members) = asked_of_others(unit).map_err(because)?;
    if members.iter().any(|member| is_mine(unit, member)) {
        return Err(StepError::expected(
            "this unit is still a member of etcd",
            "the next regular look tries again",
        ));
    }
    // It would otherwise start again with the machine, without anything to start from.
    let etcd = Service::Etcd.unit();
    let state = systemd::show(etcd, Deadline::after(QUESTION)).map_err(because)?;
    if state.loaded != Loaded::NotFound {
        systemd::disable_and_stop(etcd, Deadline::seconds(60)).map_err(because)?;
    }
    files::remove_tree(&unit.layout.etcd_data(), &unit.layout.volume()).map_err(because)?;
    Ok(())
}

pub(super) fn record_lost(unit: &Unit<'_>, units: &BTreeSet<MemberName>) -> Result<(), StepError> {
    let record = unit.layout.lost_record();
    if units.is_empty() {
        return records::forget(&record).map_err(because);
    }
    records::write(&record, units).map_err(because)
}

/// What an earlier recovery has put aside makes room only for something newer.
pub(super) fn put_aside(unit: &Unit<'_>) -> Result<(), StepError> {
    let layout = &unit.layout;
    let etcd = Service::Etcd.unit();
    let state = systemd::show(etcd, Deadline::after(QUESTION)).map_err(because)?;
    if state.loaded != Loaded::NotFound {
        systemd::stop(etcd, Deadline::seconds(60)).map_err(because)?;
    }
    if !files::exists(&layout.etcd_data()).map_err(because)? {
        return Ok(());
    }
    let aside = layout.lost_etcd_data();
    files::remove_tree(&aside, &layout.volume()).map_err(because)?;
    files::rename(&layout.etcd_data(), &aside).map_err(because)
}

pub(super) fn await_heir(unit: &Unit<'_>) -> Result<(), StepError> {
    until_done("no other unit votes in etcd", HEIR, || {
        let Some(etcd) = unit.address().map(|address| unit.etcd_at(address)) else {
            return Ok(None);
        };
        let voters = etcd.member_list(Deadline::after(QUESTION))?;
        let heir = voters
            .iter()
            .any(|member| !member.is_learner && !is_mine(unit, member));
        Ok(heir.then_some(()))
    })
}

/// Where the others reach this unit's member, told to any that answers.
pub(super) fn move_peer(unit: &Unit<'_>, url: &str) -> Result<(), StepError> {
    until_done("etcd does not change its members", CHANGE, || {
        let moved = Unit::first_answer(unit.etcds(), |etcd| {
            let all = etcd.member_list(Deadline::after(QUESTION))?;
            let mine = all.iter().find(|member| is_mine(unit, member));
            let Some(mine) = mine.filter(|mine| mine.peer_urls != [url]) else {
                return Ok(mine.map(|_| ()));
            };
            etcd.member_update(mine.id, &[url], Deadline::after(QUESTION))?;
            Ok(Some(()))
        });
        Ok(moved?.flatten())
    })
}

/// Only one member of etcd is away at a time, and only while all the others are there. Killed and not stopped: Patroni
/// takes the farewell of an etcd that is stopped in order for a refusal, and stops the primary.
pub(super) fn restart(unit: &Unit<'_>) -> Result<(), StepError> {
    let Some(own) = unit.address().map(|address| unit.etcd_at(address)) else {
        return Err(StepError::expected("this unit has no address yet", ""));
    };
    let others = others_that_vote(unit, &own);
    if others.is_empty() {
        return begin_anew(&own);
    }
    let mut held = None;
    until_done("another unit starts its etcd anew", RESTARTS, || {
        for etcd in &others {
            let me = unit.view.member.to_string();
            let lock = etcd.lock(RESTART_LOCK, &me, LOCK_SECONDS, Deadline::after(QUESTION));
            if let Ok(lock) = lock {
                held = lock.map(|lock| (etcd, lock));
                return Ok(held.is_some().then_some(()));
            }
        }
        Ok(None)
    })?;
    let restarted = until_done(
        "the other members of etcd are not all there",
        CHANGE,
        || {
            for other in &others {
                if other.health(Deadline::after(QUESTION))?.leader.is_none() {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        },
    )
    .and_then(|()| begin_anew(&own));
    if let Some((etcd, lock)) = held
        && let Err(error) = etcd.unlock(&lock, Deadline::after(QUESTION))
    {
        // It goes by itself.
        tracing::warn!("{error}");
    }
    restarted
}

/// The other voters, as this unit's own member knows them. One that does not answer is of no use to them either: it may
/// begin anew at any time.
fn others_that_vote(unit: &Unit<'_>, own: &Etcd) -> Vec<Etcd> {
    let members = own.member_list(Deadline::after(QUESTION));
    let others = members.unwrap_or_default().into_iter();
    others
        .filter(|member| !member.is_learner && !is_mine(unit, member))
        .filter_map(|member| address_of(&member))
        .map(|address| unit.etcd_at(address))
        .collect()
}

fn begin_anew(own: &Etcd) -> Result<(), StepError> {
    let etcd = Service::Etcd.unit();
    // Not running it cannot be killed, and is on its way up anyway.
    if let Err(error) = systemd::kill_main(etcd, "KILL", Deadline::seconds(30)) {
        tracing::warn!("{error}");
    }
    systemd::reset_failed(etcd, Deadline::seconds(30)).map_err(because)?;
    systemd::start(etcd, Deadline::seconds(30)).map_err(because)?;
    clock::sleep(BETWEEN_TRIES);
    until_done(
        "this unit's member of etcd does not come back",
        CHANGE,
        || {
            let health = own.health(Deadline::after(QUESTION))?;
            Ok(health.leader.map(|_| ()))
        },
    )
}
