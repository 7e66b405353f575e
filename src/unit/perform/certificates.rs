//! Certificates: asked for and kept.

use crate::adapters::host::clock;
use crate::adapters::requests;
use crate::domain::observed::Written;
use crate::domain::tls::{Material, Names, PrivateKey};
use crate::error::StepError;
use crate::juju::certificates;
use crate::unit::{Unit, because};

pub(super) fn request(
    unit: &mut Unit<'_>,
    names: &Names,
    key: Option<&PrivateKey>,
) -> Result<(), StepError> {
    let relation = certificates::relation(unit.juju)
        .map_err(because)?
        .ok_or_else(|| StepError::expected("there is no relation certificates any more", ""))?;
    let kept = || certificates::key(unit.juju).map_err(because);
    let key = match key.cloned().map_or_else(kept, |key| Ok(Some(key)))? {
        Some(key) => key,
        None => requests::private_key().map_err(because)?,
    };
    let request = requests::request(&key, names, rand::random()).map_err(because)?;
    certificates::send(unit.juju, &relation, &key, &request, clock::now()).map_err(because)?;
    unit.view.written.insert(Written::CertificateRequest);
    Ok(())
}

pub(super) fn keep_key(unit: &Unit<'_>, key: &PrivateKey) -> Result<(), StepError> {
    certificates::keep_key(unit.juju, key).map_err(because)
}

pub(super) fn keep(unit: &mut Unit<'_>, material: &Material) -> Result<(), StepError> {
    certificates::keep_material(unit.juju, material).map_err(because)?;
    unit.view.written.insert(Written::Certificate);
    Ok(())
}
