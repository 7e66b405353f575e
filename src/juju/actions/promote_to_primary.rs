//! `promote-to-primary`: this unit takes the lead over.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::decide;
use crate::reconcile::{World as _, carry_out};
use crate::unit::Unit;

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let scope = params.string("scope").unwrap_or_default().to_owned();
    let force = params.boolean("force").unwrap_or(false);
    decide::promote::scope(&scope, force)?;
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let plan = decide::promote::plan(&seen)?;
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    Ok(())
}
