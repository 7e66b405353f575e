//! The settings that the recovery of a copy needs, which may be higher than those the copy comes with.
//!
//! The control file has those of the moment of the backup; the log may raise them later. A server that can be read from
//! stops there and waits, for ever if nobody helps. It has written the new values to the control file by then, so it is
//! started again with those.

use std::path::Path;

use super::major;
use crate::adapters::host::clock::Deadline;
use crate::adapters::postgres::control;
use crate::domain::backups::Requirements;
use crate::unit::Unit;

/// PostgreSQL's words for it, whether it gives up or waits.
const TOO_LOW: &str = "insufficient parameter settings";

/// Of the copy and of the database it replaces: what was raised since the backup is not run into then. Whatever keeps them
/// from being read is no reason not to try.
pub(super) fn needed(unit: &Unit<'_>, beside: &Path) -> Option<Requirements> {
    let copy = of(unit, beside)?;
    let here = major(unit).ok();
    let here = here.and_then(|major| of(unit, &unit.layout.data_dir(major)));
    let Some(here) = here else {
        return Some(copy);
    };
    let raised: Vec<String> = (copy.raised_from(here).iter())
        .map(ToString::to_string)
        .collect();
    if !raised.is_empty() {
        unit.tell(&format!("recovering with {}", raised.join(", ")));
    }
    Some(copy.and(here))
}

/// The settings of a data directory, as its control file has them.
pub(crate) fn of(unit: &Unit<'_>, data_dir: &Path) -> Option<Requirements> {
    let programs = unit.layout.programs(major(unit).ok()?);
    let deadline = Deadline::seconds(30);
    match control::read(&programs, data_dir, &unit.user, deadline) {
        Ok(control) => Some(control?.requirements),
        Err(error) => {
            tracing::warn!("{error}");
            None
        }
    }
}

/// Whether a server has met settings that are too low since it was started.
pub(super) fn are_too_low(log: &str) -> bool {
    log.contains(TOO_LOW)
}
