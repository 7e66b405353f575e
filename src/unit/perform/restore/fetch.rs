//! The download of a backup: a job that outlives whoever asked for it.

use std::path::PathBuf;
use std::time::Duration;

use super::{major, pgbackrest_of};
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::pgbackrest::Command;
use crate::adapters::pgbackrest::command::Restore;
use crate::domain::backups::target::Target;
use crate::domain::observed::{RestoreRecord, Source};
use crate::error::StepError;
use crate::job::{self, Job, Spec};
use crate::unit::perform::progress::Progress;
use crate::unit::{Unit, because};

/// Restores of terabytes take hours; a restore that makes no end at all is ended by its operator.
const FETCH: Duration = Duration::from_hours(72);

/// The name of a restore's job.
pub(crate) fn job_of(id: &str) -> String {
    format!("restore-{id}")
}

pub(in crate::unit::perform) fn beside(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let Some(target) = &record.target else {
        return Err(StepError::expected("the restore has no target", ""));
    };
    let jobs = unit.layout.jobs();
    let job = Job::named(&jobs, &job_of(&record.id));
    match job.end()? {
        Some(end) if end.code == Some(0) => return Ok(()),
        Some(_) => return Err(failed(&job)),
        None if job.is_alive()? => {}
        // It was never begun, or its machine went down with it.
        None => begin(unit, record, target, &job)?,
    }
    if !unit.stays {
        // A hook does not stay for it.
        return Err(StepError::expected("the backup is being fetched", "").remembered());
    }
    let mut progress = Progress::of(unit, "fetched");
    let end = job.follow(Deadline::after(FETCH), &mut |line| progress.line(line))?;
    if end.code == Some(0) {
        Ok(())
    } else {
        Err(failed(&job))
    }
}

fn failed(job: &Job) -> StepError {
    let said = job.last_error().ok().flatten();
    let said = said.unwrap_or_else(|| "pgbackrest was killed".to_owned());
    StepError::expected(format!("the backup could not be fetched: {said}"), "")
}

fn begin(
    unit: &Unit<'_>,
    record: &RestoreRecord,
    target: &Target,
    job: &Job,
) -> Result<(), StepError> {
    let major = major(unit)?;
    job::forget_old(&unit.layout.jobs())?;
    let beside = unit.layout.restoring_dir(major);
    files::remove_tree(&beside, &unit.layout.volume()).map_err(because)?;
    let owner = files::Owner::Workload(&unit.user);
    files::make_dir(&beside, 0o700, owner).map_err(because)?;
    let spec = Spec {
        description: format!("restore of {target}"),
        command: pgbackrest_of(unit, record).argv(&command(unit, major, record, target)),
    };
    job.start(&spec, &unit.charm_dir, &unit.user)
}

fn command(unit: &Unit<'_>, major: u32, record: &RestoreRecord, target: &Target) -> Command {
    let beside = unit.layout.restoring_dir(major);
    Command::Restore(Restore {
        // Tablespaces would otherwise be written over those of the database that is still there.
        tablespace_map_all: Some(tablespaces(unit, major, record)),
        ..Restore::of(record.stanza.clone(), target, beside)
    })
}

/// Where the tablespaces of a restored copy lie.
pub(super) fn tablespaces(unit: &Unit<'_>, major: u32, record: &RestoreRecord) -> PathBuf {
    unit.layout
        .version_dir(major)
        .join(format!("tablespaces-{}", record.id))
}

/// Ends the download; what it has fetched so far goes with the way back.
pub(in crate::unit::perform) fn stop_fetch(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    if record.source == Source::Kept {
        return Ok(());
    }
    let job = Job::named(&unit.layout.jobs(), &job_of(&record.id));
    // Also a job that has died: with an end that is written down, it is never taken for one that can go on.
    job.cancel(&unit.user)
}
