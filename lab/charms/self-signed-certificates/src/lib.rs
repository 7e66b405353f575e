//! A certificate authority that signs what related applications ask for.
//!
//! Every event does the same: read the options, see to it that there is an authority that fits them, hand its
//! certificate on, and sign the requests that have no certificate in force. What was issued is nowhere but in the
//! databags.

mod actions;
mod authority;
mod certificates;
mod der;
mod refusal;
mod request;
mod settings;
mod store;
mod transfer;

use juju_charm::{Event, Juju, Status, ToolError};
use time::OffsetDateTime;

use authority::Authority;
use settings::Settings;

/// Why the charm could not do its work; Juju tries again.
#[derive(Debug, thiserror::Error)]
pub enum CharmFailure {
    /// Juju refused something.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A key or a certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The authority that is kept is damaged.
    #[error("cannot use the authority in the secret {label}: {cause}")]
    Kept {
        /// Label of the secret.
        label: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

/// What the charm does for any event.
pub fn charm(event: &Event, juju: &Juju) -> Result<(), CharmFailure> {
    charm_at(event, juju, OffsetDateTime::now_utc())
}

/// The same at another time.
pub fn charm_at(event: &Event, juju: &Juju, now: OffsetDateTime) -> Result<(), CharmFailure> {
    // Certificates know whole seconds only.
    let now = now.replace_nanosecond(0).unwrap_or(now);
    match event {
        Event::Action(action) => actions::run(&action.name, juju, now),
        Event::SecretRemove(secret) => {
            juju.secret_remove(&secret.id, secret.revision);
            Ok(())
        }
        _ => reconcile(event, juju, now),
    }
}

fn reconcile(event: &Event, juju: &Juju, now: OffsetDateTime) -> Result<(), CharmFailure> {
    let settings = match Settings::from_config(&juju.config()?) {
        Ok(settings) => settings,
        Err(options) => {
            let text = format!("The following configuration values are not valid: {options:?}");
            return Ok(juju.status_set(&Status::blocked(text))?);
        }
    };
    if juju.is_leader()? {
        serve(event, juju, &settings, now)?;
    }
    Ok(juju.status_set(&Status::active(""))?)
}

fn serve(
    event: &Event,
    juju: &Juju,
    settings: &Settings,
    now: OffsetDateTime,
) -> Result<(), CharmFailure> {
    let expired = match event {
        Event::SecretExpired(secret) => Some(secret),
        _ => None,
    };
    let expired_is = |label| expired.filter(|secret| secret.label.as_deref() == Some(label));
    let Some(kept) = store::active(juju)? else {
        let first = Authority::make(settings, now)?;
        store::replace(juju, settings, &first)?;
        return provide(juju, settings, &first, None, now);
    };
    if !kept.fits(settings) {
        let anew = Authority::make(settings, now)?;
        certificates::revoke_all(juju)?;
        store::replace(juju, settings, &anew)?;
        // Who has a certificate learns first that it counts no more; the next event signs again.
        return Ok(transfer::publish(juju, settings, &[&anew.certificate])?);
    }
    // The secret expires when the authority would not outlive a certificate it signs now. The event may come late,
    // so the clock counts, too.
    if expired_is(store::ACTIVE).is_some() || kept.renew_at(settings) <= now {
        let renewed = Authority::make(settings, now)?;
        store::renew(juju, settings, &kept, &renewed)?;
        if let Some(secret) = expired {
            juju.secret_remove(&secret.id, secret.revision);
        }
        return provide(juju, settings, &renewed, Some(&kept.certificate), now);
    }
    if let Some(secret) = expired_is(store::EXPIRING) {
        juju.secret_remove(&secret.id, None);
        return provide(juju, settings, &kept, None, now);
    }
    let before = store::expiring(juju)?;
    provide(juju, settings, &kept, before.as_deref(), now)
}

/// Hands the authority on and signs with it; `before` is the one that signed before.
fn provide(
    juju: &Juju,
    settings: &Settings,
    authority: &Authority,
    before: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), CharmFailure> {
    let mut trusted = vec![authority.certificate.as_str()];
    trusted.extend(before);
    transfer::publish(juju, settings, &trusted)?;
    certificates::issue_outstanding(juju, settings, authority, now)
}
