//! What is known of the repository and of a restore, from the charm's own durable records.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::backups::target::Target;
use crate::domain::words::{Stanza, SystemId, Timestamp};

/// How archiving goes, from PostgreSQL's own statistics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArchiverView {
    /// Segments archived since the statistics were reset.
    pub archived: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// When the last segment was archived.
    pub last_archived: Option<Timestamp>,
    /// When an attempt last failed, and on which file.
    pub last_failed: Option<(Timestamp, String)>,
}

impl ArchiverView {
    /// The file that cannot be archived, when the latest attempt failed.
    pub fn stuck_on(&self) -> Option<&str> {
        let (failed, file) = self.last_failed.as_ref()?;
        match &self.last_archived {
            Some(archived) if archived >= failed => None,
            _ => Some(file),
        }
    }
}

/// What was proved about a repository, and with which parameters.
///
/// It saves asking the object store in every hook; the truth about archiving is PostgreSQL's own statistics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryRecord {
    /// A digest of every parameter, keys included.
    pub digest: String,
    /// What came out.
    pub state: RepositoryState,
}

/// What came out when a repository was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepositoryState {
    /// It is ours, has a stanza, and one segment was archived into it.
    Ready {
        /// The stanza in it.
        stanza: Stanza,
    },
    /// It belongs to another cluster: for reading only.
    Foreign {
        /// Whose it is, in words.
        owner: String,
        /// The stanzas found in it.
        stanzas: Vec<String>,
    },
    /// Something does not work.
    Failed {
        /// What, as a sentence.
        problem: String,
        /// The way out.
        hint: String,
    },
}

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
    /// The stanza it comes from.
    pub stanza: Stanza,
    /// Where recovery ends, and from which backup it begins.
    pub target: Target,
    /// The identifier of the database that is being replaced, if there was one.
    pub replaces: Option<SystemId>,
    /// Where the replaced data directory is kept.
    pub kept: PathBuf,
}

/// How far a restore got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestorePhase {
    /// The new data directory is being made beside the old one. Until here there is a way back.
    Beside,
    /// The new database was proved; the directories are being exchanged. From here the way is forward.
    Exchanging,
}
