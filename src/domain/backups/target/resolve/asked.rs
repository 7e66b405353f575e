//! What the words of a request stand for.

use jiff::ToSpan;

use crate::domain::backups::target::{Moment, Refusal, Request, TargetKind};
use crate::domain::backups::{Backup, Catalogue};
use crate::domain::words::{BackupId, BackupLabel, Lsn, RestorePoint, Timeline, Timestamp};

/// A request whose words were understood.
pub(super) struct Asked<'a> {
    pub(super) start: Start<'a>,
    pub(super) stop: Option<Stop<'a>>,
    /// The timeline that was asked for.
    pub(super) timeline: Option<Timeline>,
    pub(super) exclusive: bool,
}

/// Where to begin.
pub(super) enum Start<'a> {
    Any,
    Backup(&'a Backup),
    /// The id of a restore, and the timeline it began.
    Timeline(BackupId, Timeline),
}

/// Where to stop.
#[derive(Clone, Copy)]
pub(super) enum Stop<'a> {
    Latest,
    At(Moment),
    Lsn(Lsn),
    /// A transaction or a restore point: where it lies in the log is known only once it was found.
    Somewhere(Unplaced<'a>),
}

#[derive(Clone, Copy)]
pub(super) enum Unplaced<'a> {
    Xid(u64),
    Name(&'a str),
}

impl<'a> Asked<'a> {
    pub(super) fn of(request: &'a Request, catalogue: &'a Catalogue) -> Result<Self, Refusal> {
        let given = |text: &Option<String>| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let mut stops = Vec::new();
        let time = match given(&request.restore_to_time) {
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
        stops.extend(time);
        if let Some(text) = given(&request.lsn) {
            let bad = |_| Refusal::BadLsn {
                given: clipped(&text),
            };
            stops.push(Stop::Lsn(text.parse().map_err(bad)?));
        }
        if let Some(text) = given(&request.xid) {
            let xid = text.parse().ok().filter(|xid| *xid > 2);
            let bad = || Refusal::BadXid {
                given: clipped(&text),
            };
            stops.push(Stop::Somewhere(Unplaced::Xid(xid.ok_or_else(bad)?)));
        }
        if let Some(name) = request.name.as_deref().filter(|name| !name.is_empty()) {
            let _: RestorePoint = name.parse().map_err(|why| Refusal::BadName {
                given: clipped(name),
                why,
            })?;
            stops.push(Stop::Somewhere(Unplaced::Name(name)));
        }
        if stops.len() > 1 {
            return Err(Refusal::SeveralTargets);
        }
        let stop = stops.pop();
        let timeline = match given(&request.timeline) {
            None => None,
            Some(text) => Some(asked_timeline(&text, catalogue)?),
        };
        let exact =
            |stop: &Stop<'_>| !matches!(stop, Stop::Latest | Stop::Somewhere(Unplaced::Name(_)));
        if request.exclusive && !stop.as_ref().is_some_and(exact) {
            return Err(Refusal::NothingToLeaveOut);
        }
        if timeline.is_some() && stop.is_none() {
            return Err(Refusal::TimelineWithoutTarget);
        }
        let start = match given(&request.backup_id) {
            None => Start::Any,
            Some(text) => named(&text, catalogue)?,
        };
        if good(catalogue).next().is_none() && matches!(start, Start::Any) && stop.is_some() {
            return Err(Refusal::NoBackups {
                stanza: catalogue.stanza.clone(),
            });
        }
        Ok(Self {
            start,
            stop,
            timeline,
            exclusive: request.exclusive,
        })
    }
}

/// Numbers are decimal, as `list-backups` and PostgreSQL's functions show them; with `0x` in front they are hexadecimal, as
/// in the names of files.
fn asked_timeline(text: &str, catalogue: &Catalogue) -> Result<Timeline, Refusal> {
    let number = match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let timeline = number.and_then(|number| Timeline::new(number).ok());
    let bad = || Refusal::BadTimeline {
        given: clipped(text),
    };
    let timeline = timeline.ok_or_else(bad)?;
    let known = |file: &crate::domain::backups::HistoryFile| file.timeline == timeline;
    let lived = good(catalogue).any(|backup| backup.timeline() == Some(timeline));
    if timeline.has_history() && !lived && !catalogue.timelines.files().iter().any(known) {
        return Err(Refusal::UnknownTimeline {
            timeline,
            newest: catalogue.timelines.newest(),
        });
    }
    Ok(timeline)
}

/// The backup or restore an operator names by its id, or a backup by its label.
pub(super) fn named<'a>(text: &str, catalogue: &'a Catalogue) -> Result<Start<'a>, Refusal> {
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

impl Stop<'_> {
    /// The timeline that the request is about when it names no other.
    pub(super) fn timeline(self, catalogue: &Catalogue) -> Timeline {
        match self {
            Self::Latest | Self::Lsn(_) | Self::Somewhere(_) => catalogue.timelines.newest(),
            Self::At(moment) => catalogue.timelines.live_at(moment.at),
        }
    }

    pub(super) fn kind(self) -> TargetKind {
        match self {
            Self::Latest => TargetKind::Latest,
            Self::At(moment) => TargetKind::Time(moment.at),
            Self::Lsn(lsn) => TargetKind::Lsn(lsn),
            Self::Somewhere(Unplaced::Xid(xid)) => TargetKind::Xid(xid),
            Self::Somewhere(Unplaced::Name(name)) => TargetKind::Name(name.to_owned()),
        }
    }

    /// Whether the backup had certainly finished by then: its time is rounded down to the second.
    pub(super) fn is_after(self, backup: &Backup) -> bool {
        match self {
            Self::Latest => true,
            Self::At(moment) => reachable(backup) <= moment.at,
            Self::Lsn(lsn) => backup.lsn_stop.is_some_and(|end| end <= lsn),
            Self::Somewhere(_) => false,
        }
    }

    /// Whether the backup may have finished by then.
    pub(super) fn may_be_after(self, backup: &Backup) -> bool {
        match self {
            Self::At(moment) => backup.finished <= moment.at,
            Self::Latest | Self::Lsn(_) | Self::Somewhere(_) => self.is_after(backup),
        }
    }

    pub(super) const fn moment(self) -> Option<Timestamp> {
        match self {
            Self::Latest | Self::Lsn(_) | Self::Somewhere(_) => None,
            Self::At(moment) => Some(moment.at),
        }
    }
}

/// The first moment that can certainly be restored from a backup.
pub(super) fn reachable(backup: &Backup) -> Timestamp {
    backup
        .finished
        .checked_add(1.second())
        .unwrap_or(Timestamp::MAX)
}

/// The backups of the current database without damage.
pub(super) fn good(catalogue: &Catalogue) -> impl Iterator<Item = &Backup> {
    catalogue
        .of_current()
        .filter(|backup| !backup.damaged_pages)
}

/// As much of an operator's text as a message shows.
fn clipped(text: &str) -> String {
    text.chars().take(60).collect()
}
