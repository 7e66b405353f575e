//! `list-backups`: what the repository holds, as a table for people and as JSON for machines.

use juju_charm::Juju;

use super::ActionError;
use crate::adapters::pgbackrest::PgBackRest;
use crate::attempts;
use crate::catalogue;
use crate::domain::backups::listing::{self, Location};
use crate::domain::files;
use crate::domain::observed::{Moved, ObjectStore, RepositoryRecord, RepositoryState};
use crate::domain::refusal::Refusal;
use crate::domain::words::Stanza;
use crate::juju;
use crate::unit::{Installation, because, records};

/// Where the list comes from.
struct Source {
    store: ObjectStore,
    pgbackrest: PgBackRest,
    stanzas: Vec<Stanza>,
    /// Whose it is, when it is another cluster's.
    owner: Option<String>,
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
        if source.owner.is_none() {
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
        owner: source.owner.clone(),
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
    if let Some(owner) = source.owner {
        juju.action_set("owner", owner)?;
    }
    juju.action_set_large("backups", &table)?;
    juju.action_set_large("backups-json", &json)?;
    Ok(())
}

fn source(juju: &Juju, installation: &Installation) -> Result<Source, ActionError> {
    let storage = juju::object_storage::read(juju, false)?;
    let mut store = storage.needed()?.clone();
    let record: Option<RepositoryRecord> =
        records::read(&installation.layout.repository_record()).map_err(because)?;
    if let Some(moved) = moved(juju, installation, record.as_ref(), &store)? {
        store = moved.applied(store);
    }
    let record = record.filter(|record| record.digest == files::digest(&store));
    match record.map(|record| record.state) {
        None => Err(Refusal::RepositoryNotReady.into()),
        Some(RepositoryState::Failed { problem, hint }) => {
            Err(Refusal::RepositoryFailed { problem, hint }.into())
        }
        Some(RepositoryState::Ready { stanza, .. }) => Ok(Source {
            store,
            pgbackrest: installation.pgbackrest(),
            stanzas: vec![stanza],
            owner: None,
        }),
        Some(RepositoryState::Foreign { stanzas, owner }) => Ok(Source {
            store,
            pgbackrest: installation.foreign_pgbackrest(),
            stanzas: stanzas
                .iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            owner: Some(owner),
        }),
    }
}

/// Where is archived instead of where the relation says. The peers are asked only when this unit alone cannot tell.
fn moved(
    juju: &Juju,
    installation: &Installation,
    record: Option<&RepositoryRecord>,
    store: &ObjectStore,
) -> Result<Option<Moved>, ActionError> {
    let own = records::read(&installation.layout.moved_record()).map_err(because)?;
    let is_current =
        |store: &ObjectStore| record.is_some_and(|it| it.digest == files::digest(store));
    match own {
        Some(own) => Ok(Some(own)),
        None if is_current(store) => Ok(None),
        None => Ok(juju::view::told_moved(juju)?),
    }
}
