//! Why a restore cannot be what was asked for.

use crate::domain::backups::target::NotAMoment;
use crate::domain::words::{BackupId, BackupLabel, Lsn, NotAName, Stanza, Timeline, Timestamp};

/// Why a request names nothing that can be restored. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("neither backup-id nor restore-to-time is given")]
    NothingAsked,
    #[error("more than one target is given")]
    SeveralTargets,
    #[error("`{given}` is not a position in the write-ahead log")]
    BadLsn { given: String },
    #[error("`{given}` is not the number of a transaction")]
    BadXid { given: String },
    #[error("`{given}` is not the name of a restore point: {why}")]
    BadName { given: String, why: NotAName },
    #[error("`{given}` is not a timeline")]
    BadTimeline { given: String },
    #[error("timeline {timeline} is not in the repository, whose newest is {newest}")]
    UnknownTimeline {
        timeline: Timeline,
        newest: Timeline,
    },
    #[error("exclusive is given, and no time, position or transaction to leave out")]
    NothingToLeaveOut,
    #[error("restore-timeline is given, and no target on it")]
    TimelineWithoutTarget,
    #[error("no backup had ended before position {asked} on the history of timeline {timeline}")]
    BeforeFirstLsn {
        asked: Lsn,
        timeline: Timeline,
        first: Option<Lsn>,
    },
    #[error("position {asked} is before the end of backup {id}, at {end}")]
    LsnBeforeThatBackup { asked: Lsn, id: BackupId, end: Lsn },
    #[error("where {what} lies is not known before it was found")]
    WhereFrom { what: String },
    #[error("backup {id} does not lie on the history of timeline {timeline}")]
    NotOnTimeline { id: BackupId, timeline: Timeline },
    #[error("`{given}` is not a backup id")]
    BadId { given: String },
    #[error("no backup and no restore has the id {given}")]
    UnknownId {
        given: String,
        nearest: Vec<BackupId>,
    },
    #[error("backup {id} failed and cannot be restored: {error}")]
    Failed { id: BackupId, error: String },
    #[error("backup {id} is still running on {unit}")]
    Running { id: BackupId, unit: String },
    #[error("backup {id} has pages with wrong checksums")]
    Damaged { id: BackupId },
    #[error("{id} is not a backup but the restore that began timeline {timeline}")]
    RestoreNeedsTime { id: BackupId, timeline: Timeline },
    #[error("`{given}` is not a time that can be restored: {why}")]
    BadTime { given: String, why: NotAMoment },
    #[error("stanza {stanza} has no backup to restore from")]
    NoBackups { stanza: Stanza },
    #[error("{asked} is in the future: it is {now:.0} now")]
    Future { asked: Timestamp, now: Timestamp },
    #[error(
        "{asked} is before the first backup had finished: nothing before {reachable} can be restored"
    )]
    BeforeFirstBackup {
        asked: Timestamp,
        first: BackupLabel,
        reachable: Timestamp,
    },
    #[error("{asked} is before backup {id} had finished, at {finished}")]
    BeforeThatBackup {
        asked: Timestamp,
        id: BackupId,
        finished: Timestamp,
    },
    #[error("{asked} is after timeline {timeline} had ended: timeline {next} began at {ended}")]
    AfterTimeline {
        asked: Timestamp,
        timeline: Timeline,
        next: Timeline,
        ended: Timestamp,
    },
    #[error("{asked} is before timeline {timeline} began, at {began}")]
    BeforeTimeline {
        asked: Timestamp,
        timeline: Timeline,
        began: Timestamp,
    },
    #[error("no backup lies on the history of timeline {timeline}{}", before(*asked))]
    NoBackupOnTimeline {
        timeline: Timeline,
        asked: Option<Timestamp>,
        next: Option<(BackupId, Timestamp)>,
    },
    #[error(
        "the history file of timeline {timeline} is not in the repository, and without it no backup \
         is known to lead there"
    )]
    HistoryMissing { timeline: Timeline },
    #[error("backup {id} is of an earlier database of the stanza, whose WAL is not followed")]
    EarlierDatabase { id: BackupId },
    #[error("backup {id} was made while the database was stopped, so no WAL leads on from it")]
    NoWal { id: BackupId },
}

fn before(asked: Option<Timestamp>) -> String {
    asked
        .map(|asked| format!(" and had finished by {asked}"))
        .unwrap_or_default()
}

impl Refusal {
    /// What the operator can do instead.
    pub fn hint(&self) -> String {
        match self {
            Self::NothingAsked => {
                "give backup-id=<id from list-backups>, or restore-to-time=\"YYYY-MM-DD HH:MM:SS\", or \
                 restore-to-time=latest"
                    .to_owned()
            }
            Self::SeveralTargets => {
                "give one of restore-to-time, restore-to-lsn, restore-to-xid and restore-to-name".to_owned()
            }
            Self::BadLsn { .. } => "positions look like 0/3000028; list-backups shows some".to_owned(),
            Self::BadXid { .. } => {
                "give the number from pg_current_xact_id(), 3 or more".to_owned()
            }
            Self::BadName { .. } => "give the name that create-restore-point was given".to_owned(),
            Self::BadTimeline { .. } => {
                "timelines are numbers such as 12, as list-backups shows them; in hexadecimal with 0x, such as 0xC"
                    .to_owned()
            }
            Self::UnknownTimeline { .. } => "list-backups shows the timelines".to_owned(),
            Self::NothingToLeaveOut => {
                "leave exclusive out, or give restore-to-time, restore-to-lsn or restore-to-xid".to_owned()
            }
            Self::TimelineWithoutTarget => {
                "add a target, such as restore-to-time=latest for the end of the timeline".to_owned()
            }
            Self::BeforeFirstLsn { first: Some(first), .. } => {
                format!("the first position that can be restored is {first}")
            }
            Self::BeforeFirstLsn { first: None, .. } | Self::NotOnTimeline { .. } => {
                "list-backups shows positions and timelines of the backups".to_owned()
            }
            Self::LsnBeforeThatBackup { .. } => {
                "leave out backup-id, and the newest backup before the position is taken".to_owned()
            }
            Self::WhereFrom { .. } => {
                "add backup-id=<a backup from before it>; list-backups shows them".to_owned()
            }
            Self::BadId { .. } => {
                "ids look like 2026-01-01T12:00:00Z; list-backups shows them".to_owned()
            }
            Self::UnknownId { nearest, .. } => match nearest.as_slice() {
                [] => "list-backups shows all ids".to_owned(),
                [one] => format!("the nearest is {one}; list-backups shows all"),
                [one, other, ..] => {
                    format!("the nearest are {one} and {other}; list-backups shows all")
                }
            },
            Self::Failed { .. } | Self::Damaged { .. } => {
                "choose another backup; list-backups shows which are finished".to_owned()
            }
            Self::Running { .. } => {
                "wait until list-backups shows it as finished, or choose another".to_owned()
            }
            Self::RestoreNeedsTime { .. } => {
                "add restore-to-time with a time on that timeline, or restore-to-time=latest for its end"
                    .to_owned()
            }
            Self::BadTime { .. } => {
                "accepted are `YYYY-MM-DD HH:MM:SS`, with up to six more digits of a second and a zone such as \
                 +02:00 or Z (UTC without one), and `latest`"
                    .to_owned()
            }
            Self::NoBackups { .. } => {
                "make one with create-backup, or relate the object storage that holds the backups"
                    .to_owned()
            }
            Self::Future { .. } => {
                "for the newest state use restore-to-time=latest; a time without zone is UTC".to_owned()
            }
            Self::BeforeFirstBackup { first, reachable, .. } => format!(
                "choose {reachable} or later, or backup-id={} for the end of that backup",
                first.id()
            ),
            Self::BeforeThatBackup { .. } => {
                "leave out backup-id, and the newest backup before the time is taken".to_owned()
            }
            Self::BeforeTimeline { .. } => {
                "leave out backup-id for the database as it was at that time".to_owned()
            }
            Self::AfterTimeline { timeline, .. } => format!(
                "leave out backup-id for the database as it was at that time, or use restore-to-time=latest for the \
                 end of timeline {timeline}"
            ),
            Self::NoBackupOnTimeline { next: Some((id, from)), .. } => {
                format!("the first moment that can be restored there is {from}, from backup {id}")
            }
            Self::NoBackupOnTimeline { next: None, .. } | Self::HistoryMissing { .. } => {
                "choose a backup by backup-id; list-backups shows the timeline of each".to_owned()
            }
            Self::EarlierDatabase { .. } | Self::NoWal { .. } => {
                "it can be restored as it is, with backup-id alone".to_owned()
            }
        }
    }
}
