//! A step as a sentence. No secret is in any of them.

use std::collections::BTreeSet;
use std::fmt;

use super::Step;
use crate::domain::observed::{ManagedFile, RestorePhase, RestoreRecord};
use crate::domain::words::MemberName;

impl fmt::Display for Step {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm a step, none of them complicated"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InstallPackages { names, .. } => write!(f, "install {}", names.join(", ")),
            Self::MakeDirectories { major } => {
                write!(f, "make the directories for PostgreSQL {major}")
            }
            Self::WriteFile { file, .. } => write!(f, "write {file}"),
            Self::RemoveFile(
                file @ (ManagedFile::EtcdInForce
                | ManagedFile::PatroniInForce
                | ManagedFile::BackupServerInForce),
            ) => write!(f, "forget {file}"),
            Self::RemoveFile(file) => write!(f, "remove {file}"),
            Self::Start(service) => write!(f, "start {service}"),
            Self::Stop(service) => write!(f, "stop {service}"),
            Self::Restart(service) => write!(f, "restart {service}"),
            Self::Reload(service) => write!(f, "have {service} read its configuration again"),
            Self::ReloadPatroni => write!(f, "have Patroni read its configuration again"),
            Self::RenewPatroni => write!(f, "start Patroni anew while PostgreSQL runs on"),
            Self::MakePasswords => write!(f, "make the passwords of the system users"),
            Self::PublishAddress(address) => write!(f, "publish the address {address}"),
            Self::PublishVoters(voters) => {
                let names: Vec<String> = voters.keys().map(ToString::to_string).collect();
                write!(f, "publish that {} votes in etcd", names.join(", "))
            }
            Self::PublishInitialised => write!(f, "record that the application has a database"),
            Self::PublishStanza(stanza) => write!(f, "record that WAL goes to stanza {stanza}"),
            Self::PublishStanding(standing) => {
                write!(f, "tell the peers that this unit is a {}", standing.word())
            }
            Self::PublishProved(stanza) => {
                write!(f, "tell the leader that stanza {stanza} receives WAL")
            }
            Self::RequestCertificate { names, .. } => {
                write!(f, "ask for a certificate for {}", names.address)
            }
            Self::KeepPrivateKey(_) => write!(f, "keep the private key in this unit's secret"),
            Self::KeepCertificate(material) => {
                write!(
                    f,
                    "keep the certificate that expires on {} in this unit's secret",
                    material.not_after
                )
            }
            Self::RestartEtcd => write!(f, "start etcd anew, one member at a time"),
            Self::PublishTlsCourse(course) => write!(
                f,
                "publish that the stage of TLS is {}",
                course.stage.word()
            ),
            Self::PublishTls(said) => {
                write!(
                    f,
                    "tell the peers that this unit's stage of TLS is {}",
                    said.stage.word()
                )
            }
            Self::MovePeer(url) => write!(f, "have etcd reach this unit at {url}"),
            Self::AddLearner { .. } => write!(f, "join etcd without a vote"),
            Self::PublishBackupServer(_) => {
                write!(f, "tell the peers how they back up from this unit")
            }
            Self::PromoteLearner => write!(f, "vote in etcd once everything is copied"),
            Self::LeaveEtcd => write!(f, "take this unit's member out of etcd"),
            Self::RemoveVoter { whose, .. } => write!(f, "take the member of {whose} out of etcd"),
            Self::MoveEtcdLead { whose, .. } => write!(f, "have {} lead etcd", whose.unit()),
            Self::WipeEtcd => write!(f, "remove what this unit's former member of etcd has left"),
            Self::SwitchOver { from } => write!(f, "take the lead over from {from}"),
            Self::FailOver => write!(f, "take the lead, which nobody has"),
            Self::RecordLeaving { .. } => write!(f, "record that this unit leaves"),
            Self::AwaitTurn(_) => write!(f, "wait until no other unit is about to leave"),
            Self::EndTurn => write!(f, "let the next unit leave"),
            Self::HandOver(_) => write!(f, "hand the lead over if this unit has it"),
            Self::AwaitHeir => write!(f, "wait until another unit votes in etcd"),
            Self::ForgetMember => write!(f, "forget this unit among Patroni's members"),
            Self::SetVersion(version) => write!(f, "set the version to {version}"),
            Self::OpenPort(port) => write!(f, "open port {port}"),
            Self::ProtectEtcd => write!(f, "have etcd ask its clients for a password"),
            Self::ChangeClusterConfig(_) => write!(f, "change Patroni's cluster-wide settings"),
            Self::RestartDatabase => write!(f, "restart PostgreSQL for settings that wait for it"),
            Self::AwaitPrimary => write!(f, "wait until this unit is the primary"),
            Self::RecordLost(units) if units.is_empty() => {
                write!(f, "remember that no unit is lost any more")
            }
            Self::RecordLost(units) => {
                let names: Vec<String> = units.iter().map(MemberName::unit).collect();
                write!(f, "remember that {} are lost", names.join(", "))
            }
            Self::PutEtcdAside => write!(f, "put the data of the lost etcd aside"),
            Self::NameDatabase { system_id, .. } => {
                write!(f, "tell Patroni that database {system_id} is the cluster's")
            }
            Self::ChooseSynchronous(silent) => {
                let names: Vec<String> = silent.iter().map(MemberName::unit).collect();
                write!(f, "have commits not wait for {}", names.join(", "))
            }
            Self::Reinitialize => {
                write!(f, "remove this replica's database and copy it again")
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
            Self::MakeAccessGroup => {
                write!(f, "make the role of those who may connect over the network")
            }
            Self::MakeClientDatabase { user, database } => {
                write!(f, "make the database {:?} for {user}", database.as_str())
            }
            Self::MakeClientUser { account, .. } => {
                write!(
                    f,
                    "make the user {} of the database {:?}",
                    account.user,
                    account.database.as_str()
                )
            }
            Self::RemoveClientUser(user) => {
                write!(
                    f,
                    "remove the user {user:?}, and leave what it has made to its database"
                )
            }
            Self::PutClientUserAside(user) => {
                write!(f, "put the user {user:?} of another cluster aside")
            }
            Self::CheckObjectStore(store) => {
                write!(f, "check bucket {} at {}", store.bucket, store.endpoint)
            }
            Self::JudgeOwner(store) => {
                write!(f, "find out who owns {}{}", store.bucket, store.path)
            }
            Self::ClaimRepository(store, _) => {
                write!(f, "claim {}{} for this cluster", store.bucket, store.path)
            }
            Self::LookAtFence(store) => write!(
                f,
                "see whether {}{} is still this cluster's",
                store.bucket, store.path
            ),
            Self::TakeOverRepository { store, epoch, .. } => write!(
                f,
                "take {}{} over from its owner of epoch {epoch}",
                store.bucket, store.path
            ),
            Self::MakeStanza(_, stanza) => write!(f, "make stanza {stanza}"),
            Self::ProveArchiving(_, stanza) => {
                write!(
                    f,
                    "archive one WAL segment to stanza {stanza} and see it arrive"
                )
            }
            Self::RecordRepository(_) => write!(f, "remember what was proved of the repository"),
            Self::MoveRepository(moved) => write!(f, "archive to {} from now on", moved.path),
            Self::PublishMoved(moved) => {
                write!(f, "tell the peers that WAL goes to {}", moved.path)
            }
            Self::RemoveStranger => {
                write!(
                    f,
                    "remove this replica's data, which is of another database"
                )
            }
            Self::ForgetRepository => write!(f, "forget what was proved of the repository"),
            Self::TakeBackup {
                kind,
                stanza,
                request,
                primary,
            } => {
                write!(
                    f,
                    "run pgbackrest backup --type={kind} for {stanza} as job {request}"
                )?;
                match primary {
                    None => Ok(()),
                    Some(primary) => write!(f, ", and ask {} for the rest", primary.member.unit()),
                }
            }
            Self::KeepBackupLog { .. } => write!(f, "keep the backup's log beside it"),
            Self::TakeLead(_) => write!(f, "have the lead on this unit"),
            Self::HoldMembers(_) => {
                write!(
                    f,
                    "let no other unit take the lead, and see that none has it"
                )
            }
            Self::ReleaseMembers { .. } => write!(f, "let the members elect a primary again"),
            Self::ReopenCluster(record) => {
                write!(f, "forget the cluster's past and give this unit the lead")?;
                outdated(f, record)
            }
            Self::RebuildReplicas(record) => {
                write!(f, "rebuild {} from this unit", units(&record.others))
            }
            Self::RebuildThisReplica { id } => {
                write!(f, "make this replica anew after restore {id}")
            }
            Self::PublishRestored(id) => write!(f, "tell the peers of restore {id}"),
            Self::MoveKeptBeside(_) => write!(f, "move the kept database to where it is recovered"),
            Self::KeepAgain(_) => write!(f, "move the kept database back to where it was kept"),
            Self::StopFetch(record) => write!(f, "end the download of restore {}", record.id),
            Self::RecordRestore(record) => write!(
                f,
                "record that restore {} is {}",
                record.id,
                match record.phase {
                    RestorePhase::Beside => "under way, with a way back",
                    RestorePhase::Back => "given up",
                    RestorePhase::Exchanging => "proved, and to be put in place",
                    RestorePhase::Rebuilding => "in place, with replicas to rebuild",
                }
            ),
            Self::RestoreBeside(record) => match &record.target {
                Some(target) => write!(f, "fetch backup {} beside the data directory", target.set),
                None => write!(f, "fetch a backup beside the data directory"),
            },
            Self::RecoverBeside(record) => match &record.target {
                Some(target) => write!(f, "recover the copy, closed to everybody: {target}"),
                None => write!(
                    f,
                    "recover the copy, closed to everybody, to its last commit"
                ),
            },
            Self::RekeyBeside(_) => write!(f, "give the copy the passwords of this application"),
            Self::StopBeside => write!(f, "stop the copy"),
            Self::ProveTimeline(_) => write!(f, "see that the copy's timeline is nobody else's"),
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

fn units(names: &BTreeSet<MemberName>) -> String {
    let names: Vec<String> = names.iter().map(MemberName::unit).collect();
    names.join(", ")
}

fn outdated(f: &mut fmt::Formatter<'_>, record: &RestoreRecord) -> fmt::Result {
    if record.others.is_empty() {
        return Ok(());
    }
    write!(f, "; {} count as outdated", units(&record.others))
}
