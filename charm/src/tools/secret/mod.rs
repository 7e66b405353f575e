//! The `secret-*` family.
//!
//! A content never travels in an argument: it is handed over in a file that only its owner can
//! read and that is gone when the call returns.

mod content;
mod info;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use super::ToolError;
use crate::{Juju, RelationId, SecretId};

pub use content::SecretContent;
#[cfg(feature = "testing")]
pub(crate) use content::is_secret_key;
pub use info::{SecretAccess, SecretInfo};
pub use write::{NewSecret, Rotation, SecretOwner};

/// Which revision to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretRevision {
    /// The one this unit read first, until it is refreshed. Owners are held to theirs as well.
    Tracked,
    /// The newest, without holding to it.
    Peek,
    /// The newest, and hold to it from now on. Takes effect even if the hook fails.
    Refresh,
}

impl SecretRevision {
    fn flag(self) -> Option<&'static str> {
        match self {
            Self::Tracked => None,
            Self::Peek => Some("--peek"),
            Self::Refresh => Some("--refresh"),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Session {
    contents: BTreeMap<(SecretId, SecretRevision), SecretContent>,
    labelled: BTreeMap<(String, SecretRevision), SecretContent>,
    added: BTreeSet<SecretId>,
    updates: BTreeMap<SecretId, SecretContent>,
    /// When what is updated expires.
    expiries: BTreeMap<SecretId, String>,
    grants: Vec<(SecretId, RelationId)>,
    revocations: Vec<(SecretId, RelationId)>,
    removals: Vec<(SecretId, Option<u32>)>,
}

impl Session {
    pub(super) fn discard(&mut self) {
        self.updates.clear();
        self.expiries.clear();
        self.grants.clear();
        self.revocations.clear();
        self.removals.clear();
    }
}

impl Juju {
    /// Reads a secret. Each revision is read once in a hook.
    ///
    /// # Errors
    /// `NotFound` or `PermissionDenied`: which of them Juju says for a secret that is not granted
    /// depends on its version. Treat both as "not yet" where a grant may still be on its way.
    pub fn secret_get(
        &self,
        id: &SecretId,
        revision: SecretRevision,
    ) -> Result<SecretContent, ToolError> {
        let place = (id.clone(), revision);
        {
            let session = &self.session().secret;
            let written = match revision {
                SecretRevision::Tracked => None,
                SecretRevision::Peek | SecretRevision::Refresh => session.updates.get(id),
            };
            if let Some(known) = written.or_else(|| session.contents.get(&place)) {
                return Ok(known.clone());
            }
        }
        let mut args = vec![id.uri()];
        args.extend(revision.flag());
        let content: SecretContent = self.read("secret-get", &args)?;
        self.session()
            .secret
            .contents
            .insert(place, content.clone());
        Ok(content)
    }

    /// Reads a secret and gives it our own label, by which later events will name it.
    pub fn secret_get_and_label(
        &self,
        id: &SecretId,
        label: &str,
        revision: SecretRevision,
    ) -> Result<SecretContent, ToolError> {
        let mut args = vec![id.uri(), "--label", label];
        args.extend(revision.flag());
        let content: SecretContent = self.read("secret-get", &args)?;
        let mut session = self.session();
        session
            .secret
            .contents
            .insert((id.clone(), revision), content.clone());
        session
            .secret
            .labelled
            .insert((label.to_owned(), revision), content.clone());
        Ok(content)
    }

    /// Reads the secret that has this label on our side; `None` when there is none.
    ///
    /// # Errors
    /// A secret that may not be read is an error, not `None`: it must never look absent.
    pub fn secret_by_label(
        &self,
        label: &str,
        revision: SecretRevision,
    ) -> Result<Option<SecretContent>, ToolError> {
        let place = (label.to_owned(), revision);
        if let Some(known) = self.session().secret.labelled.get(&place) {
            return Ok(Some(known.clone()));
        }
        let mut args = vec!["--label", label];
        args.extend(revision.flag());
        let content: SecretContent = match self.read("secret-get", &args) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        self.session()
            .secret
            .labelled
            .insert(place, content.clone());
        Ok(Some(content))
    }
}
