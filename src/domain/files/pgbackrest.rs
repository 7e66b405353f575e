//! pgBackRest: its configurations, its server, and what is needed to reach an object store.

use super::{NotYet, digest_of, major};
use crate::domain::decide::tls;
use crate::domain::observed::{ManagedFile, ObjectStore, Observed, Packages};
use crate::domain::render::pgbackrest::{self, Purpose, Server, Store};
use crate::domain::words::Secret;

/// pgBackRest's configuration for this cluster's own repository.
///
/// # Errors
///
/// When a parameter does not fit an INI file.
pub fn pgbackrest_config(seen: &Observed, store: &ObjectStore) -> Result<Secret, NotYet> {
    let purpose = Purpose::Own {
        retention_days: store.retention_days,
    };
    let ca = seen.host.layout.object_store_ca();
    pgbackrest_file(seen, store, purpose, ca)
}

/// pgBackRest's configuration for another cluster's repository.
///
/// # Errors
///
/// When a parameter does not fit an INI file.
pub fn foreign_pgbackrest_config(seen: &Observed, store: &ObjectStore) -> Result<Secret, NotYet> {
    let ca = seen.host.layout.foreign_object_store_ca();
    pgbackrest_file(seen, store, Purpose::ReadOnly, ca)
}

fn pgbackrest_file(
    seen: &Observed,
    store: &ObjectStore,
    purpose: Purpose,
    ca: std::path::PathBuf,
) -> Result<Secret, NotYet> {
    let version = match &seen.host.packages {
        Packages::Present { pgbackrest, .. } => *pgbackrest,
        Packages::Missing { .. } => (0, 0),
    };
    let configuration = pgbackrest::Configuration {
        layout: &seen.host.layout,
        major: major(seen),
        stanza: &seen.juju.stanza,
        store: Store {
            bucket: &store.bucket,
            endpoint: &store.endpoint,
            path: &store.path,
            region: &store.region,
            path_style: store.path_style,
            ca_file: (!store.ca_chain.is_empty()).then_some(ca),
            access_key: &store.access_key,
            secret_key: &store.secret_key,
        },
        purpose,
        cpus: seen.host.cpus,
        abilities: pgbackrest::Abilities::of(version),
        server: match purpose {
            Purpose::Own { .. } => backup_server(seen),
            Purpose::ReadOnly => None,
        },
    };
    Ok(Secret::new(configuration.render()?))
}

/// The server for backups that other members take, while there are some that use TLS.
pub fn backup_server(seen: &Observed) -> Option<Server> {
    let peers = seen.juju.peers.as_ref()?;
    let others = peers.units.keys().filter(|name| **name != seen.juju.member);
    let clients: std::collections::BTreeSet<&String> = others
        .filter_map(|name| Some(&peers.backup_servers.get(name)?.name))
        .collect();
    if clients.is_empty() || !tls::stage(seen).serves() {
        return None;
    }
    Some(Server {
        listen: seen.juju.address?,
        ca_file: seen.host.layout.tls_authorities(),
        identity_file: seen.host.layout.tls_identity(),
        clients: clients.into_iter().cloned().collect(),
    })
}

/// The unit file of that server.
pub fn backup_server_unit(seen: &Observed) -> Secret {
    Secret::new(pgbackrest::server_unit(
        &seen.host.layout,
        &seen.host.workload_user,
    ))
}

/// What that server runs with once it has read its files again.
pub fn backup_server_in_force(seen: &Observed) -> Secret {
    let files = [
        ManagedFile::PgBackRestConfig,
        ManagedFile::TlsIdentity,
        ManagedFile::TlsAuthorities,
    ];
    let contents = files
        .iter()
        .filter_map(|file| seen.host.files.get(file))
        .map(Secret::expose);
    let unit = backup_server_unit(seen);
    Secret::new(digest_of(contents.chain([unit.expose()])))
}

/// The certificates that vouch for an object store, as one file.
pub fn object_store_ca(store: &ObjectStore) -> Secret {
    let mut pem = String::new();
    for certificate in &store.ca_chain {
        pem.push_str(certificate.trim());
        pem.push('\n');
    }
    Secret::new(pem)
}

/// Tells one set of parameters from another without showing any.
pub fn digest(store: &ObjectStore) -> String {
    let parts = [
        store.bucket.as_str(),
        &store.endpoint,
        &store.path,
        &store.region,
        if store.path_style { "path" } else { "host" },
        store.access_key.expose(),
        store.secret_key.expose(),
    ];
    digest_of(
        parts
            .into_iter()
            .chain(store.ca_chain.iter().map(String::as_str)),
    )
}
