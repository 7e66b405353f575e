//! `list-jobs` and `cancel-job`: long work on this unit.

use juju_charm::Juju;
use serde_json::{Value, json};

use super::ActionError;
use crate::adapters::host::clock;
use crate::adapters::pgbackrest::progress;
use crate::domain::decide;
use crate::domain::observed::RestorePhase;
use crate::domain::refusal::Refusal;
use crate::domain::size;
use crate::domain::words::Timestamp;
use crate::error::StepError;
use crate::job::{self, Job};
use crate::juju::publish;
use crate::reconcile::{World as _, carry_out, reconcile};
use crate::unit::{Unit, because, job_of};

pub(super) fn list(juju: &Juju) -> Result<(), ActionError> {
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let jobs = unit.layout.jobs();
    let now = clock::now();
    let mut rows = Vec::new();
    for name in job::names(&jobs)? {
        rows.push(row(&Job::named(&jobs, &name), &name, now)?);
    }
    if let Some(restore) = &seen.host.restore {
        // The download is a part of the restore, which goes on after it.
        let name = job_of(&restore.id);
        let phase = match restore.phase {
            RestorePhase::Beside => "fetching and recovering beside the database",
            RestorePhase::Back => "going back",
            RestorePhase::Exchanging => "being put in place",
            RestorePhase::Rebuilding => "rebuilding the replicas",
        };
        match rows.iter_mut().find(|row| row["job"] == name.as_str()) {
            Some(row) => {
                row["phase"] = json!(phase);
                row["status"] = json!("running");
            }
            None => rows.push(json!({ "job": name, "status": "running", "phase": phase })),
        }
    }
    let table: Vec<String> = rows.iter().map(line).collect();
    let table = if table.is_empty() {
        "no jobs".to_owned()
    } else {
        table.join("\n")
    };
    juju.action_set_large("jobs", &table)?;
    let json = serde_json::to_string(&rows).map_err(because)?;
    juju.action_set_large("jobs-json", &json)?;
    Ok(())
}

/// One job, for programs. Keys that do not apply are left out.
fn row(job: &Job, name: &str, now: Timestamp) -> Result<Value, StepError> {
    let mut row = json!({ "job": name });
    let started = job::started(name);
    if let Some(started) = started {
        row["started"] = json!(started.to_string());
    }
    let log = job.log()?;
    let percent = progress::last_percent(&log);
    let bytes: u64 = log.lines().filter_map(progress::bytes).sum();
    let (status, until) = match job.end()? {
        Some(end) if end.code == Some(0) => ("finished", Some(end.at)),
        Some(end) if job.was_cancelled()? => ("cancelled", Some(end.at)),
        Some(end) => ("failed", Some(end.at)),
        None if job.is_alive()? => ("running", None),
        None => ("died", None),
    };
    row["status"] = json!(status);
    if let Some(until) = until {
        row["ended"] = json!(until.to_string());
    }
    if status == "failed"
        && let Some(error) = job.last_error()?
    {
        row["error"] = json!(error);
    }
    if let Some(percent) = percent {
        row["percent"] = json!(percent);
    }
    row["bytes"] = json!(bytes);
    let seconds = started.map(|started| until.unwrap_or(now).duration_since(started).as_secs());
    let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
    if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
        row["bytes-per-second"] = json!(bytes / seconds);
        let percent = percent.map_or(0, u64::from);
        if status == "running" && percent > 0 {
            row["remaining-seconds"] = json!(seconds * (100 - percent) / percent);
        }
    }
    Ok(row)
}

/// One job, for people.
fn line(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut parts = vec![text("job"), text("status")];
    parts.extend(row["phase"].as_str().map(str::to_owned));
    parts.extend(
        row["percent"]
            .as_u64()
            .map(|percent| format!("{percent} %")),
    );
    let bytes = row["bytes"].as_u64().filter(|bytes| *bytes > 0);
    parts.extend(bytes.map(size::human));
    let speed = row["bytes-per-second"].as_u64().filter(|speed| *speed > 0);
    parts.extend(speed.map(|speed| format!("{}/s", size::human(speed))));
    let left = row["remaining-seconds"].as_u64();
    parts.extend(left.map(|seconds| format!("{seconds} s left")));
    parts.extend(row["error"].as_str().map(str::to_owned));
    parts.join("  ")
}

pub(super) fn cancel(juju: &Juju) -> Result<(), ActionError> {
    let name = juju
        .action_params()?
        .string("job")
        .unwrap_or_default()
        .to_owned();
    let mut unit = Unit::new(juju)?;
    let seen = unit.observe()?;
    let restore = seen.host.restore.as_ref();
    if restore.is_some_and(|restore| job_of(&restore.id) == name) {
        let plan = decide::restore::cancel(&seen)?;
        unit.announce(&plan);
        carry_out(&mut unit, &plan)?;
        let outcome = reconcile(&mut unit)?;
        publish::outcome(juju, &outcome)?;
    } else {
        if !job::running(&unit.layout.jobs())?.contains(&name) {
            return Err(Refusal::NoJob.into());
        }
        Job::named(&unit.layout.jobs(), &name).cancel(&unit.user)?;
    }
    juju.action_set("cancelled", name)?;
    Ok(())
}
