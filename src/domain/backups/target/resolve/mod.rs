//! From a request to the backup, the stop and the timeline.

use jiff::ToSpan;

use super::{Moment, Refusal, Request, Target, TargetKind};
use crate::domain::backups::{Backup, Catalogue, Reach};
use crate::domain::words::{BackupId, BackupLabel, Timeline, Timestamp};

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

/// A request whose words were understood.
struct Asked<'a> {
    start: Start<'a>,
    stop: Option<Stop>,
}

/// Where to begin.
enum Start<'a> {
    Any,
    Backup(&'a Backup),
    /// The id of a restore, and the timeline it began.
    Timeline(BackupId, Timeline),
}

/// Where to stop.
#[derive(Clone, Copy)]
enum Stop {
    Latest,
    At(Moment),
}

impl<'a> Asked<'a> {
    fn of(request: &Request, catalogue: &'a Catalogue) -> Result<Self, Refusal> {
        let given = |text: &Option<String>| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let stop = match given(&request.restore_to_time) {
            None => None,
            Some(text) if text == "latest" => Some(Stop::Latest),
            Some(text) => match text.parse() {
                Ok(moment) => Some(Stop::At(moment)),
                Err(why) => {
                    return Err(Refusal::BadTime {
                        given: clipped(&text),
                        why,
                    });
                }
            },
        };
        let start = match given(&request.backup_id) {
            None => Start::Any,
            Some(text) => named(&text, catalogue)?,
        };
        if good(catalogue).next().is_none() && matches!(start, Start::Any) && stop.is_some() {
            return Err(Refusal::NoBackups {
                stanza: catalogue.stanza.clone(),
            });
        }
        Ok(Self { start, stop })
    }
}

/// The backup or restore an operator names by its id, or a backup by its label.
fn named<'a>(text: &str, catalogue: &'a Catalogue) -> Result<Start<'a>, Refusal> {
    let label: Option<BackupLabel> = text.parse().ok();
    let id = match label {
        Some(label) => label.id(),
        None => text.parse().map_err(|_| Refusal::BadId {
            given: clipped(text),
        })?,
    };
    let backup = match label {
        Some(label) => catalogue
            .backups
            .iter()
            .find(|backup| backup.label == label),
        None => catalogue.find(id),
    };
    if let Some(backup) = backup {
        if backup.damaged_pages {
            return Err(Refusal::Damaged { id });
        }
        return Ok(Start::Backup(backup));
    }
    if let Some(timeline) = catalogue.timelines.named(id) {
        return Ok(Start::Timeline(id, timeline));
    }
    if let Some(failed) = catalogue.failed.iter().find(|failed| failed.id() == id) {
        return Err(Refusal::Failed {
            id,
            error: failed.error.clone(),
        });
    }
    match &catalogue.running {
        Some(running) if running.id() == id => Err(Refusal::Running {
            id,
            unit: running.unit.clone(),
        }),
        _ if catalogue.backups.is_empty() => Err(Refusal::NoBackups {
            stanza: catalogue.stanza.clone(),
        }),
        _ => Err(Refusal::UnknownId {
            given: id.to_string(),
            nearest: nearest(id, catalogue),
        }),
    }
}

/// The ids on both sides of an unknown one.
fn nearest(id: BackupId, catalogue: &Catalogue) -> Vec<BackupId> {
    let good = || {
        catalogue
            .backups
            .iter()
            .filter(|backup| !backup.damaged_pages)
            .map(Backup::id)
    };
    let before = good().filter(|other| *other < id).max();
    let after = good().filter(|other| *other > id).min();
    before.into_iter().chain(after).collect()
}

impl Stop {
    /// The timeline that the request is about when it names no other.
    fn timeline(self, catalogue: &Catalogue) -> Timeline {
        match self {
            Self::Latest => catalogue.timelines.newest(),
            Self::At(moment) => catalogue.timelines.live_at(moment.at),
        }
    }

    const fn kind(self) -> TargetKind {
        match self {
            Self::Latest => TargetKind::Latest,
            Self::At(moment) => TargetKind::Time(moment.at),
        }
    }

    /// Whether the backup had certainly finished by then: its time is rounded down to the second.
    fn is_after(self, backup: &Backup) -> bool {
        match self {
            Self::Latest => true,
            Self::At(moment) => reachable(backup) <= moment.at,
        }
    }

    /// Whether the backup may have finished by then.
    fn may_be_after(self, backup: &Backup) -> bool {
        match self {
            Self::Latest => true,
            Self::At(moment) => backup.finished <= moment.at,
        }
    }

    const fn moment(self) -> Option<Timestamp> {
        match self {
            Self::Latest => None,
            Self::At(moment) => Some(moment.at),
        }
    }
}

/// The first moment that can certainly be restored from a backup.
fn reachable(backup: &Backup) -> Timestamp {
    backup
        .finished
        .checked_add(1.second())
        .unwrap_or(Timestamp::MAX)
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

/// The backups of the current database without damage.
fn good(catalogue: &Catalogue) -> impl Iterator<Item = &Backup> {
    catalogue
        .of_current()
        .filter(|backup| !backup.damaged_pages)
}

/// As much of an operator's text as a message shows.
fn clipped(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;
