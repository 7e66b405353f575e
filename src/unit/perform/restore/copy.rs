//! The copy as a service: PostgreSQL beside the one of the cluster, under a private socket.

use std::path::Path;
use std::time::Duration;

use super::settings;
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::postgres::{Database, PostgresError, SqlClass, Target as Connection};
use crate::adapters::systemd::{self, Active, TransientUnit};
use crate::domain::backups::Requirements;
use crate::domain::observed::Recovery;
use crate::domain::render::POSTGRESQL_PORT;
use crate::error::StepError;
use crate::unit::{Unit, because, database_in};

/// The service that recovers the copy.
pub(super) const RECOVERY: &str = "charmed-postgresql-recovery.service";
/// A copy that has just been recovered has all it changed still to write: commits and a checkpoint wait for that.
pub(super) const CHANGES: Duration = Duration::from_mins(5);
/// Archives nothing. PostgreSQL tries a command that fails again, and a shutdown waits for that; a status above 125 it takes
/// for a command that is not there, and its archiver ends at once.
const KEEP_EVERYTHING: &str = "exit 126";

/// What it says to those who look whether it is there already, and of [`KEEP_EVERYTHING`].
const EXPECTED: [&str; 2] = [
    "FATAL:  the database system is ",
    "FATAL:  archive command failed",
];

pub(super) fn start_beside(
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
        ("archive_command".to_owned(), KEEP_EVERYTHING.to_owned()),
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

pub(in crate::unit::perform) fn stop_beside() -> Result<(), StepError> {
    let state = systemd::show(RECOVERY, Deadline::seconds(10)).map_err(because)?;
    if matches!(state.active, Active::Inactive | Active::Failed) {
        return systemd::reset_failed(RECOVERY, Deadline::seconds(10)).map_err(because);
    }
    systemd::stop(RECOVERY, Deadline::seconds(330)).map_err(because)
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

fn recovery_log(unit: &Unit<'_>) -> std::path::PathBuf {
    unit.layout.postgresql_log().join("recovery.log")
}

/// What PostgreSQL has said since it was started.
pub(super) fn said(unit: &Unit<'_>) -> String {
    let log = files::read_text(&recovery_log(unit));
    log.ok().flatten().unwrap_or_default()
}

/// The last thing PostgreSQL said before it gave up.
pub(super) fn last_words(unit: &Unit<'_>) -> String {
    let log = said(unit);
    let fatal = log.lines().rev().find(|line| {
        let expected = EXPECTED.iter().any(|words| line.contains(words));
        line.contains("PANIC") || line.contains("FATAL") && !expected
    });
    let words = fatal
        .or_else(|| log.lines().next_back())
        .unwrap_or("it said nothing");
    words
        .split_once(":  ")
        .map_or(words, |(_, said)| said)
        .to_owned()
}

/// As the charm's own superuser; as that of other products when the copy comes from one of them.
pub(super) fn open_beside(unit: &Unit<'_>, time: Duration) -> Result<Database, PostgresError> {
    let socket = unit.layout.recovery_socket_dir();
    let operator = database_in(socket, Deadline::after(time));
    match operator {
        Err(error) if error.class() == Some(SqlClass::NotAuthenticated) => {
            open_as_postgres(unit, time).map_err(|_| error)
        }
        other => other,
    }
}

pub(super) fn open_as_postgres(unit: &Unit<'_>, time: Duration) -> Result<Database, PostgresError> {
    let target = Connection {
        socket_dir: unit.layout.recovery_socket_dir(),
        port: POSTGRESQL_PORT,
        user: "postgres".into(),
        database: "postgres".into(),
    };
    Database::connect(&target, Deadline::after(time))
}
