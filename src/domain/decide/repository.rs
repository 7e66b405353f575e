//! The backup repository: tried, judged, claimed, proved.

use std::time::Duration;

use super::services::{differing, uncertain};
use crate::domain::backups::ownership::{Holder, Owner};
use crate::domain::decision::{Blocked, Decision, Wait, Wake};
use crate::domain::files::{self, NotYet};
use crate::domain::observed::{
    DataDirectory, ManagedFile, ObjectStorage, ObjectStore, Observed, RepositoryRecord,
    RepositoryState, Service, ServiceState, Written,
};
use crate::domain::plan::{Plan, Step};
use crate::domain::refusal::Refusal;

/// How long nobody may have read the record of a repository that is ours.
const BETWEEN_LOOKS: Duration = Duration::from_mins(5);
/// What an operator can do about a repository that was taken over.
const WAY_BACK: &str = "remove this application if the other replaces it, set another path on the integrator, or run take-over-repository";

/// The repository that the relation names is ours and receives WAL, or it is known why not.
///
/// The primary tries it, once in a dispatch, until it works; wrong settings therefore recover by themselves when they are
/// corrected. Other members follow once the leader has recorded the stanza.
pub fn repository(seen: &Observed) -> Decision {
    let store = match &seen.juju.object_storage {
        ObjectStorage::Given(store) => store,
        ObjectStorage::Unrelated => return unrelated(seen),
        ObjectStorage::Incomplete(missing) => {
            return Decision::Wait(Wait::until(
                Wake::ObjectStorageChanged,
                format!("waiting for the object store: {missing}"),
            ));
        }
    };
    if !seen.is_primary() {
        return follow(seen, store);
    }
    let digest = files::digest(store);
    let record = seen
        .host
        .repository
        .as_ref()
        .filter(|record| record.digest == digest);
    match record.map(|record| &record.state) {
        Some(RepositoryState::Ready { raised_for, .. }) => {
            keep(seen, store, digest, raised_for.as_deref())
        }
        Some(RepositoryState::Foreign { owner, .. }) if seen.repository_tried => {
            foreign(seen, store, owner)
        }
        Some(RepositoryState::Failed { problem, hint }) if seen.repository_tried => {
            Decision::Blocked(Blocked::new(problem.clone(), hint.clone()))
        }
        before => {
            let was_foreign = matches!(before, Some(RepositoryState::Foreign { .. }));
            attach(seen, store, was_foreign).map_or_else(|why| unusable(&why), Decision::Do)
        }
    }
}

/// A unit without a database is made from the newest backup, if pgBackRest knows the repository before Patroni starts.
/// When the repository does not answer, or is somebody else's, the unit copies the primary.
pub fn seed(seen: &Observed) -> Decision {
    let store = seen.juju.object_storage.given();
    let recorded = seen.juju.peers.as_ref();
    let recorded = recorded.is_some_and(|peers| peers.stanza.is_some());
    let begins = seen.host.data == DataDirectory::Absent
        && seen.host.service(Service::Patroni) == ServiceState::Absent;
    let (Some(store), true) = (store, recorded && begins && !seen.repository_tried) else {
        return Decision::Settled;
    };
    match write_own_files(seen, store) {
        Ok(files) if !files.is_empty() => {
            let mut steps = checks(store, false).to_vec();
            steps.extend(files);
            Decision::Do(Plan::new("prepare a copy from the repository", steps))
        }
        // What no file can hold is shown later; the primary can be copied.
        Ok(_) | Err(_) => Decision::Settled,
    }
}

/// The repository, when it is ours and was proved.
///
/// # Errors
///
/// Says why it cannot be used.
pub fn own_repository(seen: &Observed) -> Result<&ObjectStore, Refusal> {
    let store = seen.juju.object_storage.needed()?;
    let digest = files::digest(store);
    match seen
        .host
        .repository
        .as_ref()
        .filter(|record| record.digest == digest)
    {
        None => Err(Refusal::RepositoryNotReady),
        Some(record) => match &record.state {
            RepositoryState::Ready { .. } => Ok(store),
            RepositoryState::Foreign { owner, .. } => {
                Err(Refusal::ForeignRepository(owner.clone()))
            }
            RepositoryState::Failed { problem, hint } => Err(Refusal::RepositoryFailed {
                problem: problem.clone(),
                hint: hint.clone(),
            }),
        },
    }
}

/// The plan by which this cluster takes the repository over from another one.
///
/// # Errors
///
/// Refuses when nobody else has it, when its owner could not be kept out because it knows no record, when the stanza of our
/// name is of another database, and unless the operator has said that the owner is to be shut out.
pub fn take_over(
    seen: &Observed,
    owner: &Owner,
    epoch: Option<u64>,
    stanza_taken: bool,
    force: bool,
) -> Result<Plan, Refusal> {
    if seen.host.restore.is_some() {
        return Err(Refusal::RestoreUnfinished);
    }
    let store = seen.juju.object_storage.needed()?;
    super::on_the_primary(seen)?;
    let Owner::Foreign { who } = owner else {
        return Err(Refusal::NothingToTakeOver);
    };
    let (Holder::Cluster { .. }, Some(epoch), false) = (who, epoch, stanza_taken) else {
        return Err(Refusal::CannotTakeOver(who.to_string()));
    };
    if !force {
        return Err(Refusal::TakeOverNotForced(who.to_string()));
    }
    // The record is this cluster's by then.
    let use_it = attach(seen, store, false).map_err(|why| Refusal::RepositoryFailed {
        problem: why.to_string(),
        hint: String::new(),
    })?;
    let mut steps = vec![Step::TakeOverRepository {
        store: store.clone(),
        epoch,
        restored: last_restore(seen),
    }];
    steps.extend(use_it.steps);
    let purpose = format!("take {}{} over from {who}", store.bucket, store.path);
    Ok(Plan::new(purpose, steps))
}

/// What is asked before anything is written. Trying an object store writes into it for a moment: not while it was another's
/// when it was last looked at.
fn checks(store: &ObjectStore, was_foreign: bool) -> [Step; 2] {
    let (works, whose) = (
        Step::CheckObjectStore(store.clone()),
        Step::JudgeOwner(store.clone()),
    );
    if was_foreign {
        [whose, works]
    } else {
        [works, whose]
    }
}

/// The last restore of this cluster.
fn last_restore(seen: &Observed) -> Option<String> {
    let restored = seen.cluster.known()?.restored()?;
    Some(restored.id)
}

/// From checks that change nothing to archiving that is proved. Every step can be repeated.
///
/// pgBackRest's configuration is written only after the repository was judged to be ours or nobody's: from then on the
/// archive command pushes there and never discards (D4).
fn attach(seen: &Observed, store: &ObjectStore, was_foreign: bool) -> Result<Plan, NotYet> {
    let stanza = seen.juju.stanza.clone();
    let mut steps = checks(store, was_foreign).to_vec();
    steps.extend(write_own_files(seen, store)?);
    let restored = last_restore(seen);
    steps.push(Step::ClaimRepository(store.clone(), restored.clone()));
    steps.push(Step::MakeStanza(store.clone(), stanza.clone()));
    let archiving = files::patroni_config(seen, &files::to_the_repository(seen))?;
    let (follow, in_force) = files::patroni_follows(seen, &archiving);
    let patroni = differing(seen, [(ManagedFile::PatroniConfig, Ok(archiving))])?;
    if !patroni.is_empty() {
        steps.extend(uncertain(seen, ManagedFile::PatroniInForce, &in_force));
        steps.extend(patroni);
        steps.extend(follow);
        steps.push(Step::WriteFile {
            file: ManagedFile::PatroniInForce,
            content: in_force,
        });
    }
    steps.push(Step::ProveArchiving(store.clone(), stanza.clone()));
    steps.push(Step::RecordRepository(RepositoryRecord {
        digest: files::digest(store),
        state: RepositoryState::Ready {
            stanza: stanza.clone(),
            raised_for: restored,
        },
    }));
    if seen.juju.leader {
        steps.push(Step::PublishStanza(stanza));
    }
    Ok(Plan::new(
        format!("use {}{} for backups", store.bucket, store.path),
        steps,
    ))
}

/// The files that are written so that archiving goes where it should.
///
/// # Errors
///
/// When a parameter does not fit a file, or something else is not known yet.
pub fn archiving_files(seen: &Observed) -> Result<Vec<Step>, NotYet> {
    let Some(store) = seen.juju.object_storage.given() else {
        return Ok(Vec::new());
    };
    let mut steps = write_own_files(seen, store)?;
    let archiving = files::patroni_config(seen, &files::to_the_repository(seen));
    steps.extend(differing(seen, [(ManagedFile::PatroniConfig, archiving)])?);
    Ok(steps)
}

pub(super) fn write_own_files(seen: &Observed, store: &ObjectStore) -> Result<Vec<Step>, NotYet> {
    let wanted = [
        (
            ManagedFile::ObjectStoreCa,
            Ok(files::object_store_ca(store)),
        ),
        (
            ManagedFile::PgBackRestConfig,
            files::pgbackrest_config(seen, store),
        ),
    ];
    differing(seen, wanted)
}

/// Parameters that no configuration file can hold.
fn unusable(why: &NotYet) -> Decision {
    Decision::Blocked(Blocked::new(
        why.to_string(),
        "correct it on the integrator",
    ))
}

fn do_if_any(purpose: &str, steps: Vec<Step>) -> Decision {
    if steps.is_empty() {
        Decision::Settled
    } else {
        Decision::Do(Plan::new(purpose, steps))
    }
}

/// The repository was proved: keep its files as they should be, the peers informed, and in its record the epoch that began
/// with the last restore. Whether it is still this cluster's is looked at when archiving was refused, and every now and
/// then, because a database at rest has nothing to archive.
fn keep(
    seen: &Observed,
    store: &ObjectStore,
    digest: String,
    raised_for: Option<&str>,
) -> Decision {
    let mut steps = match write_own_files(seen, store) {
        Ok(steps) => steps,
        Err(why) => return unusable(&why),
    };
    let fence = seen.host.fence.as_ref();
    let in_doubt = fence.is_none_or(|it| {
        let age = seen.now.duration_since(it.read_at);
        it.overtaken.is_some() || age.is_negative() || age.unsigned_abs() > BETWEEN_LOOKS
    });
    if in_doubt && !seen.repository_tried {
        steps.push(Step::LookAtFence(store.clone()));
        return do_if_any("see whether the repository is still this cluster's", steps);
    }
    if let Some(overtaken) = fence.and_then(|it| it.overtaken.as_ref()) {
        return Decision::Blocked(Blocked::new(
            format!(
                "WAL stays on this unit, because the repository {}{} is not its any more: {overtaken}",
                store.bucket, store.path
            ),
            WAY_BACK,
        ));
    }
    let restored = last_restore(seen);
    if restored.is_some() && restored.as_deref() != raised_for {
        steps.push(Step::ClaimRepository(store.clone(), restored.clone()));
        steps.push(Step::RecordRepository(RepositoryRecord {
            digest,
            state: RepositoryState::Ready {
                stanza: seen.juju.stanza.clone(),
                raised_for: restored,
            },
        }));
        return do_if_any("begin an epoch of the repository with the restore", steps);
    }
    let recorded = seen
        .juju
        .peers
        .as_ref()
        .is_some_and(|peers| peers.stanza.is_some());
    if seen.juju.leader && !recorded && !seen.juju.written.contains(&Written::Stanza) {
        steps.push(Step::PublishStanza(seen.juju.stanza.clone()));
    }
    do_if_any("keep the repository's settings", steps)
}

/// Another cluster's repository: it can be listed and restored from, through a configuration of its own that nothing
/// archives with.
fn foreign(seen: &Observed, store: &ObjectStore, owner: &str) -> Decision {
    match foreign_files(seen, store) {
        // Where this cluster has archived before, what it has to archive waits.
        Ok(steps) if steps.is_empty() && archives_there(seen) => Decision::Blocked(Blocked::new(
            format!(
                "WAL stays on this unit, because the repository {}{} belongs to {owner}",
                store.bucket, store.path
            ),
            WAY_BACK,
        )),
        Ok(steps) if steps.is_empty() => Decision::Blocked(Blocked::new(
            format!(
                "the repository {}{} belongs to {owner}",
                store.bucket, store.path
            ),
            "its backups can be listed and restored; set another path on the integrator to take backups",
        )),
        Ok(steps) => do_if_any(READ_ANOTHERS, steps),
        Err(why) => unusable(&why),
    }
}

/// Whether WAL of this cluster is meant for a repository.
fn archives_there(seen: &Observed) -> bool {
    seen.host.files.contains_key(&ManagedFile::PgBackRestConfig)
}

const READ_ANOTHERS: &str = "read another cluster's repository";

fn foreign_files(seen: &Observed, store: &ObjectStore) -> Result<Vec<Step>, NotYet> {
    let wanted = [
        (
            ManagedFile::ForeignObjectStoreCa,
            Ok(files::object_store_ca(store)),
        ),
        (
            ManagedFile::ForeignPgBackRestConfig,
            files::foreign_pgbackrest_config(seen, store),
        ),
    ];
    differing(seen, wanted)
}

/// A member that is not the primary uses the repository once the leader has recorded that it works, and only when it is
/// this cluster's: the relation may name another by now. The leader looks whose it is also before, because it may be
/// asked to restore from there.
fn follow(seen: &Observed, store: &ObjectStore) -> Decision {
    let recorded = seen
        .juju
        .peers
        .as_ref()
        .is_some_and(|peers| peers.stanza.is_some());
    let may_ask = recorded || seen.juju.leader;
    if !may_ask || seen.cluster.known().is_none() || super::voters::leads(seen) {
        return Decision::Settled;
    }
    let digest = files::digest(store);
    let record = seen.host.repository.as_ref();
    let state = record
        .filter(|record| record.digest == digest)
        .map(|record| &record.state);
    let files = match state {
        Some(RepositoryState::Foreign { .. }) => foreign_files(seen, store),
        _ if recorded => write_own_files(seen, store),
        _ => Ok(Vec::new()),
    };
    let files = match files {
        Ok(files) => files,
        Err(why) => return unusable(&why),
    };
    match state {
        Some(RepositoryState::Ready { .. }) => do_if_any("use the cluster's repository", files),
        Some(RepositoryState::Foreign { .. }) if seen.repository_tried => {
            do_if_any(READ_ANOTHERS, files)
        }
        _ if seen.repository_tried => Decision::Settled,
        _ => {
            let was_foreign = matches!(state, Some(RepositoryState::Foreign { .. }));
            let mut steps = checks(store, was_foreign).to_vec();
            if recorded {
                steps.extend(match state {
                    Some(RepositoryState::Foreign { .. }) => {
                        write_own_files(seen, store).unwrap_or_default()
                    }
                    _ => files,
                });
                steps.push(Step::RecordRepository(RepositoryRecord {
                    digest,
                    state: RepositoryState::Ready {
                        stanza: seen.juju.stanza.clone(),
                        raised_for: None,
                    },
                }));
            }
            Decision::Do(Plan::new("use the cluster's repository", steps))
        }
    }
}

/// Without a relation nothing is attached; what was archived to before is kept on (D4), and a foreign view goes.
fn unrelated(seen: &Observed) -> Decision {
    let mut steps: Vec<Step> = [
        ManagedFile::ForeignPgBackRestConfig,
        ManagedFile::ForeignObjectStoreCa,
    ]
    .into_iter()
    .filter(|file| seen.host.files.contains_key(file))
    .map(Step::RemoveFile)
    .collect();
    let stale = seen
        .host
        .repository
        .as_ref()
        .is_some_and(|record| !matches!(record.state, RepositoryState::Ready { .. }));
    if stale {
        steps.push(Step::ForgetRepository);
    }
    do_if_any(
        "let go of the repository that is not related any more",
        steps,
    )
}
