//! A restore of three units, one of which is away, and the way back.

use std::sync::atomic::AtomicBool;
use std::thread;

use crate::lab::{Lab, Task, eventually};
use crate::members::{keep_dead, primary};
use crate::writer::Over;

const LEADER: &str = "postgresql/leader";
const UNITS: [&str; 3] = ["postgresql/0", "postgresql/1", "postgresql/2"];

const ROWS: &str = "select string_agg(word, ' ' order by id) from words";

#[track_caller]
fn add(lab: &Lab, word: &str) {
    let unit = primary(lab).expect("there is a primary");
    lab.sql(
        &unit,
        &format!("insert into words (word) values ('{word}')"),
    );
}

/// All units hold these rows, one of them is the primary, and both others stream from it.
#[track_caller]
fn all_hold(lab: &Lab, rows: &str) {
    for unit in UNITS {
        eventually(&format!("{unit} holds {rows:?}"), || {
            let said = lab.try_sql(unit, ROWS);
            if said.stdout.trim() == rows {
                Ok(())
            } else {
                Err(format!("{said:?}"))
            }
        });
    }
    let unit = primary(lab).expect("there is a primary");
    eventually("both replicas stream on the primary's timeline", || {
        let streams = "select count(*) from pg_stat_replication where state = 'streaming'";
        match lab.try_sql(&unit, streams).stdout.trim() {
            "2" => Ok(()),
            other => Err(other.to_owned()),
        }
    });
}

pub(crate) fn leader(lab: &Lab) -> &'static str {
    let said = lab.juju(&["status", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let units = &all["applications"]["postgresql"]["units"];
    let leads = |unit: &&str| units[*unit]["leader"] == true;
    UNITS.into_iter().find(leads).expect("a unit leads")
}

/// Plans and restores. The members learn of a switchover one after the other: what a plan rests on may have changed when it is
/// carried out, and then it is made again, as the refusal says.
#[track_caller]
fn restored_as_planned(lab: &Lab, moment: &str) -> Task {
    let planned_and_done = || {
        let asked = format!("restore-to-time={moment}");
        let planned = lab
            .run(LEADER, "plan-restore", &["--string-args", &asked])
            .done();
        let plan = planned.result("plan");
        assert!(plan.contains("lead: it is taken over"), "{plan}");
        assert!(!plan.contains("gap:"), "{plan}");
        assert!(plan.contains("extensions: all that"), "{plan}");
        let asked = format!("plan={}", planned.result("plan-id"));
        lab.run(LEADER, "restore", &["--string-args", &asked])
    };
    let task = planned_and_done();
    if task
        .message()
        .contains("is not what a restore would do by now")
    {
        return planned_and_done();
    }
    task
}

fn timelines(lab: &Lab) -> Vec<String> {
    let unit = primary(lab).expect("there is a primary");
    lab.sql(&unit, "checkpoint");
    let timeline = lab.sql(&unit, "select timeline_id from pg_control_checkpoint()");
    let received = "select received_tli from pg_stat_wal_receiver";
    let mut all = vec![timeline];
    for replica in UNITS.into_iter().filter(|it| *it != unit) {
        all.push(lab.sql(replica, received));
    }
    all
}

#[test]
fn three_units_are_restored_one_that_was_away_is_rebuilt_and_the_restore_is_undone() {
    let lab = Lab::new("three");
    // The units come first: each has the machine of its number.
    lab.deploy("postgresql", "postgresql");
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.with_store("/pg");
    let unit = primary(&lab).expect("there is a primary");
    lab.sql(
        &unit,
        "create table words (id serial primary key, word text)",
    );
    add(&lab, "one");
    lab.run(&unit, "create-backup", &[]).done();
    add(&lab, "two");
    let moment = lab.sql(
        &unit,
        "select to_char(now() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    );
    add(&lab, "three");
    lab.sql(&unit, "select pg_switch_wal()");
    // A later backup lies on the branch that is about to be left: no replica may be made from it.
    lab.run(&unit, "create-backup", &[]).done();
    all_hold(&lab, "one two three");

    // The leader of the application is not the primary when it restores.
    let leader = leader(&lab);
    let others: Vec<&str> = UNITS.into_iter().filter(|it| *it != leader).collect();
    let [follows, away] = others[..] else {
        panic!("{others:?}")
    };
    eventually("another unit is the primary", || {
        let task = lab.run(follows, "promote-to-primary", &["scope=unit"]);
        match primary(&lab) {
            Some(unit) if unit == follows => Ok(()),
            other => Err(format!("{other:?}: {}", task.message())),
        }
    });

    let revived = AtomicBool::new(false);
    thread::scope(|scope| {
        let _over = Over(&revived);
        scope.spawn(|| keep_dead(&lab, away, &revived));
        let task = restored_as_planned(&lab, &moment).done();
        assert_eq!(task.result("restore-status"), "restored", "{:#}", task.0);
        assert_eq!(task.result("replicas"), follows, "{:#}", task.0);
        assert_eq!(task.result("outdated"), away, "{:#}", task.0);
        assert_eq!(primary(&lab).as_deref(), Some(leader));
        for unit in [leader, follows] {
            assert_eq!(lab.sql(unit, ROWS), "one two");
        }
    });
    all_hold(&lab, "one two");
    lab.settle();
    let timelines = timelines(&lab);
    assert!(
        timelines.iter().all(|it| *it == timelines[0]),
        "{timelines:?}"
    );
    add(&lab, "four");
    let (_, message) = lab.status(leader);
    assert!(message.contains("undo-restore"), "{message}");

    let again = lab
        .run(leader, "plan-restore", &["restore-to-time=latest"])
        .done();

    let task = lab.run(leader, "undo-restore", &[]).done();
    assert_eq!(task.result("restore-status"), "undone", "{:#}", task.0);
    all_hold(&lab, "one two three");
    let asked = format!("plan={}", again.result("plan-id"));
    let said = lab
        .run(leader, "restore", &["--string-args", &asked])
        .refused();
    assert!(said.contains("by now"), "{said}");
    all_hold(&lab, "one two three");
    add(&lab, "five");
    all_hold(&lab, "one two three five");
    lab.settle();
    lab.run(leader, "accept-restore", &[]).done();
    assert_eq!(lab.status(leader), ("active".into(), "Primary".into()));
}
