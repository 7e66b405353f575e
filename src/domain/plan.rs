//! What to do: a closed set of steps that print as sentences.
//!
//! The same text is the log line, the dry run, the golden test and the bug report. A plan leaves no choice to whoever
//! performs it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::observed::{
    DataDirectory, ManagedFile, ObjectStore, RepositoryRecord, RestoreRecord, Service,
};
use super::words::{BackupKind, MemberName, Secret, Stanza, SystemUser};

/// Steps in order, and the ones that follow even after one of them failed.
#[must_use = "a plan nobody performs changes nothing"]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What it is for, as a line.
    pub purpose: String,
    /// The steps.
    pub steps: Vec<Step>,
    /// The steps performed in any case.
    pub always: Vec<Step>,
}

impl Plan {
    /// A plan for a purpose.
    pub fn new(purpose: impl Into<String>, steps: Vec<Step>) -> Self {
        Self {
            purpose: purpose.into(),
            steps,
            always: Vec::new(),
        }
    }

    /// The same plan, with steps performed in any case.
    pub fn always(mut self, always: Vec<Step>) -> Self {
        self.always = always;
        self
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.purpose)?;
        for (number, step) in (1..).zip(&self.steps) {
            write!(f, "\n  {number}. {step}")?;
        }
        if !self.always.is_empty() {
            write!(f, "\nalways")?;
            for (number, step) in (self.steps.len() + 1..).zip(&self.always) {
                write!(f, "\n  {number}. {step}")?;
            }
        }
        Ok(())
    }
}

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
    /// Have Patroni read its configuration again.
    ReloadPatroni,

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
    /// Set the version that `juju status` shows.
    SetVersion(String),
    /// Open a port.
    OpenPort(u16),

    // etcd and Patroni.
    /// Have etcd ask its clients who they are.
    ProtectEtcd,
    /// Change Patroni's cluster-wide configuration to hold these values.
    ChangeClusterConfig(String),
    /// Restart PostgreSQL through Patroni, for parameters that wait for it.
    RestartDatabase,
    /// Wait until Patroni says that this unit is the primary and its database accepts writes.
    AwaitPrimary,
    /// Forget the cluster's past in etcd, so that a restored database may lead.
    ForgetClusterState,

    // Roles.
    /// Create the system roles that are missing and correct attributes and grants of the others.
    MakeRoles,
    /// Give a role the password from the application's secret.
    SetRolePassword(SystemUser, Secret),
    /// Store a password in the application's secret.
    StorePassword(SystemUser, Secret),

    // The repository.
    /// Try an object store, one named check at a time.
    CheckObjectStore(ObjectStore),
    /// Find out whose repository it is, and stop when it is not ours.
    JudgeOwner(ObjectStore),
    /// Write the ownership record.
    ClaimRepository(ObjectStore),
    /// Make the stanza, or bring it up to date.
    MakeStanza(ObjectStore, Stanza),
    /// Archive one segment and see it arrive.
    ProveArchiving(ObjectStore, Stanza),
    /// Remember what was proved.
    RecordRepository(RepositoryRecord),
    /// Forget what was proved.
    ForgetRepository,

    // Backups.
    /// Take a backup as a supervised job and follow it to its end.
    TakeBackup {
        /// Of which kind.
        kind: BackupKind,
        /// In which stanza.
        stanza: Stanza,
        /// Names the job, and is recorded with the backup so that it can be found again.
        request: String,
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
    /// Record how far a restore is, before going further.
    RecordRestore(RestoreRecord),
    /// Fetch the backup into a directory beside the data directory.
    RestoreBeside(RestoreRecord),
    /// Recover that copy to its target, closed to everybody, with nothing reaching the archive.
    RecoverBeside(RestoreRecord),
    /// Give its system roles the passwords of the application's secret, and prove that they open.
    RekeyBeside,
    /// Stop the copy cleanly.
    StopBeside,
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

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InstallPackages { names, .. } => write!(f, "install {}", names.join(", ")),
            Self::MakeDirectories { major } => {
                write!(f, "make the directories for PostgreSQL {major}")
            }
            Self::WriteFile { file, .. } => write!(f, "write {file}"),
            Self::RemoveFile(file) => write!(f, "remove {file}"),
            Self::Start(service) => write!(f, "start {service}"),
            Self::Stop(service) => write!(f, "stop {service}"),
            Self::Restart(service) => write!(f, "restart {service}"),
            Self::ReloadPatroni => write!(f, "have Patroni read its configuration again"),
            Self::MakePasswords => write!(f, "make the passwords of the system users"),
            Self::PublishAddress(address) => write!(f, "publish the address {address}"),
            Self::PublishVoters(voters) => {
                let names: Vec<String> = voters.keys().map(ToString::to_string).collect();
                write!(f, "publish that {} votes in etcd", names.join(", "))
            }
            Self::PublishInitialised => write!(f, "record that the application has a database"),
            Self::PublishStanza(stanza) => write!(f, "record that WAL goes to stanza {stanza}"),
            Self::SetVersion(version) => write!(f, "set the version to {version}"),
            Self::OpenPort(port) => write!(f, "open port {port}"),
            Self::ProtectEtcd => write!(f, "have etcd ask its clients for a password"),
            Self::ChangeClusterConfig(_) => write!(f, "change Patroni's cluster-wide settings"),
            Self::RestartDatabase => write!(f, "restart PostgreSQL for settings that wait for it"),
            Self::AwaitPrimary => write!(f, "wait until this unit is the primary"),
            Self::ForgetClusterState => {
                write!(
                    f,
                    "forget the cluster's past so that the restored database may lead"
                )
            }
            Self::MakeRoles => write!(f, "make the system roles"),
            Self::SetRolePassword(user, _) => {
                write!(
                    f,
                    "give the role {user} the password in the application's secret"
                )
            }
            Self::StorePassword(user, _) => {
                write!(
                    f,
                    "store the password of {user} in the application's secret"
                )
            }
            Self::CheckObjectStore(store) => {
                write!(f, "check bucket {} at {}", store.bucket, store.endpoint)
            }
            Self::JudgeOwner(store) => {
                write!(f, "find out who owns {}{}", store.bucket, store.path)
            }
            Self::ClaimRepository(store) => {
                write!(f, "claim {}{} for this cluster", store.bucket, store.path)
            }
            Self::MakeStanza(_, stanza) => write!(f, "make stanza {stanza}"),
            Self::ProveArchiving(_, stanza) => {
                write!(
                    f,
                    "archive one WAL segment to stanza {stanza} and see it arrive"
                )
            }
            Self::RecordRepository(_) => write!(f, "remember what was proved of the repository"),
            Self::ForgetRepository => write!(f, "forget what was proved of the repository"),
            Self::TakeBackup {
                kind,
                stanza,
                request,
            } => {
                write!(
                    f,
                    "run pgbackrest backup --type={kind} for {stanza} as job {request}"
                )
            }
            Self::KeepBackupLog { .. } => write!(f, "keep the backup's log beside it"),
            Self::RecordRestore(record) => write!(
                f,
                "record that restore {} is {}",
                record.id,
                match record.phase {
                    super::observed::RestorePhase::Beside => "under way, with a way back",
                    super::observed::RestorePhase::Exchanging => "proved, and to be put in place",
                }
            ),
            Self::RestoreBeside(record) => {
                write!(
                    f,
                    "fetch backup {} beside the data directory",
                    record.target.set
                )
            }
            Self::RecoverBeside(record) => {
                write!(
                    f,
                    "recover the copy, closed to everybody: {}",
                    record.target
                )
            }
            Self::RekeyBeside => write!(f, "give the copy the passwords of this application"),
            Self::StopBeside => write!(f, "stop the copy"),
            Self::RemoveBeside(_) => write!(f, "remove the copy"),
            Self::ExchangeDataDirectories(record) => write!(
                f,
                "put the data directory aside as {} and the copy in its place",
                record
                    .kept
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
            ),
            Self::ForgetRestore => write!(f, "forget the restore"),
            Self::RemoveKept { .. } => {
                write!(
                    f,
                    "remove the data directory from before an earlier restore"
                )
            }
        }
    }
}
