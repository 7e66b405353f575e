//! Adding, changing, granting and removing secrets.

use super::content::content_file;
use super::{SecretContent, SecretRevision};
use crate::tools::ToolError;
use crate::{Juju, RelationId, SecretId};

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

impl Juju {
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
        let session = &mut self.session().secret;
        session.expiries.remove(id);
        session.updates.insert(id.clone(), content);
    }

    /// The same, with a new revision that expires then: RFC 3339, or a duration in Go's notation
    /// (`36h`; there is no `d`). Without a new revision the expiry stays, too.
    pub fn secret_set_expiring(
        &self,
        id: &SecretId,
        content: SecretContent,
        expire: impl Into<String>,
    ) {
        let session = &mut self.session().secret;
        session.expiries.insert(id.clone(), expire.into());
        session.updates.insert(id.clone(), content);
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

    /// Whether this hook has added a secret, which only a failed hook takes back.
    pub(crate) fn has_added_secrets(&self) -> bool {
        !self.session().secret.added.is_empty()
    }

    pub(crate) fn flush_secrets(&self) -> Result<(), ToolError> {
        let (updates, mut expiries, grants, revocations, removals) = {
            let session = &mut self.session().secret;
            (
                std::mem::take(&mut session.updates),
                std::mem::take(&mut session.expiries),
                std::mem::take(&mut session.grants),
                std::mem::take(&mut session.revocations),
                std::mem::take(&mut session.removals),
            )
        };
        for (id, content) in updates {
            let expire = expiries.remove(&id);
            self.update_secret(&id, content, expire.as_deref())?;
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

    fn update_secret(
        &self,
        id: &SecretId,
        content: SecretContent,
        expire: Option<&str>,
    ) -> Result<(), ToolError> {
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
        let path = file.path().to_string_lossy();
        let mut args = vec![id.uri()];
        if let Some(expire) = expire {
            args.extend(["--expire", expire]);
        }
        args.extend(["--file", &path]);
        self.call("secret-set", &args, None)?;
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
