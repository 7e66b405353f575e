//! PostgreSQL: sessions, roles, passwords, archiving, positions and the control file.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use postgresql_charm::adapters::host::clock::Deadline;
use postgresql_charm::adapters::host::process::Command;
use postgresql_charm::adapters::postgres::control::{self, State};
use postgresql_charm::adapters::postgres::{
    Database, Login, PostgresError, Role, RoleAttributes, Setting, SqlClass, try_login, verifier,
};
use postgresql_charm::domain::system_roles;
use postgresql_charm::domain::words::{SystemUser, Timeline};

use crate::machine::{Machine, address, eventually, major, soon};
use crate::server::{Server, programs, target};

fn role(name: &str, groups: &[&str]) -> Role {
    Role {
        name: name.to_owned(),
        attributes: RoleAttributes {
            login: true,
            inherit: true,
            ..RoleAttributes::default()
        },
        verifier: None,
        member_of: groups.iter().map(|group| (*group).to_owned()).collect(),
    }
}

fn found(database: &mut Database, name: &str) -> Role {
    let roles = database.roles().unwrap();
    assert!(roles.iter().all(|role| !role.name.starts_with("pg_")));
    roles.into_iter().find(|role| role.name == name).unwrap()
}

#[test]
fn a_password_that_was_set_lets_in_and_leaves_no_trace_in_the_log() {
    let machine = Machine::new();
    let server = Server::start(
        &machine,
        "log_statement = all\nlog_min_duration_statement = 0",
    );
    let mut database = server.connect();
    let name = "odd \"name\"'; DROP ROLE operator; --";
    database.ensure_role(&role(name, &[])).unwrap();
    let password = "päss'wörd\\".into();
    database
        .set_role_password(name, &verifier::new(&password))
        .unwrap();

    let stored = found(&mut database, name).verifier.unwrap();
    assert_eq!(verifier::matches(&stored, &password), Some(true));
    assert_eq!(verifier::matches(&stored, &"other".into()), Some(false));
    let login = |password| try_login(&machine.address, 5432, name, password, "postgres", soon());
    assert_eq!(login(&password).unwrap(), Login::Accepted);
    assert!(matches!(
        login(&"other".into()).unwrap(),
        Login::Rejected { .. }
    ));

    let error = database
        .set_role_password("nobody", &verifier::new(&password))
        .unwrap_err();
    assert_eq!(error.class(), Some(SqlClass::NoSuchObject));
    let error = database
        .set_role_password(name, &"in clear".into())
        .unwrap_err();
    assert!(matches!(error, PostgresError::NotSent { .. }));
    assert_eq!(verifier::matches(&stored, &password), Some(true));

    let said = server.said();
    assert!(said.contains("CREATE ROLE"), "the server logs statements");
    assert!(
        !said.contains("SCRAM-SHA-256$") && !said.contains("PASSWORD"),
        "{said}"
    );
}

#[test]
fn a_verifier_that_the_server_made_is_understood() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut database = server.connect();
    // A ligature and a soft hyphen: SASLprep changes both.
    database
        .execute("CREATE ROLE r LOGIN PASSWORD 'ﬁ\u{ad}x'")
        .unwrap();
    let stored = found(&mut database, "r").verifier.unwrap();
    assert_eq!(verifier::matches(&stored, &"ﬁ\u{ad}x".into()), Some(true));
    assert_eq!(verifier::matches(&stored, &"fix".into()), Some(true));
    let login = try_login(
        &machine.address,
        5432,
        "r",
        &"fix".into(),
        "postgres",
        soon(),
    );
    assert_eq!(login.unwrap(), Login::Accepted);
}

#[test]
fn roles_become_what_they_should_be_and_keep_what_others_gave_them() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut database = server.connect();
    let wanted = role("monitoring", &["pg_monitor"]);
    database.ensure_role(&wanted).unwrap();
    assert_eq!(found(&mut database, "monitoring"), wanted);

    let changes = [
        "CREATE ROLE extra".to_owned(),
        "GRANT extra TO monitoring".to_owned(),
        "ALTER ROLE monitoring SUPERUSER NOLOGIN PASSWORD 'x'".to_owned(),
    ];
    database.execute_all(&changes).unwrap();
    database.ensure_role(&wanted).unwrap();
    let role = found(&mut database, "monitoring");
    assert_eq!(role.attributes, wanted.attributes);
    assert_eq!(
        role.member_of,
        BTreeSet::from(["extra".to_owned(), "pg_monitor".to_owned()])
    );
    assert!(role.verifier.is_some(), "its password stays");

    let error = database
        .ensure_role(&self::role("other", &["nothing"]))
        .unwrap_err();
    assert_eq!(error.class(), Some(SqlClass::NoSuchObject));
    assert!(
        database
            .roles()
            .unwrap()
            .iter()
            .all(|role| role.name != "other"),
        "half a role"
    );
}

#[test]
fn statements_happen_all_or_none_and_errors_have_a_class() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut database = server.connect();
    let statements = |last: &str| vec!["CREATE TABLE t (i int)".to_owned(), last.to_owned()];
    let error = database
        .execute_all(&statements("CREATE ROLE operator"))
        .unwrap_err();
    assert_eq!(error.class(), Some(SqlClass::Exists));
    assert_eq!(
        error.to_string(),
        "run statements: role \"operator\" already exists (SQLSTATE 42710)"
    );
    database
        .execute_all(&statements("INSERT INTO t VALUES (1)"))
        .unwrap();
    database.execute("CREATE DATABASE d").unwrap();
    assert_eq!(
        database.databases().unwrap(),
        ["d", "postgres", "template1"]
    );
    assert!(database.total_size().unwrap() > 1 << 20);
    assert_eq!(database.setting("server_encoding").unwrap(), "UTF8");
    assert_eq!(
        database.setting("nothing").unwrap_err().class(),
        Some(SqlClass::NoSuchObject)
    );

    let mut elsewhere = server.target();
    elsewhere.database = "nowhere".to_owned();
    let error = Database::connect(&elsewhere, soon()).err().unwrap();
    assert_eq!(error.class(), Some(SqlClass::NoSuchDatabase));
    assert!(!error.is_unreachable());
}

#[test]
fn a_question_that_takes_too_long_is_cancelled_and_the_session_goes_on() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut database = server.connect();
    database.until(Deadline::after(Duration::from_millis(300)));
    let error = database.execute("SELECT pg_sleep(600)").unwrap_err();
    assert!(matches!(error, PostgresError::TimedOut { .. }), "{error}");
    assert!(error.is_unreachable());
    database.until(soon());
    assert!(!database.in_recovery().unwrap());
    assert!(
        server
            .said()
            .contains("canceling statement due to user request")
    );

    server.stop();
    let error = database.in_recovery().unwrap_err();
    assert!(error.is_unreachable(), "{error}");
    let error = Database::connect(&server.target(), soon()).err().unwrap();
    assert!(matches!(error, PostgresError::Refused { .. }), "{error}");
    let error = Database::connect(&target(&machine.path("absent")), soon())
        .err()
        .unwrap();
    assert!(matches!(error, PostgresError::Refused { .. }), "{error}");
}

#[test]
fn archiving_is_seen_to_work_and_to_fail() {
    let machine = Machine::new();
    let archive = machine.make_dir("archive");
    let settings = format!(
        "archive_mode = on\narchive_command = 'cp %p {}/%f'\ntrack_commit_timestamp = on",
        archive.display()
    );
    let server = Server::start(&machine, &settings);
    let mut database = server.connect();
    let point = database.create_restore_point("before").unwrap();
    let segment = database.switch_wal().unwrap();
    assert_eq!(segment.timeline(), Timeline::FIRST);
    assert_eq!(
        database.switch_wal().unwrap(),
        segment,
        "nothing was written since"
    );
    let archiver = eventually("the segment is archived", || {
        let archiver = database.archiver().unwrap();
        (archiver.archived > 0).then_some(archiver)
    });
    assert_eq!(archiver.last_archived.unwrap().0, segment.to_string());
    assert_eq!((archiver.failed, archiver.last_failed), (0, None));
    assert!(archive.join(segment.to_string()).exists());
    assert!(database.position().unwrap().lsn > point);

    database
        .execute("ALTER SYSTEM SET archive_command = 'false'")
        .unwrap();
    database.reload_configuration().unwrap();
    database.create_restore_point("after").unwrap();
    let stuck = database.switch_wal().unwrap();
    let failed = eventually("archiving fails", || {
        database.archiver().unwrap().last_failed
    });
    assert_eq!(failed.0, stuck.to_string());

    assert_eq!(database.last_committed().unwrap(), None);
    database.execute("CREATE TABLE t ()").unwrap();
    assert!(database.last_committed().unwrap().is_some());
}

#[test]
fn a_base_backup_that_is_being_sent_tells_how_far_it_is() {
    let machine = Machine::new();
    let server = Server::start(&machine, "");
    let mut database = server.connect();
    assert_eq!(database.copied_to(&machine.address).unwrap(), None);
    // Tens of megabytes, at a rate at which they take half a minute.
    let copy = machine.path("copy").display().to_string();
    let socket = server.socket_dir.display().to_string();
    let copying = machine.start(
        "pg_basebackup",
        &programs().join("pg_basebackup"),
        &[
            "--max-rate=1M",
            "--checkpoint=fast",
            "--username=operator",
            "--host",
            &socket,
            "--pgdata",
            &copy,
        ],
    );
    let percent = eventually("some of it was sent", || {
        let percent = database.copied_to(&machine.address).unwrap();
        percent.filter(|percent| *percent > 0)
    });
    copying.kill();
    assert!(percent < 100, "{percent}");
    eventually("the server notices", || {
        database
            .copied_to(&machine.address)
            .unwrap()
            .is_none()
            .then_some(())
    });
}

#[test]
fn the_control_file_and_the_server_tell_the_same() {
    let machine = Machine::new();
    let read = |data: &std::path::Path| control::read(&programs(), data, &machine.user, soon());
    assert_eq!(read(&machine.path("absent")).unwrap(), None);
    let server = Server::start(&machine, "track_commit_timestamp = off");
    let mut database = server.connect();
    let control = read(&server.data).unwrap().unwrap();
    assert_eq!(
        control.system_identifier,
        database.system_identifier().unwrap()
    );
    assert_eq!(control.state, State::InProduction);
    assert_eq!(control.timeline, database.position().unwrap().timeline);
    assert!(control.checksums);
    let before = control.checkpoint;
    database.checkpoint().unwrap();
    let control = read(&server.data).unwrap().unwrap();
    assert!(control.checkpoint > before && control.checkpoint_time.is_some());
    assert_eq!(database.replay().unwrap(), None);
    assert_eq!(database.last_committed().unwrap(), None);

    assert_eq!(database.pending_restart().unwrap(), []);
    database
        .execute("ALTER SYSTEM SET max_connections = 77")
        .unwrap();
    database.reload_configuration().unwrap();
    let pending = eventually("the setting waits for a restart", || {
        database.pending_restart().unwrap().pop()
    });
    assert_eq!(
        pending,
        Setting {
            name: "max_connections".to_owned(),
            value: "100".to_owned()
        }
    );

    let in_force = database.settings(&["wal_level", "max_connections", "no_such_setting"]);
    let in_force: Vec<_> = (in_force.unwrap().into_iter())
        .map(|it| (it.name, it.value))
        .collect();
    let (connections, level) = (&in_force[0], &in_force[1].0);
    assert_eq!(
        (connections.0.as_str(), connections.1.as_str()),
        ("max_connections", "100")
    );
    assert_eq!((level.as_str(), in_force.len()), ("wal_level", 2));

    drop(database);
    server.stop();
    let control = read(&server.data).unwrap().unwrap();
    assert_eq!(control.state, State::ShutDown);
    assert!(control.state.is_clean());

    let path = server.data.join("global/pg_control");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = read(&server.data).unwrap_err().to_string();
    assert!(
        error.contains("WARNING"),
        "a damaged control file is not believed: {error}"
    );
}

/// A replica's data beside the server's on the same machine, and the address of its own that it is to have.
fn copied(machine: &Machine, server: &Server<'_>) -> (PathBuf, String) {
    let copy = machine.path("copy");
    let copied = Command::new(programs().join("pg_basebackup"))
        .args(["-U", "operator", "-c", "fast", "-R", "-h"])
        .arg(&server.socket_dir)
        .arg("-D")
        .arg(&copy)
        .as_workload(&machine.user)
        .run(soon())
        .unwrap();
    assert!(copied.succeeded(), "{}", copied.stderr);
    let settings = files_text(&copy.join("postgresql.auto.conf"));
    let other = address();
    let settings = settings.replace(&machine.address, &other);
    machine.write("copy/postgresql.auto.conf", &settings);
    (copy, other)
}

#[test]
fn a_standby_tells_where_it_is_and_refuses_to_write() {
    let machine = Machine::new();
    let server = Server::start(&machine, "wal_level = replica");
    let mut database = server.connect();
    let (copy, _) = copied(&machine, &server);
    let standby = Server::start_in(&machine, copy);
    let mut replica = standby.connect();
    assert!(replica.in_recovery().unwrap());
    database.execute("CREATE TABLE t ()").unwrap();
    let written = database.position().unwrap();
    eventually("the standby replays", || {
        let position = replica.position().unwrap();
        (position.lsn >= written.lsn && position.timeline == written.timeline).then_some(())
    });
    let replay = replica.replay().unwrap().unwrap();
    assert!(replay.received >= Some(written.lsn) && replay.last_commit.is_some() && !replay.paused);
    assert_eq!(
        replica.system_identifier().unwrap(),
        database.system_identifier().unwrap()
    );
    let error = replica.execute("CREATE TABLE u ()").unwrap_err();
    assert_eq!(error.class(), Some(SqlClass::WrongState));

    replica.execute("SELECT pg_promote()").unwrap();
    let position = replica.position().unwrap();
    assert_eq!(
        position.timeline.number(),
        2,
        "at once, before any checkpoint"
    );
    assert_eq!(replica.replay().unwrap(), None);
}

/// With what the charm grants it, and no more.
#[test]
fn a_primary_that_was_left_behind_is_rewound_by_the_role_for_it() {
    let machine = Machine::new();
    let server = Server::start(&machine, "wal_level = replica\nwal_keep_size = 128MB");
    let mut database = server.connect();
    for user in SystemUser::ALL {
        let wanted = system_roles::wanted(user);
        let mut role = role(user.name(), wanted.member_of);
        role.attributes.superuser = wanted.superuser;
        role.attributes.replication = wanted.replication;
        database.ensure_role(&role).unwrap();
    }
    let grants = system_roles::grants(major());
    database.execute_all(&grants).unwrap();
    let password = "not-a-secret";
    database
        .set_role_password("rewind", &verifier::new(&password.into()))
        .unwrap();
    let (copy, other) = copied(&machine, &server);
    let promoted = Server::start_in(&machine, copy);
    let mut next = promoted.connect();
    next.execute("SELECT pg_promote()").unwrap();
    next.execute("CREATE TABLE kept ()").unwrap();
    next.checkpoint().unwrap();
    database.execute("CREATE TABLE left_behind ()").unwrap();
    drop(database);
    server.stop();

    let rewind = |user: &str| {
        let source = format!("host={other} port=5432 user={user} dbname=postgres");
        Command::new(programs().join("pg_rewind"))
            .args(["--no-sync", "--source-server", &source, "-D"])
            .arg(&server.data)
            .env("PGPASSWORD", password)
            .as_workload(&machine.user)
            .run(soon())
            .unwrap()
    };
    next.set_role_password("monitoring", &verifier::new(&password.into()))
        .unwrap();
    let refused = rewind("monitoring");
    assert!(
        refused.stderr.contains("permission denied for function"),
        "{}",
        refused.stderr
    );
    let rewound = rewind("rewind");
    assert!(rewound.succeeded(), "{}", rewound.stderr);
    assert!(
        rewound.stderr.contains("servers diverged at WAL location"),
        "{}",
        rewound.stderr
    );
}

fn files_text(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
