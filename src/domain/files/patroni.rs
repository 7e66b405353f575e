//! Patroni and the watcher: their files, where WAL goes, and how a running Patroni comes to follow its configuration.

use super::{NotYet, digest_of, major};
use crate::domain::decide::tls;
use crate::domain::observed::{ManagedFile, Observed, Passwords};
use crate::domain::plan::Step;
use crate::domain::render::dcs::DynamicConfiguration;
use crate::domain::render::hba::{Access, LocalUsers};
use crate::domain::render::patroni::{self, Credentials, EtcdAccess};
use crate::domain::render::{ArchiveCommand, Fence, Repository, patroni_unit, watcher_unit};
use crate::domain::words::{Secret, SystemUser};

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
        local: LocalUsers {
            charm: seen.host.charm_user.clone(),
            workload: seen.host.workload_user.clone(),
        },
    };
    let repository = own_repository(seen);
    let replicas_from = match archive {
        ArchiveCommand::PgBackRest(..) => Some(&repository),
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
    let fence = Fence {
        charm: seen.host.charm_dir.clone(),
        cluster: seen.juju.cluster_id(),
        standing: seen.host.layout.standing_record(),
    };
    ArchiveCommand::PgBackRest(own_repository(seen), fence)
}

fn own_repository(seen: &Observed) -> Repository {
    Repository {
        config: seen.host.layout.pgbackrest_config(),
        stanza: seen.juju.stanza.clone(),
    }
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

/// How the running Patroni reaches etcd.
fn running_way_to_etcd(seen: &Observed) -> Vec<&str> {
    let in_force = seen.host.files.get(&ManagedFile::PatroniInForce);
    in_force.map_or_else(Vec::new, |text| text.expose().lines().skip(1).collect())
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
