//! What Juju says, read once per dispatch and unchanged by what this dispatch writes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Client, Moved, TlsView};
use crate::domain::backups::server::BackupServer;
use crate::domain::refusal::Refusal;
use crate::domain::settings::{Problem, Settings};
use crate::domain::tls::{Announcement, Course};
use crate::domain::words::{MemberName, Secret, Stanza, SystemUser};

/// The model as this unit sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct JujuView {
    /// The application's name; also Patroni's scope.
    pub application: String,
    /// The model's name.
    pub model: String,
    /// The model's UUID.
    pub model_uuid: String,
    /// This unit as a member of the cluster.
    pub member: MemberName,
    /// The stanza this cluster writes.
    pub stanza: Stanza,
    /// Whether Juju calls this unit the leader.
    pub leader: bool,
    /// The address peers reach this unit at; unknown before the peer relation exists.
    pub address: Option<IpAddr>,
    /// The peer relation; Juju creates it after `install`.
    pub peers: Option<PeerRelation>,
    /// The passwords of the system users.
    pub passwords: Passwords,
    /// The options, or everything that is wrong with them.
    pub settings: Result<Settings, Vec<Problem>>,
    /// The object store, as the relation `s3-parameters` describes it.
    pub object_storage: ObjectStorage,
    /// Where is archived instead of where the relation says; `object_storage` has that path already.
    pub moved: Option<Moved>,
    /// The certificates of the relations `certificates` and `receive-ca-cert`.
    pub tls: TlsView,
    /// The relations with applications, by number; only the leader asks.
    pub clients: BTreeMap<u32, Client>,
    /// What this dispatch wrote and Juju has not committed yet: it may not be put to use before it is.
    pub written: BTreeSet<Written>,
}

/// A write of this dispatch that waits for Juju's commit at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// The application secret.
    Passwords,
    /// This unit's address.
    Address,
    /// The voters of etcd.
    Voters,
    /// That the application has a database.
    Initialised,
    /// The stanza.
    Stanza,
    /// How far this unit is.
    Standing,
    /// That this unit has proved the stanza.
    Proved,
    /// How the peers back up from this unit.
    BackupServer,
    /// A request for a certificate.
    CertificateRequest,
    /// The certificate, in this unit's secret.
    Certificate,
    /// How far the cluster may be with TLS.
    TlsCourse,
    /// What this unit uses and trusts.
    Tls,
    /// The last restore.
    Restored,
    /// Where is archived.
    Moved,
}

impl JujuView {
    /// What this cluster calls itself in a repository.
    pub fn cluster_id(&self) -> String {
        format!("{}/{}", self.model_uuid, self.application)
    }
}

/// The peer relation's bags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerRelation {
    /// Every unit of the application with the address it published, this one included.
    pub units: BTreeMap<MemberName, Option<IpAddr>>,
    /// The members that vote in etcd, as committed by a leader.
    pub voters: BTreeMap<MemberName, IpAddr>,
    /// Voters whose unit does not exist any more, or is on its way out and has left this relation.
    pub gone: BTreeSet<MemberName>,
    /// What this unit has told its peers about itself.
    pub standing: Option<Standing>,
    /// The other units that have run as members of the cluster.
    pub joined: BTreeSet<MemberName>,
    /// The stanza a primary has proved that is not the leader; the leader records it.
    pub proved: Option<Stanza>,
    /// What the units tell of how they are backed up from, this one included.
    pub backup_servers: BTreeMap<MemberName, BackupServer>,
    /// Whether a database was ever made for this application.
    pub initialised: bool,
    /// The stanza that WAL goes to, once archiving was proved. Never cleared (D4).
    pub stanza: Option<Stanza>,
    /// Units that Juju says will be there, for the leader while TLS changes: they may have begun and not be seen yet.
    pub expected: BTreeSet<MemberName>,
    /// How far the cluster may be with TLS, as the leader says.
    pub tls_course: Course,
    /// What the units tell of their TLS, this one included.
    pub tls: BTreeMap<MemberName, Announcement>,
    /// The last restore the peers were told of.
    pub restored: Option<String>,
    /// Where is archived instead of where the relation says, as a leader has told.
    pub moved: Option<Moved>,
}

impl PeerRelation {
    /// Who votes in etcd, of the units that are there.
    ///
    /// When all recorded voters are gone, the unit with the lowest number is their heir. Every unit comes to the same
    /// conclusion by itself, so it needs no leader: the leader may be the very unit that went.
    pub fn voting(&self) -> BTreeMap<MemberName, IpAddr> {
        let staying = self
            .voters
            .iter()
            .filter(|(name, _)| !self.gone.contains(*name));
        let staying: BTreeMap<MemberName, IpAddr> = staying
            .map(|(name, address)| (name.clone(), *address))
            .collect();
        if !staying.is_empty() || self.voters.is_empty() {
            return staying;
        }
        let mut addressed = self
            .units
            .iter()
            .filter_map(|(name, address)| Some((name.clone(), (*address)?)));
        addressed.next().into_iter().collect()
    }

    /// Where etcd may answer: those that vote and, while an heir takes over, those that are going.
    pub fn etcd_hosts(&self) -> BTreeSet<IpAddr> {
        let voting = self.voting();
        let handing_over = !voting.keys().any(|name| self.voters.contains_key(name));
        let going = self.voters.values().filter(|_| handing_over);
        voting.values().chain(going).copied().collect()
    }
}

/// How far a unit is, as it tells its peers: they have a reason to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs as a member of the cluster.
    Member,
    /// It votes in etcd, too.
    Voter,
}

impl Standing {
    /// The word in the databag.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Voter => "voter",
        }
    }

    /// What a word says.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Member, Self::Voter]
            .into_iter()
            .find(|standing| standing.word() == word)
    }
}

/// The application secret with the passwords of the system users.
#[derive(Clone, PartialEq, Eq)]
pub enum Passwords {
    /// No leader has made it yet.
    Absent,
    /// It is there, and committed: what it says may be put to use.
    Known {
        /// One password for each system user.
        users: BTreeMap<SystemUser, Secret>,
        /// The password of Patroni's REST interface.
        patroni: Secret,
        /// The password of etcd.
        etcd: Secret,
    },
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Known { .. } => "Known",
        })
    }
}

/// What the relation `s3-parameters` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectStorage {
    /// Not related.
    Unrelated,
    /// Related, but the other side has not said everything; the text names what is missing.
    Incomplete(String),
    /// Everything that is needed is there.
    Given(ObjectStore),
}

impl ObjectStorage {
    /// The parameters, when they are complete.
    pub fn given(&self) -> Option<&ObjectStore> {
        match self {
            Self::Given(store) => Some(store),
            Self::Unrelated | Self::Incomplete(_) => None,
        }
    }

    /// The same.
    ///
    /// # Errors
    ///
    /// Says what is missing.
    pub fn needed(&self) -> Result<&ObjectStore, Refusal> {
        match self {
            Self::Given(store) => Ok(store),
            Self::Unrelated => Err(Refusal::NoObjectStore),
            Self::Incomplete(missing) => Err(Refusal::ObjectStoreIncomplete(missing.clone())),
        }
    }

    /// The same with the path that is archived to.
    #[must_use]
    pub fn moved(self, moved: Option<&Moved>) -> Self {
        match (self, moved) {
            (Self::Given(store), Some(moved)) => Self::Given(moved.applied(store)),
            (it, _) => it,
        }
    }
}

/// Where the repository lies and how to get in, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectStore {
    /// The bucket, without slashes.
    pub bucket: String,
    /// The endpoint as a URL, without a slash at the end.
    pub endpoint: String,
    /// The path inside the bucket, with exactly one slash in front.
    pub path: String,
    /// The region; empty when none was given.
    pub region: String,
    /// Whether the bucket is part of the path instead of the host name.
    pub path_style: bool,
    /// PEM certificates that vouch for the endpoint; empty for those of the system.
    pub ca_chain: Vec<String>,
    /// The access key.
    pub access_key: Secret,
    /// The secret key.
    pub secret_key: Secret,
    /// Full backups older than this many days expire.
    pub retention_days: Option<u32>,
}
