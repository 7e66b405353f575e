//! Where everything lies. Every path of the charm comes from here, relative to one root.
//!
//! On a machine the root is `/`. It is derived from the charm's own directory, which Juju always puts at
//! `<root>/var/lib/juju/agents/unit-<app>-<n>/charm`, so nothing has to ask where it runs.

use std::path::{Path, PathBuf};

use crate::domain::observed::{ManagedFile, Service};
use crate::domain::words::MemberName;

/// The name of the file that tells how far a replica's copy is, in percent.
pub const COPIED: &str = "copied-percent";

/// All paths the charm uses, under one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// A layout under `root` (`/` on a machine).
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The layout that belongs to a charm directory; the root is `/` when the directory is not where Juju puts it.
    pub fn from_charm_dir(charm_dir: &Path) -> Self {
        let above_agents = charm_dir
            .parent()
            .and_then(Path::parent)
            .filter(|agents| agents.ends_with("var/lib/juju/agents"))
            .and_then(|agents| agents.ancestors().nth(4));
        Self::new(above_agents.unwrap_or(Path::new("/")))
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The volume that holds data directories, kept copies and etcd's data: the storage `pgdata`.
    pub fn volume(&self) -> PathBuf {
        self.at("var/lib/postgresql")
    }

    /// The folder of one major version on the volume.
    pub fn version_dir(&self, major: u32) -> PathBuf {
        self.volume().join(major.to_string())
    }

    /// A file that lets a replica catch up from the repository, and that it was made from it.
    pub fn catching_up(&self, major: u32) -> PathBuf {
        self.version_dir(major).join("catching-up-from-repository")
    }

    /// How far the copy of a replica is that is being made from the repository; beside [`Self::catching_up`].
    pub fn copied(&self, major: u32) -> PathBuf {
        self.version_dir(major).join(COPIED)
    }

    /// The data directory of the running database.
    pub fn data_dir(&self, major: u32) -> PathBuf {
        self.version_dir(major).join("main")
    }

    /// Where a restore builds the new data directory, on the same volume as the old one.
    pub fn restoring_dir(&self, major: u32) -> PathBuf {
        self.version_dir(major).join("main.restoring")
    }

    /// Where the data directory from before a restore is kept.
    pub fn kept_dir(&self, major: u32) -> PathBuf {
        self.version_dir(major).join("main.before-restore")
    }

    /// etcd's data directory.
    pub fn etcd_data(&self) -> PathBuf {
        self.volume().join("etcd")
    }

    /// Where the data of an etcd is kept that was lost.
    pub fn lost_etcd_data(&self) -> PathBuf {
        self.volume().join("etcd.lost")
    }

    /// The folder of configuration files the charm writes.
    pub fn config_dir(&self) -> PathBuf {
        self.at("etc/postgresql-charm")
    }

    /// Patroni's configuration; holds passwords.
    pub fn patroni_config(&self) -> PathBuf {
        self.config_dir().join("patroni.yaml")
    }

    /// etcd's configuration.
    pub fn etcd_config(&self) -> PathBuf {
        self.config_dir().join("etcd.env")
    }

    /// This unit's private key, its certificate and those who vouch for it, in one file: they change together.
    pub fn tls_identity(&self) -> PathBuf {
        self.config_dir().join("tls-identity.pem")
    }

    /// The authorities that this unit trusts.
    pub fn tls_authorities(&self) -> PathBuf {
        self.config_dir().join("tls-authorities.pem")
    }

    /// What a service was last started or reloaded with.
    fn in_force(&self, service: Service) -> PathBuf {
        self.records().join(match service {
            Service::Etcd => "etcd.in-force",
            Service::Patroni => "patroni.in-force",
            Service::BackupServer => "pgbackrest-server.in-force",
            Service::Watcher => "watcher.in-force",
        })
    }

    /// pgBackRest's configuration; holds the keys of the object store.
    pub fn pgbackrest_config(&self) -> PathBuf {
        self.config_dir().join("pgbackrest.conf")
    }

    /// The certificates that vouch for the object store.
    pub fn object_store_ca(&self) -> PathBuf {
        self.config_dir().join("object-store-ca.pem")
    }

    /// Unit files.
    pub fn systemd_dir(&self) -> PathBuf {
        self.at("etc/systemd/system")
    }

    /// PostgreSQL's Unix socket directory.
    pub fn socket_dir(&self) -> PathBuf {
        self.at("run/postgresql")
    }

    /// The socket directory of a database that is being recovered, closed to everybody else.
    pub fn recovery_socket_dir(&self) -> PathBuf {
        self.at("run/postgresql-recovery")
    }

    /// pgBackRest's locks.
    pub fn pgbackrest_lock(&self) -> PathBuf {
        self.at("run/pgbackrest")
    }

    /// pgBackRest's spool.
    pub fn pgbackrest_spool(&self) -> PathBuf {
        self.at("var/spool/pgbackrest")
    }

    /// What this unit's member was last told of its standing in the repository. The workload's user keeps it: PostgreSQL
    /// archives.
    pub fn standing_record(&self) -> PathBuf {
        self.pgbackrest_spool().join("standing.json")
    }

    /// Logs of pgBackRest.
    pub fn pgbackrest_log(&self) -> PathBuf {
        self.at("var/log/pgbackrest")
    }

    /// Logs of PostgreSQL.
    pub fn postgresql_log(&self) -> PathBuf {
        self.at("var/log/postgresql")
    }

    /// Logs of Patroni.
    pub fn patroni_log(&self) -> PathBuf {
        self.at("var/log/patroni")
    }

    /// The charm's own durable records: intents, jobs, what was proved.
    pub fn records(&self) -> PathBuf {
        self.at("var/lib/postgresql-charm")
    }

    /// That this unit leaves the cluster.
    pub fn leaving_record(&self) -> PathBuf {
        self.records().join("leaving.json")
    }

    /// What is kept from before the last restore.
    pub fn kept_record(&self) -> PathBuf {
        self.records().join("kept.json")
    }

    /// The last plan of a restore, to be executed by its id.
    pub fn restore_plan(&self) -> PathBuf {
        self.records().join("restore-plan.json")
    }

    /// Which members were asked to make their data anew.
    pub fn rebuilding_record(&self) -> PathBuf {
        self.records().join("rebuilding.json")
    }

    /// The intent of a restore that is under way.
    pub fn restore_record(&self) -> PathBuf {
        self.records().join("restore.json")
    }

    /// Units that were lost when this one went on without a majority.
    pub fn lost_record(&self) -> PathBuf {
        self.records().join("lost-units.json")
    }

    /// What the watcher told last.
    pub fn topology_record(&self) -> PathBuf {
        self.records().join("topology.json")
    }

    /// Where Juju unpacked the charm of a unit.
    pub fn charm_dir(&self, member: &MemberName) -> PathBuf {
        self.at(&format!("var/lib/juju/agents/unit-{member}/charm"))
    }

    /// What was last proved about the repository.
    pub fn repository_record(&self) -> PathBuf {
        self.records().join("repository.json")
    }

    /// What the peers have told.
    pub fn peers_record(&self) -> PathBuf {
        self.records().join("peers.json")
    }

    /// Where is archived instead of where the relation says.
    pub fn moved_record(&self) -> PathBuf {
        self.records().join("moved.json")
    }

    /// An empty folder that says that all the others were made.
    pub fn prepared(&self, major: u32) -> PathBuf {
        self.volume().join(format!(".prepared-{major}"))
    }

    /// pgBackRest's configuration for another cluster's repository.
    pub fn foreign_pgbackrest_config(&self) -> PathBuf {
        self.config_dir().join("pgbackrest-foreign.conf")
    }

    /// The certificates that vouch for the object store of another cluster's repository.
    pub fn foreign_object_store_ca(&self) -> PathBuf {
        self.config_dir().join("object-store-ca-foreign.pem")
    }

    /// Where a managed file lies.
    pub fn of(&self, file: ManagedFile) -> PathBuf {
        match file {
            ManagedFile::EtcdConfig => self.etcd_config(),
            ManagedFile::EtcdUnit => self.systemd_dir().join(Service::Etcd.unit()),
            ManagedFile::WatcherUnit => self.systemd_dir().join(Service::Watcher.unit()),
            ManagedFile::PatroniConfig => self.patroni_config(),
            ManagedFile::PatroniUnit => self.systemd_dir().join(Service::Patroni.unit()),
            ManagedFile::EtcdInForce => self.in_force(Service::Etcd),
            ManagedFile::PatroniInForce => self.in_force(Service::Patroni),
            ManagedFile::TlsIdentity => self.tls_identity(),
            ManagedFile::TlsAuthorities => self.tls_authorities(),
            ManagedFile::PgBackRestConfig => self.pgbackrest_config(),
            ManagedFile::BackupServerUnit => self.systemd_dir().join(Service::BackupServer.unit()),
            ManagedFile::BackupServerInForce => self.in_force(Service::BackupServer),
            ManagedFile::ObjectStoreCa => self.object_store_ca(),
            ManagedFile::ForeignPgBackRestConfig => self.foreign_pgbackrest_config(),
            ManagedFile::ForeignObjectStoreCa => self.foreign_object_store_ca(),
        }
    }

    /// One folder per job.
    pub fn jobs(&self) -> PathBuf {
        self.records().join("jobs")
    }

    /// The programs of one major version of PostgreSQL.
    pub fn programs(&self, major: u32) -> PathBuf {
        // Programs are the machine's own and never below the root.
        PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_machine_the_root_is_slash() {
        let layout =
            Layout::from_charm_dir(Path::new("/var/lib/juju/agents/unit-postgresql-0/charm"));
        assert_eq!(layout.root(), Path::new("/"));
        assert_eq!(
            layout.data_dir(15),
            Path::new("/var/lib/postgresql/15/main")
        );
    }

    #[test]
    fn elsewhere_the_root_is_what_stands_before_the_agents_directory() {
        let layout =
            Layout::from_charm_dir(Path::new("/lab/m/0/var/lib/juju/agents/unit-pg-0/charm"));
        assert_eq!(layout.root(), Path::new("/lab/m/0"));
    }

    #[test]
    fn a_charm_directory_of_no_known_shape_means_slash() {
        assert_eq!(
            Layout::from_charm_dir(Path::new("/tmp/x")).root(),
            Path::new("/")
        );
    }
}
