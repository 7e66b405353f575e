//! etcd: its configuration in each situation, its unit file, and what it runs with.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{NotYet, digest_of};
use crate::domain::decide::tls;
use crate::domain::observed::{DataDirectory, ManagedFile, Observed};
use crate::domain::render::etcd;
use crate::domain::render::etcd::ClusterState;
use crate::domain::words::{MemberName, Secret};

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
