//! `plan-restore`: what a restore would do. Nothing is changed; the plan can be executed by its id.

use std::collections::BTreeMap;

use juju_charm::Juju;
use serde_json::json;

use super::ActionError;
use super::restore::{look, request, source};
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::pgbackrest::PgBackRest;
use crate::domain::backups::Catalogue;
use crate::domain::backups::target::{Request, resolve};
use crate::domain::decide;
use crate::domain::decide::restore::{Forecast, Here};
use crate::domain::observed::Observed;
use crate::domain::refusal::Refusal;
use crate::error::StepError;
use crate::unit::{QUESTION, Unit, because, records, settings_of};
use crate::{catalogue, domain, job};

pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let params = juju.action_params()?;
    let request = request(&params);
    let stanza = params.string("stanza").filter(|name| !name.is_empty());
    let mut unit = Unit::new(juju)?;
    let seen = look(&mut unit)?;
    decide::restore::allowed(&seen, &job::running(&unit.layout.jobs())?)?;
    let (pgbackrest, catalogue) = source(&unit, &seen, stanza, &request)?;
    let forecast = forecast(&unit, &pgbackrest, &seen, &catalogue, &request)?;
    let id = forecast.id();
    let plan = (id.clone(), &request, stanza);
    records::write(&unit.layout.restore_plan(), &plan).map_err(because)?;
    let missing: Vec<String> = forecast
        .coverage
        .missing
        .iter()
        .map(ToString::to_string)
        .collect();
    let last = forecast.coverage.last.map(|(_, at)| at.stored.to_string());
    let timelines: Vec<u32> = forecast.timelines.iter().map(|it| it.number()).collect();
    let raised: Option<BTreeMap<&str, u32>> = (forecast.raised.as_ref())
        .map(|raised| raised.iter().map(|it| (it.name, it.needed)).collect());
    let facts = json!({
        "backup": forecast.target.set.to_string(),
        "target": forecast.target.to_string(),
        "timelines": timelines,
        "first-reachable": forecast.first.to_string(),
        "last-reachable": last,
        "missing-wal": missing,
        "backup-bytes": forecast.backup_bytes,
        "wal-bytes": forecast.coverage.bytes,
        "bytes-needed": forecast.needed,
        "bytes-free": forecast.free,
        "seconds": forecast.seconds,
        "raised": raised,
        "missing-extensions": forecast.missing_extensions,
        "related-applications": forecast.applications,
    });
    juju.action_set("plan-id", id)?;
    juju.action_set_large("plan", &forecast.lines().join("\n"))?;
    juju.action_set_large("plan-json", &facts.to_string())?;
    Ok(())
}

fn forecast(
    unit: &Unit<'_>,
    pgbackrest: &PgBackRest,
    seen: &Observed,
    catalogue: &Catalogue,
    request: &Request,
) -> Result<Forecast, ActionError> {
    let target = resolve(request, catalogue, seen.now).map_err(Refusal::from)?;
    let archive = match decide::restore::path(catalogue, &target) {
        Some((path, backup)) => catalogue::archive(pgbackrest, catalogue, &path, &backup)?,
        None => crate::domain::backups::Archive::new(),
    };
    let data = unit.layout.data_dir(domain::files::major(seen));
    let installed = unit.database(Deadline::after(QUESTION));
    let installed = installed.and_then(|mut database| database.available_extensions());
    let here = Here {
        settings: settings_of(unit, &data),
        extensions: installed.ok(),
    };
    Ok(decide::restore::forecast(
        seen, catalogue, request, &archive, &here,
    )?)
}

/// The request of the plan with this id, if the world is as it was then.
pub(super) fn planned(
    unit: &Unit<'_>,
    seen: &Observed,
    id: &str,
) -> Result<(Request, Catalogue), ActionError> {
    let known: Option<(String, Request, Option<String>)> =
        records::read(&unit.layout.restore_plan()).map_err(because)?;
    let Some((_, request, stanza)) = known.filter(|(known, ..)| known == id) else {
        return Err(Refusal::UnknownPlan(id.chars().take(60).collect()).into());
    };
    let (pgbackrest, catalogue) = source(unit, seen, stanza.as_deref(), &request)?;
    let now = forecast(unit, &pgbackrest, seen, &catalogue, &request)?.id();
    if now == id {
        Ok((request, catalogue))
    } else {
        Err(Refusal::PlanOutdated(id.to_owned()).into())
    }
}

/// The plan was carried out, or given up.
pub(super) fn forget(unit: &Unit<'_>) -> Result<(), StepError> {
    files::remove_file(&unit.layout.restore_plan()).map_err(because)?;
    Ok(())
}
