//! Patroni: its members, its configuration, and what it refuses.

use std::thread;

use postgresql_charm::adapters::Unanswered;
use postgresql_charm::adapters::patroni::{
    Credentials, MemberState, Patroni, PatroniError, Role, Switchover, Xlog,
};
use postgresql_charm::adapters::postgres::{Database, Login, try_login};
use serde_json::json;

use crate::machine::{Machine, Running, eventually, need, soon};
use crate::server::{programs, target};
use crate::{etcd, machine};

/// A cluster of one member, whose user in etcd reaches nothing but its own keys.
fn start(machine: &Machine) -> Running {
    need("patroni", "patroni python3-etcd");
    let root = etcd::login("root", "root password");
    let access = etcd::access("etcd password");
    etcd::anybody(machine)
        .set_up_authentication(&root, &access, soon())
        .unwrap();
    let (address, path) = (&machine.address, |name: &str| {
        machine.path(name).display().to_string()
    });
    machine.make_dir("socket");
    let config = json!({
        "scope": "pg",
        "namespace": "/service/",
        "name": "pg-0",
        "restapi": {
            "listen": format!("{address}:8008"),
            "connect_address": format!("{address}:8008"),
            "authentication": { "username": "patroni", "password": "rest password" },
        },
        "etcd3": {
            "hosts": [format!("{address}:2379")],
            "username": "patroni",
            "password": "etcd password",
        },
        "bootstrap": {
            "dcs": { "ttl": 20, "loop_wait": 1, "retry_timeout": 3 },
            "initdb": [{ "encoding": "UTF8" }, "data-checksums", "no-sync"],
        },
        "postgresql": {
            "listen": format!("{address}:5432"),
            "connect_address": format!("{address}:5432"),
            "data_dir": path("data"),
            "bin_dir": programs().display().to_string(),
            "pgpass": path("pgpass"),
            "authentication": {
                "superuser": { "username": "operator", "password": "operator password" },
                "replication": { "username": "replication", "password": "replication password" },
            },
            "parameters": {
                "unix_socket_directories": path("socket"),
                "password_encryption": "scram-sha-256",
                "fsync": "off",
            },
            "pg_hba": ["local all all trust", "host all,replication all all scram-sha-256"],
        },
        "tags": { "region": "here" },
    });
    let file = machine.write("patroni.yaml", &config.to_string());
    machine.start("patroni", "patroni".as_ref(), &[file.to_str().unwrap()])
}

fn ask(machine: &Machine, password: &str) -> Patroni {
    let credentials = Credentials {
        user: "patroni".to_owned(),
        password: password.into(),
    };
    Patroni::at(&machine.address, 8008, Some(credentials))
}

fn waking_changes_nothing(patroni: &Patroni, config: &serde_json::Value) {
    patroni.wake(soon()).unwrap();
    assert_eq!(patroni.config(soon()).unwrap(), *config);
}

/// Patroni refuses a change when another came between its look at the configuration and its write.
fn changes_at_the_same_time_are_all_made(patroni: &Patroni) {
    let settings: Vec<String> = (1..=12).map(|number| format!("setting_{number}")).collect();
    thread::scope(|scope| {
        for setting in &settings {
            scope.spawn(|| {
                let patch = json!({ "postgresql": { "parameters": { setting: 1 } } });
                patroni.patch_config(&patch, soon()).unwrap();
            });
        }
    });
    let config = patroni.config(soon()).unwrap();
    let parameters = &config["postgresql"]["parameters"];
    assert!(
        settings.iter().all(|setting| parameters[setting] == 1),
        "{config}"
    );
    let none: serde_json::Map<_, _> = settings
        .into_iter()
        .map(|setting| (setting, json!(null)))
        .collect();
    let patch = json!({ "postgresql": { "parameters": none } });
    patroni.patch_config(&patch, soon()).unwrap();
}

#[test]
fn a_cluster_of_one_member_is_born_changed_and_gone() {
    let machine = machine::Machine::new();
    let _etcd = etcd::start(&machine);
    let patroni = ask(&machine, "rest password");
    let error = patroni.cluster(soon()).unwrap_err();
    let refused = |error: &PatroniError| {
        matches!(
            error,
            PatroniError::Unanswered {
                why: Unanswered::Refused { .. },
                ..
            }
        )
    };
    assert!(refused(&error), "{error}");

    let running = start(&machine);
    let member = eventually("Patroni leads a running database", || {
        let member = patroni.member(soon()).ok()?;
        (member.has_leader && member.role == Role::Leader && member.state == MemberState::Running)
            .then_some(member)
    });
    assert_eq!(member.scope, "pg");
    assert!(matches!(member.xlog, Some(Xlog::Writing { .. })));
    let mut database = Database::connect(&target(&machine.path("socket")), soon()).unwrap();
    assert_eq!(
        member.system_identifier,
        Some(database.system_identifier().unwrap())
    );
    assert_eq!(member.timeline, Some(database.position().unwrap().timeline));
    let login = |password: &str| {
        try_login(
            &machine.address,
            5432,
            "operator",
            &password.into(),
            "postgres",
            soon(),
        )
        .unwrap()
    };
    assert_eq!(login("operator password"), Login::Accepted);

    let members = eventually("the member is known to run", || {
        let members = patroni.cluster(soon()).unwrap();
        (members[0].state == MemberState::Running).then_some(members)
    });
    assert_eq!(members.len(), 1);
    let me = &members[0];
    assert_eq!(
        (me.name.as_str(), me.role, me.lag),
        ("pg-0", Role::Leader, None)
    );
    assert_eq!((&me.host, me.port), (&machine.address, 5432));
    assert_eq!(me.tags["region"], "here");

    let patch =
        json!({ "loop_wait": 2, "postgresql": { "parameters": { "max_connections": 77 } } });
    let changed = patroni.patch_config(&patch, soon()).unwrap();
    assert_eq!(
        (&changed["loop_wait"], &changed["ttl"]),
        (&json!(2), &json!(20))
    );
    eventually("the member sees the change", || {
        (patroni.config(soon()).unwrap() == changed).then_some(())
    });
    waking_changes_nothing(&patroni, &changed);
    changes_at_the_same_time_are_all_made(&patroni);
    patroni.reload(soon()).unwrap();
    eventually("the setting waits for a restart", || {
        patroni
            .member(soon())
            .unwrap()
            .pending_restart
            .then_some(())
    });
    patroni.restart(soon()).unwrap();
    let mut database = Database::connect(&target(&machine.path("socket")), soon()).unwrap();
    assert_eq!(database.setting("max_connections").unwrap(), "77");
    let removed = patroni
        .patch_config(&json!({ "loop_wait": null }), soon())
        .unwrap();
    assert_eq!(removed.get("loop_wait"), None);

    let switchover = Switchover {
        leader: "pg-0".to_owned(),
        candidate: Some("pg-1".to_owned()),
    };
    let error = patroni.switchover(&switchover, soon()).unwrap_err();
    assert!(matches!(error, PatroniError::Answered { .. }), "{error}");
    let stranger = ask(&machine, "wrong password");
    let error = stranger.reload(soon()).unwrap_err();
    assert!(
        matches!(error, PatroniError::NotAuthorized { .. }),
        "{error}"
    );
    assert_eq!(
        stranger.cluster(soon()).unwrap().len(),
        1,
        "everybody may look"
    );

    drop(database);
    drop(running);
    let error = patroni.member(soon()).unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}
