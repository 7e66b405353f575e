//! What a repository holds, read with as few calls of pgBackRest as it takes (D12).
//!
//! `backup.info` is read with `repo-get` and parsed here: milliseconds at ten thousand backups, where `pgbackrest info`
//! needs more than a second. The archive is listed one level deep, never recursively.

use std::time::Duration;

use crate::adapters::host::clock::Deadline;
use crate::adapters::pgbackrest::{Command, PgBackRest};
use crate::domain::backups::target::{self, Shortfall, Target};
use crate::domain::backups::{
    Backup, BackupInfo, Catalogue, Database, History, HistoryFile, history_files,
};
use crate::domain::words::{Stanza, Timeline};
use crate::error::StepError;
use crate::unit::{REQUEST, because, explained};

/// One question to a repository across a network.
const QUESTION: Duration = Duration::from_mins(1);

/// What a stanza holds; an empty catalogue when it was never made.
///
/// # Errors
///
/// When the repository cannot be read, which is never taken for "empty".
pub fn read(pgbackrest: &PgBackRest, stanza: &Stanza) -> Result<Catalogue, StepError> {
    let Some(info) = backup_info(pgbackrest, stanza)? else {
        return Ok(Catalogue::empty(stanza.clone()));
    };
    let files = match info
        .databases
        .iter()
        .find(|database| database.id == info.current)
    {
        Some(database) => archived_histories(pgbackrest, stanza, database)?,
        None => Vec::new(),
    };
    Ok(Catalogue::new(stanza.clone(), info, files, None))
}

/// The same, with the history file that a restore has to follow.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn read_for(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    request: &target::Request,
) -> Result<Catalogue, StepError> {
    let catalogue = read(pgbackrest, stanza)?;
    match target::history_needed(request, &catalogue) {
        None => Ok(catalogue),
        Some(timeline) => with_history(pgbackrest, catalogue, timeline),
    }
}

/// What to recover to instead, after a recovery found nothing later than the time it was to stop at; none when there is
/// nothing else.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn after_shortfall(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    target: &Target,
) -> Result<Option<Target>, StepError> {
    let mut catalogue = read(pgbackrest, stanza)?;
    let mut asked = None;
    loop {
        match target::after_shortfall(target, &catalogue) {
            Shortfall::Again(other) => return Ok(Some(other)),
            Shortfall::Read(timeline) if asked != Some(timeline) => {
                asked = Some(timeline);
                catalogue = with_history(pgbackrest, catalogue, timeline)?;
            }
            Shortfall::Read(_) | Shortfall::Final => return Ok(None),
        }
    }
}

/// The same catalogue, knowing where a timeline left its parent.
fn with_history(
    pgbackrest: &PgBackRest,
    catalogue: Catalogue,
    timeline: Timeline,
) -> Result<Catalogue, StepError> {
    let current = catalogue
        .databases
        .iter()
        .find(|it| Some(it.id) == catalogue.current);
    let Some(database) = current else {
        return Ok(catalogue);
    };
    let (stanza, folder) = (&catalogue.stanza, database.archive_folder());
    let path = format!("archive/{stanza}/{folder}/{}", timeline.history_file());
    let text = pgbackrest
        .repo_get(&path, Deadline::after(QUESTION))
        .map_err(explained)?;
    let Some(text) = text else {
        return Ok(catalogue);
    };
    let text = String::from_utf8_lossy(&text);
    let history = History::parse(timeline, &text).map_err(because)?;
    Ok(catalogue.with_history(history))
}

/// The backup that carries a request's annotation; the newest when this version cannot annotate.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn backup_of_request(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    request: &str,
) -> Result<Option<Backup>, StepError> {
    let Some(info) = backup_info(pgbackrest, stanza)? else {
        return Ok(None);
    };
    let annotated = |backup: &&Backup| {
        backup
            .annotations
            .get(REQUEST)
            .is_some_and(|value| value == request)
    };
    let ours = info.backups.iter().rev().find(annotated);
    let can_annotate = info
        .backups
        .iter()
        .any(|backup| !backup.annotations.is_empty());
    Ok(match ours {
        Some(backup) => Some(backup.clone()),
        None if can_annotate => None,
        None => info.backups.last().cloned(),
    })
}

fn backup_info(pgbackrest: &PgBackRest, stanza: &Stanza) -> Result<Option<BackupInfo>, StepError> {
    let path = format!("backup/{stanza}/backup.info");
    let text = pgbackrest
        .repo_get(&path, Deadline::after(QUESTION))
        .map_err(explained)?;
    let Some(text) = text else { return Ok(None) };
    let text = String::from_utf8(text).map_err(because)?;
    BackupInfo::parse(&text).map(Some).map_err(because)
}

fn archived_histories(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    database: &Database,
) -> Result<Vec<HistoryFile>, StepError> {
    let path = format!("archive/{stanza}/{}", database.archive_folder());
    let command = Command::RepoLs {
        path,
        recursive: false,
    };
    let listing = pgbackrest
        .run(&command, Deadline::after(QUESTION))
        .map_err(explained)?;
    history_files(&String::from_utf8_lossy(&listing.stdout)).map_err(because)
}
