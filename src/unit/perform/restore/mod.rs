//! A restore: fetched beside the data directory, recovered behind closed doors, re-keyed, and only then put in place.
//!
//! One file a phase: `fetch`, `recover`, `rekey`, `place` on this unit; `members` and `rebuild` for the others. `copy` is the
//! database beside, `aim` where its recovery ends.

mod aim;
mod copy;
mod fetch;
mod foreign;
mod members;
mod place;
mod rebuild;
mod recover;
mod rekey;
mod settings;
mod stranger;

pub(crate) use copy::progress as progress_of_recovery;
pub(super) use copy::stop_beside;
pub(crate) use fetch::job_of;
pub(super) use fetch::{beside, stop_fetch};
pub(super) use members::{hold, publish, release, reopen, take_lead};
pub(super) use place::{exchange, keep_again, move_kept_beside, remove_beside, remove_kept};
pub(super) use rebuild::{replicas, this_replica};
pub(super) use recover::{prove_timeline, recover};
pub(super) use rekey::rekey;
pub(crate) use settings::of as settings_of;
pub(crate) use stranger::is_stranger;
pub(super) use stranger::remove_stranger;

use crate::adapters::host::clock::Deadline;
use crate::adapters::pgbackrest::PgBackRest;
use crate::domain::observed::{Packages, RestorePhase, RestoreRecord, Source};
use crate::error::StepError;
use crate::unit::{Unit, because, programs, records};

fn major(unit: &Unit<'_>) -> Result<u32, StepError> {
    match programs::look(unit, None)? {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => Ok(major),
    }
}

/// pgBackRest with the repository that a restore reads from.
fn pgbackrest_of(unit: &Unit<'_>, record: &RestoreRecord) -> PgBackRest {
    match record.source {
        Source::Foreign => unit.foreign_pgbackrest(),
        Source::Backup | Source::Kept => unit.pgbackrest(),
    }
}

pub(super) fn record(unit: &Unit<'_>, record: &RestoreRecord) -> Result<(), StepError> {
    records::write(&unit.layout.restore_record(), record).map_err(because)
}

/// What fails before the copy was proved is written down, so that the next look goes back and not on.
///
/// That work goes on in a service of its own is no failure.
pub(super) fn or_back(
    unit: &Unit<'_>,
    of: &RestoreRecord,
    done: Result<(), StepError>,
) -> Result<(), StepError> {
    match done {
        Err(error) if of.phase == RestorePhase::Beside && !error.is_remembered() => {
            record(
                unit,
                &RestoreRecord {
                    phase: RestorePhase::Back,
                    ..of.clone()
                },
            )?;
            Err(error.remembered())
        }
        done => done,
    }
}

/// The restore has ended. What the copy could not archive while it was closed is no failure of archiving.
pub(super) fn forget(unit: &Unit<'_>) -> Result<(), StepError> {
    let forgotten = unit
        .database(Deadline::seconds(10))
        .and_then(|mut database| database.execute("SELECT pg_stat_reset_shared('archiver')"));
    if let Err(error) = forgotten {
        tracing::debug!("cannot reset the statistics of archiving: {error}");
    }
    records::forget(&unit.layout.rebuilding_record()).map_err(because)?;
    records::forget(&unit.layout.restore_record()).map_err(because)
}
