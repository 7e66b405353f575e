//! `recover-quorum`: go on with the units that are left when a majority of etcd's voters is lost for good.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::decide;
use crate::reconcile::{World as _, carry_out};
use crate::unit::Unit;

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let force = juju.action_params()?.boolean("force").unwrap_or(false);
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let (own, others) = unit.reaches();
    let plan = decide::quorum::plan(&seen, force, own, &others)?;
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    juju.action_set("primary", juju.context().unit.as_str())?;
    Ok(())
}
