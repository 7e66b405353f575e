//! A replica whose data is of another database than the cluster's, since that was restored from another cluster's backups.

use super::major;
use super::members::{last, note};
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::postgres::control;
use crate::error::StepError;
use crate::unit::perform::cluster;
use crate::unit::{QUESTION, Unit, because, records};

/// Whether this unit's data is of another database than the one the cluster has moved on with.
///
/// The difference alone is not enough: a data directory that somebody put there by mistake may be the only one of its kind.
pub(crate) fn is_stranger(unit: &Unit<'_>) -> Result<bool, StepError> {
    let major = major(unit)?;
    let (programs, data) = (unit.layout.programs(major), unit.layout.data_dir(major));
    let control = control::read(&programs, &data, &unit.user, Deadline::after(QUESTION));
    let (Some(own), Some(named)) = (
        control.map_err(because)?.map(|it| it.system_identifier),
        cluster::named_database(unit)?,
    ) else {
        return Ok(false);
    };
    if own == named {
        return Ok(false);
    }
    Ok(last(unit)?.is_some_and(|restored| restored.moved.is_some()))
}

/// Patroni copies the primary's when it finds none.
pub(in crate::unit::perform) fn remove_stranger(unit: &Unit<'_>) -> Result<(), StepError> {
    if !is_stranger(unit)? {
        return Ok(());
    }
    let data = unit.layout.data_dir(major(unit)?);
    files::remove_tree(&data, &unit.layout.volume()).map_err(because)?;
    note(unit, |it| {
        it.stale.remove(&unit.view.member);
    })?;
    records::forget(&unit.layout.rebuilding_record()).map_err(because)
}
