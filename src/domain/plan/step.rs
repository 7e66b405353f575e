//! One thing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::domain::backups::server::{BackupServer, Primary};
use crate::domain::clients::{Account, DatabaseName};
use crate::domain::observed::{
    DataDirectory, ManagedFile, Moved, ObjectStore, RepositoryRecord, RestoreRecord, Service,
    Standing,
};
use crate::domain::tls::{Announcement, Course, Material, Names, PrivateKey};
use crate::domain::words::{BackupKind, MemberName, Secret, Stanza, SystemId, SystemUser};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    // The machine.
    /// Install packages.
    InstallPackages {
        /// The major version of PostgreSQL.
        major: u32,
        /// Their names.
        names: Vec<String>,
    },
    /// Make the directories of the charm, with owners and modes.
    MakeDirectories {
        /// The major version of PostgreSQL.
        major: u32,
    },
    /// Write a managed file whole.
    WriteFile {
        /// Which.
        file: ManagedFile,
        /// What it holds; never printed.
        content: Secret,
    },
    /// Remove a managed file.
    RemoveFile(ManagedFile),
    /// Start a service and have it started at boot.
    Start(Service),
    /// Stop a service.
    Stop(Service),
    /// Restart a service.
    Restart(Service),
    /// Have etcd begin anew, as the only one of its members at a time.
    RestartEtcd,
    /// Have a service read its configuration again.
    Reload(Service),
    /// Have Patroni read its configuration again.
    ReloadPatroni,
    /// Start Patroni anew and leave PostgreSQL running.
    RenewPatroni,

    // Juju.
    /// Make the application secret with a new password for each of these.
    MakePasswords,
    /// Publish this unit's address to its peers.
    PublishAddress(IpAddr),
    /// Publish who votes in etcd.
    PublishVoters(BTreeMap<MemberName, IpAddr>),
    /// Record that the application has a database.
    PublishInitialised,
    /// Record the stanza that WAL goes to.
    PublishStanza(Stanza),
    /// Tell the peers how far this unit is.
    PublishStanding(Standing),
    /// Tell the leader that this unit, the primary, has proved the stanza.
    PublishProved(Stanza),
    /// Ask for a certificate, in place of the request from before.
    RequestCertificate {
        /// For whom.
        names: Names,
        /// Another private key; without one the key that is kept, or a new one.
        key: Option<PrivateKey>,
    },
    /// Keep a private key for the next request.
    KeepPrivateKey(PrivateKey),
    /// Keep a certificate with all that belongs to it in this unit's secret.
    KeepCertificate(Material),
    /// Say how far the cluster may be with TLS.
    PublishTlsCourse(Course),
    /// Tell the peers of this unit's TLS.
    PublishTls(Announcement),
    /// Tell the peers how they back up from this unit.
    PublishBackupServer(BackupServer),
    /// Set the version that `juju status` shows.
    SetVersion(String),
    /// Open a port.
    OpenPort(u16),

    // etcd and Patroni.
    /// Have etcd ask its clients who they are.
    ProtectEtcd,
    /// Become a member of etcd that copies and does not vote yet.
    AddLearner {
        /// Its address.
        address: IpAddr,
        /// Where the others reach it.
        url: String,
    },
    /// Have the other members of etcd reach this unit's at another URL.
    MovePeer(String),
    /// Wait until this unit's member has copied enough, and let it vote.
    PromoteLearner,
    /// Take this unit's member out of etcd, and see that the others know.
    LeaveEtcd,
    /// Take the member of a unit that is gone out of etcd.
    RemoveVoter {
        /// How etcd calls it.
        id: u64,
        /// The unit, or where it was, for people.
        whose: String,
    },
    /// Have another member of etcd lead it.
    MoveEtcdLead {
        /// How etcd calls that member.
        to: u64,
        /// Its unit.
        whose: MemberName,
    },
    /// Remove the data of this unit's member, after etcd has said that it is none.
    WipeEtcd,
    /// Remember which units were lost when this one went on without a majority of voters.
    RecordLost(BTreeSet<MemberName>),
    /// Stop this unit's member of a cluster that is lost, and put its data aside.
    PutEtcdAside,
    /// Tell Patroni, by way of an empty etcd, which database is the cluster's, and its cluster-wide configuration.
    NameDatabase {
        /// The database.
        system_id: SystemId,
        /// The configuration, as JSON.
        config: String,
    },
    /// Change Patroni's cluster-wide configuration to hold these values.
    ChangeClusterConfig(String),
    /// Restart PostgreSQL through Patroni, for parameters that wait for it.
    RestartDatabase,
    /// Have Patroni choose anew whose confirmation commits wait for, because they wait for these in vain.
    ChooseSynchronous(BTreeSet<MemberName>),
    /// Have Patroni remove this replica's database and copy the primary's.
    Reinitialize,
    /// Wait until Patroni says that this unit is the primary and its database accepts writes.
    AwaitPrimary,
    /// Make this unit the primary instead of another.
    SwitchOver {
        /// The primary of now.
        from: MemberName,
    },
    /// Make this unit the primary of a cluster that has none and elects none.
    FailOver,
    // Leaving.
    /// Record that this unit leaves, and where etcd answers: Juju will not tell once the peer relation is over.
    RecordLeaving {
        /// Where etcd answers.
        etcd: Vec<IpAddr>,
    },
    /// Wait until no other unit is about to leave; the primary first lets go those of these that are still members.
    AwaitTurn(Vec<MemberName>),
    /// Let the next unit leave.
    EndTurn,
    /// Hand the lead over when this unit is the primary: to one of these, or else to whoever has every commit.
    HandOver(Vec<MemberName>),
    /// Wait until another unit votes in etcd.
    AwaitHeir,
    /// Forget this unit among Patroni's members.
    ForgetMember,

    // Roles.
    /// Create the system roles that are missing and correct attributes and grants of the others.
    MakeRoles,
    /// Give a role the password from the application's secret.
    SetRolePassword(SystemUser, Secret),
    /// Store a password in the application's secret.
    StorePassword(SystemUser, Secret),

    // Related applications.
    /// Make the role whose members may connect over the network, and close PostgreSQL's own databases to it.
    MakeAccessGroup,
    /// Make a database with a role that owns it, or hand it over to that role when it is there.
    MakeClientDatabase {
        /// The user it is for.
        user: String,
        /// The database.
        database: DatabaseName,
    },
    /// Create the user of an application, or correct it.
    MakeClientUser {
        /// What it should be.
        account: Account,
        /// Its password; without one it gets a new one.
        password: Option<Secret>,
    },
    /// Remove a user. What it has made stays, and belongs to the database it is in.
    RemoveClientUser(String),
    /// Let a user of another cluster in no more, under another name. What it has made belongs to the database it is in.
    PutClientUserAside(String),

    // The repository.
    /// Try an object store, one named check at a time.
    CheckObjectStore(ObjectStore),
    /// Find out whose repository it is, and stop when it is not ours.
    JudgeOwner(ObjectStore),
    /// Write the ownership record, or raise its epoch for this restore unless it has risen for it.
    ClaimRepository(ObjectStore, Option<String>),
    /// See whether the repository is still this cluster's; what cannot be read says nothing.
    LookAtFence(ObjectStore),
    /// Take a repository over from the cluster that has it in this epoch.
    TakeOverRepository {
        /// Where it lies.
        store: ObjectStore,
        /// The epoch that ends with it.
        epoch: u64,
        /// The last restore of this cluster: the epoch rises for it as well.
        restored: Option<String>,
    },
    /// Make the stanza, or bring it up to date.
    MakeStanza(ObjectStore, Stanza),
    /// Archive one segment and see it arrive.
    ProveArchiving(ObjectStore, Stanza),
    /// Remember what was proved.
    RecordRepository(RepositoryRecord),
    /// Forget what was proved.
    ForgetRepository,
    /// Archive elsewhere from now on than where the relation says, and never there.
    MoveRepository(Moved),
    /// Tell the peers where is archived.
    PublishMoved(Moved),

    // Backups.
    /// Take a backup as a supervised job and follow it to its end.
    TakeBackup {
        /// Of which kind.
        kind: BackupKind,
        /// In which stanza.
        stanza: Stanza,
        /// Names the job, and is recorded with the backup so that it can be found again.
        request: String,
        /// The primary, when this unit is a replica.
        primary: Option<Primary>,
    },
    /// Keep the job's log in the repository, beside the backup.
    KeepBackupLog {
        /// Where the repository lies.
        store: ObjectStore,
        /// The stanza.
        stanza: Stanza,
        /// The job.
        request: String,
    },

    // Restores.
    /// Have the lead, taking it over from another member if need be.
    TakeLead(RestoreRecord),
    /// Let no other member take the lead, and see that none has it.
    HoldMembers(RestoreRecord),
    /// Let the members elect a primary again.
    ReleaseMembers {
        /// The member that held them, when it is gone and its lead has to be taken from it.
        by: Option<MemberName>,
        /// The restore they were held for.
        id: String,
    },
    /// Forget the cluster's past in etcd, give this unit the lead, and have all others count as outdated.
    ReopenCluster(RestoreRecord),
    /// Have the other members made anew from this one, and see them stream.
    RebuildReplicas(RestoreRecord),
    /// Have this replica made anew, and see it stream.
    RebuildThisReplica {
        /// The restore that made its data outdated.
        id: String,
    },
    /// Remove this replica's data, which is of another database than the cluster's.
    RemoveStranger,
    /// Tell the peers which restore was the last.
    PublishRestored(String),
    /// Move the kept data directory to where a copy is recovered.
    MoveKeptBeside(RestoreRecord),
    /// Move it back to where it was kept.
    KeepAgain(RestoreRecord),
    /// End the download of a backup.
    StopFetch(RestoreRecord),
    /// Record how far a restore is, before going further.
    RecordRestore(RestoreRecord),
    /// Fetch the backup into a directory beside the data directory.
    RestoreBeside(RestoreRecord),
    /// Recover that copy to its target, closed to everybody, with nothing reaching the archive.
    RecoverBeside(RestoreRecord),
    /// Give its system roles the passwords of the application's secret, and prove that they open.
    RekeyBeside(RestoreRecord),
    /// Stop the copy cleanly.
    StopBeside,
    /// See that the copy's timeline has a number that nobody else uses.
    ProveTimeline(RestoreRecord),
    /// Remove the copy that is not needed any more.
    RemoveBeside(RestoreRecord),
    /// Put the data directory aside and the recovered copy in its place.
    ExchangeDataDirectories(RestoreRecord),
    /// Forget the restore: it ended.
    ForgetRestore,
    /// Remove the data directory from before an earlier restore.
    RemoveKept {
        /// Whether there is one.
        kept: DataDirectory,
    },
}
