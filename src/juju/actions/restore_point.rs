//! `create-restore-point`: a name for a point in the write-ahead log.

use juju_charm::Juju;

use super::ActionError;
use crate::adapters::host::clock::Deadline;
use crate::domain::backups::target;
use crate::domain::decide;
use crate::domain::refusal::Refusal;
use crate::domain::words::RestorePoint;
use crate::reconcile::World as _;
use crate::unit::{Unit, because};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let given = params.string("name").unwrap_or_default().to_owned();
    let point: RestorePoint = given.parse().map_err(|why| {
        Refusal::from(target::Refusal::BadName {
            given: given.chars().take(60).collect(),
            why,
        })
    })?;
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    decide::restore::point(&seen)?;
    let mut database = unit.database(Deadline::seconds(30)).map_err(because)?;
    let lsn = database
        .create_restore_point(point.as_str())
        .map_err(because)?;
    let timeline = database.position().map_err(because)?.timeline;
    // Only what has left the segment can be gone back to.
    let segment = database.switch_wal().map_err(because)?;
    juju.action_set("restore-point", point.to_string())?;
    juju.action_set("lsn", lsn.to_string())?;
    juju.action_set("timeline", timeline.to_string())?;
    juju.action_set("wal", segment.to_string())?;
    Ok(())
}
