//! Secrets as values.

use std::collections::{BTreeMap, BTreeSet};

use crate::{SecretContent, SecretId};

/// A secret this unit owns, or may come across.
#[derive(Debug, Clone, PartialEq)]
pub struct Secret {
    /// Its id.
    pub id: SecretId,
    /// Whose it is.
    pub holder: SecretHolder,
    /// The label on our side.
    pub label: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Its revisions, the first of which is 1.
    pub revisions: BTreeMap<u32, SecretContent>,
    /// The revision this unit is held to; none before it read the secret.
    pub tracked: Option<u32>,
    /// Numbers of the relations to whose other side it is granted.
    pub granted_to: BTreeSet<u32>,
    /// How often it is to be renewed, as `secret-add --rotate` takes it.
    pub rotate: Option<String>,
    /// When it expires, as `secret-add --expire` takes it.
    pub expire: Option<String>,
}

/// Whose a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretHolder {
    /// This application.
    Application,
    /// This unit.
    Unit,
    /// Another application or an operator, who let us read it.
    Granted,
    /// Another application or an operator, who did not.
    NotGranted,
}

impl Secret {
    /// A secret with one revision.
    ///
    /// # Panics
    /// When `id` is not a secret's id.
    pub fn new(id: &str, holder: SecretHolder, content: SecretContent) -> Self {
        Self {
            id: id.parse().unwrap_or_else(|error| panic!("{error}")),
            holder,
            label: None,
            description: None,
            revisions: BTreeMap::from([(1, content)]),
            tracked: None,
            granted_to: BTreeSet::new(),
            rotate: None,
            expire: None,
        }
    }

    /// The same with a label on our side.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// The same with a newer revision.
    #[must_use]
    pub fn with_revision(mut self, content: SecretContent) -> Self {
        self.revisions.insert(self.newest() + 1, content);
        self
    }

    /// The same, held to this revision.
    #[must_use]
    pub fn tracking(mut self, revision: u32) -> Self {
        self.tracked = Some(revision);
        self
    }

    /// Number of the newest revision.
    pub fn newest(&self) -> u32 {
        self.revisions
            .last_key_value()
            .map_or(0, |(number, _)| *number)
    }

    /// Content of the newest revision.
    pub fn newest_content(&self) -> SecretContent {
        self.revisions
            .last_key_value()
            .map(|(_, content)| content.clone())
            .unwrap_or_default()
    }

    pub(super) fn is_ours(&self) -> bool {
        matches!(self.holder, SecretHolder::Application | SecretHolder::Unit)
    }
}
