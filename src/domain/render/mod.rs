//! Files the charm manages, as text made from values.
//!
//! Every function here is pure: a value goes in, the text of one file comes out. Values that a format cannot hold are
//! refused where they enter ([`pgbackrest::Configuration::render`]) instead of being written as something that reads
//! back differently.

pub mod archive;
pub mod dcs;
mod document;
pub mod etcd;
#[cfg(test)]
mod golden;
pub mod hba;
pub mod parameters;
pub mod patroni;
pub mod patroni_unit;
pub mod pgbackrest;
mod systemd;
mod unrepresentable;
pub mod watcher_unit;

use std::net::{IpAddr, SocketAddr};

pub use archive::{ArchiveCommand, Fence, Repository};
pub use unrepresentable::Unrepresentable;

/// Port of PostgreSQL.
pub const POSTGRESQL_PORT: u16 = 5432;
/// Port of Patroni's REST interface.
pub const PATRONI_PORT: u16 = 8008;
/// Port on which etcd serves its clients.
pub const ETCD_CLIENT_PORT: u16 = 2379;
/// Port on which etcd serves its clients over TLS.
///
/// Not the same as without: etcd 3.4 that is to speak both on one port hands plaintext requests to its TLS server.
pub const ETCD_TLS_CLIENT_PORT: u16 = 2479;
/// Port on which the members of etcd talk to each other.
pub const ETCD_PEER_PORT: u16 = 2380;
/// Port on which they do so over TLS.
pub const ETCD_TLS_PEER_PORT: u16 = 2480;
/// Port of pgBackRest's TLS server.
pub const PGBACKREST_PORT: u16 = 8432;

/// `host:port`, with the brackets that an IPv6 address needs.
fn authority(address: IpAddr, port: u16) -> String {
    SocketAddr::new(address, port).to_string()
}
