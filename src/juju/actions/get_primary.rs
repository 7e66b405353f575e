//! `get-primary`: the unit that accepts writes.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::observed::Seen;
use crate::domain::refusal::Refusal;
use crate::reconcile::World as _;
use crate::unit::{Unit, cluster_elsewhere};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let mut unit = Unit::new(juju)?;
    let cluster = match unit.observe()?.cluster {
        Seen::Known(cluster) => cluster,
        // A unit that is being made anew can still say who has the data.
        other => cluster_elsewhere(&unit)
            .ok_or_else(|| Refusal::ClusterUnreachable(other.why().to_owned()))?,
    };
    let primary = cluster
        .primary()
        .ok_or(Refusal::NotThePrimary { primary: None })?;
    juju.action_set("primary", primary.name.unit())?;
    Ok(())
}
