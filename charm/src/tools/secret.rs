//! The `secret-*` family.
//!
//! A content never travels in an argument: it is handed over in a file that only its owner can
//! read and that is gone when the call returns.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::Deserialize;
use tempfile::NamedTempFile;

use super::{ToolError, yaml_safe_json};
use crate::{Juju, Redacted, RelationId, SecretId};

/// What a secret holds. Shows its keys only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretContent(BTreeMap<String, Redacted>);

impl SecretContent {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The content with one more value.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Redacted>) -> Self {
        self.insert(key, value);
        self
    }

    /// Adds or replaces a value.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Redacted>) {
        self.0.insert(key.into(), value.into());
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Redacted> {
        self.0.get(key)
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: &str) -> Option<Redacted> {
        self.0.remove(key)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Redacted)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<K: Into<String>, V: Into<Redacted>> FromIterator<(K, V)> for SecretContent {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(values: I) -> Self {
        Self(
            values
                .into_iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

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

/// Who owns a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SecretOwner {
    /// The application: the leader manages it, every unit may read it.
    #[default]
    Application,
    /// This unit alone.
    Unit,
}

/// How often Juju sends `secret-rotate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Rotation {
    Never,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

impl Rotation {
    fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }
}

/// A secret to be added.
#[derive(Debug, Clone, Default)]
pub struct NewSecret {
    /// What it holds.
    pub content: SecretContent,
    /// Our name for it, unique among the owner's secrets.
    pub label: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Who owns it.
    pub owner: SecretOwner,
    /// How often to be reminded to renew it.
    pub rotate: Option<Rotation>,
    /// When it expires: RFC 3339, or a duration in Go's notation (`36h`; there is no `d`).
    pub expire: Option<String>,
}

impl NewSecret {
    /// A secret of the application's with a label.
    pub fn labelled(label: impl Into<String>, content: SecretContent) -> Self {
        Self {
            content,
            label: Some(label.into()),
            ..Self::default()
        }
    }

    /// The same, owned by this unit.
    #[must_use]
    pub fn owned_by_unit(self) -> Self {
        Self {
            owner: SecretOwner::Unit,
            ..self
        }
    }
}

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

#[derive(Debug, Default)]
pub(super) struct Session {
    contents: BTreeMap<(SecretId, SecretRevision), SecretContent>,
    labelled: BTreeMap<(String, SecretRevision), SecretContent>,
    added: BTreeSet<SecretId>,
    updates: BTreeMap<SecretId, SecretContent>,
    grants: Vec<(SecretId, RelationId)>,
    revocations: Vec<(SecretId, RelationId)>,
    removals: Vec<(SecretId, Option<u32>)>,
}

impl Session {
    pub(super) fn discard(&mut self) {
        self.updates.clear();
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

    /// Adds a secret. Its id exists at once, the secret itself when the hook has succeeded.
    pub fn secret_add(&self, secret: &NewSecret) -> Result<SecretId, ToolError> {
        let file = content_file("secret-add", &secret.content)?;
        let mut args = Vec::new();
        if let Some(label) = &secret.label {
            args.extend(["--label", label]);
        }
        if let Some(description) = &secret.description {
            args.extend(["--description", description]);
        }
        if secret.owner == SecretOwner::Unit {
            args.extend(["--owner", "unit"]);
        }
        if let Some(rotate) = secret.rotate {
            args.extend(["--rotate", rotate.as_str()]);
        }
        if let Some(expire) = &secret.expire {
            args.extend(["--expire", expire]);
        }
        let path = file.path().to_string_lossy();
        args.extend(["--file", &path]);
        let output = self.tools().run("secret-add", &args, None)?;
        let id: SecretId = String::from_utf8_lossy(&output)
            .parse()
            .map_err(|_| ToolError::malformed("secret-add", "its answer is not a secret id"))?;
        let mut session = self.session();
        for revision in [
            SecretRevision::Tracked,
            SecretRevision::Peek,
            SecretRevision::Refresh,
        ] {
            session
                .secret
                .contents
                .insert((id.clone(), revision), secret.content.clone());
            if let Some(label) = &secret.label {
                session
                    .secret
                    .labelled
                    .insert((label.clone(), revision), secret.content.clone());
            }
        }
        session.secret.added.insert(id.clone());
        Ok(id)
    }

    /// Gives a secret of ours this content when the hook ends, as one new revision, unless its
    /// newest revision already has it.
    pub fn secret_set(&self, id: &SecretId, content: SecretContent) {
        self.session().secret.updates.insert(id.clone(), content);
    }

    /// Lets the application on the other side read a secret of ours, for as long as the relation
    /// lasts. Takes effect when the hook ends, together with what is written to databags.
    pub fn secret_grant(&self, id: &SecretId, relation: &RelationId) {
        let mut session = self.session();
        let grant = (id.clone(), relation.clone());
        session.secret.revocations.retain(|known| *known != grant);
        if !session.secret.grants.contains(&grant) {
            session.secret.grants.push(grant);
        }
    }

    /// Takes the grant back.
    pub fn secret_revoke(&self, id: &SecretId, relation: &RelationId) {
        let mut session = self.session();
        let grant = (id.clone(), relation.clone());
        session.secret.grants.retain(|known| *known != grant);
        if !session.secret.revocations.contains(&grant) {
            session.secret.revocations.push(grant);
        }
    }

    /// Removes a secret of ours, or one revision of it.
    ///
    /// Answer `secret-remove` and `secret-expired` with it, or revisions pile up.
    pub fn secret_remove(&self, id: &SecretId, revision: Option<u32>) {
        self.session().secret.removals.push((id.clone(), revision));
    }

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

    /// Whether this hook has added a secret, which only a failed hook takes back.
    pub(crate) fn has_added_secrets(&self) -> bool {
        !self.session().secret.added.is_empty()
    }

    pub(crate) fn flush_secrets(&self) -> Result<(), ToolError> {
        let (updates, grants, revocations, removals) = {
            let session = &mut self.session().secret;
            (
                std::mem::take(&mut session.updates),
                std::mem::take(&mut session.grants),
                std::mem::take(&mut session.revocations),
                std::mem::take(&mut session.removals),
            )
        };
        for (id, content) in updates {
            self.update_secret(&id, content)?;
        }
        for (id, relation) in grants {
            self.call(
                "secret-grant",
                &[id.uri(), "--relation", relation.as_str()],
                None,
            )?;
        }
        for (id, relation) in revocations {
            self.call(
                "secret-revoke",
                &[id.uri(), "--relation", relation.as_str()],
                None,
            )?;
        }
        for (id, revision) in removals {
            match revision {
                None => self.call("secret-remove", &[id.uri()], None)?,
                Some(revision) => {
                    let revision = revision.to_string();
                    self.call("secret-remove", &[id.uri(), "--revision", &revision], None)?;
                }
            }
        }
        Ok(())
    }

    fn update_secret(&self, id: &SecretId, content: SecretContent) -> Result<(), ToolError> {
        let newest = {
            let session = self.session();
            let read = |revision| {
                session
                    .secret
                    .contents
                    .get(&(id.clone(), revision))
                    .cloned()
            };
            read(SecretRevision::Refresh).or_else(|| read(SecretRevision::Peek))
        };
        let newest = match newest {
            Some(newest) => newest,
            None => self.secret_get(id, SecretRevision::Peek)?,
        };
        if newest == content {
            return Ok(());
        }
        let file = content_file("secret-set", &content)?;
        self.call(
            "secret-set",
            &[id.uri(), "--file", &file.path().to_string_lossy()],
            None,
        )?;
        let mut session = self.session();
        session
            .secret
            .contents
            .insert((id.clone(), SecretRevision::Peek), content.clone());
        session
            .secret
            .contents
            .insert((id.clone(), SecretRevision::Refresh), content);
        Ok(())
    }
}

/// Writes a content where only its owner can read it. The file goes when the value is dropped.
fn content_file(tool: &str, content: &SecretContent) -> Result<NamedTempFile, ToolError> {
    if content.is_empty() {
        return Err(ToolError::refused(
            tool,
            "cannot store a secret without content",
        ));
    }
    if let Some((key, _)) = content.iter().find(|(key, _)| !is_secret_key(key)) {
        let rule = "three or more lower-case letters, digits and single hyphens, a letter first";
        return Err(ToolError::refused(
            tool,
            format!("cannot use {key:?} as a key: {rule}"),
        ));
    }
    let map: BTreeMap<&str, &str> = content
        .iter()
        .map(|(key, value)| (key, value.expose()))
        .collect();
    let write = || {
        let mut file = NamedTempFile::with_prefix("juju-secret-")?;
        file.write_all(&yaml_safe_json(&map))?;
        file.flush()?;
        Ok(file)
    };
    write().map_err(|e| ToolError::io(tool, "cannot hand over the content in a file", e))
}

/// Juju's rule for keys: `^[a-z](-?[a-z0-9]){2,}$`.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    let letters = bytes.iter().filter(|b| **b != b'-').count();
    bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && !key.contains("--")
        && !key.ends_with('-')
        && letters >= 3
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_follow_jujus_rule() {
        for key in ["key", "access-key", "a1b", "a-bc"] {
            assert!(is_secret_key(key), "{key:?}");
        }
        for key in [
            "", "ca", "a-b", "Key", "my_key", "1ab", "-abc", "abc-", "a--bc", "käy",
        ] {
            assert!(!is_secret_key(key), "{key:?}");
        }
    }

    #[test]
    fn a_content_is_handed_over_in_a_file_of_mode_600_that_goes_away() {
        let content = SecretContent::new().with("password", "hunter2");
        let file = content_file("secret-add", &content).unwrap();
        let path = file.path().to_owned();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            r#"{"password":"hunter2"}"#
        );
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn debug_shows_keys_but_no_values() {
        let content = SecretContent::new().with("password", "hunter2");
        assert_eq!(
            format!("{content:?}"),
            r#"SecretContent({"password": [redacted]})"#
        );
    }
}
