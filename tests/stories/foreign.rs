//! Another cluster's repository: listed, restored from without its passwords, and never written.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::lab::{Lab, eventually};
use crate::members::primary_of;

const LEADER: &str = "postgresql/leader";
const OTHERS: [&str; 2] = ["other/0", "other/1"];
const OTHER_LEADER: &str = "other/leader";

/// Everything in the old cluster's repository but what the new one keeps beside it: each object with its size and when it
/// was written.
fn objects(lab: &Lab) -> BTreeMap<String, (u64, std::time::SystemTime)> {
    let store = lab.home().join("object-store");
    let mut found = BTreeMap::new();
    walk(&store, &mut found);
    found.retain(|path, _| path.contains("/backups/pg/") && !path.contains("/dev.other-"));
    assert!(
        !found.is_empty(),
        "the repository is not in {}",
        store.display()
    );
    found
}

fn walk(folder: &Path, found: &mut BTreeMap<String, (u64, std::time::SystemTime)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else if let Ok(about) = entry.metadata() {
            let written = about.modified().unwrap();
            found.insert(path.display().to_string(), (about.len(), written));
        }
    }
}

fn archived(lab: &Lab, unit: &str) -> u64 {
    let count = lab.sql(unit, "select archived_count from pg_stat_archiver");
    count.parse().unwrap()
}

#[test]
fn a_cluster_is_brought_over_from_another_ones_repository_which_is_never_written() {
    let lab = Lab::new("foreign");
    // A unit has the machine of its number: all of them come first.
    lab.deploy("postgresql", "postgresql");
    lab.deploy("postgresql", "other");
    lab.juju(&["add-unit", "other"]).ok();
    let store = lab.with_store("/pg");
    lab.sql(
        "postgresql/0",
        "create table words (id serial primary key, word text); insert into words (word) values ('old')",
    );
    let backup = lab.run(LEADER, "create-backup", &[]).done();
    let backup = backup.result("backup-id").to_owned();
    let system = lab.sql(
        "postgresql/0",
        "select system_identifier from pg_control_system()",
    );

    lab.deploy("s3-integrator", "other-s3");
    lab.configure(&store, "other-s3", "/pg");
    lab.juju(&["integrate", "other", "other-s3"]).ok();
    let old = primary_of(&lab, "other/0").expect("the other cluster has a primary");
    lab.status_becomes(&old, "says whose repository it is", |status, message| {
        status == "blocked"
            && message.contains("belongs to")
            && message.contains("application postgresql of model dev")
    });
    it_is_listed_and_nothing_else(&lab, &backup, &system);

    let before = objects(&lab);
    let named = format!("backup-id={backup}");
    let restored = lab.run(OTHER_LEADER, "restore", &[&named]).done();
    let path = restored.result("archives-to").to_owned();
    assert!(
        path.starts_with("backups/pg/dev.other-"),
        "{:#}",
        restored.0
    );
    // Whether or not this unit is the one that is made anew just now.
    let new = primary_of(&lab, "other/0").expect("each unit names the restored cluster's primary");
    assert_eq!(lab.sql(&new, "select word from words"), "old");
    let now = lab.sql(&new, "select system_identifier from pg_control_system()");
    assert_eq!(now, system, "it is the old cluster's database");
    every_system_user_logs_in(&lab, &new);

    // The replica cannot be asked to make itself anew: it does so with its next hook.
    let replica = OTHERS.into_iter().find(|unit| *unit != new).unwrap();
    eventually("the replica is made anew and streams", || {
        let streams = "select count(*) from pg_stat_replication where state = 'streaming'";
        let rows = lab.try_sql(replica, "select word from words").stdout;
        match (lab.try_sql(&new, streams).stdout.trim(), rows.trim()) {
            ("1", "old") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    lab.settle();

    // The new cluster goes on by itself.
    lab.sql(&new, "insert into words (word) values ('new')");
    lab.run(&new, "create-backup", &[]).done();
    let listed = lab.run(&new, "list-backups", &[]).done();
    assert!(listed.result("backups").contains(&path["backups".len()..]));
    assert!(!listed.result("backups").contains(&backup));
    assert_eq!(
        objects(&lab),
        before,
        "nothing was written into the old one"
    );

    // So does the old one.
    let count = archived(&lab, "postgresql/0");
    lab.sql("postgresql/0", "select pg_switch_wal()");
    lab.sql("postgresql/0", "insert into words (word) values ('older')");
    lab.sql("postgresql/0", "select pg_switch_wal()");
    eventually("the old cluster goes on archiving", || {
        let now = archived(&lab, "postgresql/0");
        (now > count).then_some(()).ok_or(now.to_string())
    });
}

fn it_is_listed_and_nothing_else(lab: &Lab, backup: &str, system: &str) {
    let before = objects(lab);
    // The leader need not be the primary: it has seen the repository by itself.
    eventually("the leader has seen the repository", || {
        let listed = lab.run(OTHER_LEADER, "list-backups", &[]);
        let is = listed.status() == "completed";
        is.then_some(()).ok_or(format!("{:#}", listed.0))
    });
    let listed = lab.run(OTHER_LEADER, "list-backups", &[]).done();
    let owner = listed.result("owner");
    assert!(
        owner.contains("application postgresql of model dev"),
        "{owner}"
    );
    let rows: Vec<Value> = serde_json::from_str(listed.result("backups-json")).unwrap();
    let row = rows.iter().find(|row| row["id"] == backup).unwrap();
    assert_eq!(row["stanza"], "dev.postgresql");
    assert_eq!(row["system-identifier"], system);
    assert!(listed.result("backups").contains("| dev.postgresql"));
    let said = lab.run(OTHER_LEADER, "create-backup", &[]).refused();
    assert!(said.contains("belongs to"), "{said}");
    let named = format!("backup-id={backup}");
    let said = lab
        .run(OTHER_LEADER, "restore", &[&named, "stanza=none"])
        .refused();
    assert!(said.contains("has no stanza none"), "{said}");
    assert_eq!(objects(lab), before, "looking has changed nothing");
}

fn every_system_user_logs_in(lab: &Lab, unit: &str) {
    for user in ["operator", "replication", "rewind"] {
        let named = format!("username={user}");
        let password = lab.run(OTHER_LEADER, "get-password", &[&named]).done();
        let said = log_in(lab, unit, user, password.result("password"));
        assert!(said.status.success(), "{user} logs in: {said:?}");
    }
}

/// A login over the network, from the unit's own address, for what the user is there for.
fn log_in(lab: &Lab, unit: &str, user: &str, password: &str) -> Output {
    let status = lab.juju(&["status", "--format", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    let address = &status["applications"]["other"]["units"][unit]["public-address"];
    let address = address.as_str().unwrap();
    let (mode, query) = if user == "replication" {
        (" replication=true", "IDENTIFY_SYSTEM")
    } else {
        ("", "select 1")
    };
    let target = format!("host={address} user={user} dbname=postgres{mode}");
    Command::new("psql")
        .env("PGPASSWORD", password)
        .env("PGCONNECT_TIMEOUT", "20")
        .args(["-X", "-c", query, &target])
        .output()
        .unwrap()
}
