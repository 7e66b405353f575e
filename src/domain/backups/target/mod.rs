//! What a restore request means: which backup to restore, where to stop, and on which timeline.
//!
//! # The rule
//!
//! A moment belongs to the timeline the cluster lived on then ([`Timelines`](super::Timelines)). Recovery to a moment
//! follows that timeline, from the newest backup that had finished by then and lies on its history. So a moment before
//! a branch began belongs to the parent, and what an earlier restore abandoned can still be restored by its time.
//!
//! | asked for | backup | recovery stops | timeline |
//! |---|---|---|---|
//! | `backup-id` of a backup | that one | where it is consistent | its own |
//! | … and `restore-to-time` | that one | at the time | that of the moment if the backup lies on it, else its own |
//! | … and `latest` | that one | at the end | its own |
//! | `backup-id` of a restore and `restore-to-time` or `latest` | newest before, on its history | at the time or the end | the one that restore began |
//! | `restore-to-time` | newest before, on its history | at the time | that of the moment |
//! | `latest` | newest on its history | at the end | the newest |
//! | `restore-to-lsn` | newest before, on its history | at the position | the one on the newest's history that wrote it |
//! | `restore-to-xid`, `restore-to-name` | that of `backup-id` | at the target | the newest the backup leads to |
//!
//! `restore-timeline` takes the place of the timeline in every row, and `exclusive` leaves the target itself out.

mod moment;
mod refusal;
mod resolve;
mod shortfall;

use std::fmt;

pub use moment::{Moment, NotAMoment};
pub use refusal::Refusal;
pub use resolve::{history_needed, names_a_backup, resolve};
pub use shortfall::{Shortfall, after_shortfall};

use crate::domain::words::{BackupLabel, Lsn, Timeline, Timestamp};

/// What the operator asked for, as the action's parameters. Empty text is the same as none.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Request {
    /// `backup-id`: an id from `list-backups`, or a backup's label.
    pub backup_id: Option<String>,
    /// `restore-to-time`: a [`Moment`], or `latest`.
    pub restore_to_time: Option<String>,
    /// `restore-to-lsn`: a position in the write-ahead log, such as `0/3000028`.
    pub lsn: Option<String>,
    /// `restore-to-xid`: a transaction's number.
    pub xid: Option<String>,
    /// `restore-to-name`: a restore point.
    pub name: Option<String>,
    /// `restore-timeline`: the timeline to follow, as a number.
    pub timeline: Option<String>,
    /// Whether the target itself is left out.
    pub exclusive: bool,
}

/// Where recovery stops.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// As soon as the backup is consistent: the database as it was when the backup ended.
    Immediate,
    /// Before the first commit after this moment.
    Time(Timestamp),
    /// At this position.
    Lsn(Lsn),
    /// When this transaction was committed.
    Xid(u64),
    /// At this restore point.
    Name(String),
    /// When there is no more WAL on the timeline.
    Latest,
}

/// What to restore.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// The backup to begin with.
    pub set: BackupLabel,
    pub kind: TargetKind,
    /// The timeline to follow. None for [`TargetKind::Immediate`], where pgBackRest keeps to the backup's own and
    /// refuses to be told. Otherwise it has to be said: PostgreSQL would follow the newest one that it finds.
    pub timeline: Option<Timeline>,
    /// The time had no zone and was taken as UTC; the result says so.
    pub assumed_utc: bool,
    /// Recovery stops before the target instead of after it.
    #[serde(default)]
    pub exclusive: bool,
}

impl Target {
    /// The value for pgBackRest's `--type`.
    pub const fn pgbackrest_type(&self) -> &'static str {
        match self.kind {
            TargetKind::Immediate => "immediate",
            TargetKind::Time(_) => "time",
            TargetKind::Lsn(_) => "lsn",
            TargetKind::Xid(_) => "xid",
            TargetKind::Name(_) => "name",
            TargetKind::Latest => "default",
        }
    }

    /// The value for pgBackRest's `--target`, with its zone.
    pub fn pgbackrest_target(&self) -> Option<String> {
        match &self.kind {
            TargetKind::Time(moment) => Some(moment::postgresql(*moment)),
            TargetKind::Lsn(lsn) => Some(lsn.to_string()),
            TargetKind::Xid(xid) => Some(xid.to_string()),
            TargetKind::Name(name) => Some(name.clone()),
            TargetKind::Immediate | TargetKind::Latest => None,
        }
    }

    /// The value for pgBackRest's `--target-timeline`: hexadecimal, which PostgreSQL takes with a prefix.
    pub fn pgbackrest_timeline(&self) -> Option<String> {
        self.timeline
            .map(|timeline| format!("0x{:X}", timeline.number()))
    }
}

/// A sentence part: “the database as of 2026-01-01T12:00:00Z on timeline 2, from backup …”.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            set,
            kind,
            timeline,
            assumed_utc,
            exclusive,
        } = self;
        let as_of = if *exclusive { "just before" } else { "as of" };
        match kind {
            TargetKind::Immediate => {
                return write!(f, "the database as of the end of backup {set}");
            }
            TargetKind::Time(moment) => write!(f, "the database {as_of} {moment}")?,
            TargetKind::Lsn(lsn) => write!(f, "the database {as_of} position {lsn}")?,
            TargetKind::Xid(xid) => write!(f, "the database {as_of} transaction {xid}")?,
            TargetKind::Name(name) => write!(f, "the database as of restore point {name}")?,
            TargetKind::Latest => write!(f, "the latest state of the database")?,
        }
        if *assumed_utc {
            write!(f, " (no zone was given, UTC is taken)")?;
        }
        if let Some(timeline) = timeline {
            write!(f, " on timeline {timeline}")?;
        }
        write!(f, ", from backup {set}")
    }
}
