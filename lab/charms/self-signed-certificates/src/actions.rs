//! The actions.

use juju_charm::Juju;
use serde_json::json;
use time::OffsetDateTime;

use crate::CharmFailure;
use crate::authority::Authority;
use crate::settings::Settings;
use crate::{certificates, store, transfer};

/// Runs the action with this name.
pub(crate) fn run(action: &str, juju: &Juju, now: OffsetDateTime) -> Result<(), CharmFailure> {
    match action {
        "get-ca-certificate" => get_ca_certificate(juju),
        "get-issued-certificates" => get_issued_certificates(juju),
        "rotate-private-key" => rotate_private_key(juju, now),
        "rotate-ca" => rotate_ca(juju, now),
        "revoke" => revoke(juju),
        _ => {
            juju.action_fail(format!("there is no action {action:?}"));
            Ok(())
        }
    }
}

fn get_ca_certificate(juju: &Juju) -> Result<(), CharmFailure> {
    match store::active(juju)? {
        Some(authority) => juju.action_set("ca-certificate", authority.certificate)?,
        None => juju.action_fail("There is no authority yet."),
    }
    Ok(())
}

fn get_issued_certificates(juju: &Juju) -> Result<(), CharmFailure> {
    if !leads(juju)? {
        return Ok(());
    }
    let issued = certificates::in_force(juju)?;
    if issued.is_empty() {
        juju.action_fail("No certificates are in force.");
    } else {
        // A list of texts, as on Charmhub.
        let items: Vec<String> = issued.iter().map(|item| json!(item).to_string()).collect();
        juju.action_set_large("certificates", &json!(items).to_string())?;
    }
    Ok(())
}

fn rotate_private_key(juju: &Juju, now: OffsetDateTime) -> Result<(), CharmFailure> {
    let Some(settings) = leading_with_settings(juju)? else {
        return Ok(());
    };
    let authority = Authority::make(&settings, now)?;
    certificates::revoke_all(juju)?;
    store::replace(juju, &settings, &authority)?;
    transfer::publish(juju, &settings, &[&authority.certificate])?;
    Ok(juju.action_set(
        "result",
        "A new key and a new authority are in use; all certificates are revoked.",
    )?)
}

fn rotate_ca(juju: &Juju, now: OffsetDateTime) -> Result<(), CharmFailure> {
    let Some(settings) = leading_with_settings(juju)? else {
        return Ok(());
    };
    let authority = Authority::make(&settings, now)?;
    let mut trusted = vec![authority.certificate.clone()];
    if let Some(before) = store::active(juju)? {
        store::renew(juju, &settings, &before, &authority)?;
        trusted.push(before.certificate);
    } else {
        store::replace(juju, &settings, &authority)?;
    }
    let trusted: Vec<&str> = trusted.iter().map(String::as_str).collect();
    transfer::publish(juju, &settings, &trusted)?;
    let count = certificates::issue_all(juju, &settings, &authority, now)?;
    Ok(juju.action_set("issued", count.to_string())?)
}

fn revoke(juju: &Juju) -> Result<(), CharmFailure> {
    if !leads(juju)? {
        return Ok(());
    }
    let params = juju.action_params()?;
    let requirer = params.string("requirer").unwrap_or_default();
    match certificates::revoke_of(juju, requirer)? {
        0 => juju.action_fail(format!("{requirer:?} has no certificate in force.")),
        count => juju.action_set("revoked", count.to_string())?,
    }
    Ok(())
}

fn leads(juju: &Juju) -> Result<bool, CharmFailure> {
    let leads = juju.is_leader()?;
    if !leads {
        juju.action_fail("This action can be run only on the leader unit.");
    }
    Ok(leads)
}

fn leading_with_settings(juju: &Juju) -> Result<Option<Settings>, CharmFailure> {
    if !leads(juju)? {
        return Ok(None);
    }
    match Settings::from_config(&juju.config()?) {
        Ok(settings) => Ok(Some(settings)),
        Err(options) => {
            juju.action_fail(format!(
                "These options are not valid: {}",
                options.join(", ")
            ));
            Ok(None)
        }
    }
}
