//! Whatever is killed, the unit is active again with every committed row, and nobody has to help.

use std::process::Command;

use crate::lab::{Lab, eventually};
use crate::members;

const UNIT: &str = "postgresql/0";
const LEADER: &str = "postgresql/leader";

/// Kills every process of this lab whose command line holds a text; at least one has to be there.
#[track_caller]
fn kill(lab: &Lab, text: &str) {
    eventually(&format!("a process with {text} runs"), || {
        let killed = processes(lab, text);
        if killed.is_empty() {
            return Err("none".into());
        }
        for pid in killed {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
        }
        Ok(())
    });
}

/// Processes of this lab with a text in their command line.
fn processes(lab: &Lab, text: &str) -> Vec<String> {
    members::processes(&lab.home().display().to_string(), &[text])
}

#[track_caller]
fn comes_back(lab: &Lab, rows: &str) {
    eventually("the database answers with every row", || {
        let said = lab.try_sql(UNIT, "insert into kept default values returning 1");
        if said.code == Some(0) {
            Ok(())
        } else {
            Err(said.stderr)
        }
    });
    lab.settle();
    let count = lab.sql(UNIT, "select count(*) from kept");
    let (count, before): (u32, u32) = (count.parse().unwrap(), rows.parse().unwrap());
    assert!(count > before, "{count} rows, {before} before");
}

#[test]
fn whatever_is_killed_the_unit_comes_back_with_every_committed_row() {
    let lab = Lab::new("kills");
    // The first kill comes while the unit is still being brought up.
    lab.deploy("postgresql", "postgresql");
    kill(&lab, "/charm/dispatch");
    let store = lab.object_store();
    lab.deploy("s3-integrator", "s3-integrator");
    lab.configure(&store, "s3-integrator", "/pg");
    lab.juju(&["integrate", "postgresql", "s3-integrator"]).ok();
    lab.settle();
    lab.sql(UNIT, "create table kept (id serial primary key)");
    lab.sql(UNIT, "insert into kept select from generate_series(1, 100)");

    for victim in [
        "/usr/bin/patroni",
        "/bin/postgres -D",
        "/usr/bin/etcd",
        "juju-lab daemon",
    ] {
        let rows = lab.sql(UNIT, "select count(*) from kept");
        kill(&lab, victim);
        if victim == "juju-lab daemon" {
            lab.lab(&["up"]).ok();
        }
        comes_back(&lab, &rows);
    }
    lab.run(LEADER, "create-backup", &[]).done();
}
