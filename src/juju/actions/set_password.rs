//! `set-password`: another password for a system user.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::decide;
use crate::domain::passwords::Setting;
use crate::domain::words::{Secret, SystemUser};
use crate::reconcile::{World as _, carry_out, reconcile};
use crate::unit::{Unit, random_byte};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    // An empty password is refused, not taken for none given.
    let given = params.get("password").and_then(|value| value.as_str());
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let password =
        match decide::passwords::asked(&seen, params.string("username"), given, random_byte)? {
            Setting::Change { user, password } => {
                change(&mut unit, user, &password)?;
                password
            }
            Setting::Unchanged(user) => {
                tracing::info!("{user} has this password already");
                Secret::new(given.unwrap_or_default())
            }
        };
    juju.action_set("password", password.expose())?;
    Ok(())
}

fn change(unit: &mut Unit<'_>, user: SystemUser, new: &Secret) -> Result<(), ActionError> {
    let plan = decide::passwords::set(&unit.observe()?, user, new)?;
    unit.announce(&plan);
    carry_out(unit, &plan).map_err(|error| {
        // The recorded password is given back at once.
        if let Err(also) = reconcile(unit) {
            tracing::error!("{also}");
        }
        error.into()
    })
}
