//! From a request to the backup, the stop and the timeline.

mod asked;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;

use asked::{Asked, Start, Stop, Unplaced, good, reachable};

use super::{Moment, Refusal, Request, Target, TargetKind};
use crate::domain::backups::{Backup, Catalogue, Reach};
use crate::domain::words::{Lsn, Timeline, Timestamp};

/// Whether a request names a backup, or a restore, that is in this catalogue.
pub fn names_a_backup(request: &Request, catalogue: &Catalogue) -> bool {
    let named = request.backup_id.as_deref().map(str::trim);
    named.is_some_and(|text| asked::named(text, catalogue).is_ok())
}

/// What to restore for this request, over what the repository holds. Changes nothing.
///
/// The catalogue should know the history of [`history_needed`], or the answer may be [`Refusal::HistoryMissing`].
pub fn resolve(
    request: &Request,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Target, Refusal> {
    let asked = Asked::of(request, catalogue)?;
    if let Some(Stop::At(Moment { at, .. })) = asked.stop
        && at > now
    {
        return Err(Refusal::Future { asked: at, now });
    }
    let exclusive = asked.exclusive;
    let found = match (asked.start, asked.stop) {
        (Start::Backup(backup), Some(stop)) if asked.timeline.is_some() => {
            let timeline = asked.timeline.unwrap_or(Timeline::FIRST);
            from_backup_along(backup, stop, timeline, catalogue)
        }
        (Start::Backup(backup), Some(stop @ (Stop::Lsn(_) | Stop::Somewhere(_)))) => {
            from_backup_along(backup, stop, onward(backup, catalogue), catalogue)
        }
        (Start::Any | Start::Timeline(..), Some(Stop::Somewhere(at))) => Err(Refusal::WhereFrom {
            what: match at {
                Unplaced::Xid(xid) => format!("transaction {xid}"),
                Unplaced::Name(name) => format!("restore point {name}"),
            },
        }),
        (start @ (Start::Any | Start::Timeline(..)), Some(Stop::Lsn(lsn))) => {
            let own = match start {
                Start::Timeline(_, timeline) => Some(timeline),
                Start::Any | Start::Backup(_) => None,
            };
            let timeline = asked.timeline.or(own);
            to_position(
                lsn,
                timeline.unwrap_or(catalogue.timelines.newest()),
                catalogue,
            )
        }
        (Start::Any, Some(stop)) if asked.timeline.is_some() => {
            let timeline = asked.timeline.unwrap_or(Timeline::FIRST);
            if let Stop::At(moment) = stop {
                lived_on(timeline, moment.at, catalogue)?;
            }
            along(timeline, stop, catalogue)
        }
        (Start::Any, None) => Err(Refusal::NothingAsked),
        (Start::Backup(backup), None) => Ok(target(backup, TargetKind::Immediate, None)),
        (Start::Backup(backup), Some(stop)) => from_backup(backup, stop, catalogue),
        (Start::Timeline(id, timeline), None) => Err(Refusal::RestoreNeedsTime { id, timeline }),
        (Start::Timeline(_, timeline), Some(stop)) => {
            if let Stop::At(moment) = stop {
                lived_on(timeline, moment.at, catalogue)?;
            }
            along(timeline, stop, catalogue)
        }
        (Start::Any, Some(stop)) => along(stop.timeline(catalogue), stop, catalogue),
    }?;
    Ok(Target { exclusive, ..found })
}

/// The newest timeline that a backup leads to, as far as is known.
fn onward(backup: &Backup, catalogue: &Catalogue) -> Timeline {
    let newest = catalogue.timelines.newest();
    let own = backup.timeline().unwrap_or(newest);
    let leads = |lsn| catalogue.timelines.reach(own, lsn, newest) != Reach::No;
    if backup.lsn_stop.is_some_and(leads) {
        newest
    } else {
        own
    }
}

/// The timeline on the history of another on which a position was written.
fn wrote(lsn: Lsn, timeline: Timeline, catalogue: &Catalogue) -> Timeline {
    let history = catalogue.timelines.history(timeline);
    let branches = history.map_or(&[][..], |history| &history.branches);
    branches
        .iter()
        .find(|branch| lsn < branch.at)
        .map_or(timeline, |branch| branch.from)
}

/// The newest backup before a position on the history of a timeline.
fn to_position(lsn: Lsn, timeline: Timeline, catalogue: &Catalogue) -> Result<Target, Refusal> {
    let on_it = || {
        candidates(timeline, catalogue).filter_map(|(backup, reach)| match reach {
            Reach::Yes => Some((backup, backup.lsn_stop?)),
            Reach::No | Reach::Unknown => None,
        })
    };
    let before = on_it().filter(|(_, end)| *end <= lsn);
    match before.max_by_key(|(backup, end)| (*end, backup.label)) {
        Some((backup, _)) => Ok(stopped(
            backup,
            Stop::Lsn(lsn),
            wrote(lsn, timeline, catalogue),
        )),
        None if candidates(timeline, catalogue).any(|(_, reach)| reach == Reach::Unknown) => {
            Err(Refusal::HistoryMissing { timeline })
        }
        None => Err(Refusal::BeforeFirstLsn {
            asked: lsn,
            timeline,
            first: on_it().map(|(_, end)| end).min(),
        }),
    }
}

/// Backup and timeline are given.
fn from_backup_along(
    backup: &Backup,
    stop: Stop<'_>,
    timeline: Timeline,
    catalogue: &Catalogue,
) -> Result<Target, Refusal> {
    let id = backup.id();
    if Some(backup.database) != catalogue.current {
        return Err(Refusal::EarlierDatabase { id });
    }
    let (Some(own), Some(end)) = (backup.timeline(), backup.lsn_stop) else {
        return Err(Refusal::NoWal { id });
    };
    match catalogue.timelines.reach(own, end, timeline) {
        Reach::Yes => {}
        Reach::Unknown => return Err(Refusal::HistoryMissing { timeline }),
        Reach::No => return Err(Refusal::NotOnTimeline { id, timeline }),
    }
    match stop {
        Stop::Lsn(asked) if asked < end => Err(Refusal::LsnBeforeThatBackup { asked, id, end }),
        Stop::Lsn(asked) => Ok(stopped(backup, stop, wrote(asked, timeline, catalogue))),
        Stop::At(moment) if moment.at < backup.finished => Err(Refusal::BeforeThatBackup {
            asked: moment.at,
            id,
            finished: backup.finished,
        }),
        Stop::At(moment) => {
            lived_on(timeline, moment.at, catalogue)?;
            Ok(stopped(backup, stop, timeline))
        }
        Stop::Latest | Stop::Somewhere(_) => Ok(stopped(backup, stop, timeline)),
    }
}

/// The timeline whose history file decides the request, if it is not known yet: read it, add it with
/// [`Catalogue::with_history`], and [`resolve`]. At most one file is needed, and mostly none.
pub fn history_needed(request: &Request, catalogue: &Catalogue) -> Option<Timeline> {
    let asked = Asked::of(request, catalogue).ok()?;
    let stop = asked.stop?;
    let placed = matches!(stop, Stop::Lsn(_) | Stop::Somewhere(_));
    if asked.timeline.is_some() || placed {
        let own = match asked.start {
            Start::Timeline(_, timeline) => timeline,
            Start::Any | Start::Backup(_) => catalogue.timelines.newest(),
        };
        let timeline = asked.timeline.unwrap_or(own);
        let missing = timeline.has_history() && catalogue.timelines.history(timeline).is_none();
        return missing.then_some(timeline);
    }
    let timeline = match asked.start {
        Start::Backup(backup) => match stop {
            Stop::At(_) if backup.timeline() != Some(stop.timeline(catalogue)) => {
                stop.timeline(catalogue)
            }
            _ => return None,
        },
        Start::Timeline(_, timeline) => timeline,
        Start::Any => stop.timeline(catalogue),
    };
    let settled = matches!(asked.start, Start::Any | Start::Timeline(..))
        && candidates(timeline, catalogue)
            .any(|(backup, _)| backup.timeline() == Some(timeline) && stop.is_after(backup));
    let missing = timeline.has_history() && catalogue.timelines.history(timeline).is_none();
    (missing && !settled).then_some(timeline)
}

fn target(backup: &Backup, kind: TargetKind, timeline: Option<Timeline>) -> Target {
    Target {
        set: backup.label,
        kind,
        timeline,
        assumed_utc: false,
        exclusive: false,
    }
}

fn stopped(backup: &Backup, stop: Stop<'_>, timeline: Timeline) -> Target {
    let assumed_utc = matches!(stop, Stop::At(moment) if moment.assumed_utc);
    Target {
        assumed_utc,
        ..target(backup, stop.kind(), Some(timeline))
    }
}

/// The backup is given, and where to stop.
fn from_backup(backup: &Backup, stop: Stop<'_>, catalogue: &Catalogue) -> Result<Target, Refusal> {
    let id = backup.id();
    if Some(backup.database) != catalogue.current {
        return Err(Refusal::EarlierDatabase { id });
    }
    let (Some(own), Some(lsn)) = (backup.timeline(), backup.lsn_stop) else {
        return Err(Refusal::NoWal { id });
    };
    let Stop::At(moment) = stop else {
        return Ok(stopped(backup, stop, own));
    };
    let asked = moment.at;
    if asked < backup.finished {
        return Err(Refusal::BeforeThatBackup {
            asked,
            id,
            finished: backup.finished,
        });
    }
    let lived = catalogue.timelines.live_at(asked);
    match catalogue.timelines.reach(own, lsn, lived) {
        Reach::Yes => Ok(stopped(backup, stop, lived)),
        Reach::Unknown => Err(Refusal::HistoryMissing { timeline: lived }),
        Reach::No => {
            lived_on(own, asked, catalogue)?;
            Ok(stopped(backup, stop, own))
        }
    }
}

/// A timeline that was asked for by name must be the one that was lived at the time. Recovery that is told to follow a
/// timeline and stops before that began would leave a history that contradicts itself.
fn lived_on(timeline: Timeline, asked: Timestamp, catalogue: &Catalogue) -> Result<(), Refusal> {
    let timelines = &catalogue.timelines;
    if let Some(began) = timelines.began(timeline).filter(|began| asked < *began) {
        return Err(Refusal::BeforeTimeline {
            asked,
            timeline,
            began,
        });
    }
    match timelines.ended(timeline) {
        Some((next, ended)) if ended <= asked => Err(Refusal::AfterTimeline {
            asked,
            timeline,
            next,
            ended,
        }),
        _ => Ok(()),
    }
}

/// The timeline is given, and where to stop: the newest backup on its history that had finished by then.
fn along(timeline: Timeline, stop: Stop<'_>, catalogue: &Catalogue) -> Result<Target, Refusal> {
    let on_it = || {
        candidates(timeline, catalogue)
            .filter(|(_, reach)| *reach == Reach::Yes)
            .map(|(backup, _)| backup)
    };
    let newest = |backup: &&Backup| (backup.finished, backup.label);
    let sure = on_it()
        .filter(|backup| stop.is_after(backup))
        .max_by_key(newest);
    // In the very second the backup ended it is worth a try: its end is what the listing shows.
    let chosen = sure.or_else(|| {
        on_it()
            .filter(|backup| stop.may_be_after(backup))
            .max_by_key(newest)
    });
    if let Some(backup) = chosen {
        return Ok(stopped(backup, stop, timeline));
    }
    if let Some(asked) = stop.moment()
        && let Some(first) = good(catalogue).min_by_key(|backup| (backup.finished, backup.label))
        && asked < first.finished
    {
        let (first, reachable) = (first.label, reachable(first));
        return Err(Refusal::BeforeFirstBackup {
            asked,
            first,
            reachable,
        });
    }
    let unknown =
        |(backup, reach): (&Backup, Reach)| reach == Reach::Unknown && stop.may_be_after(backup);
    if candidates(timeline, catalogue).any(unknown) {
        return Err(Refusal::HistoryMissing { timeline });
    }
    let next = on_it()
        .min_by_key(newest)
        .map(|backup| (backup.id(), reachable(backup)));
    Err(Refusal::NoBackupOnTimeline {
        timeline,
        asked: stop.moment(),
        next,
    })
}

/// The backups that recovery can begin with, and whether it gets to the timeline from there.
fn candidates(timeline: Timeline, catalogue: &Catalogue) -> impl Iterator<Item = (&Backup, Reach)> {
    good(catalogue).filter_map(move |backup| {
        let (from, lsn) = (backup.timeline()?, backup.lsn_stop?);
        Some((backup, catalogue.timelines.reach(from, lsn, timeline)))
    })
}
