//! Secrets as the operator sees them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSecrets {
    pub model: String,
    /// Application, unit, or `<model>`.
    #[serde(default)]
    pub owner: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowSecret {
    pub model: String,
    /// URI, bare id, name of a user secret, or label.
    pub secret: String,
    /// Include the content.
    #[serde(default)]
    pub reveal: bool,
    /// Content of this revision instead of the latest.
    #[serde(default)]
    pub revision: Option<u64>,
}

/// A new user secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct AddSecret {
    pub model: String,
    pub name: String,
    #[serde(default)]
    pub info: Option<String>,
    pub content: BTreeMap<String, String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct UpdateSecret {
    pub model: String,
    pub secret: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub info: Option<String>,
    #[serde(default)]
    pub auto_prune: Option<bool>,
    /// Absent keeps the content.
    #[serde(default)]
    pub content: Option<BTreeMap<String, String>>,
}

// Hand-written so that a content never reaches a log.
impl fmt::Debug for AddSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddSecret")
            .field("model", &self.model)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UpdateSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateSecret")
            .field("model", &self.model)
            .field("secret", &self.secret)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct SecretView {
    /// Bare id.
    pub id: String,
    /// Latest revision.
    pub revision: u64,
    /// Application name, unit name, or `<model>`.
    pub owner: String,
    /// User secrets only.
    #[serde(default)]
    pub name: Option<String>,
    /// Charm secrets only.
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub rotation: Option<String>,
    #[serde(default)]
    pub rotates: Option<Timestamp>,
    #[serde(default)]
    pub expires: Option<Timestamp>,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// SHA-256 of the revision shown, in lower-case hex.
    #[serde(default)]
    pub checksum: Option<String>,
    /// Only if it was asked to be revealed.
    #[serde(default)]
    pub content: Option<BTreeMap<String, String>>,
    pub revisions: Vec<SecretRevision>,
    pub access: Vec<SecretAccess>,
}

impl fmt::Debug for SecretView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretView")
            .field("id", &self.id)
            .field("revision", &self.revision)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretRevision {
    pub revision: u64,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretAccess {
    /// `application-client` or `unit-client-0`
    pub target: String,
    /// `relation-app.db#other.db` or `model-<uuid>`
    pub scope: String,
    /// `view`
    pub role: String,
}
