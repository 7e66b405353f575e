//! Two of three units are lost for good: the third goes on when it is told to, and one that comes back joins it again.

use std::process::Command;

use crate::lab::{Lab, eventually};
use crate::members::{number, primary_of, units, voters, votes};

fn power(lab: &Lab, kind: &str, unit: &str) {
    lab.lab(&["fault", kind, &number(unit).to_string()]).ok();
}

/// Whether a process of etcd runs on the machine of a unit.
fn runs_etcd(lab: &Lab, unit: &str) -> bool {
    let systemctl = lab.root_of(unit).join("usr/bin/systemctl");
    let status = Command::new(systemctl)
        .args(["is-active", "--quiet", "charmed-etcd.service"])
        .status();
    status.unwrap().success()
}

#[test]
fn a_majority_that_is_lost_for_good_is_given_up_on_purpose_and_its_voters_join_again() {
    let lab = Lab::new("quorum");
    lab.juju(&["model-config", "update-status-hook-interval=60m"])
        .ok();
    lab.deploy("postgresql", "postgresql");
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.settle();
    let all = ["postgresql/0", "postgresql/1", "postgresql/2"];
    votes(&lab, all[0], &all);
    let former = primary_of(&lab, all[0]).expect("there is a primary");
    lab.sql(&former, "create table kept as select 1 as number");
    let survivor = *all.iter().rev().find(|unit| **unit != former).unwrap();
    let lost: Vec<&str> = all.into_iter().filter(|unit| *unit != survivor).collect();
    let refused = lab
        .run(survivor, "recover-quorum", &["force=true"])
        .refused();
    assert!(
        refused.contains("a majority of etcd's voters is there"),
        "{refused}"
    );

    for unit in &lost {
        power(&lab, "power-off", unit);
    }
    lab.status_becomes(survivor, "shows who is silent", |status, message| {
        status == "blocked" && lost.iter().all(|unit| message.contains(unit))
    });
    let refused = lab.run(survivor, "recover-quorum", &[]).refused();
    assert!(refused.contains("force=true"), "{refused}");
    lab.run(survivor, "recover-quorum", &["force=true"]).done();
    lab.sql(survivor, "insert into kept values (2)");
    lab.status_becomes(survivor, "is the primary", |status, message| {
        (status, message) == ("active", "Primary")
    });
    votes(&lab, survivor, &[survivor]);

    // The former primary comes back with its old disk, and with a member of the old etcd.
    power(&lab, "power-on", &former);
    eventually("the former primary follows", || {
        let query = "select pg_is_in_recovery(), sum(number) from kept";
        let said = lab.try_sql(&former, query);
        match (said.code, said.stdout.trim()) {
            (Some(0), "t|3") => Ok(()),
            _ => Err(format!("{said:?}")),
        }
    });
    lab.status_becomes(&former, "shows that it follows", |status, message| {
        status == "active" && message.is_empty()
    });
    // Whether it votes is up to the leader, who may be this very unit. A member of the old etcd it is not.
    eventually("its etcd is the new one, if it has any", || {
        let members = voters(&lab, survivor)?;
        let name = former.replace('/', "-");
        if !runs_etcd(&lab, &former) || members.iter().any(|member| member.ends_with(&name)) {
            Ok(())
        } else {
            Err(format!("{members:?}"))
        }
    });
    assert_eq!(primary_of(&lab, survivor).as_deref(), Some(survivor));

    // The other one never comes back, and is not asked.
    let gone = lost.into_iter().find(|unit| *unit != former).unwrap();
    lab.juju(&["remove-unit", "--no-prompt", "--force", gone])
        .ok();
    eventually("the lost unit is gone", || {
        let units = units(&lab);
        if units.len() == 2 {
            Ok(())
        } else {
            Err(format!("{units:?}"))
        }
    });
    lab.settle();
    lab.sql(survivor, "insert into kept values (3)");
    assert_eq!(lab.sql(&former, "select pg_is_in_recovery()"), "t");

    // All machines lose power at once: they come back by themselves.
    for unit in [survivor, &former] {
        power(&lab, "power-off", unit);
    }
    for unit in [survivor, &former] {
        power(&lab, "power-on", unit);
    }
    eventually("the cluster writes again", || {
        let unit = primary_of(&lab, survivor).ok_or("no primary")?;
        let said = lab.try_sql(&unit, "insert into kept values (4)");
        if said.code == Some(0) {
            Ok(())
        } else {
            Err(format!("{said:?}"))
        }
    });
    lab.settle();
}
