//! `take-over-repository`: archive where another cluster does, and shut that one out.

use juju_charm::Juju;

use super::ActionError;
use crate::domain::backups::ownership::stanza_of_another;
use crate::domain::decide::repository;
use crate::juju::publish;
use crate::reconcile::{World as _, carry_out, reconcile};
use crate::unit::{Unit, look_at_repository, us};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let force = juju.action_params()?.boolean("force").unwrap_or(false);
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let store = seen.juju.object_storage.needed()?;
    let us = us(&unit)?;
    let found = look_at_repository(store)?;
    let epoch = found.record.as_ref().map(|record| record.epoch);
    let taken = stanza_of_another(&found.stanzas, &us).is_some();
    let plan = repository::take_over(&seen, &found.owner(&us), epoch, taken, force)?;
    unit.announce(&plan);
    carry_out(&mut unit, &plan)?;
    let outcome = reconcile(&mut unit)?;
    publish::outcome(juju, &outcome)?;
    juju.action_set("repository", format!("{}{}", store.bucket, store.path))?;
    juju.action_set(
        "epoch",
        epoch.map_or(1, |epoch| epoch.saturating_add(1)).to_string(),
    )?;
    Ok(())
}
