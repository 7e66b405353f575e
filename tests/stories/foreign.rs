//! Another cluster's repository: listed, restored from without its passwords, and never written.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::clients::login;
use crate::lab::{Lab, eventually};
use crate::members::{number, primary_of};

const LEADER: &str = "postgresql/leader";
const OTHERS: [&str; 2] = ["other/0", "other/1"];
const OTHER_LEADER: &str = "other/leader";

/// Objects with their sizes, and when they were written.
pub(crate) type Objects = BTreeMap<String, (u64, std::time::SystemTime)>;

/// Everything in the old cluster's repository but what the new one keeps beside it.
fn objects(lab: &Lab) -> Objects {
    below(lab, "/backups/pg/", "/dev.other-")
}

/// The objects below a path, without those that another text in theirs belongs to.
pub(crate) fn below(lab: &Lab, path: &str, without: &str) -> Objects {
    let store = lab.home().join("object-store");
    let mut found = BTreeMap::new();
    walk(&store, &mut found);
    found.retain(|object, _| object.contains(path) && !object.contains(without));
    assert!(
        !found.is_empty(),
        "the repository is not in {}",
        store.display()
    );
    found
}

fn walk(folder: &Path, found: &mut Objects) {
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

fn goes_on_archiving(lab: &Lab, unit: &str, word: &str) {
    let count = archived(lab, unit);
    lab.sql(unit, "select pg_switch_wal()");
    let insert = format!("insert into words (word) values ('{word}')");
    lab.sql(unit, &insert);
    lab.sql(unit, "select pg_switch_wal()");
    eventually(&format!("{unit} goes on archiving"), || {
        let now = archived(lab, unit);
        (now > count).then_some(()).ok_or(now.to_string())
    });
}

#[test]
fn a_cluster_is_brought_over_from_another_ones_repository_which_is_never_written() {
    let lab = Lab::new("foreign");
    // A unit has the machine of its number: all of them come first.
    lab.deploy("postgresql", "postgresql");
    lab.deploy("postgresql", "other");
    lab.juju(&["add-unit", "other"]).ok();
    lab.deploy_client("other", "shop");
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
    let rewind = a_password_of_the_old_cluster_is_set(&lab);

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
    assert_eq!(lab.password(OTHER_LEADER, "rewind"), rewind);

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
    eventually("the application that was related before logs in", || {
        login(&lab.run("shop/0", "get-credentials", &[]).done()).map(drop)
    });

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
    goes_on_archiving(&lab, "postgresql/0", "older");

    it_wakes_up_after_its_repository_was_taken_over(&lab, &path);
}

/// The other cluster was away while the first one has taken its repository over: it pushes not one object, says why, and gets
/// it back when it is told to.
fn it_wakes_up_after_its_repository_was_taken_over(lab: &Lab, path: &str) {
    lab.juju(&["model-config", "update-status-hook-interval=10s"])
        .ok();
    let machines = OTHERS.map(|unit| (number(unit) + 1).to_string());
    for machine in &machines {
        lab.lab(&["fault", "power-off", machine]).ok();
    }
    let given = path.strip_prefix("backups").unwrap();
    lab.juju(&["config", "s3-integrator", &format!("path={given}")])
        .ok();
    lab.status_becomes(
        "postgresql/0",
        "says whose repository it is",
        |status, message| status == "blocked" && message.contains("application other of model dev"),
    );
    let said = lab.run(LEADER, "take-over-repository", &[]).refused();
    assert!(said.contains("would not be able to archive"), "{said}");
    lab.run(LEADER, "take-over-repository", &["force=true"])
        .done();
    lab.run(LEADER, "create-backup", &[]).done();

    let theirs = || below(lab, &format!("/{path}/"), "/dev.postgresql/");
    let before = theirs();
    for machine in &machines {
        lab.lab(&["fault", "power-on", machine]).ok();
    }
    let mut woken = String::new();
    eventually("the other cluster has a primary", || {
        let found = OTHERS.into_iter().find(|unit| {
            let writes = "create table if not exists words (word text); select pg_switch_wal()";
            lab.try_sql(unit, writes).code == Some(0)
        });
        found
            .ok_or_else(|| lab.juju(&["status"]).stdout)?
            .clone_into(&mut woken);
        Ok(())
    });
    eventually("a push is refused", || {
        let failed = "select failed_count > 0 from pg_stat_archiver";
        let said = lab.try_sql(&woken, failed).stdout;
        (said.trim() == "t").then_some(()).ok_or(said)
    });
    lab.status_becomes(&woken, "says why", |status, message| {
        status == "blocked"
            && message.contains("WAL stays on this unit")
            && message.contains("application postgresql of model dev")
    });
    let said = lab.run(&woken, "create-backup", &[]).refused();
    assert!(
        said.contains("application postgresql of model dev"),
        "{said}"
    );
    assert_eq!(theirs(), before, "it has pushed something");

    lab.run(&woken, "take-over-repository", &["force=true"])
        .done();
    eventually("what has waited is archived", || {
        let waits = "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'";
        let said = lab.try_sql(&woken, waits).stdout;
        (said.trim() == "0").then_some(()).ok_or(said)
    });
    it_goes_on_elsewhere(lab, &woken, path);
}

/// While the repository is the old cluster's; no other password changes.
fn a_password_of_the_old_cluster_is_set(lab: &Lab) -> String {
    let old = lab.password(LEADER, "rewind");
    let operator = lab.password(OTHER_LEADER, "operator");
    assert_ne!(lab.password(OTHER_LEADER, "rewind"), old);
    let given = format!("password={old}");
    let named = ["--string-args", "username=rewind", &given];
    lab.run(OTHER_LEADER, "set-password", &named).done();
    assert_eq!(lab.password(OTHER_LEADER, "rewind"), old);
    assert_eq!(lab.password(OTHER_LEADER, "operator"), operator);
    old
}

/// The path that an operator sets afterwards is used from then on, and nothing goes where it went before.
fn it_goes_on_elsewhere(lab: &Lab, unit: &str, path: &str) {
    lab.juju(&["config", "other-s3", "path=/elsewhere"]).ok();
    eventually("a backup is taken elsewhere", || {
        let taken = lab.run(unit, "create-backup", &[]);
        let listed = lab.run(unit, "list-backups", &[]);
        match (taken.status(), listed.result("backups")) {
            ("completed", rows) if rows.contains("/elsewhere/") => Ok(()),
            (_, rows) => Err(format!("{}\n{rows}", taken.message())),
        }
    });
    let left = || below(lab, &format!("/{path}/"), "/dev.postgresql/");
    let before = left();
    goes_on_archiving(lab, unit, "elsewhere");
    assert_eq!(left(), before, "something went where it went before");
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
        let said = log_in(lab, unit, user, &lab.password(OTHER_LEADER, user));
        assert!(said.status.success(), "{user} logs in: {said:?}");
    }
}

/// A login over the network, from the unit's own address, for what the user is there for.
fn log_in(lab: &Lab, unit: &str, user: &str, password: &str) -> Output {
    let address = lab.address(unit);
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
