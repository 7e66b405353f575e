//! etcd: its configuration and its unit file.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use super::systemd;
use super::{
    ETCD_CLIENT_PORT, ETCD_PEER_PORT, ETCD_TLS_CLIENT_PORT, ETCD_TLS_PEER_PORT, authority,
};
use crate::domain::tls::Stage;
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
    /// Every member this one starts with, itself included, and where the others reach it.
    pub members: &'a BTreeMap<MemberName, Vec<String>>,
    pub state: ClusterState,
    /// Differs between clusters, so that a member never joins the wrong one. Part of what the cluster is: it may not
    /// change afterwards.
    pub token: &'a str,
    /// How far the cluster is with TLS.
    pub stage: Stage,
}

impl Configuration<'_> {
    /// The text of `etcd.env`.
    ///
    /// The environment and not etcd's own file of settings: etcd 3.4 does not read from a file that members need not
    /// come from an address in their certificate. A machine with several addresses may call from any of them.
    pub fn render(&self) -> String {
        let plain = !self.stage.refuses_plaintext();
        let tls = self.stage.serves();
        let listening = |url: fn(IpAddr, bool) -> String| {
            let both = [(plain, false), (tls, true)];
            let urls = both.into_iter().filter(|(listens, _)| *listens);
            urls.map(|(_, tls)| url(self.address, tls))
                .collect::<Vec<_>>()
                .join(",")
        };
        let members: Vec<String> = self
            .members
            .iter()
            .flat_map(|(member, urls)| urls.iter().map(move |url| format!("{member}={url}")))
            .collect();
        let state = match self.state {
            ClusterState::New => "new",
            ClusterState::Existing => "existing",
        };
        let data = self.layout.etcd_data();
        let heartbeat = HEARTBEAT_MS.to_string();
        let election = ELECTION_MS.to_string();
        let quota = QUOTA_BYTES.to_string();
        let mut text = "# Written by the charm; changes made here are overwritten.\n".to_owned();
        let mut set = |name: &str, value: &str| text.push_str(&assignment(name, value));
        set("NAME", &self.member.to_string());
        set("DATA_DIR", &data.to_string_lossy());
        set("LISTEN_CLIENT_URLS", &listening(client_url));
        set("ADVERTISE_CLIENT_URLS", &client_url(self.address, !plain));
        set("LISTEN_PEER_URLS", &listening(peer_url));
        let own_peer = peer_url(self.address, self.stage.uses());
        set("INITIAL_ADVERTISE_PEER_URLS", &own_peer);
        set("INITIAL_CLUSTER", &members.join(","));
        set("INITIAL_CLUSTER_STATE", state);
        set("INITIAL_CLUSTER_TOKEN", self.token);
        set("STRICT_RECONFIG_CHECK", "true");
        // Patroni and the charm speak to etcd through this gateway.
        set("ENABLE_GRPC_GATEWAY", "true");
        if tls {
            let identity = self.layout.tls_identity();
            let identity = identity.to_string_lossy();
            let authorities = self.layout.tls_authorities();
            // One file holds the key and the certificate, so that they always belong together.
            for file in ["CERT_FILE", "KEY_FILE", "PEER_CERT_FILE", "PEER_KEY_FILE"] {
                set(file, &identity);
            }
            set("PEER_TRUSTED_CA_FILE", &authorities.to_string_lossy());
            set("PEER_CLIENT_CERT_AUTH", "true");
            set("EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION", "true");
        }
        set("HEARTBEAT_INTERVAL", &heartbeat);
        set("ELECTION_TIMEOUT", &election);
        set("AUTO_COMPACTION_MODE", "periodic");
        set("AUTO_COMPACTION_RETENTION", "1h");
        set("QUOTA_BACKEND_BYTES", &quota);
        set("LOGGER", "zap");
        set("LOG_LEVEL", "warn");
        text
    }
}

/// A line of a file of environment variables, quoted so that the service manager reads back exactly this value.
fn assignment(name: &str, value: &str) -> String {
    let mut quoted = String::with_capacity(value.len());
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    format!("ETCD_{name}=\"{quoted}\"\n")
}

/// What a configuration says of how its member began; of no interest to a member that has data.
const BEGINNING: [&str; 4] = [
    "ETCD_INITIAL_ADVERTISE_PEER_URLS=",
    "ETCD_INITIAL_CLUSTER=",
    "ETCD_INITIAL_CLUSTER_STATE=",
    "ETCD_INITIAL_CLUSTER_TOKEN=",
];

fn beginning(line: &str) -> Option<&'static str> {
    BEGINNING.into_iter().find(|key| line.starts_with(key))
}

/// A configuration with what another says of how its member began.
pub fn with_beginning_of(text: &str, other: &str) -> String {
    let of_other = |key: &str| other.lines().find(|line| line.starts_with(key));
    let mut merged = String::new();
    for line in text.lines() {
        merged.push_str(beginning(line).and_then(of_other).unwrap_or(line));
        merged.push('\n');
    }
    merged
}

/// The part of a configuration that a running member follows.
pub fn without_beginning(text: &str) -> String {
    let lines = text.lines().filter(|line| beginning(line).is_none());
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The URL at which clients reach the member on an address, with TLS or without.
pub fn client_url(address: IpAddr, tls: bool) -> String {
    if tls {
        format!("https://{}", authority(address, ETCD_TLS_CLIENT_PORT))
    } else {
        format!("http://{}", authority(address, ETCD_CLIENT_PORT))
    }
}

/// The URL at which the other members reach the member on an address, with TLS or without.
pub fn peer_url(address: IpAddr, tls: bool) -> String {
    if tls {
        format!("https://{}", authority(address, ETCD_TLS_PEER_PORT))
    } else {
        format!("http://{}", authority(address, ETCD_PEER_PORT))
    }
}

/// Who is asked before etcd starts whether it may, see [`crate::guard`].
#[derive(Clone, Copy, Debug)]
pub struct Guard<'a> {
    /// The charm's program.
    pub program: &'a Path,
    /// Where the other members know this one.
    pub address: Option<IpAddr>,
}

impl Guard<'_> {
    fn line(&self) -> String {
        let Some(address) = self.address else {
            return String::new();
        };
        let program = systemd::word(&self.program.to_string_lossy());
        // As root: the charm's directory is nobody else's business.
        format!("ExecCondition=+{program} guard-etcd --address {address}\n")
    }
}

/// The text of etcd's unit file.
///
/// Not `Type=notify`, although etcd can: etcd 3.4 reports ready only when it has a quorum, so after a power cut
/// `systemctl start` would hold the first unit's hook until the other machines are back, and systemd would kill etcd for
/// being late. Whether etcd serves is observed from etcd.
pub fn unit(layout: &Layout, user: &str, guard: &Guard<'_>) -> String {
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
EnvironmentFile={config}
{guard}ExecStart=/usr/bin/etcd
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=30
LimitNOFILE=65536
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
",
        guard = guard.line(),
        config = systemd::path(&layout.etcd_config()),
    )
}
