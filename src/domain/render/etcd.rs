//! etcd: its configuration and its unit file.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::document::Node;
use super::systemd;
use super::{ETCD_CLIENT_PORT, ETCD_PEER_PORT, authority};
use crate::domain::words::MemberName;
use crate::layout::Layout;

/// How often a member tells the others that it leads, in milliseconds.
///
/// etcd shares its disk with PostgreSQL, whose checkpoints make an `fsync` wait for longer than etcd's default of 100
/// allows; the leader would change for no reason. Ten of these, an election, stay far below Patroni's 10 s of retries.
const HEARTBEAT_MS: u32 = 250;
/// How long a member waits for the leader before it asks for an election, in milliseconds.
const ELECTION_MS: u32 = 10 * HEARTBEAT_MS;
/// How large the store may grow, in bytes: etcd's default, written down. Patroni keeps a few kilobytes; a full store
/// refuses writes, which stops the cluster, so there is nothing to gain from less.
const QUOTA_BYTES: i64 = 2 << 30;

/// Whether a member founds the cluster or joins one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterState {
    /// Every member listed starts together with this one.
    New,
    /// This member was added to a running cluster.
    Existing,
}

/// A member of etcd.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration<'a> {
    pub layout: &'a Layout,
    /// This member.
    pub member: &'a MemberName,
    /// The address this unit is reached at.
    pub address: IpAddr,
    /// Every member this one starts with, itself included.
    pub members: &'a BTreeMap<MemberName, IpAddr>,
    pub state: ClusterState,
    /// Differs between clusters, so that a member never joins the wrong one. Part of what the cluster is: it may not
    /// change afterwards.
    pub token: &'a str,
}

impl Configuration<'_> {
    /// The text of `etcd.yaml`.
    pub fn render(&self) -> String {
        let own_client = client_url(self.address);
        let own_peer = peer_url(self.address);
        let members: Vec<String> = self
            .members
            .iter()
            .map(|(member, address)| format!("{member}={}", peer_url(*address)))
            .collect();
        let state = match self.state {
            ClusterState::New => "new",
            ClusterState::Existing => "existing",
        };
        Node::from([
            ("name", self.member.to_string().into()),
            ("data-dir", self.layout.etcd_data().into()),
            ("listen-client-urls", own_client.as_str().into()),
            ("advertise-client-urls", own_client.as_str().into()),
            ("listen-peer-urls", own_peer.as_str().into()),
            ("initial-advertise-peer-urls", own_peer.as_str().into()),
            ("initial-cluster", members.join(",").into()),
            ("initial-cluster-state", state.into()),
            ("initial-cluster-token", self.token.into()),
            ("strict-reconfig-check", true.into()),
            // Patroni speaks to etcd through this gateway. etcd 3.4 has it on by default, except when it reads its
            // settings from a file.
            ("enable-grpc-gateway", true.into()),
            ("heartbeat-interval", HEARTBEAT_MS.into()),
            ("election-timeout", ELECTION_MS.into()),
            ("auto-compaction-mode", "periodic".into()),
            ("auto-compaction-retention", "1h".into()),
            ("quota-backend-bytes", QUOTA_BYTES.into()),
            ("logger", "zap".into()),
            ("log-level", "warn".into()),
        ])
        .to_yaml()
    }
}

/// A configuration with what another says of how its member began.
pub fn with_beginning_of(text: &str, other: &str) -> String {
    const BEGINNING: [&str; 2] = ["initial-cluster:", "initial-cluster-state:"];
    let of_other = |key: &str| other.lines().find(|line| line.starts_with(key));
    let mut merged = String::new();
    for line in text.lines() {
        let key = BEGINNING.iter().find(|key| line.starts_with(**key));
        merged.push_str(key.and_then(|key| of_other(key)).unwrap_or(line));
        merged.push('\n');
    }
    merged
}

/// The URL at which clients reach the member on an address.
pub fn client_url(address: IpAddr) -> String {
    format!("http://{}", authority(address, ETCD_CLIENT_PORT))
}

/// The URL at which the other members reach the member on an address.
pub fn peer_url(address: IpAddr) -> String {
    format!("http://{}", authority(address, ETCD_PEER_PORT))
}

/// The text of etcd's unit file.
///
/// Not `Type=notify`, although etcd can: etcd 3.4 reports ready only when it has a quorum, so after a power cut
/// `systemctl start` would hold the first unit's hook until the other machines are back, and systemd would kill etcd for
/// being late. Whether etcd serves is observed from etcd.
pub fn unit(layout: &Layout, user: &str) -> String {
    format!(
        "\
# Written by the charm; changes made here are overwritten.
[Unit]
Description=etcd, the configuration store of the PostgreSQL cluster
Documentation=https://etcd.io/docs/
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
User={user}
ExecStart=/usr/bin/etcd {config}
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=30
LimitNOFILE=65536
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
",
        config = systemd::word(&format!("--config-file={}", layout.etcd_config().display())),
    )
}
