//! Two of three units are lost for good: the third goes on when it is told to, and one that comes back joins it again.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::lab::{Lab, eventually};
use crate::members::{number, primary_of, processes, units, voters, votes};

const ALL: [&str; 3] = ["postgresql/0", "postgresql/1", "postgresql/2"];

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

/// A cluster of which each unit votes, with a row, and its primary.
fn three_voters(name: &str, looks: &str) -> (Lab, String) {
    let lab = Lab::new(name);
    let looks = format!("update-status-hook-interval={looks}");
    lab.juju(&["model-config", &looks]).ok();
    lab.deploy("postgresql", "postgresql");
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.settle();
    votes(&lab, ALL[0], &ALL);
    let primary = primary_of(&lab, ALL[0]).expect("there is a primary");
    lab.sql(&primary, "create table kept as select 1 as number");
    (lab, primary)
}

#[test]
fn a_majority_that_is_lost_for_good_is_given_up_on_purpose_and_its_voters_join_again() {
    let (lab, former) = three_voters("quorum", "60m");
    let survivor = *ALL.iter().rev().find(|unit| **unit != former).unwrap();
    let lost: Vec<&str> = ALL.into_iter().filter(|unit| *unit != survivor).collect();
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

/// The primary is lost after it had started and before it had recorded whose copy is complete: nobody is elected then.
#[test]
fn a_cluster_that_elects_nobody_is_led_again_on_purpose_with_every_acknowledged_row() {
    let (lab, former) = three_voters("nobody", "10s");
    let left: Vec<&str> = ALL.into_iter().filter(|unit| *unit != former).collect();

    // It cannot mend its record any more.
    let home = lab.root_of(&former).display().to_string();
    for patroni in processes(&home, &["/usr/bin/patroni"]) {
        let stopped = Command::new("kill").args(["-STOP", &patroni]).status();
        assert!(stopped.unwrap().success());
    }
    nobody_has_every_commit(&lab, left[0], &former);
    power(&lab, "power-off", &former);
    for unit in &left {
        lab.status_becomes(unit, "has no primary", |_, message| {
            message == "the cluster has no primary yet"
        });
    }
    // One of them may have more than the other, and says so.
    let force = ["scope=unit", "force=true"];
    let task = lab.run(left[0], "promote-to-primary", &force);
    let (new, other) = if task.status() == "completed" {
        (left[0], left[1])
    } else {
        assert!(task.message().contains(left[1]), "{task:?}");
        lab.run(left[1], "promote-to-primary", &force).done();
        (left[1], left[0])
    };
    assert_eq!(lab.sql(new, "select sum(number) from kept"), "1");
    eventually("writes are accepted", || {
        let said = lab.try_sql(new, "insert into kept values (2)");
        (said.code == Some(0)).then_some(()).ok_or(said.stderr)
    });
    power(&lab, "power-on", &former);
    for unit in [other, former.as_str()] {
        eventually(&format!("{unit} follows"), || {
            let query = "select pg_is_in_recovery(), sum(number) from kept";
            let said = lab.try_sql(unit, query);
            match said.stdout.trim() {
                "t|3" => Ok(()),
                _ => Err(format!("{said:?}")),
            }
        });
    }
    lab.settle();
    let said = lab.run(other, "promote-to-primary", &force).refused();
    assert!(said.contains("the cluster has a primary"), "{said}");
}

/// Writes into etcd what Patroni writes when a primary has just started.
fn nobody_has_every_commit(lab: &Lab, unit: &str, primary: &str) {
    let secrets = lab.juju(&["secrets", "--format", "json"]).ok().stdout;
    let secrets: BTreeMap<String, Value> = serde_json::from_str(&secrets).unwrap();
    let root = secrets.keys().find_map(|id| {
        let shown = lab.juju(&["show-secret", id, "--reveal", "--format", "json"]);
        let shown: Value = serde_json::from_str(&shown.ok().stdout).unwrap();
        let content = &shown[id]["content"]["Data"]["etcd-password"];
        content.as_str().map(str::to_owned)
    });
    let endpoint = format!("http://{}:2379", lab.address(unit));
    let record = serde_json::json!({
        "leader": primary.replace('/', "-"),
        "sync_standby": null,
    });
    let put = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .env("ETCDCTL_USER", format!("root:{}", root.unwrap()))
        .args(["--endpoints", &endpoint, "put", "/db/postgresql/sync"])
        .arg(record.to_string())
        .output()
        .unwrap();
    assert!(put.status.success(), "{put:?}");
}
