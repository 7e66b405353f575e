//! The managed files as they should be, made from what is seen.
//!
//! A file is a decision written down: comparing this text with the file on disk is how "nothing to do" is found.

use std::collections::BTreeMap;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use super::decide::tls;
use super::observed::{DataDirectory, ManagedFile, ObjectStore, Observed, Packages, Passwords};
use super::plan::Step;
use super::render::dcs::DynamicConfiguration;
use super::render::etcd::ClusterState;
use super::render::hba::{Access, LocalUsers};
use super::render::patroni::{Credentials, EtcdAccess};
use super::render::pgbackrest::{Purpose, Server, Store};
use super::render::{
    ArchiveCommand, Repository, Unrepresentable, etcd, patroni, patroni_unit, pgbackrest,
    watcher_unit,
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
    let url = |address| vec![etcd::peer_url(address, tls::stage(seen).uses())];
    let alone = BTreeMap::from([(seen.juju.member.clone(), url(address))]);
    let existing = seen.host.files.get(&ManagedFile::EtcdConfig);
    let token = seen.juju.cluster_id();
    Ok(match (seen.host.etcd_data, existing) {
        // How it began is of no interest to a member with data: what the file says of it stays, so that a change of the
        // voters restarts nobody.
        (DataDirectory::Present, Some(existing)) => {
            let text = etcd_text(seen, address, &alone, ClusterState::Existing, &token);
            Secret::new(etcd::with_beginning_of(&text, existing.expose()))
        }
        (DataDirectory::Present, None) => Secret::new(etcd_text(
            seen,
            address,
            &alone,
            ClusterState::Existing,
            &token,
        )),
        (DataDirectory::Absent, _) => {
            let voters = peers.voters.iter();
            let members = voters
                .map(|(name, address)| (name.clone(), url(*address)))
                .collect();
            Secret::new(etcd_text(
                seen,
                address,
                &members,
                ClusterState::New,
                &token,
            ))
        }
    })
}

/// etcd's configuration for a unit that founds etcd again, alone, after a majority was lost. Another token makes it another
/// cluster: members of the old one that come back and this one do not take each other for their own.
pub fn founding_etcd_config(seen: &Observed, address: IpAddr) -> Secret {
    let url = etcd::peer_url(address, tls::stage(seen).uses());
    let alone = BTreeMap::from([(seen.juju.member.clone(), vec![url])]);
    let token = format!("{}/{}", seen.juju.cluster_id(), seen.now);
    Secret::new(etcd_text(seen, address, &alone, ClusterState::New, &token))
}

/// etcd's configuration for a unit that joins these members.
///
/// # Errors
///
/// Before this unit's address is known.
pub fn joining_etcd_config(
    seen: &Observed,
    mut members: BTreeMap<MemberName, Vec<String>>,
) -> Result<Secret, NotYet> {
    let address = seen
        .juju
        .address
        .ok_or(NotYet::Missing("this unit's address"))?;
    let url = etcd::peer_url(address, tls::stage(seen).uses());
    members.insert(seen.juju.member.clone(), vec![url]);
    let token = seen.juju.cluster_id();
    let text = etcd_text(seen, address, &members, ClusterState::Existing, &token);
    Ok(Secret::new(text))
}

fn etcd_text(
    seen: &Observed,
    address: IpAddr,
    members: &BTreeMap<MemberName, Vec<String>>,
    state: ClusterState,
    token: &str,
) -> String {
    let configuration = etcd::Configuration {
        layout: &seen.host.layout,
        member: &seen.juju.member,
        address,
        members,
        state,
        token,
        stage: tls::stage(seen),
    };
    configuration.render()
}

/// What etcd runs with once it was started with this configuration.
///
/// It reads its configuration and the authorities only then, and its own certificate for each connection.
pub fn etcd_in_force(seen: &Observed, config: &Secret) -> Secret {
    let config = etcd::without_beginning(config.expose());
    let unit = etcd_unit(seen);
    let mut parts = vec![config.as_str(), unit.expose()];
    let authorities = seen.host.files.get(&ManagedFile::TlsAuthorities);
    if let Some(authorities) = authorities.filter(|_| tls::stage(seen).serves()) {
        parts.push(authorities.expose());
    }
    Secret::new(digest_of(parts))
}

/// What Patroni runs with once it was started or reloaded with this configuration: a digest of what it reads again, and
/// how it reaches etcd, which it does not.
pub fn patroni_in_force(seen: &Observed, config: &Secret, way_to_etcd: &[&str]) -> Secret {
    let unit = patroni_unit(seen);
    let mut parts = vec![config.expose(), unit.expose()];
    let identity = seen.host.files.get(&ManagedFile::TlsIdentity);
    if let Some(identity) = identity.filter(|_| tls::stage(seen).serves()) {
        parts.push(identity.expose());
    }
    let mut text = digest_of(parts);
    for line in way_to_etcd {
        text.push('\n');
        text.push_str(line);
    }
    Secret::new(text)
}

/// How the running Patroni reaches etcd.
fn running_way_to_etcd(seen: &Observed) -> Vec<&str> {
    let in_force = seen.host.files.get(&ManagedFile::PatroniInForce);
    in_force.map_or_else(Vec::new, |text| text.expose().lines().skip(1).collect())
}

fn digest_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    format!("{:x}", digest.finalize())
}

/// What has to be done so that a running Patroni follows this configuration, and what it runs with then.
pub fn patroni_follows(seen: &Observed, config: &Secret) -> (Vec<Step>, Secret) {
    let way = patroni::way_to_etcd(config.expose());
    let running = running_way_to_etcd(seen);
    if has_to_begin_anew(&way, &running) {
        // What it finds running keeps its old settings until it is told to read them again.
        let steps = vec![Step::RenewPatroni, Step::ReloadPatroni];
        return (steps, patroni_in_force(seen, config, &way));
    }
    let in_force = patroni_in_force(seen, config, &running);
    let steps = if seen.host.holds(ManagedFile::PatroniInForce, &in_force) {
        Vec::new()
    } else {
        vec![Step::ReloadPatroni]
    };
    (steps, in_force)
}

/// Whether Patroni would not find etcd by reading its configuration again. It asks etcd for its members only every five
/// minutes, and not at all once those it knows are gone.
fn has_to_begin_anew(way: &[&str], running: &[&str]) -> bool {
    let host = |line: &&&str| line.starts_with("- ");
    let hosts = |lines: &[&str]| -> Vec<String> {
        lines.iter().filter(host).map(ToString::to_string).collect()
    };
    let (wanted, known) = (hosts(way), hosts(running));
    let other = |lines: &[&str]| -> Vec<String> {
        lines
            .iter()
            .filter(|line| !host(line))
            .map(ToString::to_string)
            .collect()
    };
    let known_to_it = wanted.iter().all(|host| known.contains(host));
    !known_to_it || other(way) != other(running)
}

/// etcd's unit file.
pub fn etcd_unit(seen: &Observed) -> Secret {
    let layout = &seen.host.layout;
    let program = layout.charm_dir(&seen.juju.member).join("dispatch");
    let guard = etcd::Guard {
        program: &program,
        address: seen.juju.address,
    };
    Secret::new(etcd::unit(layout, &seen.host.workload_user, &guard))
}

/// Patroni's unit file.
pub fn patroni_unit(seen: &Observed) -> Secret {
    Secret::new(patroni_unit::unit(
        &seen.host.layout,
        &seen.host.workload_user,
    ))
}

/// The watcher's unit file.
///
/// # Errors
///
/// Before this unit's address is known.
pub fn watcher_unit(seen: &Observed) -> Result<Secret, NotYet> {
    let address = seen
        .juju
        .address
        .ok_or(NotYet::Missing("this unit's address"))?;
    let member = &seen.juju.member;
    let program = seen.host.layout.charm_dir(member).join("dispatch");
    Ok(Secret::new(watcher_unit::unit(
        &program,
        &member.unit(),
        address,
    )))
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
        tls: tls::stage(seen).refuses_plaintext(),
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
        charm: &seen.host.charm_dir,
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
        stage: tls::stage(seen),
        tags: std::collections::BTreeSet::new(),
    };
    Ok(Secret::new(configuration.render()))
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
