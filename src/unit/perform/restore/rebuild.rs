//! The other members after a restore: made anew from the one that was restored, and seen to stream.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::members::note;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::patroni::{MemberState, Patroni, Role, ThisMember};
use crate::domain::observed::RestoreRecord;
use crate::domain::words::{MemberName, Timeline, Timestamp};
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, because, records};

/// A replica of terabytes is copied for hours; the action stays with it, a hook does not.
const COPY: Duration = Duration::from_hours(72);
const IN_A_HOOK: Duration = Duration::from_mins(1);
/// A member that does not answer for so long is away, and rebuilt when it is back.
const AWAY: Duration = Duration::from_secs(30);
/// The history of the new timeline is archived by then, if it can be at all.
const ARCHIVED: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The members that were asked to make their data anew, each with the start of the server it had then: a later start is
/// the proof that it has another.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Asked {
    id: String,
    started: BTreeMap<MemberName, Option<Timestamp>>,
}

impl Asked {
    fn of(unit: &Unit<'_>, id: &str) -> Result<Self, StepError> {
        let known: Option<Self> =
            records::read(&unit.layout.rebuilding_record()).map_err(because)?;
        Ok(known.filter(|known| known.id == id).unwrap_or(Self {
            id: id.to_owned(),
            started: BTreeMap::new(),
        }))
    }

    fn keep(&self, unit: &Unit<'_>) -> Result<(), StepError> {
        records::write(&unit.layout.rebuilding_record(), self).map_err(because)
    }
}

/// How a member that is to be rebuilt is.
enum Standing {
    Done,
    AtWork,
    Away(StepError),
}

pub(in crate::unit::perform) fn replicas(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let mut left = note(unit, |_| {})?.map(|it| it.stale).unwrap_or_default();
    left.retain(|name| record.others.contains(name));
    // Each question has a connection of its own: a connection lives no longer than its deadline.
    let ask = || unit.database(Deadline::after(QUESTION)).map_err(because);
    let mut database = ask()?;
    if database.in_recovery().map_err(because)? {
        // Another member has the lead by now: it was rebuilt, or it could not have it. The rest rebuild themselves.
        return ended(unit);
    }
    let timeline = database.position().map_err(because)?.timeline;
    drop(database);
    if record.moves.is_some() {
        // Patroni has ended on them, and cannot be asked: their next hooks see that they have another database.
        unit.tell("the replicas make themselves anew with their next hooks");
        return ended(unit);
    }
    history_is_archived(unit, record, timeline);
    let in_action = unit.stays;
    let deadline = Deadline::after(if in_action { COPY } else { IN_A_HOOK });
    let away = Deadline::after(AWAY);
    let mut asked = Asked::of(unit, &record.id)?;
    while !left.is_empty() {
        let streaming = ask()?.streaming().map_err(because)?;
        let mut gone = Vec::new();
        for name in left.clone() {
            let member = Member {
                unit,
                name: &name,
                timeline,
                streams: Some(streaming.contains(&name.to_string())),
            };
            match member.rebuild(&mut asked)? {
                Standing::Done => {
                    unit.tell(&format!("{} was rebuilt and streams", name.unit()));
                    note(unit, |it| {
                        it.stale.remove(&name);
                    })?;
                    left.remove(&name);
                }
                Standing::AtWork => {}
                Standing::Away(why) => gone.push((name, why)),
            }
        }
        if away.is_over() {
            for (name, why) in gone {
                unit.tell(&format!(
                    "{} does not answer and is rebuilt when it is back: {why}",
                    name.unit()
                ));
                left.remove(&name);
            }
        }
        if deadline.is_over() && !left.is_empty() {
            return Err(StepError::expected("the replicas are being rebuilt", "").remembered());
        }
        if !left.is_empty() {
            clock::sleep(BETWEEN_LOOKS);
        }
    }
    ended(unit)
}

/// Those that are still outdated rebuild themselves from now on.
fn ended(unit: &Unit<'_>) -> Result<(), StepError> {
    note(unit, |it| it.rebuilt_by = None).map(|_| ())
}

/// A replica that is made from the repository, or has to follow to the new timeline, needs its history there.
fn history_is_archived(unit: &Unit<'_>, record: &RestoreRecord, timeline: Timeline) {
    let deadline = Deadline::after(ARCHIVED);
    loop {
        match crate::catalogue::read(&unit.pgbackrest(), &record.stanza) {
            Ok(catalogue) if catalogue.timelines.newest() >= timeline => return,
            Ok(_) => {}
            Err(error) => tracing::warn!("{error}"),
        }
        if deadline.is_over() {
            tracing::warn!("the history of timeline {timeline} is not in the repository yet");
            return;
        }
        clock::sleep(BETWEEN_LOOKS);
    }
}

pub(in crate::unit::perform) fn this_replica(unit: &Unit<'_>, id: &str) -> Result<(), StepError> {
    let deadline = Deadline::after(IN_A_HOOK);
    let mut asked = Asked::of(unit, id)?;
    let members = super::super::cluster::patroni(unit)?
        .cluster(Deadline::after(QUESTION))
        .map_err(because)?;
    let leader = members.iter().find(|member| member.role == Role::Leader);
    let Some(timeline) = leader.and_then(|leader| leader.timeline) else {
        return Err(StepError::expected("the cluster has no primary", ""));
    };
    loop {
        let member = Member {
            unit,
            name: &unit.view.member,
            timeline,
            streams: None,
        };
        match member.rebuild(&mut asked)? {
            Standing::Done => {
                note(unit, |it| {
                    it.stale.remove(&unit.view.member);
                })?;
                return records::forget(&unit.layout.rebuilding_record()).map_err(because);
            }
            Standing::Away(why) => return Err(why),
            Standing::AtWork if deadline.is_over() => {
                return Err(StepError::expected("the replica is being made anew", ""));
            }
            Standing::AtWork => clock::sleep(BETWEEN_LOOKS),
        }
    }
}

/// A member that is to be rebuilt.
struct Member<'a, 'b> {
    unit: &'a Unit<'b>,
    name: &'a MemberName,
    timeline: Timeline,
    /// Whether the primary sees it stream; unknown from the replica's own side, whose word is taken then.
    streams: Option<bool>,
}

impl Member<'_, '_> {
    fn rebuild(&self, asked: &mut Asked) -> Result<Standing, StepError> {
        let Some(patroni) = self.patroni() else {
            let problem = format!("the address of {} is not known", self.name.unit());
            return Ok(Standing::Away(StepError::expected(problem, "")));
        };
        let is = match patroni.member(Deadline::after(QUESTION)) {
            Ok(is) => is,
            Err(error) => return Ok(Standing::Away(because(error))),
        };
        let Some(before) = asked.started.get(self.name) else {
            return self.ask(&patroni, &is, asked);
        };
        let anew = is.started.is_some() && is.started != *before;
        let runs = matches!(is.state, MemberState::Running | MemberState::Streaming);
        let follows = is.timeline.is_none_or(|timeline| timeline == self.timeline);
        if anew && runs && follows && self.streams.unwrap_or(true) {
            return Ok(Standing::Done);
        }
        Ok(Standing::AtWork)
    }

    fn ask(
        &self,
        patroni: &Patroni,
        is: &ThisMember,
        asked: &mut Asked,
    ) -> Result<Standing, StepError> {
        match patroni.reinitialize(Deadline::seconds(30)) {
            Ok(()) => {
                asked.started.insert(self.name.clone(), is.started);
                asked.keep(self.unit)?;
                Ok(Standing::AtWork)
            }
            // It has not seen the new leader yet, or is at work on itself.
            Err(error) => Ok(Standing::Away(because(error))),
        }
    }

    fn patroni(&self) -> Option<Patroni> {
        let peers = self.unit.view.peers.as_ref()?;
        let known = peers.units.get(self.name).copied().flatten();
        let own = || (*self.name == self.unit.view.member).then_some(self.unit.view.address)?;
        self.unit.patroni_at(known.or_else(own)?)
    }
}
