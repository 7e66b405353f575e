//! `get-primary`: the unit that accepts writes.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::observed::Seen;
use crate::domain::refusal::Refusal;
use crate::reconcile::World as _;
use crate::unit::Unit;

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let seen = Unit::new(juju)?.observe()?;
    let cluster = match &seen.cluster {
        Seen::Known(cluster) => cluster,
        other => return Err(Refusal::ClusterUnreachable(other.why().to_owned()).into()),
    };
    let primary = cluster
        .primary()
        .ok_or(Refusal::NotThePrimary { primary: None })?;
    juju.action_set("primary", primary.name.unit())?;
    Ok(())
}
