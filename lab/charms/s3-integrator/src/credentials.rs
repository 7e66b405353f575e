//! Where the credentials come from: a secret of the operator's, or one that the charm keeps.

use juju_charm::{
    Juju, NewSecret, Redacted, SecretContent, SecretId, SecretRevision, ToolError, ToolErrorKind,
};

/// Label of the secret that keeps what the action `sync-s3-credentials` was given.
const KEPT: &str = "s3-credentials.synced";

pub(crate) const ACCESS_KEY: &str = "access-key";
pub(crate) const SECRET_KEY: &str = "secret-key";

/// What is known about the credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// There they are.
    Ready(Keys),
    /// Nobody gave any.
    Absent,
    /// They exist but cannot be read now, for this reason. Not the same as absent: what was
    /// published stays.
    Unreadable(String),
}

/// The two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Name of the key.
    pub access_key: String,
    /// The key itself.
    pub secret_key: Redacted,
}

impl Keys {
    pub(crate) fn content(&self) -> SecretContent {
        SecretContent::new()
            .with(ACCESS_KEY, self.access_key.as_str())
            .with(SECRET_KEY, self.secret_key.clone())
    }

    fn from_content(content: &SecretContent) -> Result<Self, String> {
        let value = |key| content.get(key).filter(|value| !value.is_empty());
        match (value(ACCESS_KEY), value(SECRET_KEY)) {
            (Some(access_key), Some(secret_key)) => Ok(Self {
                access_key: access_key.expose().to_owned(),
                secret_key: secret_key.clone(),
            }),
            (access_key, secret_key) => {
                let missing = [(access_key, ACCESS_KEY), (secret_key, SECRET_KEY)]
                    .into_iter()
                    .filter_map(|(value, key)| value.is_none().then_some(key));
                Err(missing.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Reads the newest credentials.
pub(crate) fn read(juju: &Juju) -> Result<Credentials, ToolError> {
    if let Some(id) = juju.config()?.secret("credentials") {
        return read_operators(juju, &id);
    }
    let kept = juju.secret_by_label(KEPT, SecretRevision::Refresh)?;
    let keys = kept.and_then(|content| Keys::from_content(&content).ok());
    Ok(keys.map_or(Credentials::Absent, Credentials::Ready))
}

fn read_operators(juju: &Juju, id: &SecretId) -> Result<Credentials, ToolError> {
    let content = match juju.secret_get(id, SecretRevision::Refresh) {
        Ok(content) => content,
        Err(error) => {
            let app = juju.context().application();
            let why = match error.kind() {
                ToolErrorKind::PermissionDenied => {
                    format!("Secret {id} is not granted: run juju grant-secret {id} {app}")
                }
                ToolErrorKind::NotFound => format!("Secret {id} does not exist or is not granted"),
                _ => return Err(error),
            };
            return Ok(Credentials::Unreadable(why));
        }
    };
    Ok(match Keys::from_content(&content) {
        Ok(keys) => Credentials::Ready(keys),
        Err(missing) => Credentials::Unreadable(format!("Secret {id} has no {missing}")),
    })
}

/// Keeps credentials in a secret of the application's. Only for the leader.
pub(crate) fn keep(juju: &Juju, keys: &Keys) -> Result<(), ToolError> {
    match juju.secret_info_by_label(KEPT)? {
        Some(kept) => juju.secret_set(&kept.id, keys.content()),
        None => {
            juju.secret_add(&NewSecret::labelled(KEPT, keys.content()))?;
        }
    }
    Ok(())
}
