//! Units made from a backup, and backups with TLS on: refused on the primary, taken on a replica that is read from meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::Value;

use crate::lab::{Lab, eventually};

const UNITS: [&str; 3] = ["postgresql/0", "postgresql/1", "postgresql/2"];

/// Three units with an object store and an authority, two of them made from a backup of the first, and TLS on everywhere.
fn cluster(lab: &Lab) {
    let _store = lab.with_backups("/pg");
    lab.run("postgresql/0", "create-backup", &[]).done();
    lab.juju(&["add-unit", "postgresql", "-n", "2"]).ok();
    lab.deploy("self-signed-certificates", "ca");
    lab.settle();
    for unit in &UNITS[1..] {
        // Only a copy of the primary has a manifest.
        let data = lab.root_of(unit).join("var/lib/postgresql/15/main");
        assert!(data.join("PG_VERSION").exists(), "{}", data.display());
        assert!(
            !data.join("backup_manifest").exists(),
            "{unit} was copied from the primary"
        );
    }
    lab.juju(&["integrate", "postgresql:certificates", "ca"])
        .ok();
    for unit in UNITS {
        eventually(&format!("{unit} uses TLS and nothing else"), || {
            let said = lab.juju(&["show-unit", "--format", "json", unit]);
            let all: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
            let served = said.stdout.contains("backup-server");
            if served && stage(&all[unit]) == Some("only".to_owned()) {
                Ok(())
            } else {
                Err(format!("{:?}", lab.status(unit)))
            }
        });
    }
    lab.settle();
}

/// The stage of TLS that a unit has told its peers.
fn stage(unit: &Value) -> Option<String> {
    let relations = unit["relation-info"].as_array()?;
    let peers = relations
        .iter()
        .find(|it| it["endpoint"] == "database-peers")?;
    let said: Value = serde_json::from_str(peers["local-unit"]["data"]["tls"].as_str()?).ok()?;
    Some(said["stage"].as_str()?.to_owned())
}

fn primary(lab: &Lab) -> String {
    let told = lab.run("postgresql/0", "get-primary", &[]).done();
    told.result("primary").to_owned()
}

/// The reader ends with the story, also when the story fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn with_tls_on_a_replica_backs_the_cluster_up_and_is_read_from_meanwhile() {
    let lab = Lab::new("tlsback");
    cluster(&lab);
    let primary = primary(&lab);
    lab.sql(
        &primary,
        "create table orders as select generate_series(1, 1000) as number",
    );
    let refused = lab.run(&primary, "create-backup", &[]).refused();
    assert!(
        refused.starts_with(
            "with TLS on, backups are made on a replica, and this unit is the primary"
        ),
        "{refused}"
    );
    let replica = UNITS.into_iter().find(|unit| *unit != primary).unwrap();
    assert!(refused.contains(replica), "{refused}");
    eventually("the replica has the table", || {
        let said = lab.try_sql(replica, "select count(*) from orders");
        if said.stdout.trim() == "1000" {
            Ok(())
        } else {
            Err(format!("{said:?}"))
        }
    });

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _over = Over(&over);
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !over.load(Ordering::Relaxed) {
                assert_eq!(lab.sql(replica, "select count(*) from orders"), "1000");
                reads += 1;
            }
            reads
        });
        for kind in ["full", "differential", "incremental"] {
            let made = lab
                .run(replica, "create-backup", &[&format!("type={kind}")])
                .done();
            assert_eq!(made.result("backup-type"), kind);
        }
        over.store(true, Ordering::Relaxed);
        assert!(reader.join().expect("every read was answered") > 0);
    });

    let lists = UNITS.map(|unit| {
        let listed = lab.run(unit, "list-backups", &[]).done();
        listed.result("backups-json").to_owned()
    });
    let listed: Value = serde_json::from_str(&lists[0]).expect("a JSON list");
    let types: Vec<&str> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["type"].as_str())
        .collect();
    assert_eq!(types, ["full", "full", "differential", "incremental"]);
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:?}");
}
