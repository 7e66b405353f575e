//! `promote-to-primary`: this unit takes the lead over, or takes it when nobody has it.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::decide;
use crate::reconcile::{World as _, carry_out};
use crate::unit::Unit;

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let scope = params.string("scope").unwrap_or_default().to_owned();
    let force = params.boolean("force").unwrap_or(false);
    decide::promote::scope(&scope)?;
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let plan = decide::promote::plan(&seen, force, || unit.reaches())?;
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    Ok(())
}
