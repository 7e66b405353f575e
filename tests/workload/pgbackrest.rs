//! pgBackRest: backups, what the repository tells of them, restores, and how each failure is told.

use std::path::PathBuf;

use postgresql_charm::adapters::host::clock::{self, Deadline};
use postgresql_charm::adapters::host::files::{self, Owner};
use postgresql_charm::adapters::pgbackrest::command::{Backup, Restore, Target};
use postgresql_charm::adapters::pgbackrest::{
    Command, ExitKind, PgBackRest, PgBackRestError, progress,
};
use postgresql_charm::adapters::postgres::Database;
use postgresql_charm::domain::words::{BackupKind, Stanza, Timeline};

use crate::machine::{Machine, need, soon};
use crate::server::Server;

pub(crate) fn stanza() -> Stanza {
    "model.pg".parse().unwrap()
}

/// A configuration with a repository in a directory, and the pgBackRest that uses it.
pub(crate) fn pgbackrest(machine: &Machine) -> (PgBackRest, PathBuf) {
    need("pgbackrest", "pgbackrest");
    machine.make_dir("log");
    let file = machine.pgbackrest_config(
        &stanza(),
        "repo1-retention-full=9\nstart-fast=y\ncompress-type=lz4\n",
    );
    (PgBackRest::new(file.clone(), machine.user.clone()), file)
}

pub(crate) fn archiving(config: &std::path::Path) -> String {
    let push = format!(
        "pgbackrest --config={} --stanza={} archive-push %p",
        config.display(),
        stanza()
    );
    format!("archive_mode = on\narchive_command = '{push}'")
}

pub(crate) fn backup(kind: BackupKind, request: &str) -> Command {
    Command::Backup(Backup {
        stanza: stanza(),
        kind,
        annotations: vec![("request".to_owned(), request.to_owned())],
        primary: None,
        process_max: None,
        log_detail: true,
        expire_auto: None,
    })
}

pub(crate) fn create() -> Command {
    Command::StanzaCreate {
        stanza: stanza(),
        online: true,
    }
}

pub(crate) fn check() -> Command {
    Command::Check {
        stanza: stanza(),
        archive_timeout: Some(30),
    }
}

fn restore(machine: &Machine, name: &str, target: Target) -> Restore {
    Restore {
        stanza: stanza(),
        set: None,
        target,
        timeline: None,
        promote: false,
        pg_path: Some(machine.path(name)),
        delta: false,
        tablespace_map_all: None,
        recovery_options: Vec::new(),
        process_max: None,
    }
}

fn kind_of(error: &PgBackRestError) -> ExitKind {
    error.kind().unwrap_or_else(|| panic!("{error}"))
}

/// A table with as many rows as there are in `t`.
fn rows(database: &mut Database, expected: u32) {
    let check = format!(
        "DO $$ BEGIN IF (SELECT count(*) FROM t) <> {expected} THEN RAISE EXCEPTION 'there are %', \
         (SELECT count(*) FROM t); END IF; END $$"
    );
    database.execute(&check).unwrap();
}

#[test]
fn a_repository_in_which_nothing_was_made_is_empty_and_no_error() {
    let machine = Machine::new();
    let (pgbackrest, _) = pgbackrest(&machine);
    assert_eq!(pgbackrest.info(None, soon()).unwrap(), []);
    assert_eq!(
        pgbackrest.info(Some(&stanza()), soon()).unwrap()[0]
            .status
            .code,
        1
    );
    assert_eq!(pgbackrest.repo_ls("backup", soon()).unwrap(), [""; 0]);
    let info_file = format!("backup/{}/backup.info", stanza());
    assert_eq!(pgbackrest.repo_get(&info_file, soon()).unwrap(), None);
}

#[test]
fn backups_are_taken_found_again_and_restored_to_a_time() {
    let machine = Machine::new();
    let (pgbackrest, config) = pgbackrest(&machine);
    let version = pgbackrest.version(soon()).unwrap();
    assert!(
        version.capabilities().annotations,
        "pgBackRest {version} is too old for this test"
    );
    let server = Server::start(&machine, &archiving(&config));
    let mut database = server.connect();

    pgbackrest.run(&create(), soon()).unwrap();
    pgbackrest.run(&create(), soon()).unwrap();
    pgbackrest.run(&check(), soon()).unwrap();
    database.execute("CREATE TABLE t AS SELECT 1").unwrap();

    let mut percents = Vec::new();
    let full = backup(BackupKind::Full, "one");
    let mut line = |line: &str| percents.extend(progress::percent(line));
    pgbackrest.run_streaming(&full, soon(), &mut line).unwrap();
    assert!(percents.len() > 100 && percents.is_sorted(), "{percents:?}");
    assert_eq!(percents.last(), Some(&100.0));
    pgbackrest
        .run(&backup(BackupKind::Differential, "two"), soon())
        .unwrap();
    database.execute("INSERT INTO t VALUES (2)").unwrap();
    pgbackrest
        .run(&backup(BackupKind::Incremental, "three"), soon())
        .unwrap();

    let stanzas = pgbackrest.info(Some(&stanza()), soon()).unwrap();
    let [info] = &stanzas[..] else {
        panic!("one stanza: {stanzas:?}")
    };
    assert_eq!((info.status.code, info.status.running), (0, None));
    assert_eq!(
        info.databases[0].system_id,
        database.system_identifier().unwrap()
    );
    let requests: Vec<_> = info
        .backups
        .iter()
        .map(|it| it.annotations["request"].as_str())
        .collect();
    assert_eq!(requests, ["one", "two", "three"]);
    assert_eq!(info.backups[2].prior, Some(info.backups[1].label));
    assert!(
        info.backups
            .iter()
            .all(|backup| backup.error == Some(false))
    );
    assert!(info.backups[2].lsn_stop < Some(database.position().unwrap().lsn));
    let info_file = format!("backup/{}/backup.info", stanza());
    let text = pgbackrest.repo_get(&info_file, soon()).unwrap().unwrap();
    assert!(
        String::from_utf8(text)
            .unwrap()
            .contains(&info.backups[2].label.to_string())
    );
    let names = pgbackrest
        .repo_ls(&format!("backup/{}", stanza()), soon())
        .unwrap();
    assert!(
        names.contains(&info.backups[0].label.to_string()) && names.contains(&"latest".to_owned())
    );

    // Half a second on each side: PostgreSQL stamps commits with a clock that is not ours.
    clock::sleep(std::time::Duration::from_millis(500));
    let before = clock::now();
    clock::sleep(std::time::Duration::from_millis(500));
    database.execute("INSERT INTO t VALUES (3)").unwrap();
    pgbackrest.run(&check(), soon()).unwrap();

    let target = Target::Time {
        at: before,
        exclusive: false,
    };
    files::make_dir(
        &machine.path("restored"),
        0o700,
        Owner::Workload(&machine.user),
    )
    .unwrap();
    let command = Command::Restore(Restore {
        set: Some(info.backups[0].label),
        timeline: Some(Timeline::FIRST),
        promote: true,
        tablespace_map_all: Some(machine.path("tablespaces")),
        ..restore(&machine, "restored", target)
    });
    let mut percents = Vec::new();
    let mut line = |line: &str| percents.extend(progress::percent(line));
    pgbackrest
        .run_streaming(&command, soon(), &mut line)
        .unwrap();
    assert_eq!(percents.last(), Some(&100.0));
    drop(database);
    server.stop();
    let restored = Server::start_in(&machine, machine.path("restored"));
    let mut database = restored.connect();
    crate::machine::eventually("the copy is promoted", || {
        (!database.in_recovery().unwrap()).then_some(())
    });
    assert_eq!(database.position().unwrap().timeline.number(), 2);
    rows(&mut database, 2);
}

#[test]
fn a_copy_lies_where_it_was_told_to_and_recovers_as_it_was_told_to_whatever_its_source_was_like() {
    let machine = Machine::new();
    let (pgbackrest, config) = pgbackrest(&machine);
    let server = Server::start(&machine, &archiving(&config));
    server.stop();
    std::fs::rename(machine.path("data/pg_wal"), machine.path("wal")).unwrap();
    std::os::unix::fs::symlink(machine.path("wal"), machine.path("data/pg_wal")).unwrap();
    assert!(server.starts(), "{}", server.said());
    let space = machine.make_dir("space");
    let mut database = server.connect();
    for statement in [
        &format!("CREATE TABLESPACE space LOCATION '{}'", space.display()),
        "CREATE TABLE t TABLESPACE space AS SELECT 1",
        // What another recovery would have left: two targets are an error.
        "ALTER SYSTEM SET recovery_target_name = 'of another recovery'",
        "ALTER SYSTEM SET restore_command = '/bin/false'",
    ] {
        database.execute(statement).unwrap();
    }
    machine.write("data/standby.signal", "");
    pgbackrest.run(&create(), soon()).unwrap();
    pgbackrest
        .run(&backup(BackupKind::Full, "odd"), soon())
        .unwrap();
    pgbackrest.run(&check(), soon()).unwrap();

    let copy = machine.path("restored");
    files::make_dir(&copy, 0o700, Owner::Workload(&machine.user)).unwrap();
    let spaces = machine.path("tablespaces");
    let command = Command::Restore(Restore {
        promote: true,
        tablespace_map_all: Some(spaces.clone()),
        ..restore(&machine, "restored", Target::Immediate)
    });
    pgbackrest.run(&command, soon()).unwrap();
    let is_link = |path: &str| {
        let about = std::fs::symlink_metadata(machine.path(path)).unwrap();
        about.file_type().is_symlink()
    };
    assert!(is_link("data/pg_wal"), "the source was like that");
    assert!(!is_link("restored/pg_wal"), "the copy has WAL of its own");
    for file in ["standby.signal", "postmaster.pid"] {
        assert!(machine.path("data").join(file).exists(), "the source's");
        assert!(!copy.join(file).exists(), "{file} came along");
    }
    let links = std::fs::read_dir(copy.join("pg_tblspc")).unwrap();
    let targets: Vec<PathBuf> = links
        .map(|link| std::fs::read_link(link.unwrap().path()).unwrap())
        .collect();
    assert_eq!(targets.len(), 1);
    assert!(targets[0].starts_with(&spaces), "{targets:?}");

    // The database that was there is still there, with all of its own.
    rows(&mut database, 1);
    drop(database);
    server.stop();
    let restored = Server::start_in(&machine, copy);
    let mut database = restored.connect();
    crate::machine::eventually("the copy is promoted", || {
        (!database.in_recovery().unwrap()).then_some(())
    });
    rows(&mut database, 1);
}

#[test]
fn each_failure_has_its_kind_and_its_words() {
    let machine = Machine::new();
    let (pgbackrest, config) = pgbackrest(&machine);
    let failure = |command: &Command| pgbackrest.run(command, soon()).unwrap_err();

    let server = Server::start(&machine, &archiving(&config));
    let error = failure(&backup(BackupKind::Full, "early"));
    assert_eq!(kind_of(&error), ExitKind::Missing);
    assert!(
        error
            .to_string()
            .contains("\nHINT: has a stanza-create been performed?"),
        "{error}"
    );

    pgbackrest.run(&create(), soon()).unwrap();
    let error = failure(&Command::Restore(Restore {
        set: Some("20200101-000000F".parse().unwrap()),
        ..restore(&machine, "elsewhere", Target::Default)
    }));
    assert_eq!(kind_of(&error), ExitKind::NoSuchBackup);
    let error = failure(&Command::Restore(restore(
        &machine,
        "data",
        Target::Default,
    )));
    assert_eq!(kind_of(&error), ExitKind::PostgresRunning);

    pgbackrest
        .run(
            &Command::Stop {
                stanza: stanza(),
                force: false,
            },
            soon(),
        )
        .unwrap();
    assert_eq!(
        kind_of(&failure(&backup(BackupKind::Full, "stopped"))),
        ExitKind::Stopped
    );
    pgbackrest
        .run(&Command::Start { stanza: stanza() }, soon())
        .unwrap();

    pgbackrest
        .run(&backup(BackupKind::Full, "good"), soon())
        .unwrap();
    machine.make_dir("full");
    machine.write("full/file", "");
    let error = failure(&Command::Restore(restore(
        &machine,
        "full",
        Target::Default,
    )));
    assert_eq!(kind_of(&error), ExitKind::NotEmpty);

    let mut database = server.connect();
    database
        .execute("ALTER SYSTEM SET archive_command = 'false'")
        .unwrap();
    database.reload_configuration().unwrap();
    let impatient = Command::Check {
        stanza: stanza(),
        archive_timeout: Some(1),
    };
    assert_eq!(kind_of(&failure(&impatient)), ExitKind::NotArchiving);

    drop(database);
    server.stop();
    let error = failure(&backup(BackupKind::Full, "down"));
    assert_eq!(kind_of(&error), ExitKind::DatabaseConnect);

    let path = format!("backup/{}/backup.info", stanza());
    let error = PgBackRest::new(machine.path("absent.conf"), machine.user.clone())
        .repo_get(&path, soon())
        .unwrap_err();
    assert_eq!(
        kind_of(&error),
        ExitKind::Missing,
        "a missing configuration is no missing backup"
    );
    let error = pgbackrest.repo_get("backup", soon()).unwrap_err();
    assert_eq!(kind_of(&error), ExitKind::Read);
    let error = failure(&Command::RepoGet {
        path: "--nonsense".to_owned(),
    });
    assert_eq!(kind_of(&error), ExitKind::InvalidOption);
    let error = pgbackrest
        .version(Deadline::after(std::time::Duration::ZERO))
        .unwrap_err();
    assert!(matches!(error, PgBackRestError::Run { .. }), "{error}");
}
