//! This unit's own database, and the system roles in it.

use std::collections::BTreeMap;
use std::path::Path;

use super::proved::Proved;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::postgres::{Database, PostgresError, Role};
use crate::domain::backups::requirements::SETTINGS;
use crate::domain::observed::{ArchiverView, DatabaseView, RoleView, Seen, ServerTls};
use crate::domain::system_roles;
use crate::domain::words::{SystemUser, Timestamp};
use crate::error::StepError;
use crate::unit::{QUESTION, Unit};

pub(super) fn look(unit: &Unit<'_>) -> Seen<DatabaseView> {
    let answer = unit
        .database(Deadline::after(QUESTION))
        .and_then(|mut database| ask_database(unit, &mut database));
    match answer {
        Ok(view) => Seen::Known(view),
        Err(error) => Seen::Unreachable(StepError::because(&error).problem().to_owned()),
    }
}

fn ask_database(unit: &Unit<'_>, database: &mut Database) -> Result<DatabaseView, PostgresError> {
    let archiver = database.archiver()?;
    let in_recovery = database.in_recovery()?;
    let waits_for = if in_recovery {
        Vec::new()
    } else {
        database.synchronous_standbys()?
    };
    let streaming = if waits_for.is_empty() {
        Vec::new()
    } else {
        database.streaming()?
    };
    let members = |names: Vec<String>| names.iter().filter_map(|name| name.parse().ok()).collect();
    Ok(DatabaseView {
        in_recovery,
        waits_for: members(waits_for),
        streaming: members(streaming),
        system_id: database.system_identifier()?,
        timeline: database.position()?.timeline,
        roles: roles(unit, &database.roles()?),
        archiver: ArchiverView {
            archived: archiver.archived,
            failed: archiver.failed,
            last_archived: archiver.last_archived.map(|(_, at)| at),
            last_failed: archiver.last_failed.map(|(file, at)| (at, file)),
        },
        tls: server_tls(unit, database)?,
        pending_restart: database
            .pending_restart()?
            .into_iter()
            .map(|setting| setting.name)
            .collect(),
        limits: database
            .settings(&SETTINGS)?
            .into_iter()
            .filter_map(|setting| Some((setting.name, setting.value.parse().ok()?)))
            .collect(),
    })
}

fn server_tls(unit: &Unit<'_>, database: &mut Database) -> Result<ServerTls, PostgresError> {
    let loaded = database.loaded()?;
    // A file that cannot be asked is no reason to know nothing of the database.
    let written = |path: &Path| files::changed(path).ok().flatten();
    Ok(ServerTls {
        on: loaded.tls,
        plaintext: loaded.plaintext,
        loaded: loaded.at.unwrap_or(Timestamp::UNIX_EPOCH),
        rules_written: written(&loaded.rules),
        certificate_written: written(&unit.layout.tls_identity()),
    })
}

/// The system roles, each held against what it should be and against the password in the secret.
fn roles(unit: &Unit<'_>, found: &[Role]) -> BTreeMap<String, RoleView> {
    let mut proved = Proved::read(unit);
    let roles = SystemUser::ALL
        .into_iter()
        .filter_map(|user| {
            let role = found.iter().find(|role| role.name == user.name())?;
            let matches = match (&role.verifier, unit.password(user)) {
                (Some(verifier), Some(password)) => proved.opens(user.name(), verifier, password),
                _ => false,
            };
            let as_wanted = is_as_wanted(user, role);
            Some((
                user.name().to_owned(),
                RoleView {
                    password_matches: matches,
                    as_wanted,
                },
            ))
        })
        .collect();
    proved.keep(unit);
    roles
}

/// Attributes and memberships; more memberships than wanted are an administrator's business.
fn is_as_wanted(user: SystemUser, role: &Role) -> bool {
    let wanted = system_roles::wanted(user);
    let attributes = &role.attributes;
    attributes.login
        && attributes.superuser == wanted.superuser
        && attributes.replication == wanted.replication
        && wanted
            .member_of
            .iter()
            .all(|group| role.member_of.contains(*group))
}
