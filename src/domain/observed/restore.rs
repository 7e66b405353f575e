//! A restore that is under way, and what is kept from before the last one.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Moved;
use crate::domain::backups::target::Target;
use crate::domain::words::{MemberName, Stanza, SystemId, Timeline, Timestamp};

/// A restore that was begun.
///
/// Written before anything is touched and removed after everything is proved, so that whatever dies in between, the
/// next look at the machine knows whether to go back or to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreRecord {
    /// Names this restore.
    pub id: String,
    /// How far it got.
    pub phase: RestorePhase,
    /// Where its copy comes from.
    pub source: Source,
    /// The stanza it comes from.
    pub stanza: Stanza,
    /// Where recovery ends, and from which backup it begins. None when the kept database comes back.
    pub target: Option<Target>,
    /// The identifier of the database that is being replaced, if there was one.
    pub replaces: Option<SystemId>,
    /// Where the replaced data directory is kept.
    pub kept: PathBuf,
    /// The other members, whose data is from before it.
    pub others: BTreeSet<MemberName>,
    /// The newest timeline that was known when it began: the one it makes has to be newer, or two would share a number.
    pub newest: Option<Timeline>,
    /// Where the restored database archives, when its history is not that of the repository of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves: Option<Moved>,
}

/// Where a copy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// From a backup in the repository.
    Backup,
    /// From a backup in another cluster's repository.
    Foreign,
    /// It is the database that the last restore has kept.
    Kept,
}

/// How far a restore got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePhase {
    /// The new data directory is being made beside the old one. It goes on from here unless it failed.
    Beside,
    /// It failed or was cancelled: the copy goes, the old database stays.
    Back,
    /// The new database was proved; the directories are being exchanged. From here the way is forward.
    Exchanging,
    /// The new database leads; the other members are being rebuilt.
    Rebuilding,
}

/// How far the download of a backup is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// None was begun.
    None,
    /// It runs.
    Running {
        /// The share that is done, in percent.
        percent: Option<u8>,
    },
    /// It ended well.
    Done,
    /// It ended in an error, or its process died.
    Failed,
}

/// How far the recovery of a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It does not run.
    Idle,
    /// It replays.
    Replaying,
    /// It has reached its target and is open, to the charm alone.
    Open,
}

/// The database that the last restore replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// When it was replaced.
    pub since: Timestamp,
    /// Its size in bytes.
    pub size: u64,
    /// Whether its history is not that of the repository of now.
    #[serde(default)]
    pub moved: bool,
}
