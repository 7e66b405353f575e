//! What is known of the repository, from the charm's own durable records.

use serde::{Deserialize, Serialize};

use super::ObjectStore;
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
        /// The last restore for which the repository's epoch is known to have risen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raised_for: Option<String>,
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

/// Where this cluster archives instead of in the repository it is related to.
///
/// A database that was restored from another cluster's repository goes on in a repository of its own, beside the one it
/// comes from. Each such restore takes a fresh one: what was archived before it is of another history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The restore after which it holds. The later one counts.
    pub id: String,
    /// The repository that the relation names.
    pub from: String,
    /// The path in the same bucket.
    pub path: String,
}

impl Moved {
    /// A fresh path beside the repository of an object store, for the restore of this id.
    pub fn beside(store: &ObjectStore, stanza: &Stanza, id: &str) -> Self {
        let path = store.path.trim_end_matches('/');
        Self {
            id: id.to_owned(),
            from: place(store),
            path: format!("{path}/{stanza}-{id}"),
        }
    }

    /// The object store with the path that is archived to, when it is the one that was moved away from.
    #[must_use]
    pub fn applied(&self, mut store: ObjectStore) -> ObjectStore {
        if place(&store) == self.from {
            store.path.clone_from(&self.path);
        }
        store
    }

    /// Gives an object store the path back that the relation names.
    pub fn taken_back(&self, store: &mut ObjectStore) {
        let root = format!("{}/{}", store.endpoint, store.bucket);
        if store.path == self.path
            && let Some(path) = self.from.strip_prefix(&root)
        {
            path.clone_into(&mut store.path);
        }
    }

    /// The later one of two.
    pub fn later(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(if other.id > one.id { other } else { one }),
            (one, other) => one.or(other),
        }
    }
}

/// The place of a repository, without anything secret.
fn place(store: &ObjectStore) -> String {
    format!("{}/{}{}", store.endpoint, store.bucket, store.path)
}
