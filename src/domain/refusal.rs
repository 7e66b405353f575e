//! Why an action is refused. A refusal changes nothing; it states the fact, and how to get what was wanted.

use super::backups::{create, target};
use super::passwords;
use super::tls::key;

/// Why an action is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request names nothing that can be restored.
    #[error(transparent)]
    Target(#[from] target::Refusal),
    /// A backup of this kind cannot be taken, or not here.
    #[error(transparent)]
    Backup(#[from] create::Refusal),
    /// A user or password that cannot be used.
    #[error(transparent)]
    Password(#[from] passwords::Refusal),
    /// A private key that cannot be used.
    #[error(transparent)]
    PrivateKey(#[from] key::Refusal),
    /// There is no relation with an object store's integrator.
    #[error("there is no object store: s3-parameters is not related")]
    NoObjectStore,
    /// The relation has not said everything yet.
    #[error("the object store is not known yet: {0}")]
    ObjectStoreIncomplete(String),
    /// The repository belongs to somebody else.
    #[error("the repository belongs to {0}")]
    ForeignRepository(String),
    /// Nobody else has the repository.
    #[error("the repository is not another cluster's")]
    NothingToTakeOver,
    /// Its owner could not be kept out, or its stanza is another database's.
    #[error("the repository cannot be taken over, because it belongs to {0}")]
    CannotTakeOver(String),
    /// The operator has not said that the owner is to stop archiving there.
    #[error("{0} would not be able to archive there any more")]
    TakeOverNotForced(String),
    /// The backup is of another major version.
    #[error("the backup is of PostgreSQL {there}, and this is PostgreSQL {here}")]
    OtherVersion {
        /// Of this cluster.
        here: String,
        /// Of the backup.
        there: String,
    },
    /// The repository has no such stanza.
    #[error("the repository has no stanza {0}")]
    NoStanza(String),
    /// It is not said which of the clusters in the repository is meant.
    #[error("the repository holds backups of several stanzas: {}", .0.join(", "))]
    WhichStanza(Vec<String>),
    /// The repository does not work.
    #[error("the repository cannot be used: {problem}")]
    RepositoryFailed {
        /// What is wrong.
        problem: String,
        /// The way out.
        hint: String,
    },
    /// A limit below zero.
    #[error("{0} is no number of backups to show")]
    BadLimit(i64),
    /// The repository was not tried yet.
    #[error("the repository has not been set up yet")]
    RepositoryNotReady,
    /// Patroni does not answer: who is the primary is unknown.
    #[error("the state of the cluster is not known: {0}")]
    ClusterUnreachable(String),
    /// This unit is no running member.
    #[error("PostgreSQL is not running on this unit: {0}")]
    NotRunning(String),
    /// Only the leader may do this.
    #[error("this unit is not the leader")]
    NotTheLeader,
    /// Another unit restores.
    #[error("{0} restores already")]
    RestoredElsewhere(String),
    /// This unit's data is from before the last restore.
    #[error("this unit has not been rebuilt since the last restore")]
    Stale,
    /// Nothing is kept from before a restore.
    #[error("no database from before a restore is kept on this unit")]
    NothingKept,
    /// No plan has this id.
    #[error("there is no plan {0}")]
    UnknownPlan(String),
    /// A restore would do something else by now.
    #[error("plan {0} is not what a restore would do by now")]
    PlanOutdated(String),
    /// A plan and parameters of a target.
    #[error("plan is given together with a target")]
    PlanAndTarget,
    /// Nothing runs that could be cancelled.
    #[error("no such job runs")]
    NoJob,
    /// The restored database is being put in place.
    #[error("the restored database is proved and being put in place")]
    TooLateToCancel,
    /// A job is at work.
    #[error("another operation is running: {0}")]
    Busy(String),
    /// A restore was interrupted and is not finished.
    #[error("a restore of this unit has not ended")]
    RestoreUnfinished,
    /// The volume is too full.
    #[error("the volume has {free} free, and the restored copy needs {needed} beside the data")]
    NoSpace {
        /// What is free, for people.
        free: String,
        /// What is needed, for people.
        needed: String,
    },
    /// The passwords are not there.
    #[error("the application has no passwords yet")]
    NoPasswords,
    /// This unit has the lead already.
    #[error("this unit is the primary already")]
    AlreadyThePrimary,
    /// etcd has a majority, or may have one in a moment.
    #[error("a majority of etcd's voters is there: nothing is to be recovered")]
    QuorumNotLost,
    /// A unit that answers has more of the database.
    #[error("{0} has more of the database than this unit")]
    AnotherReachesFurther(String),
    /// The others would not look for etcd here.
    #[error("this unit neither votes in etcd nor is the leader")]
    CannotFound,
    /// The operator has not said that the others are lost.
    #[error("what only {} had confirmed would be lost", silent.join(", "))]
    RecoveryNotForced {
        /// The voters that do not answer.
        silent: Vec<String>,
    },
    /// Something else than a unit is to be promoted.
    #[error("`{0}` is not a scope that can be promoted")]
    Scope(String),
    /// A promotion is to be forced, and there is a primary that hands over.
    #[error("the cluster has a primary: nothing is to be forced")]
    Forced,
    /// Another member is known to have every commit, and is elected.
    #[error("the cluster has no primary, and {0} is known to have every commit")]
    IsElected(String),
    /// No member is known to have every commit, and the operator has not said that the former primary is lost.
    #[error("the cluster has no primary, and no unit is known to have every commit")]
    NobodyIsElected,
    /// The primary is another unit.
    #[error("this unit is not the primary")]
    NotThePrimary {
        /// The primary, when it is known.
        primary: Option<String>,
    },
}

impl Refusal {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Target(refusal) => refusal.hint(),
            Self::Backup(refusal) => refusal.hint(),
            Self::Password(refusal) => refusal.hint(),
            Self::PrivateKey(refusal) => refusal.hint().into(),
            Self::NoObjectStore => "juju integrate it with s3-integrator".into(),
            Self::ObjectStoreIncomplete(_) => {
                "give the integrator bucket, access-key and secret-key".into()
            }
            Self::ForeignRepository(_) => {
                "set another path on the integrator; list-backups and restore work as it is".into()
            }
            Self::NothingToTakeOver => "juju status shows how it is".into(),
            Self::CannotTakeOver(_) => "set another path on the integrator".into(),
            Self::TakeOverNotForced(_) => {
                "stop that cluster, or give it another path first; then give force=true, and take a full backup".into()
            }
            Self::OtherVersion { there, .. } => format!("deploy an application with version={there}"),
            Self::NoStanza(_) => "list-backups shows the stanzas".into(),
            Self::WhichStanza(_) => "say which one with stanza=<name>".into(),
            Self::RepositoryFailed { hint, .. } => hint.clone(),
            Self::BadLimit(_) => "give 0 for all, or how many of the newest".into(),
            Self::RepositoryNotReady => "juju status shows when it is".into(),
            Self::ClusterUnreachable(_) | Self::NotRunning(_) => {
                "juju status shows what the unit waits for".into()
            }
            Self::NotTheLeader => "run it on the leader: juju run <application>/leader …".into(),
            Self::RestoredElsewhere(unit) => format!("wait until it has ended, or remove {unit} if it is lost"),
            Self::Stale => "wait until it is active again".into(),
            Self::NothingKept => {
                "it was accepted, or the restore was made on another unit, which has been the leader then".into()
            }
            Self::UnknownPlan(_) => "run plan-restore on this unit; it keeps the last plan".into(),
            Self::PlanOutdated(_) => "run plan-restore again and look at what has changed".into(),
            Self::PlanAndTarget => "give plan alone: it says what is restored".into(),
            Self::NoJob => "list-jobs shows what runs".into(),
            Self::TooLateToCancel => "wait until it has ended, and run undo-restore".into(),
            Self::Busy(_) => "wait until it has ended".into(),
            Self::RestoreUnfinished => {
                "list-jobs shows how far it is, and cancel-job ends it; one that was interrupted goes on by itself".into()
            }
            Self::NoSpace { .. } => {
                "make room on the volume: the data that is there now is kept until the copy is proved".into()
            }
            Self::NoPasswords => "wait until the unit is active".into(),
            Self::AlreadyThePrimary => "run it on the unit that is to become the primary".into(),
            Self::QuorumNotLost => "juju status shows what the units wait for".into(),
            Self::AnotherReachesFurther(unit) => format!("run it on {unit}"),
            Self::CannotFound => {
                "run it on the leader, or on a unit that votes: juju run <application>/leader …".into()
            }
            Self::RecoveryNotForced { .. } => {
                "bring their machines back; when they are lost for good, give force=true".into()
            }
            Self::Scope(_) => "give scope=unit, on the unit that is to become the primary".into(),
            Self::Forced => "leave force out: the primary hands over, and no commit is lost".into(),
            Self::IsElected(_) => "wait for a minute: it takes the lead by itself".into(),
            Self::NobodyIsElected => {
                "bring the former primary's machine back; when it is lost for good, give force=true: this unit goes on with what it has".into()
            }
            Self::NotThePrimary { primary: Some(primary) } => format!("the primary is {primary}"),
            Self::NotThePrimary { primary: None } => "the cluster has no primary now".into(),
        }
    }
}
