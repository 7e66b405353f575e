//! `set-password`: another password for a system user.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::decide;
use crate::domain::passwords::Setting;
use crate::reconcile::{World as _, carry_out, reconcile};
use crate::unit::{Unit, random_byte};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let (user, new) = match decide::passwords::asked(
        &seen,
        params.string("username"),
        params.string("password"),
        random_byte,
    )? {
        Setting::Change { user, password } => (user, password),
        Setting::Unchanged(user) => {
            tracing::info!("{user} has this password already");
            let given = params.string("password").unwrap_or_default();
            juju.action_set("password", given)?;
            return Ok(());
        }
    };
    {
        let plan = decide::passwords::set(&seen, user, &new)?;
        unit.announce(&plan);
        if let Err(error) = carry_out(&mut unit, &plan) {
            // The recorded password is given back at once.
            let _ = reconcile(&mut unit);
            return Err(error.into());
        }
    }
    juju.action_set("password", new.expose())?;
    Ok(())
}
