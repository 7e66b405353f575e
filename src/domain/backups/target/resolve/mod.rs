//! From a request to the backup, the stop and the timeline.

mod asked;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;

use asked::{Asked, Start, Stop, good, reachable};

use super::{Moment, Refusal, Request, Target, TargetKind};
use crate::domain::backups::{Backup, Catalogue, Reach};
use crate::domain::words::{Timeline, Timestamp};

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
    match (asked.start, asked.stop) {
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
    }
}

/// The timeline whose history file decides the request, if it is not known yet: read it, add it with
/// [`Catalogue::with_history`], and [`resolve`]. At most one file is needed, and mostly none.
pub fn history_needed(request: &Request, catalogue: &Catalogue) -> Option<Timeline> {
    let asked = Asked::of(request, catalogue).ok()?;
    let stop = asked.stop?;
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
    }
}

fn stopped(backup: &Backup, stop: Stop, timeline: Timeline) -> Target {
    let assumed_utc = matches!(stop, Stop::At(moment) if moment.assumed_utc);
    Target {
        assumed_utc,
        ..target(backup, stop.kind(), Some(timeline))
    }
}

/// The backup is given, and where to stop.
fn from_backup(backup: &Backup, stop: Stop, catalogue: &Catalogue) -> Result<Target, Refusal> {
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
fn along(timeline: Timeline, stop: Stop, catalogue: &Catalogue) -> Result<Target, Refusal> {
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
