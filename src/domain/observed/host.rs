//! What is on the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use super::{Fetch, Kept, Recovery, RepositoryRecord, RestoreRecord};
use crate::domain::backups::ownership::fence;
use crate::domain::words::{MemberName, Secret};
use crate::layout::Layout;

/// The machine as this unit sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct HostView {
    /// Where everything lies.
    pub layout: Layout,
    /// Where Juju unpacked the charm.
    pub charm_dir: PathBuf,
    /// The user that owns the data and runs the programs.
    pub workload_user: String,
    /// The user the charm itself runs as.
    pub charm_user: String,
    /// The programs.
    pub packages: Packages,
    /// Physical memory, in bytes.
    pub memory: u64,
    /// Processors.
    pub cpus: u32,
    /// What the machine calls itself.
    pub hostname: Option<String>,
    /// The files the charm manages, with what they hold now; a file that is not there is not in the map.
    pub files: BTreeMap<ManagedFile, Secret>,
    /// The services the charm manages.
    pub services: BTreeMap<Service, ServiceState>,
    /// The data directory of the database.
    pub data: DataDirectory,
    /// etcd's data directory.
    pub etcd_data: DataDirectory,
    /// Whether this unit has begun to leave the cluster.
    pub leaving: bool,
    /// Units that were lost when this one went on without a majority, and have not come back.
    pub lost: BTreeSet<MemberName>,
    /// Whether the directory tree of the charm was made.
    pub prepared: bool,
    /// A restore that was begun and has not ended.
    pub restore: Option<RestoreRecord>,
    /// How far the download of that restore is.
    pub fetch: Fetch,
    /// How far the recovery of its copy is.
    pub recovery: Recovery,
    /// The database that the last restore replaced, while it is kept.
    pub kept: Option<Kept>,
    /// Whether Patroni stays down because the data is of another database than the cluster's, which has moved on by a
    /// restore from another cluster's repository.
    pub stranger: bool,
    /// Bytes free on the volume.
    pub free: u64,
    /// How much of this unit's database was copied, in percent, while it is being copied and that is known.
    pub copied: Option<u8>,
    /// What was last proved about the repository.
    pub repository: Option<RepositoryRecord>,
    /// What this unit's member was last told when it was to archive.
    pub fence: Option<fence::Standing>,
}

impl HostView {
    /// The state of a service.
    pub fn service(&self, service: Service) -> ServiceState {
        self.services
            .get(&service)
            .copied()
            .unwrap_or(ServiceState::Absent)
    }

    /// Whether a file holds exactly this.
    pub fn holds(&self, file: ManagedFile, content: &Secret) -> bool {
        self.files.get(&file) == Some(content)
    }
}

/// The programs the charm runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packages {
    /// All there.
    Present {
        /// The major version of PostgreSQL that is used.
        major: u32,
        /// The full version of PostgreSQL.
        version: String,
        /// pgBackRest's version, as `(major, minor)`.
        pgbackrest: (u32, u32),
    },
    /// Some are not installed.
    Missing {
        /// The major version that is wanted.
        major: u32,
        /// Their names.
        names: Vec<String>,
    },
}

/// A file the charm writes whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ManagedFile {
    /// etcd's configuration.
    EtcdConfig,
    /// etcd's unit file.
    EtcdUnit,
    /// Patroni's configuration.
    PatroniConfig,
    /// Patroni's unit file.
    PatroniUnit,
    /// What etcd was last started with.
    EtcdInForce,
    /// What Patroni was last started and reloaded with.
    PatroniInForce,
    /// This unit's private key with its certificate.
    TlsIdentity,
    /// The authorities this unit trusts.
    TlsAuthorities,
    /// The unit file of the process that watches the cluster.
    WatcherUnit,
    /// pgBackRest's configuration for this cluster's own repository.
    PgBackRestConfig,
    /// The unit file of pgBackRest's server.
    BackupServerUnit,
    /// What pgBackRest's server was last started or reloaded with.
    BackupServerInForce,
    /// The certificates that vouch for that repository's endpoint.
    ObjectStoreCa,
    /// pgBackRest's configuration for a repository that belongs to another cluster: for reading only.
    ForeignPgBackRestConfig,
    /// The certificates that vouch for the endpoint of the other cluster's repository.
    ForeignObjectStoreCa,
}

impl ManagedFile {
    /// Every managed file.
    pub const ALL: [Self; 15] = [
        Self::EtcdConfig,
        Self::EtcdUnit,
        Self::PatroniConfig,
        Self::PatroniUnit,
        Self::EtcdInForce,
        Self::PatroniInForce,
        Self::TlsIdentity,
        Self::TlsAuthorities,
        Self::WatcherUnit,
        Self::PgBackRestConfig,
        Self::BackupServerUnit,
        Self::BackupServerInForce,
        Self::ObjectStoreCa,
        Self::ForeignPgBackRestConfig,
        Self::ForeignObjectStoreCa,
    ];
}

impl fmt::Display for ManagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EtcdConfig => "etcd's configuration",
            Self::EtcdUnit => "etcd's unit file",
            Self::PatroniConfig => "Patroni's configuration",
            Self::PatroniUnit => "Patroni's unit file",
            Self::EtcdInForce => "what etcd runs with",
            Self::PatroniInForce => "what Patroni runs with",
            Self::TlsIdentity => "this unit's certificate",
            Self::TlsAuthorities => "the authorities to trust",
            Self::WatcherUnit => "the watcher's unit file",
            Self::PgBackRestConfig => "pgBackRest's configuration",
            Self::BackupServerUnit => "the unit file of pgBackRest's server",
            Self::BackupServerInForce => "what pgBackRest's server runs with",
            Self::ObjectStoreCa => "the certificates of the object store",
            Self::ForeignPgBackRestConfig => {
                "pgBackRest's configuration for the foreign repository"
            }
            Self::ForeignObjectStoreCa => {
                "the certificates of the foreign repository's object store"
            }
        })
    }
}

/// A service the charm runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The cluster's configuration store.
    Etcd,
    /// Patroni, and PostgreSQL under it.
    Patroni,
    /// pgBackRest's server, for the replicas.
    BackupServer,
    /// The process that has hooks run when the cluster changes.
    Watcher,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 4] = [Self::Etcd, Self::Patroni, Self::BackupServer, Self::Watcher];

    /// The name of its unit file.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Etcd => "charmed-etcd.service",
            Self::Patroni => "charmed-patroni.service",
            Self::BackupServer => "charmed-pgbackrest-server.service",
            Self::Watcher => "charmed-watcher.service",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Etcd => "etcd",
            Self::Patroni => "Patroni",
            Self::BackupServer => "pgBackRest's server",
            Self::Watcher => "the watcher",
        })
    }
}

/// How a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// The service manager does not know it.
    Absent,
    /// Known, and not running.
    Stopped,
    /// On its way up or down.
    Changing,
    /// Running.
    Running,
    /// It ended in an error and was given up.
    Failed,
}

/// A data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataDirectory {
    /// There is none, or it is empty.
    Absent,
    /// It holds data.
    Present,
}
