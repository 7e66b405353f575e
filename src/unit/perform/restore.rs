//! A restore beside the data directory: fetched, recovered behind closed doors, re-keyed, and only then put in place.

use std::path::Path;
use std::time::Duration;

use super::progress::Progress;
use super::repository::explained;
use super::roles;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files;
use crate::adapters::pgbackrest::Command;
use crate::adapters::pgbackrest::command::{
    Restore, Target as PgBackRestTarget, TargetAction, TargetTimeline,
};
use crate::adapters::postgres::{Database, verifier};
use crate::adapters::systemd::{self, Active, TransientUnit};
use crate::catalogue;
use crate::domain::backups::target::{Target, TargetKind};
use crate::domain::observed::{Packages, Passwords, RestoreRecord};
use crate::error::StepError;
use crate::unit::{Unit, because, database_in, programs, records};

/// The service that recovers the copy.
const RECOVERY: &str = "charmed-postgresql-recovery.service";
/// Restores of terabytes take hours; a restore that makes no end at all is ended by its operator.
const FETCH: Duration = Duration::from_hours(72);
const REPLAY: Duration = Duration::from_hours(72);

fn major(unit: &Unit<'_>) -> Result<u32, StepError> {
    match programs::look(unit, None)? {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => Ok(major),
    }
}

pub(super) fn record(unit: &Unit<'_>, record: &RestoreRecord) -> Result<(), StepError> {
    records::write(&unit.layout.restore_record(), record).map_err(because)
}

/// The restore has ended. What the copy could not archive while it was closed is no failure of archiving.
pub(super) fn forget(unit: &Unit<'_>) -> Result<(), StepError> {
    let forgotten = unit
        .database(Deadline::seconds(10))
        .and_then(|mut database| database.execute("SELECT pg_stat_reset_shared('archiver')"));
    if let Err(error) = forgotten {
        tracing::debug!("cannot reset the statistics of archiving: {error}");
    }
    records::forget(&unit.layout.restore_record()).map_err(because)
}

pub(super) fn beside(unit: &Unit<'_>, record: &RestoreRecord) -> Result<(), StepError> {
    let major = major(unit)?;
    let beside = unit.layout.restoring_dir(major);
    files::remove_tree(&beside, &unit.layout.volume()).map_err(because)?;
    let owner = files::Owner::Workload(&unit.user);
    files::make_dir(&beside, 0o700, owner).map_err(because)?;
    let command = Command::Restore(Restore {
        stanza: record.stanza.clone(),
        set: Some(record.target.set),
        target: match record.target.kind {
            TargetKind::Immediate => PgBackRestTarget::Immediate,
            TargetKind::Time(at) => PgBackRestTarget::Time {
                at,
                exclusive: false,
            },
            TargetKind::Latest => PgBackRestTarget::Default,
        },
        timeline: record.target.timeline.map(TargetTimeline::Number),
        action: match record.target.kind {
            TargetKind::Latest => None,
            TargetKind::Immediate | TargetKind::Time(_) => Some(TargetAction::Promote),
        },
        pg_path: Some(beside.clone()),
        delta: false,
        // Tablespaces would otherwise be written over those of the database that is still there.
        tablespace_map_all: Some(tablespaces(unit, major, record)),
        recovery_options: Vec::new(),
        process_max: None,
    });
    let mut progress = Progress::of(unit, "fetched");
    unit.pgbackrest()
        .run_streaming(&command, Deadline::after(FETCH), &mut |line| {
            progress.line(line);
        })
        .map_err(explained)
}

/// Where the tablespaces of a restored copy lie.
fn tablespaces(unit: &Unit<'_>, major: u32, record: &RestoreRecord) -> std::path::PathBuf {
    unit.layout
        .version_dir(major)
        .join(format!("tablespaces-{}", record.id))
}

/// Recovers the copy under a private socket, without a network.
///
/// `archive_command` fails here on purpose: what the copy has to archive, first of all the history of its new timeline,
/// stays queued in it and is archived once it is in place. If it never is, nothing of it ever reached the repository.
pub(super) fn recover(unit: &Unit<'_>, record: &RestoreRecord) -> Result<(), StepError> {
    let major = major(unit)?;
    let beside = unit.layout.restoring_dir(major);
    start_beside(unit, major, &beside)?;
    let deadline = Deadline::after(REPLAY);
    let mut target = record.target.clone();
    let mut told = String::new();
    loop {
        let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
        if matches!(state.active, Active::Failed | Active::Inactive) {
            if let Some(other) = another_target(unit, record, &target)? {
                unit.tell(&format!(
                    "nothing was committed later there: recovering {other}"
                ));
                aim(unit, &beside, &other)?;
                target = other;
                start_beside(unit, major, &beside)?;
                continue;
            }
            return Err(StepError::expected(
                format!("the copy could not be recovered: {}", last_words(unit)),
                "see juju debug-log; list-backups names what can be reached",
            ));
        }
        match open_beside(unit) {
            Ok(mut database) => {
                if !database.in_recovery().map_err(because)? {
                    return settle(&mut database, major);
                }
                if let Ok(Some(replay)) = database.replay() {
                    let now = replay
                        .last_commit
                        .map(|at| at.to_string())
                        .unwrap_or_default();
                    if !now.is_empty() && now != told {
                        unit.tell(&format!("recovered up to {now}"));
                        told = now;
                    }
                }
            }
            Err(error) if !error.is_unreachable() && error.class().is_none() => {
                return Err(because(error));
            }
            Err(_) => {}
        }
        if deadline.is_over() {
            return Err(StepError::expected(
                "the copy was not recovered in time",
                "",
            ));
        }
        clock::sleep(Duration::from_millis(250));
    }
}

fn start_beside(unit: &Unit<'_>, major: u32, beside: &Path) -> Result<(), StepError> {
    stop_beside(unit)?;
    let socket = unit.layout.recovery_socket_dir();
    files::make_dir(&socket, 0o700, files::Owner::Workload(&unit.user)).map_err(because)?;
    // The copy comes with the access rules and names of where it was made: it is opened with rules of its own.
    let (hba, ident) = (socket.join("pg_hba.conf"), socket.join("pg_ident.conf"));
    let rules = "local all operator peer map=charm\n";
    let invoker = if unit.user.differs_from_invoker() {
        "root"
    } else {
        unit.user.name()
    };
    let names = format!(
        "charm {invoker} operator\ncharm {} operator\n",
        unit.user.name()
    );
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&hba, rules.as_bytes(), 0o600, owner).map_err(because)?;
    files::write_atomic(&ident, names.as_bytes(), 0o600, owner).map_err(because)?;
    let settings = [
        ("listen_addresses".to_owned(), String::new()),
        (
            "unix_socket_directories".to_owned(),
            socket.display().to_string(),
        ),
        ("unix_socket_permissions".to_owned(), "0700".to_owned()),
        ("hba_file".to_owned(), hba.display().to_string()),
        ("ident_file".to_owned(), ident.display().to_string()),
        ("archive_mode".to_owned(), "on".to_owned()),
        ("archive_command".to_owned(), "/bin/false".to_owned()),
        ("logging_collector".to_owned(), "off".to_owned()),
        ("log_destination".to_owned(), "stderr".to_owned()),
        ("ssl".to_owned(), "off".to_owned()),
        ("synchronous_standby_names".to_owned(), String::new()),
    ];
    let mut command: Vec<std::ffi::OsString> = vec![
        unit.layout.programs(major).join("postgres").into(),
        "-D".into(),
        beside.into(),
    ];
    for (name, value) in settings {
        command.push("-c".into());
        command.push(format!("{name}={value}").into());
    }
    let log = recovery_log(unit);
    files::remove_file(&log).map_err(because)?;
    let service = TransientUnit {
        name: RECOVERY.into(),
        description: "recovery of a restored copy of PostgreSQL".into(),
        command,
        user: Some(unit.user.clone()),
        properties: vec![
            ("StandardError".into(), format!("append:{}", log.display())),
            ("StandardOutput".into(), format!("append:{}", log.display())),
            // A fast shutdown.
            ("KillSignal".into(), "SIGINT".into()),
            ("TimeoutStopSec".into(), "300".into()),
        ],
        env: Vec::new(),
    };
    systemd::run_transient(&service, Deadline::seconds(30)).map_err(because)
}

fn recovery_log(unit: &Unit<'_>) -> std::path::PathBuf {
    unit.layout.postgresql_log().join("recovery.log")
}

/// The last thing PostgreSQL said before it gave up.
fn last_words(unit: &Unit<'_>) -> String {
    let log = files::read_text(&recovery_log(unit))
        .ok()
        .flatten()
        .unwrap_or_default();
    let fatal = log
        .lines()
        .rev()
        .find(|line| line.contains("FATAL") || line.contains("PANIC"));
    let words = fatal
        .or_else(|| log.lines().next_back())
        .unwrap_or("it said nothing");
    words
        .split_once(":  ")
        .map_or(words, |(_, said)| said)
        .to_owned()
}

/// PostgreSQL refuses to end a recovery at a time when no later commit is there; what is the same state then.
fn another_target(
    unit: &Unit<'_>,
    record: &RestoreRecord,
    tried: &Target,
) -> Result<Option<Target>, StepError> {
    if !last_words(unit).contains("recovery ended before configured recovery target was reached") {
        return Ok(None);
    }
    let other = catalogue::after_shortfall(&unit.pgbackrest(), &record.stanza, tried)?;
    Ok(other.filter(|other| other != tried))
}

/// Points a copy that was fetched already to another target.
fn aim(unit: &Unit<'_>, beside: &Path, target: &Target) -> Result<(), StepError> {
    let path = beside.join("postgresql.auto.conf");
    let text = files::read_text(&path)
        .map_err(because)?
        .unwrap_or_default();
    let of_a_target = |line: &&str| line.trim_start().starts_with("recovery_target");
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !of_a_target(line))
        .map(str::to_owned)
        .collect();
    if let Some(timeline) = target.pgbackrest_timeline() {
        lines.push(format!("recovery_target_timeline = '{timeline}'"));
    }
    if let Some(moment) = target.pgbackrest_target() {
        lines.push(format!("recovery_target_time = '{moment}'"));
        lines.push("recovery_target_action = 'promote'".to_owned());
    }
    let text = format!("{}\n", lines.join("\n"));
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&path, text.as_bytes(), 0o600, owner).map_err(because)?;
    Ok(())
}

fn open_beside(unit: &Unit<'_>) -> Result<Database, crate::adapters::postgres::PostgresError> {
    database_in(unit.layout.recovery_socket_dir(), Deadline::seconds(10))
}

/// Once promoted: what guided the recovery must not guide the next start.
fn settle(database: &mut Database, major: u32) -> Result<(), StepError> {
    for setting in [
        "restore_command",
        "recovery_target",
        "recovery_target_time",
        "recovery_target_timeline",
        "recovery_target_action",
        "recovery_target_inclusive",
    ] {
        database
            .execute(&format!("ALTER SYSTEM RESET {setting}"))
            .map_err(because)?;
    }
    roles::make_in(database, major).map_err(because)
}

pub(super) fn rekey(unit: &Unit<'_>) -> Result<(), StepError> {
    let Passwords::Known { users, .. } = &unit.view.passwords else {
        return Err(StepError::expected(
            "the application's passwords are not known",
            "",
        ));
    };
    let mut database = open_beside(unit).map_err(because)?;
    for (user, password) in users {
        let new = verifier::new(password);
        database
            .set_role_password(user.name(), &new)
            .map_err(because)?;
    }
    let roles = database.roles().map_err(because)?;
    for (user, password) in users {
        let role = roles.iter().find(|role| role.name == user.name());
        let verifier = role.and_then(|role| role.verifier.as_ref());
        let opens = verifier.and_then(|verifier| verifier::matches(verifier, password));
        if opens != Some(true) {
            return Err(StepError::expected(
                format!("the copy does not accept the password of {user}"),
                "",
            ));
        }
    }
    database.checkpoint().map_err(because)
}

pub(super) fn stop_beside(unit: &Unit<'_>) -> Result<(), StepError> {
    let _ = unit;
    let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
    if matches!(state.active, Active::Inactive | Active::Failed) {
        return systemd::reset_failed(RECOVERY, Deadline::seconds(10)).map_err(because);
    }
    systemd::stop(RECOVERY, Deadline::seconds(330)).map_err(because)
}

pub(super) fn remove_beside(unit: &Unit<'_>, record: &RestoreRecord) -> Result<(), StepError> {
    let major = major(unit)?;
    for part in [
        unit.layout.restoring_dir(major),
        tablespaces(unit, major, record),
    ] {
        files::remove_tree(&part, &unit.layout.volume()).map_err(because)?;
    }
    Ok(())
}

/// Two renames on one volume. Whichever of them was the last to happen, doing this again ends in the same place.
pub(super) fn exchange(unit: &Unit<'_>, record: &RestoreRecord) -> Result<(), StepError> {
    let major = major(unit)?;
    let (data, beside) = (
        unit.layout.data_dir(major),
        unit.layout.restoring_dir(major),
    );
    let kept = &record.kept;
    if !files::exists(&beside).map_err(because)? {
        return Ok(());
    }
    if files::exists(&data).map_err(because)? {
        if files::exists(kept).map_err(because)? {
            files::remove_tree(kept, &unit.layout.volume()).map_err(because)?;
        }
        files::rename(&data, kept).map_err(because)?;
    }
    files::rename(&beside, &data).map_err(because)
}

pub(super) fn remove_kept(unit: &Unit<'_>) -> Result<(), StepError> {
    let kept = unit.layout.kept_dir(major(unit)?);
    files::remove_tree(&kept, &unit.layout.volume()).map_err(because)?;
    Ok(())
}
