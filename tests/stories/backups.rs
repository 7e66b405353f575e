//! The main job: backups, restores and passwords, as a person would use them.

use crate::lab::{Lab, eventually};

const UNIT: &str = "postgresql/0";
const LEADER: &str = "postgresql/leader";

#[test]
fn a_cluster_is_backed_up_restored_and_rekeyed() {
    let lab = Lab::new("main");
    let store = lab.with_backups("/pg");
    assert_eq!(lab.status(UNIT), ("active".into(), "Primary".into()));

    every_system_user_has_a_password(&lab);
    let backups = backups_of_every_kind_are_taken_and_listed(&lab);
    wrong_input_is_refused_and_changes_nothing(&lab);
    a_restore_that_nobody_waits_for_is_cancelled(&lab, &backups[0]);
    the_first_backup_is_restored(&lab, &backups[0]);
    let second = a_moment_is_restored(&lab);
    the_branches_that_were_left_are_restored(&lab, &second);
    the_latest_state_is_restored(&lab);
    a_password_is_changed(&lab);
    no_secret_is_where_others_can_read_it(&lab, &[&store.access_key, &store.secret_key]);
}

fn rows(lab: &Lab) -> String {
    lab.sql(UNIT, "select string_agg(word, ' ' order by id) from words")
}

fn add(lab: &Lab, word: &str) {
    lab.sql(UNIT, &format!("insert into words (word) values ('{word}')"));
}

fn every_system_user_has_a_password(lab: &Lab) {
    let users = [
        "operator",
        "replication",
        "rewind",
        "monitoring",
        "backup",
        "patroni",
    ];
    let mut passwords: Vec<String> = users
        .iter()
        .map(|user| lab.password(LEADER, user))
        .collect();
    assert!(passwords.iter().all(|password| password.len() >= 16));
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), users.len(), "each has its own");
    assert!(logs_in(lab, "operator", &lab.password(LEADER, "operator")));
    assert!(!logs_in(lab, "operator", "wrong"));
}

/// A login over the network, from the unit's own address.
fn logs_in(lab: &Lab, user: &str, password: &str) -> bool {
    let address = lab.address(UNIT);
    let done = std::process::Command::new("psql")
        .args([
            "-X", "-h", &address, "-U", user, "-d", "postgres", "-c", "select 1",
        ])
        .env("PGPASSWORD", password)
        .env("PGCONNECT_TIMEOUT", "20")
        .output()
        .unwrap();
    done.status.success()
}

fn backups_of_every_kind_are_taken_and_listed(lab: &Lab) -> Vec<String> {
    let empty = lab.run(LEADER, "list-backups", &[]).done();
    assert_eq!(json_rows(&empty).len(), 0, "{:#}", empty.0);
    for kind in ["differential", "incremental"] {
        let said = lab
            .run(LEADER, "create-backup", &[&format!("type={kind}")])
            .refused();
        assert!(said.contains("no full backup"), "{said}");
    }
    lab.sql(
        UNIT,
        "create table words (id serial primary key, word text)",
    );
    let mut ids = Vec::new();
    for (word, kind) in [
        ("one", "full"),
        ("two", "differential"),
        ("three", "incremental"),
    ] {
        add(lab, word);
        let task = lab
            .run(LEADER, "create-backup", &[&format!("type={kind}")])
            .done();
        assert_eq!(task.result("backup-status"), "backup created");
        assert_eq!(task.result("backup-type"), kind);
        assert!(
            !task.result("backup-size").is_empty() && !task.result("backup-duration").is_empty()
        );
        let log = task.0["log"].to_string();
        assert!(log.contains("backed up"), "progress was shown: {log}");
        ids.push(task.result("backup-id").to_owned());
    }
    let listed = lab.run(LEADER, "list-backups", &[]).done();
    let rows = json_rows(&listed);
    assert_eq!(rows.len(), 3);
    for (row, id) in rows.iter().zip(&ids) {
        assert_eq!(row["id"].as_str(), Some(id.as_str()));
        assert!(
            listed.result("backups").contains(id),
            "{}",
            listed.result("backups")
        );
    }
    ids
}

fn json_rows(listed: &crate::lab::Task) -> Vec<serde_json::Value> {
    serde_json::from_str(listed.result("backups-json")).unwrap()
}

fn wrong_input_is_refused_and_changes_nothing(lab: &Lab) {
    let before = (
        rows(lab),
        lab.sql(UNIT, "select pg_postmaster_start_time()"),
    );
    let cases: [(&str, &[&str], &str); 10] = [
        (
            "create-backup",
            &["type=huge"],
            "`huge` is not a type of backup",
        ),
        ("restore", &[], "neither backup-id nor restore-to-time"),
        ("restore", &["backup-id=yesterday"], "is not a backup id"),
        (
            "restore",
            &["backup-id=2020-01-01T00:00:00Z"],
            "no backup and no restore has the id",
        ),
        (
            "restore",
            &["restore-to-time=soon"],
            "is not a time that can be restored",
        ),
        (
            "restore",
            &["restore-to-time=2020-01-01 00:00:00"],
            "before the first backup",
        ),
        (
            "restore",
            &["restore-to-time=2999-01-01 00:00:00"],
            "in the future",
        ),
        ("get-password", &["username=root"], "no system user `root`"),
        ("set-password", &["username=root"], "no system user `root`"),
        (
            "set-password",
            &["username=operator", "password="],
            "the password is empty",
        ),
    ];
    for (action, params, message) in cases {
        let mut arguments = vec!["--string-args"];
        arguments.extend(params);
        let said = lab.run(LEADER, action, &arguments).refused();
        assert!(said.contains(message), "{action} {params:?}: {said}");
    }
    let after = (
        rows(lab),
        lab.sql(UNIT, "select pg_postmaster_start_time()"),
    );
    assert_eq!(after, before, "the database was not even restarted");
}

fn the_first_backup_is_restored(lab: &Lab, id: &str) {
    assert_eq!(rows(lab), "one two three");
    let task = lab
        .run(
            LEADER,
            "restore",
            &["--string-args", &format!("backup-id={id}")],
        )
        .done();
    assert_eq!(task.result("restore-status"), "restored", "{:#}", task.0);
    assert_eq!(rows(lab), "one");
    assert!(logs_in(lab, "operator", &lab.password(LEADER, "operator")));
    lab.settle();
    let kept = lab
        .machine(0)
        .join("var/lib/postgresql/15/main.before-restore");
    assert!(
        kept.join("PG_VERSION").exists(),
        "the database from before is kept"
    );
}

/// Gives the timeline that it left.
fn a_moment_is_restored(lab: &Lab) -> String {
    add(lab, "four");
    lab.run(LEADER, "create-backup", &[]).done();
    let left = timeline(lab);
    add(lab, "five");
    let moment = lab.sql(
        UNIT,
        "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    );
    add(lab, "six");
    lab.sql(UNIT, "select pg_switch_wal()");
    let asked = format!("restore-to-time={moment}");
    lab.run(LEADER, "restore", &["--string-args", &asked])
        .done();
    assert_eq!(rows(lab), "one four five");
    lab.settle();
    left
}

fn timeline(lab: &Lab) -> String {
    lab.sql(
        UNIT,
        "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int",
    )
}

/// The ends of the first timeline and of the second, which are abandoned branches both; and back to the third.
fn the_branches_that_were_left_are_restored(lab: &Lab, second: &str) {
    let third = timeline(lab);
    more_connections(lab, "130");
    more_connections(lab, "100");
    for (branch, all, raises) in [
        ("1", "one two three", false),
        (second, "one four five six", false),
        (third.as_str(), "one four five", true),
    ] {
        let asked = format!("restore-timeline={branch}");
        let arguments = ["restore-to-time=latest", &asked];
        let task = lab.run(LEADER, "restore", &arguments).done();
        assert_eq!(rows(lab), all, "the end of timeline {branch}");
        let raised = "recovering with max_connections 130 instead of 100";
        let log = task.0["log"].to_string();
        assert_eq!(log.contains(raised), raises, "timeline {branch}: {log}");
        assert_eq!(lab.sql(UNIT, "show max_connections"), "100");
        lab.settle();
    }
}

fn more_connections(lab: &Lab, number: &str) {
    let option = format!("experimental_max_connections={number}");
    lab.juju(&["config", "postgresql", &option]).ok();
    eventually(
        &format!("the database takes {number} connections"),
        || match lab.try_sql(UNIT, "show max_connections").stdout.trim() {
            now if now == number => Ok(()),
            other => Err(other.to_owned()),
        },
    );
    lab.settle();
}

fn a_restore_that_nobody_waits_for_is_cancelled(lab: &Lab, id: &str) {
    let started = "select pg_postmaster_start_time()";
    let before = (rows(lab), lab.sql(UNIT, started));
    let slow = ["object-store", "fault", "slow", "--delay", "1500"];
    lab.lab(&slow).ok();
    let arguments = ["wait=false", &format!("backup-id={id}")];
    let task = lab.run(LEADER, "restore", &arguments).done();
    assert_eq!(task.result("restore-status"), "restore started");
    let job = format!("restore-{}", task.result("restore-id"));
    let listed = lab.run(LEADER, "list-jobs", &[]).done();
    let running = format!("{job}  running");
    assert!(listed.result("jobs").contains(&running), "{:#}", listed.0);
    let said = lab.run(LEADER, "create-backup", &[]).refused();
    assert!(said.contains("a restore of this unit"), "{said}");
    let task = lab
        .run(LEADER, "cancel-job", &[&format!("job={job}")])
        .done();
    assert_eq!(task.result("cancelled"), job);
    lab.lab(&["object-store", "fault", "none"]).ok();
    let listed = lab.run(LEADER, "list-jobs", &[]).done();
    assert!(!listed.result("jobs").contains("running"), "{:#}", listed.0);
    assert_eq!((rows(lab), lab.sql(UNIT, started)), before);
    let beside = lab.machine(0).join("var/lib/postgresql/15/main.restoring");
    assert!(!beside.exists(), "what was fetched is gone");
}

fn the_latest_state_is_restored(lab: &Lab) {
    add(lab, "seven");
    lab.run(LEADER, "create-backup", &[]).done();
    add(lab, "eight");
    lab.run(
        LEADER,
        "restore",
        &["--string-args", "restore-to-time=latest"],
    )
    .done();
    assert_eq!(rows(lab), "one four five seven eight");
    lab.settle();
    lab.run(LEADER, "accept-restore", &[]).done();
    let kept = lab
        .machine(0)
        .join("var/lib/postgresql/15/main.before-restore");
    assert!(!kept.exists(), "the way back was given up");
}

fn a_password_is_changed(lab: &Lab) {
    let old = lab.password(LEADER, "operator");
    let given = lab.run(
        LEADER,
        "set-password",
        &["username=operator", "password=Chosen-by-me-1"],
    );
    assert_eq!(given.done().result("password"), "Chosen-by-me-1");
    assert_eq!(lab.password(LEADER, "operator"), "Chosen-by-me-1");
    assert!(logs_in(lab, "operator", "Chosen-by-me-1"));
    assert!(!logs_in(lab, "operator", &old));
    for user in ["replication", "rewind", "monitoring", "backup"] {
        let username = format!("username={user}");
        let made = lab.run(LEADER, "set-password", &[&username]).done();
        assert_eq!(made.result("password"), lab.password(LEADER, user));
        assert_ne!(made.result("password"), "");
    }
    lab.settle();
    assert_eq!(rows(lab), "one four five seven eight");
}

/// Searches the process list, the logs and every file that others can read for the real values.
fn no_secret_is_where_others_can_read_it(lab: &Lab, keys: &[&str]) {
    let users = [
        "operator",
        "replication",
        "rewind",
        "monitoring",
        "backup",
        "patroni",
    ];
    let mut secrets: Vec<String> = users
        .iter()
        .map(|user| lab.password(LEADER, user))
        .collect();
    secrets.extend(keys.iter().map(|key| (*key).to_owned()));
    let log = lab
        .juju(&["debug-log", "--replay", "--no-tail", "--limit", "0"])
        .stdout;
    let processes = std::process::Command::new("ps")
        .args(["-eo", "args"])
        .output()
        .unwrap();
    let processes = String::from_utf8_lossy(&processes.stdout).into_owned();
    for secret in &secrets {
        assert!(
            !log.contains(secret.as_str()),
            "a password is in the debug log"
        );
        assert!(
            !processes.contains(secret.as_str()),
            "a password is in the process list"
        );
    }
    // Files that anybody can open, below folders that anybody can enter.
    let found = std::process::Command::new("find")
        .arg(lab.home())
        .args(["-type", "d", "!", "-perm", "-o=x", "-prune", "-o"])
        .args(["-type", "f", "-perm", "/o=r", "-size", "-20M", "-print"])
        .output()
        .unwrap();
    let mut readable = 0;
    for path in String::from_utf8_lossy(&found.stdout).lines() {
        let Ok(content) = std::fs::read(path) else {
            continue;
        };
        readable += 1;
        for secret in &secrets {
            let hit = content
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!hit, "a password is in {path}, which anybody can read");
        }
    }
    assert!(readable > 10, "the search looked at files");
}
