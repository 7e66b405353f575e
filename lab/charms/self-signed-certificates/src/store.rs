//! The authority in secrets of the application.

use juju_charm::{Juju, NewSecret, SecretContent, SecretRevision, ToolError};
use time::Duration;

use crate::CharmFailure;
use crate::authority::Authority;
use crate::settings::Settings;

/// Label of the secret with the authority that signs.
pub(crate) const ACTIVE: &str = "active-ca-certificates";
/// Label of the secret with the authority that signed before, until what it signed has expired.
pub(crate) const EXPIRING: &str = "expiring-ca-certificates";

const PRIVATE_KEY: &str = "private-key";
const CERTIFICATE: &str = "ca-certificate";

/// The authority that signs.
pub(crate) fn active(juju: &Juju) -> Result<Option<Authority>, CharmFailure> {
    let Some(content) = juju.secret_by_label(ACTIVE, SecretRevision::Refresh)? else {
        return Ok(None);
    };
    let damaged = |cause: String| CharmFailure::Kept {
        label: ACTIVE,
        cause,
    };
    let (Some(certificate), Some(key)) = (content.get(CERTIFICATE), content.get(PRIVATE_KEY))
    else {
        return Err(damaged("it is not complete".to_owned()));
    };
    Authority::read(certificate.expose(), key)
        .map(Some)
        .map_err(damaged)
}

/// The certificate of the authority that signed before.
pub(crate) fn expiring(juju: &Juju) -> Result<Option<String>, ToolError> {
    let content = juju.secret_by_label(EXPIRING, SecretRevision::Refresh)?;
    let certificate = content.and_then(|content| content.get(CERTIFICATE).cloned());
    Ok(certificate.map(|certificate| certificate.expose().to_owned()))
}

/// Keeps an authority, and forgets all others.
pub(crate) fn replace(
    juju: &Juju,
    settings: &Settings,
    authority: &Authority,
) -> Result<(), ToolError> {
    if let Some(secret) = juju.secret_info_by_label(EXPIRING)? {
        juju.secret_remove(&secret.id, None);
    }
    keep(juju, ACTIVE, authority, settings.signing_time())
}

/// Keeps an authority, and its predecessor for as long as what that signed may be in use.
pub(crate) fn renew(
    juju: &Juju,
    settings: &Settings,
    before: &Authority,
    authority: &Authority,
) -> Result<(), ToolError> {
    keep(juju, EXPIRING, before, settings.validity)?;
    keep(juju, ACTIVE, authority, settings.signing_time())
}

fn keep(
    juju: &Juju,
    label: &str,
    authority: &Authority,
    expire: Duration,
) -> Result<(), ToolError> {
    let content = SecretContent::new()
        .with(PRIVATE_KEY, authority.private_key.clone())
        .with(CERTIFICATE, authority.certificate.as_str());
    let expire = format!("{}s", expire.whole_seconds());
    if let Some(secret) = juju.secret_info_by_label(label)? {
        juju.secret_set_expiring(&secret.id, content, expire);
    } else {
        let secret = NewSecret {
            expire: Some(expire),
            ..NewSecret::labelled(label, content)
        };
        juju.secret_add(&secret)?;
    }
    Ok(())
}
