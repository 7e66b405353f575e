//! `get-password`: the password of a system user, from the application's secret.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::observed::Passwords;
use crate::domain::passwords::{self, Holder};
use crate::domain::refusal::Refusal;
use crate::juju;

/// Three hook tools: the parameters, the secret, the result.
pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let asked = passwords::readable(params.string("username")).map_err(Refusal::from)?;
    let Passwords::Known { users, patroni, .. } = juju::passwords::read(juju)? else {
        return Err(Refusal::NoPasswords.into());
    };
    let password = match asked {
        Holder::Database(user) => users.get(&user).ok_or(Refusal::NoPasswords)?,
        Holder::Patroni => &patroni,
    };
    juju.action_set("password", password.expose())?;
    Ok(())
}
