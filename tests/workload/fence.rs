//! A cluster whose repository was taken over while its machine was off: with the real PostgreSQL and pgBackRest, it pushes
//! nothing, says why, and loses nothing.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use postgresql_charm::adapters::pgbackrest::{Command, PgBackRest};
use postgresql_charm::domain::backups::ownership::fence::Overtaken;
use postgresql_charm::domain::backups::ownership::{RECORD, Record};
use postgresql_charm::domain::words::{Stanza, SystemId, Timeline};
use postgresql_charm::fence;

use crate::machine::{Machine, eventually, need, soon};
use crate::server::Server;

const US: &str = "0a1b2c3d-0000-4000-8000-000000000001/pg";
const THEM: &str = "0a1b2c3d-0000-4000-8000-000000000002/pg";

fn stanza() -> Stanza {
    "model.pg".parse().unwrap()
}

fn configured(machine: &Machine) -> PathBuf {
    need("pgbackrest", "pgbackrest");
    for folder in ["log", "spool"] {
        machine.make_dir(folder);
    }
    machine.pgbackrest_config(&stanza(), "log-level-stderr=warn\n")
}

/// The charm's program, where the user of the workload may run it.
fn program(machine: &Machine) -> PathBuf {
    let program = machine.path("charm");
    std::fs::copy(env!("CARGO_BIN_EXE_postgresql-charm"), &program).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
    if machine.user.differs_from_invoker() {
        chown(&program, Some(machine.user.uid()), Some(machine.user.gid())).unwrap();
    }
    program
}

fn archiving(machine: &Machine, config: &Path) -> String {
    let push = format!(
        "{} archive-push --config={} --stanza={} --cluster={US} --standing={} \"%p\"",
        program(machine).display(),
        config.display(),
        stanza(),
        standing(machine).display(),
    );
    format!("archive_mode = on\narchive_command = '{push}'")
}

fn standing(machine: &Machine) -> PathBuf {
    machine.path("spool/standing.json")
}

fn owned_by(machine: &Machine, cluster: &str, system: SystemId, epoch: u64) {
    let record = Record {
        cluster_id: cluster.parse().unwrap(),
        system_identifier: system,
        timeline: Timeline::FIRST,
        epoch,
        raised_for: None,
        model: "elsewhere".to_owned(),
        application: "pg".to_owned(),
        written_at: "2026-01-01T12:00:00Z".parse().unwrap(),
    };
    machine.write(&format!("repository/{RECORD}"), &record.to_json());
}

/// Every object below a folder, with its size and when it was written.
fn objects(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = std::fs::metadata(&path).unwrap();
        if about.is_dir() {
            found.extend(objects(&path));
        } else {
            found.insert(path, (about.len(), about.modified().unwrap()));
        }
    }
    found
}

/// A segment is full, and PostgreSQL hears of it.
fn fill_a_segment(server: &Server<'_>) {
    let mut database = server.connect();
    database
        .execute("CREATE TABLE IF NOT EXISTS t (i int)")
        .unwrap();
    database.execute("INSERT INTO t VALUES (1)").unwrap();
    database.execute("SELECT pg_switch_wal()").unwrap();
}

#[test]
fn an_old_cluster_that_wakes_up_pushes_not_one_object_into_a_repository_that_was_taken_over() {
    let machine = Machine::new();
    let config = configured(&machine);
    let pgbackrest = PgBackRest::new(config.clone(), machine.user.clone());
    let server = Server::start(&machine, &archiving(&machine, &config));
    let system = server.connect().system_identifier().unwrap();
    let create = Command::StanzaCreate {
        stanza: stanza(),
        online: true,
    };
    pgbackrest.run(&create, soon()).unwrap();
    let check = Command::Check {
        stanza: stanza(),
        archive_timeout: Some(30),
    };
    owned_by(&machine, US, system, 1);
    pgbackrest.run(&check, soon()).unwrap();
    let known = fence::standing(&standing(&machine)).unwrap();
    assert_eq!((known.epoch, known.overtaken), (Some(1), None));

    // Its machine loses power, and another cluster takes over what is the same database by its identifier.
    drop(server);
    owned_by(&machine, THEM, system, 2);
    let archive = machine.path("repository/archive");
    let before = objects(&archive);
    let server = Server::start_in(&machine, machine.path("data"));
    fill_a_segment(&server);
    let failures = || server.connect().archiver().unwrap().failed;
    eventually("a push is refused", || (failures() > 0).then_some(()));
    assert_eq!(objects(&archive), before);
    assert!(
        server
            .said()
            .contains("is not pushed, because the repository is not this cluster's any more: application pg of model elsewhere"),
        "{}",
        server.said()
    );
    let known = fence::standing(&standing(&machine)).unwrap();
    assert!(
        matches!(known.overtaken, Some(Overtaken::ByCluster { epoch: 2, .. })),
        "{known:?}"
    );

    // What cannot be read is nobody's leave to write.
    let refused = failures();
    machine.write(&format!("repository/{RECORD}"), "{");
    fill_a_segment(&server);
    eventually("it is refused as well", || {
        (failures() > refused
            && server
                .said()
                .contains("nobody can tell whose the repository is"))
        .then_some(())
    });
    assert_eq!(objects(&archive), before);

    // An operator gives it back: what has waited is archived, every segment of it.
    owned_by(&machine, US, system, 3);
    fill_a_segment(&server);
    pgbackrest.run(&check, soon()).unwrap();
    let waiting = machine.path("data/pg_wal/archive_status");
    eventually("nothing waits any more", || {
        let names = std::fs::read_dir(&waiting).unwrap();
        let ready = |name: &str| name.contains(".ready");
        let mut names = names.map(|entry| entry.unwrap().file_name());
        (!names.any(|name| ready(&name.to_string_lossy()))).then_some(())
    });
    assert!(objects(&archive).len() >= before.len() + 3);
    assert_eq!(fence::standing(&standing(&machine)).unwrap().epoch, Some(3));
}
