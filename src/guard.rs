//! `guard-etcd`: whether this unit's member of etcd may start with the data it has; the service manager asks before.
//!
//! A voter that was lost, and whose cluster went on without it, comes back with the old cluster's data. Two of them would
//! be a majority of their own, and elect a primary beside the other. So a member starts only when no other voter that has
//! a leader says that it is none.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::adapters::Ports;
use crate::adapters::etcd::{Etcd, EtcdError};
use crate::adapters::host::clock::Deadline;
use crate::adapters::host::files;
use crate::adapters::trust::Trust;
use crate::domain::render::{ETCD_CLIENT_PORT, ETCD_TLS_CLIENT_PORT, patroni};
use crate::error::StepError;
use crate::layout::Layout;
use crate::unit::{address_in, because};

/// A machine that is off does not answer at all: the start is delayed by this.
const ANSWER: Duration = Duration::from_secs(3);

/// Whether the member at this address may start.
///
/// # Errors
///
/// When files of this machine cannot be read.
pub fn may_start(program: &Path, address: IpAddr) -> Result<bool, StepError> {
    let charm_dir = program.parent().unwrap_or(Path::new("/"));
    let layout = Layout::from_charm_dir(charm_dir);
    let made = files::exists(&layout.etcd_data().join("member")).map_err(because)?;
    if !made {
        return Ok(true);
    }
    let others = voters(&layout)?.into_iter().filter(|host| *host != address);
    let asked: Vec<_> = others
        .map(|host| {
            let etcd = etcd(&layout, host);
            std::thread::spawn(move || excludes(&etcd, address))
        })
        .collect();
    let excluded = asked
        .into_iter()
        .any(|answer| matches!(answer.join(), Ok(Ok(true))));
    Ok(!excluded)
}

/// etcd at an address, with TLS where it has any. Nothing secret is said or asked outside a hook.
pub fn etcd(layout: &Layout, host: IpAddr) -> Etcd {
    let ports = ports(layout, ETCD_CLIENT_PORT, ETCD_TLS_CLIENT_PORT);
    Etcd::reached(&host.to_string(), &ports, None)
}

/// How a program of the cluster is reached by those who do not know how far the cluster is with TLS.
pub fn ports(layout: &Layout, plain: u16, tls: u16) -> Ports {
    let authorities = files::read_text(&layout.tls_authorities()).ok().flatten();
    let trust = authorities.and_then(|text| Trust::of(&text).ok());
    Ports {
        plain: Some(plain),
        tls: trust.map(|trust| (tls, trust)),
    }
}

/// Where etcd may answer, as this unit's Patroni was told last.
///
/// # Errors
///
/// When Patroni's configuration cannot be read.
pub fn voters(layout: &Layout) -> Result<Vec<IpAddr>, StepError> {
    let known = files::read_text(&layout.patroni_config()).map_err(because)?;
    let way = known.as_deref().map(patroni::way_to_etcd);
    Ok(way
        .unwrap_or_default()
        .into_iter()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .filter_map(|host| host.trim_matches('"').parse::<SocketAddr>().ok())
        .map(|socket| socket.ip())
        .collect())
}

/// Whether an etcd has a leader and does not count the one at `address` among its members.
fn excludes(etcd: &Etcd, address: IpAddr) -> Result<bool, EtcdError> {
    let deadline = Deadline::after(ANSWER);
    if etcd.health(deadline)?.leader.is_none() {
        return Ok(false);
    }
    let members = etcd.member_list(deadline)?;
    let mut urls = members.iter().flat_map(|member| &member.peer_urls);
    Ok(!urls.any(|url| address_in(url) == Some(address)))
}
