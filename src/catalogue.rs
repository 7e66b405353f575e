//! What a repository holds, read with as few calls of pgBackRest as it takes (D12).
//!
//! `backup.info` is read with `repo-get` and parsed here: milliseconds at ten thousand backups, where `pgbackrest info`
//! needs more than a second. The archive is listed one level deep, never recursively.

use std::panic::resume_unwind;
use std::thread;
use std::time::Duration;

use crate::adapters::host::clock::Deadline;
use crate::adapters::pgbackrest::{Command, PgBackRest};
use crate::domain::backups::target::{self, Shortfall, Target};
use crate::domain::backups::{
    Archive, Backup, BackupInfo, BackupInfoReader, Catalogue, History, HistoryFile, Path,
    archived_segments, history_files,
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
    let info = backup_info(pgbackrest, stanza, usize::MAX)?;
    catalogue(stanza, info, |folder| {
        archived_histories(pgbackrest, stanza, folder)
    })
}

/// The newest of its backups, in the time of one call: both files are asked for at once, the second where the archive most
/// likely lies, which is where a database of this version has it that was never upgraded.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn read_newest(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    limit: usize,
    version: Option<&str>,
) -> Result<Catalogue, StepError> {
    let likely = version.map(|version| format!("{version}-1"));
    let histories = |folder: &str| archived_histories(pgbackrest, stanza, folder);
    let (info, guessed) = thread::scope(|scope| {
        let guessed = (likely.as_deref()).map(|folder| scope.spawn(move || histories(folder)));
        let info = backup_info(pgbackrest, stanza, limit);
        let guessed = guessed.map(|it| it.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (info, guessed)
    });
    catalogue(stanza, info?, |folder| match guessed {
        Some(guessed) if likely.as_deref() == Some(folder) => guessed,
        _ => histories(folder),
    })
}

/// What was read, put together; the history files come from the archive folder of the current database.
fn catalogue(
    stanza: &Stanza,
    info: Option<BackupInfo>,
    histories: impl FnOnce(&str) -> Result<Vec<HistoryFile>, StepError>,
) -> Result<Catalogue, StepError> {
    let Some(info) = info else {
        return Ok(Catalogue::empty(stanza.clone()));
    };
    let current = (info.databases.iter()).find(|database| database.id == info.current);
    let files = match current {
        Some(database) => histories(&database.archive_folder())?,
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

/// The segments of the archive that lie on the path of a restore, from where its backup began.
///
/// One listing for each folder of 256 segments, and only for those that the path passes.
///
/// # Errors
///
/// When the repository cannot be read.
pub fn archive(
    pgbackrest: &PgBackRest,
    catalogue: &Catalogue,
    path: &Path,
    backup: &Backup,
) -> Result<Archive, StepError> {
    let stanza = &catalogue.stanza;
    let mut databases = catalogue.databases.iter();
    let Some(database) = databases.find(|database| database.id == backup.database) else {
        return Ok(Archive::new());
    };
    let top = format!("archive/{stanza}/{}", database.archive_folder());
    let names = pgbackrest
        .repo_ls(&top, Deadline::after(QUESTION))
        .map_err(explained)?;
    let timelines = path.timelines();
    let from = backup.wal_start.map(|start| start.to_string());
    let from = from.as_deref().and_then(|name| name.get(8..16));
    let mut archive = Archive::new();
    for name in names.iter().filter(|name| name.len() == 16) {
        let (Some(timeline), Some(log)) = (name.get(..8), name.get(8..)) else {
            continue;
        };
        let passed = Timeline::from_hex(timeline).is_ok_and(|it| timelines.contains(&it));
        if !passed || from.is_some_and(|from| log < from) {
            continue;
        }
        let command = Command::RepoLs {
            path: format!("{top}/{name}"),
            recursive: false,
        };
        let listing = pgbackrest
            .run(&command, Deadline::after(QUESTION))
            .map_err(explained)?;
        archive.extend(archived_segments(&listing.stdout).map_err(because)?);
    }
    Ok(archive)
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
    let Some(info) = backup_info(pgbackrest, stanza, usize::MAX)? else {
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

fn backup_info(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    limit: usize,
) -> Result<Option<BackupInfo>, StepError> {
    let path = format!("backup/{stanza}/backup.info");
    let mut reader = BackupInfoReader::of_newest(limit);
    let mut read = |piece: &[u8]| reader.push(piece);
    let found = pgbackrest
        .repo_get_in_pieces(&path, Deadline::after(QUESTION), &mut read)
        .map_err(explained)?;
    if !found {
        return Ok(None);
    }
    reader.finish().map(Some).map_err(because)
}

fn archived_histories(
    pgbackrest: &PgBackRest,
    stanza: &Stanza,
    folder: &str,
) -> Result<Vec<HistoryFile>, StepError> {
    let path = format!("archive/{stanza}/{folder}");
    let command = Command::RepoLs {
        path,
        recursive: false,
    };
    let listing = pgbackrest
        .run(&command, Deadline::after(QUESTION))
        .map_err(explained)?;
    history_files(&String::from_utf8_lossy(&listing.stdout)).map_err(because)
}
