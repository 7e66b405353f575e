//! Backups that were tried on this unit and did not get into the repository, or not yet: from the folders of their jobs.

use std::path::Path;

use crate::adapters::pgbackrest::progress;
use crate::domain::backups::{FailedBackup, RunningBackup};
use crate::domain::words::{BackupKind, Timestamp};
use crate::error::StepError;
use crate::job::{self, Job};

/// The name of a backup's job: what it is and when it was asked for.
pub fn name(kind: BackupKind, at: Timestamp) -> String {
    format!("backup-{}-{}", kind.word(), at.strftime("%Y%m%dT%H%M%SZ"))
}

/// What a job's name says; none for jobs that are no backups.
fn parse(name: &str) -> Option<(BackupKind, Timestamp)> {
    let (kind, at) = name.strip_prefix("backup-")?.split_once('-')?;
    let kind = BackupKind::ALL
        .into_iter()
        .find(|known| known.word() == kind)?;
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", at).ok()?;
    Some((kind, at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
}

/// The attempts that failed, oldest first, and the one that runs.
///
/// # Errors
///
/// When the jobs cannot be read.
pub fn of(
    jobs: &Path,
    unit: &str,
) -> Result<(Vec<FailedBackup>, Option<RunningBackup>), StepError> {
    let mut failed = Vec::new();
    let mut running = None;
    for name in job::names(jobs)? {
        let Some((kind, started)) = parse(&name) else {
            continue;
        };
        let job = Job::named(jobs, &name);
        match job.end()? {
            Some(end) if end.code == Some(0) => {}
            Some(end) => failed.push(FailedBackup {
                kind,
                started,
                failed: end.at,
                error: job
                    .last_error()?
                    .unwrap_or_else(|| "it was killed".to_owned()),
            }),
            None if job.is_alive()? => {
                let percent = progress::last_percent(&job.log()?);
                running = Some(RunningBackup {
                    kind,
                    started,
                    unit: unit.to_owned(),
                    percent,
                });
            }
            None => failed.push(FailedBackup {
                kind,
                started,
                failed: started,
                error: "its process died".to_owned(),
            }),
        }
    }
    failed.reverse();
    Ok((failed, running))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_job_says_what_it_is_and_when_it_began() {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let name = name(BackupKind::Differential, at);
        assert_eq!(name, "backup-differential-20260102T030405Z");
        assert_eq!(parse(&name), Some((BackupKind::Differential, at)));
    }

    #[test]
    fn other_jobs_are_no_backups() {
        for name in [
            "restore-1",
            "backup-x-20260102T030405Z",
            "backup-full",
            "backup-full-now",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
