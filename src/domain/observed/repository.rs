//! What is known of the repository, from the charm's own durable records.

use serde::{Deserialize, Serialize};

use crate::domain::words::{Stanza, Timestamp};

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
