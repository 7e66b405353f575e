//! `secret-info-get` and `secret-ids`: what an owner can know.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::tools::ToolError;
use crate::{Juju, SecretId};

/// What the owner of a secret can know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretInfo {
    /// The secret.
    pub id: SecretId,
    /// Newest revision; the first is 1.
    pub revision: u32,
    /// Our name for it.
    pub label: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// `application` or `unit`.
    pub owner: String,
    /// How often it is to be renewed.
    pub rotation: Option<String>,
    /// When it is to be renewed next, RFC 3339.
    pub rotates: Option<String>,
    /// When it expires, RFC 3339.
    pub expiry: Option<String>,
    /// To whom it is granted.
    pub access: Vec<SecretAccess>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecretAccess {
    /// `application-client` or `unit-client-0`.
    pub target: String,
    /// The relation it lives with.
    #[serde(default)]
    pub scope: String,
    /// `view`
    #[serde(default)]
    pub role: String,
}

impl Juju {
    /// What Juju knows about a secret of ours; `None` when there is none.
    pub fn secret_info(&self, id: &SecretId) -> Result<Option<SecretInfo>, ToolError> {
        self.read_info(&[id.uri()])
    }

    /// What Juju knows about the secret of ours with this label; `None` when there is none.
    pub fn secret_info_by_label(&self, label: &str) -> Result<Option<SecretInfo>, ToolError> {
        self.read_info(&["--label", label])
    }

    fn read_info(&self, args: &[&str]) -> Result<Option<SecretInfo>, ToolError> {
        #[derive(Deserialize)]
        struct Details {
            revision: u32,
            #[serde(default)]
            label: String,
            #[serde(default)]
            description: String,
            #[serde(default)]
            owner: String,
            rotation: Option<String>,
            rotates: Option<String>,
            expiry: Option<String>,
            #[serde(default)]
            access: Option<Vec<SecretAccess>>,
        }
        let answer: BTreeMap<SecretId, Details> = match self.read("secret-info-get", args) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(answer.into_iter().next().map(|(id, details)| SecretInfo {
            id,
            revision: details.revision,
            label: some(details.label),
            description: some(details.description),
            owner: details.owner,
            rotation: details.rotation,
            rotates: details.rotates,
            expiry: details.expiry,
            access: details.access.unwrap_or_default(),
        }))
    }

    /// The secrets this unit or, on the leader, the application owns.
    pub fn secret_ids(&self) -> Result<Vec<SecretId>, ToolError> {
        Ok(self
            .read::<Option<Vec<SecretId>>>("secret-ids", &[])?
            .unwrap_or_default())
    }
}
