//! A backup: a job that is followed, and its log kept in the repository.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fence;
use super::progress::Progress;
use super::repository::bucket;
use super::restore::settings_of;
use crate::adapters::host::clock::Deadline;
use crate::adapters::object_store;
use crate::adapters::pgbackrest::Command;
use crate::adapters::pgbackrest::command::{self, Backup};
use crate::domain::backups::server::Primary;
use crate::domain::backups::{extensions, requirements};
use crate::domain::observed::{ObjectStore, Packages};
use crate::domain::render::PGBACKREST_PORT;
use crate::domain::words::{BackupKind, Stanza, SystemUser};
use crate::error::StepError;
use crate::job::{self, Job, Spec};
use crate::unit::{QUESTION, Unit, because, programs};

/// A backup of terabytes takes hours; the action ends with it, or is given up by its operator, and the job goes on.
const BACKUP: Duration = Duration::from_hours(72);

/// The annotation by which our own backup is found again.
pub(crate) const REQUEST: &str = "request";

pub(super) fn take(
    unit: &Unit<'_>,
    kind: BackupKind,
    stanza: &Stanza,
    request: &str,
    primary: Option<&Primary>,
) -> Result<(), StepError> {
    if let Some(store) = unit.view.object_storage.given() {
        fence::prove(unit, store)?;
    }
    let jobs = unit.layout.jobs();
    job::forget_old(&jobs)?;
    let (major, annotated) = match programs::look(unit, None)? {
        Packages::Present {
            major, pgbackrest, ..
        } => (major, pgbackrest >= (2, 41)),
        Packages::Missing { major, .. } => (major, false),
    };
    let mut annotations = Vec::new();
    if annotated {
        annotations.push((REQUEST.to_owned(), request.to_owned()));
        // As this unit's control file has it: a replica's follows the primary's.
        let settings = settings_of(unit, &unit.layout.data_dir(major));
        annotations
            .extend(settings.map(|it| (requirements::ANNOTATION.to_owned(), it.to_string())));
        match extensions_of(unit) {
            Ok(names) => {
                let names = extensions::written(&names);
                annotations.push((extensions::ANNOTATION.to_owned(), names));
            }
            // A plan says then that they are not known.
            Err(error) => {
                tracing::warn!("the backup does not tell which extensions it needs: {error}");
            }
        }
    }
    let command = Command::Backup(Backup {
        stanza: stanza.clone(),
        kind,
        annotations,
        primary: primary.map(|primary| reached(unit, major, primary)),
        process_max: None,
        log_detail: true,
        expire_auto: None,
    });
    let spec = Spec {
        description: format!("{kind} backup of {stanza}"),
        command: unit.pgbackrest().argv(&command),
    };
    let job = Job::named(&jobs, request);
    job.start(&spec, &unit.charm_dir, &unit.user)?;
    follow(unit, &job)
}

/// The extensions of all databases on this unit.
fn extensions_of(unit: &Unit<'_>) -> Result<BTreeSet<String>, StepError> {
    let deadline = Deadline::after(QUESTION);
    let here = unit.view.member.to_string();
    let mut names = BTreeSet::new();
    let databases = unit.database(deadline).and_then(|mut all| all.databases());
    for name in databases.map_err(because)? {
        let mut session = unit.session_with((&here, ""), &name, deadline)?;
        names.extend(session.extensions().map_err(because)?);
    }
    Ok(names)
}

/// The primary as pgBackRest reaches it from here.
fn reached(unit: &Unit<'_>, major: u32, primary: &Primary) -> command::Primary {
    command::Primary {
        host: primary.address,
        port: PGBACKREST_PORT,
        config: primary.layout.pgbackrest_config(),
        path: primary.layout.data_dir(major),
        socket_path: primary.layout.socket_dir(),
        user: SystemUser::Backup.name().into(),
        local_user: SystemUser::Operator.name().into(),
        ca_file: unit.layout.tls_authorities(),
        identity_file: unit.layout.tls_identity(),
    }
}

fn follow(unit: &Unit<'_>, job: &Job) -> Result<(), StepError> {
    let mut progress = Progress::of(unit, "backed up");
    let end = job.follow(Deadline::after(BACKUP), &mut |line| progress.line(line))?;
    if end.code == Some(0) {
        return Ok(());
    }
    let said = job
        .last_error()?
        .unwrap_or_else(|| "pgbackrest was killed".to_owned());
    Err(StepError::expected(
        format!("the backup failed: {said}"),
        format!("its log is {}", unit.layout.jobs().display()),
    ))
}

pub(super) fn keep_log(
    unit: &Unit<'_>,
    store: &ObjectStore,
    stanza: &Stanza,
    request: &str,
) -> Result<(), StepError> {
    let Some(backup) = crate::catalogue::backup_of_request(&unit.pgbackrest(), stanza, request)?
    else {
        return Ok(());
    };
    let log = Job::named(&unit.layout.jobs(), request).log()?;
    let name = format!("{}/backup/{stanza}/{}/backup.log", store.path, backup.label);
    let client = object_store::ObjectStore::new(bucket(store)).map_err(because)?;
    // The backup is what was asked for; that its log could not be kept beside it does not make it fail.
    let kept = client.put(
        name.trim_start_matches('/'),
        log.as_bytes(),
        Deadline::seconds(60),
    );
    if let Err(error) = kept {
        tracing::warn!("cannot keep the backup's log in the repository: {error}");
    }
    Ok(())
}
