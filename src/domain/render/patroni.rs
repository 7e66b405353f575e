//! Patroni's own configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::archive::{ArchiveCommand, Repository};
use super::dcs::DynamicConfiguration;
use super::document::Node;
use super::hba::Access;
use super::{
    ETCD_CLIENT_PORT, ETCD_TLS_CLIENT_PORT, PATRONI_PORT, POSTGRESQL_PORT, authority, parameters,
};
use crate::domain::settings::Settings;
use crate::domain::tls::Stage;
use crate::domain::words::{MemberName, Secret, SystemUser};
use crate::layout::Layout;

/// The user of Patroni's REST interface; it is no role of the database.
pub const REST_USER: &str = "patroni";
/// The locale of a new database: Unicode, ordered by code point, and the same on every machine. An order that comes
/// with the C library changes when the library does, and breaks indexes.
/// The key below which Patroni keeps its clusters in etcd, one folder a scope.
pub const NAMESPACE: &str = "/db/";
const LOCALE: &str = "C.UTF-8";
/// Bytes of one of Patroni's log files, and how many are kept besides the current one.
const LOG_FILE_BYTES: u32 = 25_000_000;
const LOG_FILES: u32 = 4;

/// Everything Patroni has to know on one member.
///
/// Which installation of PostgreSQL is used (`major`) decides paths and which parameters exist.
#[derive(Clone, Debug)]
pub struct Configuration<'a> {
    pub layout: &'a Layout,
    /// Where Juju unpacked the charm.
    pub charm: &'a std::path::Path,
    pub major: u32,
    /// The cluster's name: the application's.
    pub scope: &'a str,
    pub member: &'a MemberName,
    /// The address this unit is reached at.
    pub address: IpAddr,
    pub etcd: EtcdAccess<'a>,
    pub credentials: Credentials<'a>,
    pub settings: &'a Settings,
    /// What a new cluster begins with. An existing one has its own in etcd.
    pub bootstrap: &'a DynamicConfiguration,
    pub archive: &'a ArchiveCommand,
    /// A repository of this cluster with at least one backup: replicas are made from it before they are made from the
    /// primary, and a standby that fell behind catches up from it.
    pub replicas_from: Option<&'a Repository>,
    pub access: &'a Access,
    /// How far the cluster is with TLS.
    pub stage: Stage,
    pub tags: BTreeSet<Tag>,
}

/// How a configuration of ours says that etcd is reached: a line for each host, and those about TLS. No password.
pub fn way_to_etcd(text: &str) -> Vec<&str> {
    text.lines()
        .skip_while(|line| !line.starts_with("etcd3:"))
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .map(str::trim)
        .filter(|line| {
            ["- ", "protocol:", "cacert:"]
                .iter()
                .any(|beginning| line.starts_with(beginning))
        })
        .collect()
}

/// How Patroni reaches etcd.
#[derive(Clone, Debug)]
pub struct EtcdAccess<'a> {
    /// The addresses of the voters.
    pub hosts: Vec<IpAddr>,
    /// User and password once etcd asks for them.
    pub login: Option<(&'a str, &'a Secret)>,
}

/// The passwords in Patroni's file.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    pub operator: &'a Secret,
    pub replication: &'a Secret,
    pub rewind: &'a Secret,
    /// For the REST interface, where it protects everything that changes something.
    pub rest: &'a Secret,
}

/// What a member is not to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// Never becomes primary.
    NoFailover,
    /// Never counts as a synchronous standby.
    NoSync,
    /// Is not offered for reads.
    NoLoadBalance,
}

impl Tag {
    const fn name(self) -> &'static str {
        match self {
            Self::NoFailover => "nofailover",
            Self::NoSync => "nosync",
            Self::NoLoadBalance => "noloadbalance",
        }
    }
}

impl Configuration<'_> {
    /// The text of `patroni.yaml`. It holds passwords: the file is for the workload's user alone.
    pub fn render(&self) -> String {
        let mut file = Node::from([
            ("scope", self.scope.into()),
            ("namespace", NAMESPACE.into()),
            ("name", self.member.to_string().into()),
            ("log", self.log()),
            ("restapi", self.rest()),
            ("etcd3", self.etcd()),
            ("bootstrap", self.bootstrap()),
            ("postgresql", self.postgresql()),
            ("watchdog", [("mode", "off".into())].into()),
            ("tags", self.tags()),
        ]);
        if self.stage.serves() {
            // For Patroni and `patronictl`, when they speak to the other members' Patroni.
            let authorities = self.layout.tls_authorities();
            file.push("ctl", [("cacert", authorities.into())].into());
        }
        file.to_yaml()
    }

    fn log(&self) -> Node {
        Node::from([
            ("level", "INFO".into()),
            ("dir", self.layout.patroni_log().into()),
            ("file_num", LOG_FILES.into()),
            ("file_size", LOG_FILE_BYTES.into()),
        ])
    }

    fn rest(&self) -> Node {
        let address = authority(self.address, PATRONI_PORT);
        let mut rest = Node::from([
            ("listen", address.as_str().into()),
            ("connect_address", address.as_str().into()),
            ("authentication", login(REST_USER, self.credentials.rest)),
        ]);
        if self.stage.uses() {
            rest.push("certfile", self.layout.tls_identity().into());
        }
        rest
    }

    fn etcd(&self) -> Node {
        let (protocol, port) = if self.stage.uses() {
            ("https", ETCD_TLS_CLIENT_PORT)
        } else {
            ("http", ETCD_CLIENT_PORT)
        };
        let hosts: Vec<String> = self
            .etcd
            .hosts
            .iter()
            .map(|host| authority(*host, port))
            .collect();
        let mut etcd = Node::from([("hosts", hosts.into()), ("protocol", protocol.into())]);
        if self.stage.serves() {
            etcd.push("cacert", self.layout.tls_authorities().into());
        }
        if let Some((user, password)) = self.etcd.login {
            etcd.push("username", user.into());
            etcd.push("password", password.expose().into());
        }
        etcd
    }

    fn bootstrap(&self) -> Node {
        let initdb = Node::List(vec![
            [("encoding", "UTF8".into())].into(),
            [("locale", LOCALE.into())].into(),
            "data-checksums".into(),
            [("auth-local", "peer".into())].into(),
            [("auth-host", "scram-sha-256".into())].into(),
        ]);
        Node::from([("dcs", self.bootstrap.node()), ("initdb", initdb)])
    }

    fn postgresql(&self) -> Node {
        let address = authority(self.address, POSTGRESQL_PORT);
        let mut postgresql = Node::from([
            ("listen", address.as_str().into()),
            ("connect_address", address.as_str().into()),
            ("data_dir", self.layout.data_dir(self.major).into()),
            ("bin_dir", self.layout.programs(self.major).into()),
            // Patroni writes this one; the default lies in /tmp, where anybody can be first.
            (
                "pgpass",
                self.layout.socket_dir().join("patroni.pgpass").into(),
            ),
            ("use_unix_socket", true.into()),
            ("use_unix_socket_repl", true.into()),
            ("authentication", self.authentication()),
            ("parameters", self.parameters()),
            ("pg_hba", self.access.pg_hba().into()),
            ("pg_ident", self.access.local.pg_ident().into()),
        ]);
        let mut methods = Vec::new();
        if let Some(repository) = self.replicas_from {
            methods.push("pgbackrest".to_owned());
            let lease = self.layout.catching_up(self.major);
            postgresql.push(
                "pgbackrest",
                [
                    (
                        "command",
                        repository.replica_command(self.charm, &lease).into(),
                    ),
                    // What is there already is compared, not copied again.
                    ("keep_data", true.into()),
                    ("no_params", true.into()),
                ]
                .into(),
            );
            postgresql.push(
                "recovery_conf",
                [("restore_command", repository.restore_command(&lease).into())].into(),
            );
        }
        methods.push("basebackup".to_owned());
        postgresql.push("create_replica_methods", methods.into());
        postgresql.push(
            "basebackup",
            Node::List(vec![[("checkpoint", "fast".into())].into()]),
        );
        postgresql
    }

    fn authentication(&self) -> Node {
        let login = |user: SystemUser, password| {
            let mut login = login(user.name(), password);
            if self.stage.uses() {
                // The name is not compared: libpq before 15 knows no addresses in certificates.
                login.push("sslmode", "verify-ca".into());
                login.push("sslrootcert", self.layout.tls_authorities().into());
            }
            login
        };
        let Credentials {
            operator,
            replication,
            rewind,
            ..
        } = self.credentials;
        Node::from([
            ("superuser", login(SystemUser::Operator, operator)),
            ("replication", login(SystemUser::Replication, replication)),
            ("rewind", login(SystemUser::Rewind, rewind)),
        ])
    }

    /// One map in the order of names. An option wins over the charm's own choice.
    fn parameters(&self) -> Node {
        let mut parameters: BTreeMap<&str, Node> =
            parameters::of_the_member(self.layout).into_iter().collect();
        parameters.insert("archive_command", self.archive.command().into());
        if self.stage.serves() {
            let identity = self.layout.tls_identity();
            parameters.insert("ssl", "on".into());
            parameters.insert("ssl_cert_file", identity.as_path().into());
            parameters.insert("ssl_key_file", identity.into());
            parameters.insert("ssl_min_protocol_version", "TLSv1.2".into());
        }
        for (name, value) in self.settings.local_parameters(self.major) {
            parameters.insert(name, value.into());
        }
        Node::Map(
            parameters
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    fn tags(&self) -> Node {
        Node::Map(
            self.tags
                .iter()
                .map(|tag| (tag.name().to_owned(), true.into()))
                .collect(),
        )
    }
}

fn login(user: &str, password: &Secret) -> Node {
    Node::from([
        ("username", user.into()),
        ("password", password.expose().into()),
    ])
}
