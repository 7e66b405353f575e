//! `list-backups`: what the repository holds, as a table for people and as JSON for machines.

use juju_charm::Juju;

use super::ActionError;
use crate::adapters::pgbackrest::PgBackRest;
use crate::attempts;
use crate::catalogue;
use crate::domain::backups::listing::{self, Location};
use crate::domain::files;
use crate::domain::observed::{ObjectStorage, ObjectStore, RepositoryRecord, RepositoryState};
use crate::domain::refusal::Refusal;
use crate::domain::words::Stanza;
use crate::juju;
use crate::unit::{Installation, because, records};

/// Where the list comes from.
struct Source {
    store: ObjectStore,
    pgbackrest: PgBackRest,
    stanzas: Vec<Stanza>,
    /// Whether it is this cluster's own.
    own: bool,
}

/// Few hook tools: the relation and its bag, the keys if they are a secret, the results. Everything else is on the machine.
pub(super) fn run(juju: &Juju) -> Result<(), ActionError> {
    let limit = match juju.action_params()?.integer("limit") {
        None => listing::SHOWN,
        Some(0) => usize::MAX,
        Some(given) => usize::try_from(given).map_err(|_| Refusal::BadLimit(given))?,
    };
    let installation = Installation::of(juju)?;
    let source = source(juju, &installation)?;
    let version = installation
        .existing_major()?
        .map(|major| major.to_string());
    let mut found = Vec::new();
    for stanza in &source.stanzas {
        let version = version.as_deref();
        let mut one = catalogue::read_newest(&source.pgbackrest, stanza, limit, version)?;
        if source.own {
            let unit = juju.context().unit.as_str();
            let (failed, running) = attempts::of(&installation.layout.jobs(), unit)?;
            one = one.with_attempts(failed, running);
        }
        found.push(one);
    }
    let rows = listing::rows(&found);
    let location = Location {
        bucket: Some(source.store.bucket.clone()),
        path: source.store.path.clone(),
    };
    let (shown, left_out) = listing::newest(&rows, limit);
    let left_out = left_out + found.iter().map(|one| one.older).sum::<usize>();
    let mut table = listing::table(shown, &location);
    if left_out > 0 {
        let note = format!("\n({left_out} older ones are not shown: limit=0 shows all)");
        table.push_str(&note);
        juju.action_set("not-shown", left_out.to_string())?;
    }
    let json = listing::json(shown).map_err(because)?;
    juju.action_set_large("backups", &table)?;
    juju.action_set_large("backups-json", &json)?;
    Ok(())
}

fn source(juju: &Juju, installation: &Installation) -> Result<Source, ActionError> {
    let store = match juju::object_storage::read(juju, false)? {
        ObjectStorage::Given(store) => store,
        ObjectStorage::Unrelated => return Err(Refusal::NoObjectStore.into()),
        ObjectStorage::Incomplete(missing) => {
            return Err(Refusal::ObjectStoreIncomplete(missing).into());
        }
    };
    let record: Option<RepositoryRecord> =
        records::read(&installation.layout.repository_record()).map_err(because)?;
    let record = record.filter(|record| record.digest == files::digest(&store));
    match record.map(|record| record.state) {
        None => Err(Refusal::RepositoryNotReady.into()),
        Some(RepositoryState::Failed { problem, hint }) => {
            Err(Refusal::RepositoryFailed { problem, hint }.into())
        }
        Some(RepositoryState::Ready { stanza }) => Ok(Source {
            store,
            pgbackrest: installation.pgbackrest(),
            stanzas: vec![stanza],
            own: true,
        }),
        Some(RepositoryState::Foreign { stanzas, .. }) => Ok(Source {
            store,
            pgbackrest: installation.foreign_pgbackrest(),
            stanzas: stanzas
                .iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            own: false,
        }),
    }
}
