//! A cluster grows, loses its primary, and shrinks to one unit, while somebody writes: what was acknowledged is there.

use std::sync::atomic::AtomicBool;
use std::thread;

use crate::lab::{Lab, eventually};
use crate::members::{keep_dead, primary, primary_of, remove, units, votes};
use crate::writer::{Over, Writer};

#[test]
fn a_cluster_grows_fails_over_and_shrinks_and_every_acknowledged_row_is_there() {
    let lab = Lab::new("cluster");
    // Juju's regular look comes too late to show anything here: what is shown in time, the watcher has brought about.
    lab.juju(&["model-config", "update-status-hook-interval=60m"])
        .ok();
    lab.deploy("postgresql", "postgresql");
    lab.settle();
    let writer = Writer::new(&lab);
    thread::scope(|scope| {
        let _over = Over(&writer.over);
        scope.spawn(|| writer.write());
        writer.goes_on();

        lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
        lab.settle();
        let all = ["postgresql/0", "postgresql/1", "postgresql/2"];
        for unit in all {
            votes(&lab, unit, &all);
        }
        writer.goes_on();

        let first = primary(&lab).expect("there is a primary");
        let survivor = all.into_iter().find(|unit| *unit != first).unwrap();
        let revived = AtomicBool::new(false);
        thread::scope(|scope| {
            let _over = Over(&revived);
            scope.spawn(|| keep_dead(&lab, &first, &revived));
            eventually("another unit is the primary", || {
                match primary_of(&lab, survivor) {
                    Some(unit) if unit != first => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            });
            writer.goes_on();
            let second = primary_of(&lab, survivor).expect("there is a primary");
            lab.status_becomes(
                &second,
                "shows that it is the primary",
                |status, message| (status, message) == ("active", "Primary"),
            );
        });
        eventually("the former primary follows", || {
            let said = lab.try_sql(&first, "select pg_is_in_recovery()");
            match (said.code, said.stdout.trim()) {
                (Some(0), "t") => Ok(()),
                _ => Err(format!("{said:?}")),
            }
        });
        lab.settle();
        lab.status_becomes(&first, "shows that it follows", |status, message| {
            status == "active" && message.is_empty()
        });

        lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
        lab.settle();
        let all: Vec<String> = units(&lab);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(all.len(), 5, "{all:?}");
        votes(&lab, all[4], &all);
        writer.goes_on();

        for left in [3, 1] {
            // The primary and another one at once.
            let leaving = primary(&lab).expect("there is a primary");
            let other = units(&lab).into_iter().find(|unit| *unit != leaving);
            remove(&lab, &[&leaving, &other.expect("there are several units")]);
            let staying = units(&lab);
            assert_eq!(staying.len(), left, "{staying:?}");
            writer.goes_on();
        }
        let last = units(&lab).remove(0);
        votes(&lab, &last, &[&last]);
        writer.goes_on();

        // The only voter of two hands over its vote, too.
        lab.juju(&["add-unit", "postgresql"]).ok();
        lab.settle();
        remove(&lab, &[&last]);
        let heir = units(&lab).remove(0);
        votes(&lab, &heir, &[&heir]);
        writer.goes_on();
    });

    let last = units(&lab).remove(0);
    writer.finds_everything(&lab, &last);
}
