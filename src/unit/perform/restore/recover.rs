//! A copy is recovered behind closed doors: a private socket, no network, and nothing of it reaches the archive.

use std::path::Path;
use std::time::Duration;

use super::{major, pgbackrest_of, settings};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::files;
use crate::adapters::postgres::{
    Database, Login, PostgresError, SqlClass, Target as Connection, control, try_login_in, verifier,
};
use crate::adapters::systemd::{self, Active, TransientUnit};
use crate::catalogue;
use crate::domain::backups::Requirements;
use crate::domain::backups::target::{Target, TargetKind};
use crate::domain::observed::{Passwords, Recovery, RestoreRecord, Source};
use crate::domain::render::{POSTGRESQL_PORT, Repository};
use crate::domain::words::Timeline;
use crate::error::StepError;
use crate::unit::perform::roles;
use crate::unit::{Unit, because, database_in};

/// The service that recovers the copy.
const RECOVERY: &str = "charmed-postgresql-recovery.service";
/// The database in which logins are tried. What may be logged in to without a password are the others.
const REHEARSAL: &str = "template1";
/// Replaying takes hours; a recovery that makes no end at all is ended by its operator.
const REPLAY: Duration = Duration::from_hours(72);
/// A hook leaves the recovery to itself after this.
const IN_A_HOOK: Duration = Duration::from_secs(20);

/// A look at how far it is.
const LOOK: Duration = Duration::from_secs(10);
/// A copy that has just been recovered has all it changed still to write: commits and a checkpoint wait for that.
const CHANGES: Duration = Duration::from_mins(5);
/// PostgreSQL's words for it.
const NOT_REACHED: &str = "recovery ended before configured recovery target was reached";

/// What it says to those who look whether it is there already.
const TURNED_AWAY: &str = "FATAL:  the database system is ";

/// Recovers the copy under a private socket, without a network.
///
/// `archive_command` fails here on purpose: what the copy has to archive, first of all the history of its new timeline,
/// stays queued in it and is archived once it is in place. If it never is, nothing of it ever reached the repository.
pub(in crate::unit::perform) fn recover(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    let beside = unit.layout.restoring_dir(major);
    // Whoever followed it before may have died; it has gone on.
    let mut given = None;
    if progress(unit)? == Recovery::Idle {
        given = settings::needed(unit, &beside);
        start_beside(unit, major, &beside, given.as_ref())?;
    }
    let in_action = unit.stays;
    let deadline = Deadline::after(if in_action { REPLAY } else { IN_A_HOOK });
    let mut target = record.target.clone();
    let mut told = String::new();
    loop {
        let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
        if settings::are_too_low(&said(unit)) {
            stop_beside()?;
            let raised = settings::needed(unit, &beside);
            if raised.is_none() || raised == given {
                return Err(unrecovered(unit, target.as_ref()));
            }
            given = raised;
            start_beside(unit, major, &beside, given.as_ref())?;
            continue;
        }
        if matches!(state.active, Active::Failed | Active::Inactive) {
            if let Some(other) = another_target(unit, record, target.as_ref())? {
                unit.tell(&format!(
                    "nothing was committed later there: recovering {other}"
                ));
                aim(unit, &beside, &other)?;
                target = Some(other);
                start_beside(unit, major, &beside, given.as_ref())?;
                continue;
            }
            return Err(unrecovered(unit, target.as_ref()));
        }
        match open_beside(unit, LOOK) {
            Ok(mut database) => {
                if !database.in_recovery().map_err(because)? {
                    drop(database);
                    let database = open_beside(unit, CHANGES).map_err(because)?;
                    return settle(unit, database, major);
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
            Err(error) if error.class() == Some(SqlClass::NotAuthenticated) => {
                let problem = format!("the copy has no superuser operator or postgres: {error}");
                return Err(StepError::expected(
                    problem,
                    "make one of them in the cluster that was backed up, and take another backup",
                ));
            }
            Err(error) if !error.is_unreachable() && error.class().is_none() => {
                return Err(because(error));
            }
            Err(_) => {}
        }
        if deadline.is_over() {
            let still = StepError::expected("the copy is still being recovered", "");
            return Err(if in_action { still } else { still.remembered() });
        }
        clock::sleep(Duration::from_millis(250));
    }
}

/// The copy's timeline is one that nobody else has.
///
/// Two branches of history with one number would be taken for one: by replicas, and by the archive. Another member may
/// have been promoted while the copy was recovered; from here on, with the members held, none can be any more.
pub(in crate::unit::perform) fn prove_timeline(
    unit: &Unit<'_>,
    record: &RestoreRecord,
) -> Result<(), StepError> {
    let major = major(unit)?;
    let of = |data_dir: &Path| {
        let programs = unit.layout.programs(major);
        let control = control::read(&programs, data_dir, &unit.user, Deadline::seconds(30));
        let control = control.map_err(because)?;
        Ok::<_, StepError>(control.map(|control| control.timeline))
    };
    let Some(copy) = of(&unit.layout.restoring_dir(major))? else {
        return Err(StepError::expected("the copy has no control file", ""));
    };
    if record.source == Source::Kept && record.moves.is_some() {
        // Its history is that of nobody else, and it begins a repository of its own.
        return Ok(());
    }
    let archived = catalogue::read(&pgbackrest_of(unit, record), &record.stanza)?;
    let archived = archived.timelines.newest();
    if record.moves.is_some() {
        // The timelines of the cluster are those of another history.
        return is_newer(copy, archived);
    }
    let running = unit
        .database(Deadline::seconds(10))
        .and_then(|mut database| database.position())
        .ok()
        .map(|position| position.timeline);
    let taken = [
        record.newest,
        of(&unit.layout.data_dir(major))?,
        running,
        Some(archived),
    ];
    let newest = taken.into_iter().flatten().fold(archived, Ord::max);
    is_newer(copy, newest)
}

fn is_newer(copy: Timeline, newest: Timeline) -> Result<(), StepError> {
    if copy > newest {
        return Ok(());
    }
    Err(StepError::expected(
        format!("the copy came up on timeline {copy}, and the cluster is on {newest} by now"),
        "another member was promoted meanwhile, or the history of its timeline is not archived: try again",
    ))
}

/// How far the recovery is, in the words of the service manager and of PostgreSQL itself. One that waits for ever is not
/// under way.
pub(crate) fn progress(unit: &Unit<'_>) -> Result<Recovery, StepError> {
    let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
    Ok(match state.active {
        Active::Failed | Active::Inactive => Recovery::Idle,
        _ if settings::are_too_low(&said(unit)) => Recovery::Idle,
        _ => Recovery::Replaying,
    })
}

/// What was looked for was not there; what was, is told.
fn unrecovered(unit: &Unit<'_>, target: Option<&Target>) -> StepError {
    let words = last_words(unit);
    let log = said(unit);
    let after = |words: &str| {
        let line = log.lines().rev().find(|line| line.contains(words))?;
        Some(line.split_once(words)?.1.trim().to_owned())
    };
    let reached = match (
        after("last completed transaction was at log time"),
        after("redo done at"),
    ) {
        (Some(at), Some(redo)) => format!(
            "the last that can be reached was committed at {at}, and recovery got to {}",
            redo.split_whitespace().next().unwrap_or_default()
        ),
        (None, Some(redo)) => format!(
            "recovery got to {}",
            redo.split_whitespace().next().unwrap_or_default()
        ),
        _ => "see juju debug-log; list-backups names what can be reached".to_owned(),
    };
    let elsewhere = match target {
        Some(Target {
            kind: TargetKind::Xid(_) | TargetKind::Name(_),
            timeline: Some(timeline),
            ..
        }) if words.contains(NOT_REACHED) => {
            format!(
                "; if it is not on timeline {timeline}, name the one it is on with restore-timeline"
            )
        }
        _ => String::new(),
    };
    StepError::expected(
        format!("the copy could not be recovered: {words}"),
        format!("{reached}{elsewhere}"),
    )
}

fn start_beside(
    unit: &Unit<'_>,
    major: u32,
    beside: &Path,
    needed: Option<&Requirements>,
) -> Result<(), StepError> {
    stop_beside()?;
    let socket = unit.layout.recovery_socket_dir();
    files::make_dir(&socket, 0o700, files::Owner::Workload(&unit.user)).map_err(because)?;
    // The copy comes with the access rules and names of where it was made: it is opened with rules of its own.
    let (hba, ident) = (socket.join("pg_hba.conf"), socket.join("pg_ident.conf"));
    // Of another cluster it may lack the charm's own superuser, or have passwords that are to be tried.
    let rules = "local template1 all scram-sha-256\nlocal all operator,postgres peer map=charm\n";
    let invoker = if unit.user.differs_from_invoker() {
        "root"
    } else {
        unit.user.name()
    };
    let names = format!(
        "charm {invoker} operator\ncharm {user} operator\ncharm {invoker} postgres\ncharm {user} postgres\n",
        user = unit.user.name()
    );
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&hba, rules.as_bytes(), 0o600, owner).map_err(because)?;
    files::write_atomic(&ident, names.as_bytes(), 0o600, owner).map_err(because)?;
    let own = [
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
    let raised = needed.into_iter().flat_map(Requirements::settings);
    let raised = raised.map(|(name, value)| (name.to_owned(), value.to_string()));
    for (name, value) in own.into_iter().chain(raised) {
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

/// What PostgreSQL has said since it was started.
fn said(unit: &Unit<'_>) -> String {
    let log = files::read_text(&recovery_log(unit));
    log.ok().flatten().unwrap_or_default()
}

/// The last thing PostgreSQL said before it gave up.
fn last_words(unit: &Unit<'_>) -> String {
    let log = said(unit);
    let fatal = log.lines().rev().find(|line| {
        line.contains("PANIC") || line.contains("FATAL") && !line.contains(TURNED_AWAY)
    });
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
    tried: Option<&Target>,
) -> Result<Option<Target>, StepError> {
    let Some(tried) = tried else {
        return Ok(None);
    };
    if !last_words(unit).contains(NOT_REACHED) {
        return Ok(None);
    }
    let other = catalogue::after_shortfall(&pgbackrest_of(unit, record), &record.stanza, tried)?;
    Ok(other.filter(|other| other != tried))
}

/// Points a copy that was fetched already to another target.
fn aim(unit: &Unit<'_>, beside: &Path, target: &Target) -> Result<(), StepError> {
    let mut settings = Vec::new();
    if let Some(timeline) = target.pgbackrest_timeline() {
        settings.push(("recovery_target_timeline", timeline));
    }
    let name = match target.kind {
        TargetKind::Time(_) => Some("recovery_target_time"),
        TargetKind::Lsn(_) => Some("recovery_target_lsn"),
        TargetKind::Xid(_) => Some("recovery_target_xid"),
        TargetKind::Name(_) => Some("recovery_target_name"),
        TargetKind::Immediate | TargetKind::Latest => None,
    };
    if let (Some(name), Some(at)) = (name, target.pgbackrest_target()) {
        settings.push((name, at));
        settings.push(("recovery_target_action", "promote".to_owned()));
        if target.exclusive {
            settings.push(("recovery_target_inclusive", "off".to_owned()));
        }
    }
    guide(unit, beside, "recovery_target", &settings)
}

/// A database that was stopped cleanly recovers to where it stopped, and begins a timeline there: opened as it is, it
/// would go on with the number that others know for another branch. The archive tells which numbers are taken.
pub(super) fn aim_at_its_end(unit: &Unit<'_>, beside: &Path) -> Result<(), StepError> {
    let repository = Repository {
        config: unit.layout.pgbackrest_config(),
        stanza: unit.view.stanza.clone(),
    };
    let settings = [
        ("restore_command", repository.recovery_command(beside)),
        ("recovery_target_timeline", "current".to_owned()),
    ];
    guide(unit, beside, "re", &settings)?;
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&beside.join("recovery.signal"), b"", 0o600, owner).map_err(because)?;
    files::remove_file(&beside.join("standby.signal")).map_err(because)?;
    Ok(())
}

/// Writes settings of recovery in place of those that begin with a word.
fn guide(
    unit: &Unit<'_>,
    beside: &Path,
    instead_of: &str,
    settings: &[(&str, String)],
) -> Result<(), StepError> {
    let path = beside.join("postgresql.auto.conf");
    let text = files::read_text(&path)
        .map_err(because)?
        .unwrap_or_default();
    let replaced = |line: &&str| {
        let name = line.trim_start();
        name.starts_with(instead_of)
            && (name.starts_with("recovery_target") || name.starts_with("restore_command"))
    };
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !replaced(line))
        .map(str::to_owned)
        .collect();
    for (name, value) in settings {
        lines.push(format!("{name} = '{}'", value.replace('\'', "''")));
    }
    let text = format!("{}\n", lines.join("\n"));
    let owner = files::Owner::Workload(&unit.user);
    files::write_atomic(&path, text.as_bytes(), 0o600, owner).map_err(because)?;
    Ok(())
}

/// As the charm's own superuser; as that of other products when the copy comes from one of them.
fn open_beside(unit: &Unit<'_>, time: Duration) -> Result<Database, PostgresError> {
    let socket = unit.layout.recovery_socket_dir();
    let operator = database_in(socket, Deadline::after(time));
    match operator {
        Err(error) if error.class() == Some(SqlClass::NotAuthenticated) => {
            open_as_postgres(unit, time).map_err(|_| error)
        }
        other => other,
    }
}

fn open_as_postgres(unit: &Unit<'_>, time: Duration) -> Result<Database, PostgresError> {
    let target = Connection {
        socket_dir: unit.layout.recovery_socket_dir(),
        port: POSTGRESQL_PORT,
        user: "postgres".into(),
        database: "postgres".into(),
    };
    Database::connect(&target, Deadline::after(time))
}

/// Once promoted: what guided the recovery must not guide the next start.
fn settle(unit: &Unit<'_>, mut database: Database, major: u32) -> Result<(), StepError> {
    if database.setting("is_superuser").map_err(because)? != "on" {
        database = open_as_postgres(unit, CHANGES).map_err(because)?;
    }
    for setting in [
        "restore_command",
        "recovery_target",
        "recovery_target_time",
        "recovery_target_lsn",
        "recovery_target_xid",
        "recovery_target_name",
        "recovery_target_timeline",
        "recovery_target_action",
        "recovery_target_inclusive",
    ] {
        database
            .execute(&format!("ALTER SYSTEM RESET {setting}"))
            .map_err(because)?;
    }
    roles::make_in(&mut database, major).map_err(because)
}

pub(in crate::unit::perform) fn rekey(unit: &Unit<'_>) -> Result<(), StepError> {
    let Passwords::Known { users, .. } = &unit.view.passwords else {
        return Err(StepError::expected(
            "the application's passwords are not known",
            "",
        ));
    };
    let mut database = open_beside(unit, CHANGES).map_err(because)?;
    for (user, password) in users {
        let new = verifier::new(password);
        database
            .set_role_password(user.name(), &new)
            .map_err(because)?;
        let open = format!(
            "ALTER ROLE {} VALID UNTIL 'infinity' CONNECTION LIMIT -1",
            user.name()
        );
        database.execute(&open).map_err(because)?;
    }
    for (user, password) in users {
        let socket = unit.layout.recovery_socket_dir();
        let target = Connection {
            socket_dir: socket,
            port: POSTGRESQL_PORT,
            user: user.name().into(),
            database: REHEARSAL.into(),
        };
        match try_login_in(&target, password, Deadline::after(CHANGES)) {
            Ok(Login::Accepted) => {}
            Ok(Login::Rejected { message }) => {
                return Err(StepError::expected(
                    format!("the copy does not accept the password of {user}: {message}"),
                    "",
                ));
            }
            Err(error) => return Err(because(error)),
        }
    }
    database.checkpoint().map_err(because)
}

pub(in crate::unit::perform) fn stop_beside() -> Result<(), StepError> {
    let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
    if matches!(state.active, Active::Inactive | Active::Failed) {
        return systemd::reset_failed(RECOVERY, Deadline::seconds(10)).map_err(because);
    }
    systemd::stop(RECOVERY, Deadline::seconds(330)).map_err(because)
}
