//! `set-tls-private-key`: another private key for this unit's certificate.

use juju_charm::Juju;

use super::ActionError;
use crate::adapters::requests;
use crate::domain::decide;
use crate::domain::refusal::Refusal;
use crate::domain::tls::PrivateKey;
use crate::reconcile::{World as _, carry_out};
use crate::unit::Unit;

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    // An empty key is refused, not taken for none given.
    let key = match params.get("private-key").and_then(|value| value.as_str()) {
        Some(text) => PrivateKey::parse(text).map_err(Refusal::from)?,
        None => {
            requests::private_key().map_err(|error| crate::error::StepError::because(&error))?
        }
    };
    let fingerprint = key.fingerprint().to_owned();
    let mut unit = Unit::new(juju)?;
    let plan = decide::certificates::with_key(&unit.observe()?, key);
    let related = unit.view().tls.related;
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    juju.action_set("public-key-sha256", fingerprint)?;
    juju.action_set(
        "certificate",
        if related {
            "requested"
        } else {
            "will be requested when certificates is related"
        },
    )?;
    Ok(())
}
