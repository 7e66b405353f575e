//! A restore: what it needs, in which order it happens, and what becomes of one that was interrupted.

use super::repository::own_repository;
use crate::domain::backups::Catalogue;
use crate::domain::backups::target::{self, Request};
use crate::domain::decision::Decision;
use crate::domain::files;
use crate::domain::observed::{DataDirectory, Observed, RestorePhase, RestoreRecord, Service};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::size;

/// What only the moment of the request knows.
pub struct Circumstances<'a> {
    /// Names the restore.
    pub id: &'a str,
    /// Bytes free on the volume.
    pub free: u64,
}

/// Whether a restore may begin at all.
///
/// # Errors
///
/// Refuses before anything is touched.
pub fn allowed(seen: &Observed, jobs: &[String]) -> Result<(), Refusal> {
    if !seen.juju.leader {
        return Err(Refusal::NotTheLeader);
    }
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    if let Some(job) = jobs.first() {
        return Err(Refusal::Busy(job.clone()));
    }
    own_repository(seen)?;
    let units = seen
        .juju
        .peers
        .as_ref()
        .map_or(1, |peers| peers.units.len());
    if units > 1 {
        return Err(Refusal::MoreThanOneUnit(units));
    }
    Ok(())
}

/// The plan of a restore, or why there is none.
///
/// The database that is there stays whole until another one was recovered beside it, accepts the application's passwords,
/// and was stopped cleanly. Only then do the two change places, after that intention was written down (D6).
///
/// # Errors
///
/// Refuses before anything is touched.
pub fn restore(
    seen: &Observed,
    catalogue: &Catalogue,
    request: &Request,
    with: &Circumstances<'_>,
) -> Result<Plan, Refusal> {
    let target = target::resolve(request, catalogue, seen.now)?;
    room_for(catalogue, &target, with.free)?;
    let record = RestoreRecord {
        id: with.id.to_owned(),
        phase: RestorePhase::Beside,
        stanza: catalogue.stanza.clone(),
        target,
        replaces: seen.database.known().map(|database| database.system_id),
        kept: seen.host.layout.kept_dir(files::major(seen)),
    };
    Ok(plan(record))
}

fn room_for(catalogue: &Catalogue, target: &target::Target, free: u64) -> Result<(), Refusal> {
    let backup = catalogue
        .backups
        .iter()
        .find(|backup| backup.label == target.set);
    // A twentieth more, for the WAL that recovery fetches and writes.
    let needed = backup.map_or(0, |backup| backup.size + backup.size / 20);
    if needed > free {
        return Err(Refusal::NoSpace {
            free: size::human(free),
            needed: size::human(needed),
        });
    }
    Ok(())
}

/// The steps of a restore that nothing speaks against.
pub fn plan(record: RestoreRecord) -> Plan {
    let purpose = format!("restore {}", record.target);
    let exchanging = RestoreRecord {
        phase: RestorePhase::Exchanging,
        ..record.clone()
    };
    let mut steps = vec![
        Step::RecordRestore(record.clone()),
        Step::Stop(Service::Patroni),
        Step::RestoreBeside(record.clone()),
        Step::RecoverBeside(record),
        Step::RekeyBeside,
        Step::StopBeside,
        Step::RecordRestore(exchanging.clone()),
    ];
    steps.extend(exchange(exchanging));
    Plan::new(purpose, steps)
}

/// From the proved copy to a cluster that runs on it. Each step can be repeated.
fn exchange(record: RestoreRecord) -> Vec<Step> {
    vec![
        Step::Stop(Service::Patroni),
        Step::ExchangeDataDirectories(record),
        Step::ForgetClusterState,
        Step::Start(Service::Patroni),
        Step::AwaitPrimary,
        Step::ForgetRestore,
    ]
}

/// A restore that was interrupted goes back when its copy was not proved yet, and on when it was.
pub fn finish(seen: &Observed) -> Decision {
    let Some(record) = &seen.host.restore else {
        return Decision::Settled;
    };
    match record.phase {
        RestorePhase::Beside => Decision::Do(Plan::new(
            "go back to the database from before the interrupted restore",
            vec![
                Step::StopBeside,
                Step::RemoveBeside(record.clone()),
                Step::Start(Service::Patroni),
                Step::ForgetRestore,
            ],
        )),
        RestorePhase::Exchanging => Decision::Do(Plan::new(
            "put the restored database in its place",
            exchange(record.clone()),
        )),
    }
}

/// Gives up the way back: removes what was kept from before the last restore.
///
/// # Errors
///
/// Refuses while a restore is unfinished.
pub fn accept(seen: &Observed, kept: DataDirectory) -> Result<Plan, Refusal> {
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    Ok(Plan::new(
        "accept the last restore",
        vec![Step::RemoveKept { kept }],
    ))
}
