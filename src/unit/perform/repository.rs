//! The repository: tried, judged, claimed, proved, and what was found remembered.

use std::time::Duration;

use crate::adapters::host;
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::object_store::{self, AddressStyle, Bucket, Keys};
use crate::adapters::pgbackrest::{Command, PgBackRestError};
use crate::adapters::postgres::control;
use crate::domain::backups::BackupInfo;
use crate::domain::backups::ownership::{
    self, ClusterId, FoundStanza, Holder, Owner, RECORD, Record, Us,
};
use crate::domain::decide::repository::archiving_files;
use crate::domain::files;
use crate::domain::observed::{
    Moved, ObjectStorage, ObjectStore, Packages, RepositoryRecord, RepositoryState,
};
use crate::domain::words::{Stanza, SystemId};
use crate::error::StepError;
use crate::fence;
use crate::reconcile::World as _;
use crate::unit::{Unit, because, programs, records};

use super::cluster;

/// All questions to an object store together. A host that swallows packets costs the time to connect, once.
const CHECKS: Duration = Duration::from_secs(30);
/// One small object.
pub(super) const RECORD_TIME: Duration = Duration::from_secs(5);
/// `check` waits for a segment to arrive; it has its own time-out, a little shorter.
/// Three turns of Patroni's loop.
const RELOAD: Duration = Duration::from_secs(35);
const ARCHIVING: Duration = Duration::from_secs(90);

pub(super) fn check(unit: &mut Unit<'_>, store: &ObjectStore) -> Result<(), StepError> {
    unit.repository_tried = true;
    let probe = store.path.trim_matches('/');
    let proof = object_store::prove(&bucket(store), probe, true, Deadline::after(CHECKS));
    match proof {
        Ok(proof) if proof.bucket_created => {
            tracing::info!("created bucket {}", store.bucket);
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(failure) => failing(
            unit,
            store,
            Err(StepError::expected(failure.message, failure.hint)),
        ),
    }
}

/// The adapter's parameters for a store.
pub(crate) fn bucket(store: &ObjectStore) -> Bucket {
    Bucket {
        name: store.bucket.clone(),
        endpoint: store.endpoint.clone(),
        region: store.region.clone(),
        style: if store.path_style {
            AddressStyle::Path
        } else {
            AddressStyle::Host
        },
        ca_chain: store.ca_chain.clone(),
        keys: Keys {
            access: store.access_key.expose().to_owned(),
            secret: store.secret_key.clone(),
        },
    }
}

/// What failed is remembered, so that later hooks show it without trying again first.
fn remember_failure(unit: &Unit<'_>, store: &ObjectStore, error: &StepError) {
    let record = RepositoryRecord {
        digest: files::digest(store),
        state: RepositoryState::Failed {
            problem: error.problem().to_owned(),
            hint: error.hint().to_owned(),
        },
    };
    if let Err(error) = records::write(&unit.layout.repository_record(), &record) {
        tracing::warn!("cannot remember that the repository failed: {error}");
    }
}

pub(super) fn failing<T>(
    unit: &Unit<'_>,
    store: &ObjectStore,
    result: Result<T, StepError>,
) -> Result<T, StepError> {
    result.map_err(|error| {
        remember_failure(unit, store, &error);
        error.remembered()
    })
}

fn client(store: &ObjectStore) -> Result<object_store::ObjectStore, StepError> {
    object_store::ObjectStore::new(bucket(store)).map_err(because)
}

/// The key of an object below the repository's path.
fn key(store: &ObjectStore, name: &str) -> String {
    format!("{}/{name}", store.path)
        .trim_start_matches('/')
        .to_owned()
}

/// What the incumbent leaves in a repository it uses: the UUID of its model.
const INCUMBENT_RECORD: &str = "model-uuid.txt";

/// What a repository says of its owner.
pub(crate) struct Found {
    pub(crate) record: Option<Record>,
    model_uuid: Option<String>,
    pub(crate) stanzas: Vec<FoundStanza>,
}

impl Found {
    /// Whose it is.
    pub(crate) fn owner(&self, us: &Us) -> Owner {
        let uuid = self.model_uuid.as_deref();
        ownership::owner(self.record.as_ref(), uuid, &self.stanzas, us)
    }
}

pub(super) fn judge(unit: &mut Unit<'_>, store: &ObjectStore) -> Result<(), StepError> {
    unit.repository_tried = true;
    let us = failing(unit, store, us(unit))?;
    let found = failing(unit, store, look(store))?;
    match found.owner(&us) {
        Owner::Ours { .. } | Owner::Unclaimed | Owner::Adoptable => Ok(()),
        Owner::Foreign { who } => {
            keep_foreign(unit, store, &who, found.stanzas)?;
            Err(foreign(store, &who.to_string()).remembered())
        }
    }
}

pub(super) fn foreign(store: &ObjectStore, owner: &str) -> StepError {
    StepError::expected(
        format!(
            "the repository {}{} belongs to {owner}",
            store.bucket, store.path
        ),
        "",
    )
}

/// Remembers that the repository is another's.
pub(super) fn keep_foreign(
    unit: &Unit<'_>,
    store: &ObjectStore,
    who: &Holder,
    stanzas: Vec<FoundStanza>,
) -> Result<(), StepError> {
    let record = RepositoryRecord {
        digest: files::digest(store),
        state: RepositoryState::Foreign {
            owner: who.to_string(),
            stanzas: stanzas.into_iter().map(|stanza| stanza.name).collect(),
        },
    };
    records::write(&unit.layout.repository_record(), &record).map_err(because)
}

/// Who we are to a repository.
pub(crate) fn us(unit: &Unit<'_>) -> Result<Us, StepError> {
    Ok(Us {
        cluster: ClusterId {
            model_uuid: unit.view.model_uuid.clone(),
            application: unit.view.application.clone(),
        },
        system: system_id(unit)?,
        stanza: unit.view.stanza.clone(),
    })
}

/// Of the database on this unit; a new unit has none yet, and goes by its cluster's.
fn system_id(unit: &Unit<'_>) -> Result<SystemId, StepError> {
    let major = match programs::look(unit, None)? {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => major,
    };
    let (programs, data) = (unit.layout.programs(major), unit.layout.data_dir(major));
    let control = control::read(&programs, &data, &unit.user, Deadline::seconds(10));
    let own = control.map_err(because)?;
    match own.map(|control| control.system_identifier) {
        Some(own) => Ok(own),
        None => cluster::named_database(unit)?
            .ok_or_else(|| StepError::expected("there is no database yet", "")),
    }
}

/// The ownership record; none when there is none.
pub(super) fn read_record(
    store: &ObjectStore,
    deadline: Deadline,
) -> Result<Option<Record>, StepError> {
    let name = key(store, RECORD);
    let bytes = client(store)?.get(&name, deadline).map_err(because)?;
    fence::parsed(bytes)
}

/// The records and stanzas of a repository; what cannot be read is an error and never "absent".
pub(crate) fn look(store: &ObjectStore) -> Result<Found, StepError> {
    let client = client(store)?;
    let deadline = Deadline::after(CHECKS);
    let text = |name: &str| -> Result<Option<String>, StepError> {
        let bytes = client.get(&key(store, name), deadline).map_err(because)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let record = read_record(store, deadline)?;
    let mut stanzas = Vec::new();
    for prefix in client
        .list_prefixes(&key(store, "backup/"), deadline)
        .map_err(because)?
    {
        let Some(name) = prefix.trim_end_matches('/').rsplit('/').next() else {
            continue;
        };
        let systems = match text(&format!("backup/{name}/backup.info"))? {
            None => Vec::new(),
            Some(info) => BackupInfo::parse(&info)
                .map_err(because)?
                .databases
                .iter()
                .map(|database| database.system)
                .collect(),
        };
        stanzas.push(FoundStanza {
            name: name.to_owned(),
            systems,
        });
    }
    Ok(Found {
        record,
        model_uuid: text(INCUMBENT_RECORD)?,
        stanzas,
    })
}

/// Writes an object below the repository's path.
pub(super) fn put(store: &ObjectStore, name: &str, body: &[u8]) -> Result<(), StepError> {
    client(store)?
        .put(&key(store, name), body, Deadline::after(CHECKS))
        .map_err(because)
}

pub(super) fn make_stanza(
    unit: &Unit<'_>,
    store: &ObjectStore,
    stanza: &Stanza,
) -> Result<(), StepError> {
    let command = Command::StanzaCreate {
        stanza: stanza.clone(),
        online: true,
    };
    let made = unit
        .pgbackrest()
        .with_locks_in(unit.layout.pgbackrest_lock().join("stanza-create"))
        .run(&command, Deadline::after(ARCHIVING))
        .map_err(explained);
    failing(unit, store, made.map(drop))
}

pub(super) fn prove_archiving(
    unit: &Unit<'_>,
    store: &ObjectStore,
    stanza: &Stanza,
) -> Result<(), StepError> {
    let archiving = failing(unit, store, archive_command_in_force(unit));
    archiving?;
    let command = Command::Check {
        stanza: stanza.clone(),
        archive_timeout: None,
    };
    let proved = unit
        .pgbackrest()
        .run(&command, Deadline::after(ARCHIVING))
        .map_err(explained);
    failing(unit, store, proved.map(drop))
}

/// Patroni takes a changed configuration into use at its next turn; until then PostgreSQL archives as before.
fn archive_command_in_force(unit: &Unit<'_>) -> Result<(), StepError> {
    let deadline = Deadline::after(RELOAD);
    loop {
        let command = unit
            .database(Deadline::seconds(10))
            .and_then(|mut database| database.setting("archive_command"))
            .map_err(because)?;
        if command.contains("archive-push") {
            return Ok(());
        }
        if deadline.is_over() {
            return Err(StepError::expected(
                "PostgreSQL has not taken its archive command into use yet",
                "the next regular look tries again",
            ));
        }
        clock::sleep(Duration::from_millis(300));
    }
}

/// pgBackRest's own words, and its hints, for the people who read the status.
pub(crate) fn explained(error: PgBackRestError) -> StepError {
    match error {
        PgBackRestError::Failed {
            command,
            message,
            hints,
            ..
        } => StepError::expected(
            format!("pgbackrest {command} failed: {message}"),
            hints.join(" "),
        ),
        other => because(other),
    }
}

pub(super) fn record(unit: &Unit<'_>, record: &RepositoryRecord) -> Result<(), StepError> {
    records::write(&unit.layout.repository_record(), record).map_err(because)
}

/// From the moment the record is written, every look at the relation sees the other path.
pub(super) fn move_to(unit: &mut Unit<'_>, moved: &Moved) -> Result<(), StepError> {
    records::write(&unit.layout.moved_record(), moved).map_err(because)?;
    let before = unit.view.moved.replace(moved.clone());
    let mut storage = unit.view.object_storage.clone();
    if let (ObjectStorage::Given(store), Some(before)) = (&mut storage, &before) {
        before.taken_back(store);
    }
    unit.view.object_storage = storage.moved(Some(moved));
    // What it says of segments of the same names is of the history from before.
    let spool = unit.layout.pgbackrest_spool().join("archive");
    host::files::remove_tree(&spool, &unit.layout.pgbackrest_spool()).map_err(because)?;
    let seen = unit.observe()?;
    if seen.host.restore.is_none() {
        // It follows once it has seen whose the repository is.
        return Ok(());
    }
    // This unit restores, and its database is down: it comes up with these.
    let steps = archiving_files(&seen).map_err(because)?;
    steps.iter().try_for_each(|step| super::perform(unit, step))
}

pub(super) fn forget(unit: &Unit<'_>) -> Result<(), StepError> {
    records::forget(&unit.layout.repository_record()).map_err(because)
}
