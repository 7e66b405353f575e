//! The managed files as they should be, made from what is seen.
//!
//! A file is a decision written down: comparing this text with the file on disk is how "nothing to do" is found.

use std::collections::BTreeMap;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use super::observed::{DataDirectory, ManagedFile, ObjectStore, Observed, Packages, Passwords};
use super::render::dcs::DynamicConfiguration;
use super::render::etcd::ClusterState;
use super::render::hba::{Access, LocalUsers};
use super::render::patroni::{Credentials, EtcdAccess};
use super::render::pgbackrest::{Purpose, Store};
use super::render::{
    ArchiveCommand, Repository, Unrepresentable, etcd, patroni, patroni_unit, pgbackrest,
};
use super::words::{MemberName, Secret, SystemUser};

/// Why a file cannot be made yet: something earlier in the unit's life is still missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotYet {
    /// What is missing.
    #[error("{0} is not known yet")]
    Missing(&'static str),
    /// A value does not fit the file's format.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
}

/// The major version in use.
pub fn major(seen: &Observed) -> u32 {
    match &seen.host.packages {
        Packages::Present { major, .. } | Packages::Missing { major, .. } => *major,
    }
}

/// etcd's configuration for this voter.
///
/// # Errors
///
/// Before the peers are known.
pub fn etcd_config(seen: &Observed) -> Result<Secret, NotYet> {
    let peers = seen
        .juju
        .peers
        .as_ref()
        .ok_or(NotYet::Missing("the peer relation"))?;
    let address = seen
        .juju
        .address
        .ok_or(NotYet::Missing("this unit's address"))?;
    let alone = BTreeMap::from([(seen.juju.member.clone(), address)]);
    let existing = seen.host.files.get(&ManagedFile::EtcdConfig);
    Ok(match (seen.host.etcd_data, existing) {
        // How it began is of no interest to a member with data: what the file says of it stays, so that a change of the
        // voters restarts nobody.
        (DataDirectory::Present, Some(existing)) => {
            let text = etcd_text(seen, address, &alone, ClusterState::Existing);
            Secret::new(etcd::with_beginning_of(&text, existing.expose()))
        }
        (DataDirectory::Present, None) => {
            Secret::new(etcd_text(seen, address, &alone, ClusterState::Existing))
        }
        (DataDirectory::Absent, _) => {
            Secret::new(etcd_text(seen, address, &peers.voters, ClusterState::New))
        }
    })
}

/// etcd's configuration for a unit that joins these members.
///
/// # Errors
///
/// Before this unit's address is known.
pub fn joining_etcd_config(
    seen: &Observed,
    mut members: BTreeMap<MemberName, IpAddr>,
) -> Result<Secret, NotYet> {
    let address = seen
        .juju
        .address
        .ok_or(NotYet::Missing("this unit's address"))?;
    members.insert(seen.juju.member.clone(), address);
    let text = etcd_text(seen, address, &members, ClusterState::Existing);
    Ok(Secret::new(text))
}

fn etcd_text(
    seen: &Observed,
    address: IpAddr,
    members: &BTreeMap<MemberName, IpAddr>,
    state: ClusterState,
) -> String {
    let token = seen.juju.cluster_id();
    let configuration = etcd::Configuration {
        layout: &seen.host.layout,
        member: &seen.juju.member,
        address,
        members,
        state,
        token: &token,
    };
    configuration.render()
}

/// etcd's unit file.
pub fn etcd_unit(seen: &Observed) -> Secret {
    Secret::new(etcd::unit(&seen.host.layout, &seen.host.workload_user))
}

/// Patroni's unit file.
pub fn patroni_unit(seen: &Observed) -> Secret {
    Secret::new(patroni_unit::unit(
        &seen.host.layout,
        &seen.host.workload_user,
    ))
}

/// Where WAL goes.
///
/// Once pgBackRest's own configuration was written, or a leader recorded a stanza, WAL is never discarded again (D4).
pub fn archive_command(seen: &Observed) -> ArchiveCommand {
    let recorded = seen
        .juju
        .peers
        .as_ref()
        .is_some_and(|peers| peers.stanza.is_some());
    if recorded || seen.host.files.contains_key(&ManagedFile::PgBackRestConfig) {
        to_the_repository(seen)
    } else {
        ArchiveCommand::NeverConfigured
    }
}

/// WAL goes to this cluster's repository.
pub fn to_the_repository(seen: &Observed) -> ArchiveCommand {
    ArchiveCommand::PgBackRest(own_repository(seen))
}

fn own_repository(seen: &Observed) -> Repository {
    Repository {
        config: seen.host.layout.pgbackrest_config(),
        stanza: seen.juju.stanza.clone(),
    }
}

/// Patroni's configuration.
///
/// # Errors
///
/// Before passwords, peers and options are known.
pub fn patroni_config(seen: &Observed, archive: &ArchiveCommand) -> Result<Secret, NotYet> {
    let Passwords::Known {
        users,
        patroni: rest,
        etcd,
    } = &seen.juju.passwords
    else {
        return Err(NotYet::Missing("the application's passwords"));
    };
    let password = |user| users.get(&user).ok_or(NotYet::Missing("a password"));
    let peers = seen
        .juju
        .peers
        .as_ref()
        .ok_or(NotYet::Missing("the peer relation"))?;
    let address = seen
        .juju
        .address
        .ok_or(NotYet::Missing("this unit's address"))?;
    let settings = seen
        .juju
        .settings
        .as_ref()
        .map_err(|_| NotYet::Missing("a valid set of options"))?;
    // Used once, by the member that makes the database; later changes go through Patroni's REST interface.
    let bootstrap = DynamicConfiguration::new(settings, 1);
    let access = Access {
        address,
        members: peers.units.values().flatten().copied().collect(),
        tls: false,
        clients: Vec::new(),
        local: LocalUsers {
            charm: seen.host.charm_user.clone(),
            workload: seen.host.workload_user.clone(),
        },
    };
    let repository = own_repository(seen);
    let replicas_from = match archive {
        ArchiveCommand::PgBackRest(_) => Some(&repository),
        ArchiveCommand::NeverConfigured => None,
    };
    let configuration = patroni::Configuration {
        layout: &seen.host.layout,
        major: major(seen),
        scope: &seen.juju.application,
        member: &seen.juju.member,
        address,
        etcd: EtcdAccess {
            hosts: peers.etcd_hosts().into_iter().collect(),
            login: Some(("patroni", etcd)),
        },
        credentials: Credentials {
            operator: password(SystemUser::Operator)?,
            replication: password(SystemUser::Replication)?,
            rewind: password(SystemUser::Rewind)?,
            rest,
        },
        settings,
        bootstrap: &bootstrap,
        archive,
        replicas_from,
        access: &access,
        tags: std::collections::BTreeSet::new(),
    };
    Ok(Secret::new(configuration.render()))
}

/// Whether a configuration names voters of etcd that the one on disk does not. Patroni does not learn of them by reading
/// it again: it asks etcd for its members only every five minutes, and not at all once those it knows are gone.
pub fn names_new_voters(seen: &Observed, config: &Secret) -> bool {
    let known = seen.host.files.get(&ManagedFile::PatroniConfig);
    let known = known.map_or_else(Vec::new, |known| patroni::etcd_hosts(known.expose()));
    !known.is_empty()
        && patroni::etcd_hosts(config.expose())
            .iter()
            .any(|host| !known.contains(host))
}

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
        server: None,
    };
    Ok(Secret::new(configuration.render()?))
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
    let mut digest = Sha256::new();
    let parts = [
        store.bucket.as_str(),
        &store.endpoint,
        &store.path,
        &store.region,
        if store.path_style { "path" } else { "host" },
        store.access_key.expose(),
        store.secret_key.expose(),
    ];
    for part in parts
        .into_iter()
        .chain(store.ca_chain.iter().map(String::as_str))
    {
        digest.update(part);
        digest.update([0]);
    }
    format!("{:x}", digest.finalize())
}
