//! A cluster grows, loses its primary, and shrinks to one unit, while somebody writes: what was acknowledged is there.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::lab::{Lab, eventually};

/// Inserts one number after the other, on whichever unit is the primary, and keeps those that were acknowledged.
pub(crate) struct Writer<'a> {
    lab: &'a Lab,
    pub(crate) acknowledged: Mutex<Vec<u32>>,
    pub(crate) over: AtomicBool,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(lab: &'a Lab) -> Self {
        Self {
            lab,
            acknowledged: Mutex::default(),
            over: AtomicBool::new(false),
        }
    }

    pub(crate) fn write(&self) {
        let mut unit = None;
        for number in 0.. {
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let insert = format!("insert into written values ({number})");
            let written = unit
                .as_deref()
                .is_some_and(|unit| self.lab.try_sql(unit, &insert).code == Some(0));
            if written {
                self.acknowledged.lock().unwrap().push(number);
                thread::sleep(Duration::from_millis(20));
            } else {
                thread::sleep(Duration::from_millis(200));
                unit = primary(self.lab);
            }
        }
    }

    /// Waits until writes are acknowledged that began after now.
    #[track_caller]
    pub(crate) fn goes_on(&self) {
        let count = || self.acknowledged.lock().unwrap().len();
        let before = count();
        eventually("writes are acknowledged", || {
            if count() > before + 5 {
                Ok(())
            } else {
                Err(format!("{} of them, {before} before", count()))
            }
        });
    }
}

/// The writer ends with the story, also when the story fails.
impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

fn units(lab: &Lab) -> Vec<String> {
    let said = lab.juju(&["status", "--format", "json"]);
    let all: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let units = all["applications"]["postgresql"]["units"].as_object();
    units
        .map(|units| units.keys().cloned().collect())
        .unwrap_or_default()
}

/// The primary in the words of the first unit that knows.
fn primary(lab: &Lab) -> Option<String> {
    units(lab).iter().find_map(|unit| primary_of(lab, unit))
}

fn primary_of(lab: &Lab, unit: &str) -> Option<String> {
    let said = lab.juju(&[
        "run",
        "--format",
        "json",
        "--wait",
        "30s",
        unit,
        "get-primary",
    ]);
    let all: Value = serde_json::from_str(&said.stdout).ok()?;
    let task = all.as_object()?.values().next()?.clone();
    Some(task["results"]["primary"].as_str()?.to_owned())
}

/// The members of etcd in the words of a unit's own member: their names, sorted.
fn voters(lab: &Lab, unit: &str) -> Result<Vec<String>, String> {
    let number = unit.rsplit('/').next().unwrap_or_default();
    let config = lab
        .machine(number.parse().unwrap_or(0))
        .join("etc/postgresql-charm/etcd.env");
    let text = std::fs::read_to_string(&config).map_err(|error| error.to_string())?;
    let url = text
        .lines()
        .find_map(|line| line.strip_prefix("ETCD_ADVERTISE_CLIENT_URLS="))
        .unwrap_or_default()
        .trim_matches('"')
        .to_owned();
    let output = Command::new("etcdctl")
        .env("ETCDCTL_API", "3")
        .args(["--endpoints", &url, "member", "list"])
        .output()
        .map_err(|error| error.to_string())?;
    let mut names: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            line.split(", ")
                .skip(1)
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    names.sort();
    Ok(names)
}

#[track_caller]
fn votes(lab: &Lab, unit: &str, wanted: &[&str]) {
    let wanted: Vec<String> = wanted
        .iter()
        .map(|name| format!("started {}", name.replace('/', "-")))
        .collect();
    eventually(
        &format!("{wanted:?} are the members of etcd"),
        || match voters(lab, unit)? {
            found if found == wanted => Ok(()),
            found => Err(format!("{found:?}")),
        },
    );
}

/// Kills PostgreSQL, Patroni and etcd of a unit, and whatever of them is started again, until it is told to stop.
fn keep_dead(lab: &Lab, unit: &str, revived: &AtomicBool) {
    let number: u32 = unit.rsplit('/').next().unwrap().parse().unwrap();
    let root = format!("{}/", lab.machine(number).display());
    while !revived.load(Ordering::Relaxed) {
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(line) = std::fs::read(entry.path().join("cmdline")) else {
                continue;
            };
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let programs = ["/usr/bin/patroni", "/bin/postgres -D", "/usr/bin/etcd "];
            if line.contains(&root) && programs.iter().any(|program| line.contains(program)) {
                let pid = entry.file_name().to_string_lossy().into_owned();
                let _ = Command::new("kill").args(["-KILL", &pid]).status();
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Removes a unit and waits until it is gone and the others are at rest.
#[track_caller]
fn remove(lab: &Lab, unit: &str) {
    lab.juju(&["remove-unit", "--no-prompt", "--destroy-storage", unit])
        .ok();
    eventually(&format!("{unit} is gone"), || {
        let units = units(lab);
        if units.iter().any(|it| it == unit) || units.is_empty() {
            Err(format!("{units:?}"))
        } else {
            Ok(())
        }
    });
    lab.settle();
}

#[test]
fn a_cluster_grows_fails_over_and_shrinks_and_every_acknowledged_row_is_there() {
    let lab = Lab::new("cluster");
    lab.deploy("postgresql", "postgresql");
    lab.settle();
    lab.sql(
        "postgresql/0",
        "create table written (number int primary key)",
    );
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
        });
        eventually("the former primary follows", || {
            let said = lab.try_sql(&first, "select pg_is_in_recovery()");
            match (said.code, said.stdout.trim()) {
                (Some(0), "t") => Ok(()),
                _ => Err(format!("{said:?}")),
            }
        });
        lab.settle();

        for left in [2, 1] {
            let leaving = primary(&lab).expect("there is a primary");
            remove(&lab, &leaving);
            let staying = units(&lab);
            assert_eq!(staying.len(), left, "{staying:?}");
            writer.goes_on();
        }
        let last = units(&lab).remove(0);
        votes(&lab, &last, &[&last]);
        writer.goes_on();
    });

    let acknowledged = writer.acknowledged.lock().unwrap().clone();
    let last = units(&lab).remove(0);
    let found: BTreeSet<u32> = lab
        .sql(&last, "select number from written")
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    let missing: Vec<&u32> = acknowledged
        .iter()
        .filter(|number| !found.contains(*number))
        .collect();
    assert!(
        missing.is_empty(),
        "acknowledged and not found: {missing:?}"
    );
}
