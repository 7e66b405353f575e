//! A restore: what it needs, in which order it happens, and what becomes of one that was interrupted.

mod forecast;
mod members;
mod moved;
mod undo;
mod unfinished;

use std::collections::BTreeSet;

pub use forecast::{Forecast, Here, forecast, path};
pub use members::{free_to_lead, held, told};
pub use moved::{moved, stranger};
pub use undo::{accept, cancel, undo, undoable};
pub use unfinished::{finish, is_under_way};

use super::on_the_primary;
use super::repository::own_repository;
use crate::domain::backups::Catalogue;
use crate::domain::backups::target::{self, Request, TargetKind};
use crate::domain::files;
use crate::domain::observed::{
    ManagedFile, Moved, ObjectStore, Observed, RepositoryState, RestorePhase, RestoreRecord,
    Service, Source,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;
use crate::domain::size;
use crate::domain::words::{MemberName, Stanza, Timeline};

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
    undisturbed(seen, jobs)?;
    source(seen)?;
    reachable(seen)
}

/// Where backups come from: this cluster's own repository, or another cluster's, which is only read.
///
/// # Errors
///
/// Says why there is none.
pub fn source(seen: &Observed) -> Result<Source, Refusal> {
    match own_repository(seen) {
        Ok(_) => Ok(Source::Backup),
        Err(Refusal::ForeignRepository(_)) => {
            if seen
                .host
                .files
                .contains_key(&ManagedFile::ForeignPgBackRestConfig)
            {
                Ok(Source::Foreign)
            } else {
                Err(Refusal::RepositoryNotReady)
            }
        }
        Err(why) => Err(why),
    }
}

/// The stanzas of another cluster's repository, or the one of them that is asked for.
///
/// # Errors
///
/// Refuses a stanza that is not there.
pub fn stanzas(seen: &Observed, asked: Option<&str>) -> Result<Vec<Stanza>, Refusal> {
    let found = match seen.host.repository.as_ref().map(|record| &record.state) {
        Some(RepositoryState::Foreign { stanzas, .. }) => stanzas.as_slice(),
        _ => &[],
    };
    let found = found
        .iter()
        .filter(|name| asked.is_none_or(|asked| asked == name.as_str()));
    let found: Vec<Stanza> = found.filter_map(|name| name.parse().ok()).collect();
    match (asked, found.as_slice()) {
        (Some(asked), []) => Err(Refusal::NoStanza(asked.to_owned())),
        (None, []) => Err(target::Refusal::NoBackups {
            stanza: seen.juju.stanza.clone(),
        }
        .into()),
        _ => Ok(found),
    }
}

/// Whether nothing is at work that a restore would get in the way of.
fn undisturbed(seen: &Observed, jobs: &[String]) -> Result<(), Refusal> {
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    if let Some(job) = jobs.first() {
        return Err(Refusal::Busy(job.clone()));
    }
    Ok(())
}

/// Whether the other members are in a state in which the lead can be taken from them, and kept from them.
///
/// A unit alone may be restored however it is: it has nobody to agree with.
fn reachable(seen: &Observed) -> Result<(), Refusal> {
    if others(seen).is_empty() {
        return Ok(());
    }
    let cluster = members::free_to_lead(seen)?;
    if cluster.primary().is_none() {
        return Err(Refusal::NotThePrimary { primary: None });
    }
    Ok(())
}

/// Whether a restore point can be made on this unit.
///
/// # Errors
///
/// Refuses without a repository, where a point could never be gone back to, and on a unit that is not the primary.
pub fn point(seen: &Observed) -> Result<(), Refusal> {
    own_repository(seen)?;
    on_the_primary(seen)
}

/// The other units of the application.
fn others(seen: &Observed) -> BTreeSet<MemberName> {
    let peers = seen.juju.peers.iter();
    let names = peers.flat_map(|peers| peers.units.keys());
    names
        .filter(|name| **name != seen.juju.member)
        .cloned()
        .collect()
}

/// The newest timeline anybody knows of.
fn newest(seen: &Observed, catalogue: &Catalogue) -> Timeline {
    let live = seen.database.known().map(|database| database.timeline);
    let members = seen.cluster.known().into_iter();
    let members = members.flat_map(|cluster| &cluster.members);
    let known = members.filter_map(|member| member.timeline).chain(live);
    known.fold(catalogue.timelines.newest(), Ord::max)
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
    let source = source(seen)?;
    same_version(seen, catalogue, &target)?;
    room_for(catalogue, &target, with.free)?;
    Ok(plan(&RestoreRecord {
        id: with.id.to_owned(),
        phase: RestorePhase::Beside,
        source,
        moves: moves(seen, source, with.id),
        stanza: catalogue.stanza.clone(),
        target: Some(target),
        replaces: seen.database.known().map(|database| database.system_id),
        kept: seen.host.layout.kept_dir(files::major(seen)),
        others: others(seen),
        newest: Some(newest(seen, catalogue)),
    }))
}

/// Where the database that comes from this source archives; none when that stays as it is.
fn moves(seen: &Observed, source: Source, id: &str) -> Option<Moved> {
    let moves = match source {
        Source::Backup => false,
        Source::Foreign => true,
        Source::Kept => seen.host.kept.as_ref().is_some_and(|kept| kept.moved),
    };
    let store = seen.juju.object_storage.given()?;
    moves.then(|| Moved::beside(&related(seen, store), &seen.juju.stanza, id))
}

/// The object store with the path that the relation names.
fn related(seen: &Observed, store: &ObjectStore) -> ObjectStore {
    let mut store = store.clone();
    if let Some(moved) = &seen.juju.moved {
        moved.taken_back(&mut store);
    }
    store
}

/// Files of one major version are of no use to another.
fn same_version(
    seen: &Observed,
    catalogue: &Catalogue,
    target: &target::Target,
) -> Result<(), Refusal> {
    let mut backups = catalogue.backups.iter();
    let backup = backups.find(|backup| backup.label == target.set);
    let database = backup.and_then(|backup| {
        let mut databases = catalogue.databases.iter();
        databases.find(|database| database.id == backup.database)
    });
    let here = files::major(seen).to_string();
    match database {
        Some(database) if database.version != here => Err(Refusal::OtherVersion {
            here,
            there: database.version.clone(),
        }),
        _ => Ok(()),
    }
}

/// The bytes that a restore needs on the volume, beside the data.
pub fn room(catalogue: &Catalogue, target: &target::Target) -> u64 {
    let backup = catalogue
        .backups
        .iter()
        .find(|backup| backup.label == target.set);
    // A twentieth more, for the WAL that recovery fetches and writes.
    backup.map_or(0, |backup| backup.size + backup.size / 20)
}

fn room_for(catalogue: &Catalogue, target: &target::Target, free: u64) -> Result<(), Refusal> {
    let needed = room(catalogue, target);
    if needed > free {
        return Err(Refusal::NoSpace {
            free: size::human(free),
            needed: size::human(needed),
        });
    }
    Ok(())
}

/// The steps of a restore that nothing speaks against.
pub fn plan(record: &RestoreRecord) -> Plan {
    let purpose = match (&record.target, record.source) {
        (Some(target), Source::Backup) => format!("restore {target}"),
        (Some(target), Source::Foreign) => {
            format!("restore {target} of stanza {}", record.stanza)
        }
        _ => "bring back the database from before the last restore".to_owned(),
    };
    let mut steps = vec![Step::RecordRestore(record.clone())];
    steps.extend(beside(record));
    steps.extend(exchange(record));
    Plan::new(purpose, steps)
}

/// From nothing to a proved copy, beside a database that goes on. Each step can be repeated.
///
/// Only what is to hold every commit up to now needs the database to have stopped before: commits that were still accepted
/// meanwhile would be lost without a word.
fn beside(record: &RestoreRecord) -> Vec<Step> {
    let latest = |target: &target::Target| target.kind == TargetKind::Latest;
    // A member that is promoted begins a timeline: that comes before the copy looks for a free number.
    let mut steps = Vec::new();
    if record.target.as_ref().is_some_and(latest) {
        steps.extend(hold(record));
        steps.push(Step::Stop(Service::Patroni));
    } else if !record.others.is_empty() {
        steps.push(Step::TakeLead(record.clone()));
    }
    steps.push(match record.source {
        Source::Backup | Source::Foreign => Step::RestoreBeside(record.clone()),
        Source::Kept => Step::MoveKeptBeside(record.clone()),
    });
    steps.extend([
        Step::RecoverBeside(record.clone()),
        Step::RekeyBeside(record.clone()),
        Step::StopBeside,
    ]);
    // What can be refused is asked for while there still is a way back.
    steps.extend(hold(record));
    steps.push(Step::ProveTimeline(record.clone()));
    steps.push(Step::RecordRestore(RestoreRecord {
        phase: RestorePhase::Exchanging,
        ..record.clone()
    }));
    steps
}

/// The lead comes here and can go nowhere else.
fn hold(record: &RestoreRecord) -> Vec<Step> {
    let mut steps = Vec::new();
    if !record.others.is_empty() {
        steps.push(Step::TakeLead(record.clone()));
    }
    steps.push(Step::HoldMembers(record.clone()));
    steps
}

/// From the proved copy to a cluster that runs on it. Each step can be repeated.
fn exchange(record: &RestoreRecord) -> Vec<Step> {
    let exchanging = RestoreRecord {
        phase: RestorePhase::Exchanging,
        ..record.clone()
    };
    let mut steps = vec![Step::Stop(Service::Patroni)];
    // Before the database opens that has something to archive. Until the stanza is there, it keeps it.
    steps.extend(record.moves.clone().map(Step::MoveRepository));
    steps.extend([
        Step::ExchangeDataDirectories(exchanging.clone()),
        Step::ReopenCluster(exchanging.clone()),
        Step::Start(Service::Patroni),
        Step::AwaitPrimary,
    ]);
    let rebuilding = RestoreRecord {
        phase: RestorePhase::Rebuilding,
        ..exchanging
    };
    steps.push(Step::RecordRestore(rebuilding.clone()));
    steps.extend(rebuild(&rebuilding));
    steps
}

/// The other members follow.
fn rebuild(record: &RestoreRecord) -> Vec<Step> {
    let mut steps = Vec::new();
    if !record.others.is_empty() {
        steps.push(Step::RebuildReplicas(record.clone()));
    }
    steps.push(Step::ForgetRestore);
    steps
}
