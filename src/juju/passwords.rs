//! The application secret with the passwords of the system users.

use std::collections::BTreeMap;

use juju_charm::{Juju, NewSecret, SecretContent, SecretRevision, ToolError};

use crate::domain::observed::Passwords;
use crate::domain::words::{Secret, SystemUser};

/// The key of the password of Patroni's REST interface.
pub const PATRONI: &str = "patroni-password";
/// The key of etcd's password.
pub const ETCD: &str = "etcd-password";

/// The label by which every unit finds the secret: the incumbent's.
pub fn label(application: &str) -> String {
    format!("{}.{application}.app", super::PEERS)
}

/// Reads the newest revision. A field holding `None` was deleted, as the incumbent does it.
///
/// # Errors
///
/// A secret that may not be read is an error and never "absent".
pub fn read(juju: &Juju) -> Result<Passwords, ToolError> {
    let label = label(juju.context().application());
    let Some(content) = juju.secret_by_label(&label, SecretRevision::Refresh)? else {
        return Ok(Passwords::Absent);
    };
    Ok(from_content(&content))
}

/// Incomplete content counts as absent: the leader then adds what is missing.
fn from_content(content: &SecretContent) -> Passwords {
    let field = |key: &str| {
        let value = content.get(key)?.expose();
        (!value.is_empty() && value != "None").then(|| Secret::new(value))
    };
    let users: Option<BTreeMap<SystemUser, Secret>> = SystemUser::ALL
        .into_iter()
        .map(|user| Some((user, field(&user.secret_key())?)))
        .collect();
    match (users, field(PATRONI), field(ETCD)) {
        (Some(users), Some(patroni), Some(etcd)) => Passwords::Known {
            users,
            patroni,
            etcd,
        },
        _ => Passwords::Absent,
    }
}

/// Makes the secret, or fills in what is missing, with what `generate` gives.
///
/// # Errors
///
/// When Juju refuses.
pub fn make(juju: &Juju, mut generate: impl FnMut() -> Secret) -> Result<(), ToolError> {
    let label = label(juju.context().application());
    let existing = juju.secret_by_label(&label, SecretRevision::Peek)?;
    let mut content = existing.clone().unwrap_or_default();
    let keys = SystemUser::ALL.into_iter().map(SystemUser::secret_key);
    for key in keys.chain([PATRONI.to_owned(), ETCD.to_owned()]) {
        let present = content
            .get(&key)
            .is_some_and(|value| !value.is_empty() && value.expose() != "None");
        if !present {
            content.insert(key, generate().expose().to_owned());
        }
    }
    match existing {
        None => {
            juju.secret_add(&NewSecret::labelled(label, content))?;
        }
        Some(_) => replace(juju, &label, content)?,
    }
    Ok(())
}

/// Stores one password, as a new revision that is committed when the dispatch ends well.
///
/// # Errors
///
/// When Juju refuses, or there is no secret.
pub fn store(juju: &Juju, user: SystemUser, password: &Secret) -> Result<(), ToolError> {
    let label = label(juju.context().application());
    let mut content = juju
        .secret_by_label(&label, SecretRevision::Peek)?
        .unwrap_or_default();
    content.insert(user.secret_key(), password.expose().to_owned());
    replace(juju, &label, content)
}

fn replace(juju: &Juju, label: &str, content: SecretContent) -> Result<(), ToolError> {
    match juju.secret_info_by_label(label)? {
        Some(info) => juju.secret_set(&info.id, content),
        None => {
            juju.secret_add(&NewSecret::labelled(label, content))?;
        }
    }
    Ok(())
}
