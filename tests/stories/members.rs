//! The members of a cluster, as a story sees and treats them.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::lab::{Lab, eventually};

pub(crate) fn units(lab: &Lab) -> Vec<String> {
    let said = lab.juju(&["status", "--format", "json"]);
    let all: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let units = all["applications"]["postgresql"]["units"].as_object();
    units
        .map(|units| units.keys().cloned().collect())
        .unwrap_or_default()
}

/// The primary in the words of the first unit that knows.
pub(crate) fn primary(lab: &Lab) -> Option<String> {
    units(lab).iter().find_map(|unit| primary_of(lab, unit))
}

pub(crate) fn primary_of(lab: &Lab, unit: &str) -> Option<String> {
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
pub(crate) fn voters(lab: &Lab, unit: &str) -> Result<Vec<String>, String> {
    let config = lab.root_of(unit).join("etc/postgresql-charm/etcd.env");
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
pub(crate) fn votes(lab: &Lab, unit: &str, wanted: &[&str]) {
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

/// The number of a unit, and of its machine: no machine is used twice in a story.
pub(crate) fn number(unit: &str) -> u32 {
    unit.rsplit('/').next().unwrap().parse().unwrap()
}

/// Kills PostgreSQL, Patroni and etcd of a unit, and whatever of them is started again, until it is told to stop.
pub(crate) fn keep_dead(lab: &Lab, unit: &str, revived: &AtomicBool) {
    while !revived.load(Ordering::Relaxed) {
        kill(lab, unit);
        thread::sleep(Duration::from_millis(100));
    }
}

/// Kills PostgreSQL, Patroni and etcd of a unit.
pub(crate) fn kill(lab: &Lab, unit: &str) {
    let root = format!("{}/", lab.root_of(unit).display());
    let programs = ["/usr/bin/patroni", "/bin/postgres -D", "/usr/bin/etcd"];
    for pid in processes(&root, &programs) {
        let _ = Command::new("kill").args(["-KILL", &pid]).status();
    }
}

/// Processes with one of these texts in their command line that belong to a folder: it is named there, or in what surrounds
/// them.
pub(crate) fn processes(folder: &str, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if !texts.iter().any(|text| line.contains(text)) {
            continue;
        }
        let around = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if line.contains(folder) || String::from_utf8_lossy(&around).contains(folder) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

/// Removes units and waits until they are gone and the others are at rest.
#[track_caller]
pub(crate) fn remove(lab: &Lab, leaving: &[&str]) {
    let mut arguments = vec!["remove-unit", "--no-prompt", "--destroy-storage"];
    arguments.extend(leaving);
    lab.juju(&arguments).ok();
    eventually(&format!("{leaving:?} are gone"), || {
        let units = units(lab);
        if units.iter().any(|it| leaving.contains(&it.as_str())) || units.is_empty() {
            Err(format!("{units:?}"))
        } else {
            Ok(())
        }
    });
    lab.settle();
}
