//! The way back after a restore, until it is given up.

use super::{newest, others, plan, reachable, undisturbed};
use crate::domain::backups::Catalogue;
use crate::domain::decide::repository::own_repository;
use crate::domain::files;
use crate::domain::observed::{DataDirectory, Observed, RestorePhase, RestoreRecord, Seen, Source};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;

/// Gives up the way back: removes what was kept from before the last restore.
///
/// # Errors
///
/// Refuses while a restore is unfinished.
pub fn accept(seen: &Observed, kept: DataDirectory) -> Result<Plan, Refusal> {
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    Ok(Plan::new(
        "accept the last restore",
        vec![Step::RemoveKept { kept }],
    ))
}

/// The database from before the last restore comes back, with its last commit, and the restored one is kept instead.
///
/// It is handled with the care of a restore: it is opened behind closed doors, on a timeline of its own, before the two
/// change places.
///
/// # Errors
///
/// Refuses before anything is touched.
pub fn undo(
    seen: &Observed,
    catalogue: &Catalogue,
    jobs: &[String],
    id: &str,
) -> Result<Plan, Refusal> {
    undoable(seen, jobs)?;
    Ok(plan(&RestoreRecord {
        id: id.to_owned(),
        phase: RestorePhase::Beside,
        source: Source::Kept,
        moves: super::moves(seen, Source::Kept, id),
        stanza: catalogue.stanza.clone(),
        target: None,
        replaces: match &seen.database {
            Seen::Known(database) => Some(database.system_id),
            Seen::Unreachable(_) | Seen::NotAsked => None,
        },
        kept: seen.host.layout.kept_dir(files::major(seen)),
        others: others(seen),
        newest: Some(newest(seen, catalogue)),
    }))
}

/// Whether the last restore can be undone, as far as is seen without a look into the repository.
///
/// It is the unit that keeps the database that matters, and not who leads by now.
///
/// # Errors
///
/// Refuses before anything is touched.
pub fn undoable(seen: &Observed, jobs: &[String]) -> Result<(), Refusal> {
    undisturbed(seen, jobs)?;
    if seen.host.kept.is_none() {
        return Err(Refusal::NothingKept);
    }
    own_repository(seen)?;
    reachable(seen)
}

/// Ends a restore that has not been put in place yet.
///
/// # Errors
///
/// Refuses when there is none, and when it is too late: the restored database is being opened then, and `undo-restore`
/// is the way back.
pub fn cancel(seen: &Observed) -> Result<Plan, Refusal> {
    match &seen.host.restore {
        None => Err(Refusal::NoJob),
        Some(record) if record.phase > RestorePhase::Back => Err(Refusal::TooLateToCancel),
        Some(record) => Ok(Plan::new(
            "cancel the restore",
            vec![
                Step::RecordRestore(RestoreRecord {
                    phase: RestorePhase::Back,
                    ..record.clone()
                }),
                Step::StopFetch(record.clone()),
            ],
        )),
    }
}
