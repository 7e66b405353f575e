//! Doing: one match over the steps, one file for each thing they touch.

mod backup;
mod certificates;
mod clients;
mod cluster;
mod commits;
mod etcd_lead;
mod fence;
mod juju;
mod leave;
mod machine;
mod progress;
mod repository;
mod restore;
mod roles;
pub(super) mod turn;
mod voters;

pub(crate) use backup::REQUEST;
pub(crate) use juju::random_byte;
pub(crate) use repository::{explained, look as look_at_repository, us};
pub(crate) use restore::{is_stranger, job_of, progress_of_recovery, settings_of};

use super::Unit;
use crate::domain::plan::Step;
use crate::error::StepError;

/// Carries out one step. Each may be repeated after it was carried out, or half-carried out.
#[expect(clippy::too_many_lines, reason = "one arm a step")]
pub(super) fn perform(unit: &mut Unit<'_>, step: &Step) -> Result<(), StepError> {
    match step {
        Step::InstallPackages { major, names } => machine::install(unit, *major, names),
        Step::MakeDirectories { major } => machine::make_directories(unit, *major),
        Step::WriteFile { file, content } => machine::write(unit, *file, content),
        Step::RemoveFile(file) => machine::remove(unit, *file),
        Step::Start(service) => machine::start(*service),
        Step::Stop(service) => machine::stop(unit, *service),
        Step::Restart(service) => machine::restart(*service),
        Step::Reload(service) => machine::reload(*service),

        Step::MakePasswords => juju::make_passwords(unit),
        Step::PublishAddress(address) => juju::publish_address(unit, *address),
        Step::PublishVoters(voters) => juju::publish_voters(unit, voters),
        Step::PublishInitialised => juju::publish_initialised(unit),
        Step::PublishStanza(stanza) => juju::publish_stanza(unit, stanza),
        Step::PublishStanding(standing) => juju::publish_standing(unit, *standing),
        Step::PublishProved(stanza) => juju::publish_proved(unit, stanza),
        Step::PublishTlsCourse(course) => juju::publish_tls_course(unit, *course),
        Step::PublishTls(said) => juju::publish_tls(unit, said),
        Step::PublishBackupServer(told) => juju::publish_backup_server(unit, told),
        Step::SetVersion(version) => juju::set_version(unit, version),
        Step::OpenPort(port) => {
            juju::open_port(unit, *port);
            Ok(())
        }
        Step::RequestCertificate { names, key } => certificates::request(unit, names, key.as_ref()),
        Step::KeepPrivateKey(key) => certificates::keep_key(unit, key),
        Step::KeepCertificate(material) => certificates::keep(unit, material),
        Step::StorePassword(user, password) => juju::store_password(unit, *user, password),

        Step::ReloadPatroni => cluster::reload(unit),
        Step::RenewPatroni => cluster::renew(unit),
        Step::ProtectEtcd => cluster::protect_etcd(unit),
        Step::ChangeClusterConfig(config) => cluster::change_config(unit, config),
        Step::RestartDatabase => cluster::restart_database(unit),
        Step::NameDatabase { system_id, config } => {
            cluster::name_database(unit, *system_id, config)
        }
        Step::Reinitialize => cluster::reinitialize(unit),
        Step::ChooseSynchronous(silent) => commits::choose_synchronous(unit, silent),
        Step::AwaitPrimary => cluster::await_primary(unit),

        Step::RecordLost(units) => voters::record_lost(unit, units),
        Step::PutEtcdAside => voters::put_aside(unit),
        Step::RestartEtcd => voters::restart(unit),
        Step::MovePeer(url) => voters::move_peer(unit, url),
        Step::AddLearner { url, .. } => voters::add_learner(unit, url),
        Step::PromoteLearner => voters::promote_learner(unit),
        Step::LeaveEtcd => voters::leave(unit),
        Step::RemoveVoter { id, .. } => voters::remove(unit, *id),
        Step::WipeEtcd => voters::wipe(unit),
        Step::MoveEtcdLead { to, .. } => {
            etcd_lead::hand_over(unit, *to);
            Ok(())
        }
        Step::AwaitHeir => voters::await_heir(unit),

        Step::SwitchOver { from } => leave::switch_over(unit, from),
        Step::FailOver => leave::fail_over(unit),
        Step::RecordLeaving { etcd } => leave::record(unit, etcd),
        Step::AwaitTurn(others) => {
            turn::take(unit, others);
            Ok(())
        }
        Step::EndTurn => {
            turn::end(unit);
            Ok(())
        }
        Step::HandOver(staying) => leave::hand_over(unit, staying),
        Step::ForgetMember => {
            leave::forget_member(unit);
            Ok(())
        }

        Step::MakeRoles => roles::make(unit),
        Step::SetRolePassword(user, password) => roles::set_password(unit, *user, password),

        Step::MakeAccessGroup => clients::make_access_group(unit),
        Step::MakeClientDatabase { user, database } => clients::make_database(unit, user, database),
        Step::MakeClientUser { account, password } => {
            clients::make_user(unit, account, password.as_ref())
        }
        Step::RemoveClientUser(user) => clients::remove_user(unit, user),
        Step::PutClientUserAside(user) => clients::put_user_aside(unit, user),

        Step::CheckObjectStore(store) => repository::check(unit, store),
        Step::JudgeOwner(store) => repository::judge(unit, store),
        Step::ClaimRepository(store, restored) => fence::claim(unit, store, restored.as_deref()),
        Step::LookAtFence(store) => fence::look(unit, store),
        Step::TakeOverRepository {
            store,
            epoch,
            restored,
        } => fence::take_over(unit, store, *epoch, restored.as_deref()),
        Step::MakeStanza(store, stanza) => repository::make_stanza(unit, store, stanza),
        Step::ProveArchiving(store, stanza) => repository::prove_archiving(unit, store, stanza),
        Step::RecordRepository(record) => repository::record(unit, record),
        Step::ForgetRepository => repository::forget(unit),
        Step::MoveRepository(moved) => repository::move_to(unit, moved),
        Step::PublishMoved(moved) => juju::publish_moved(unit, moved),

        Step::TakeBackup {
            kind,
            stanza,
            request,
            primary,
        } => backup::take(unit, *kind, stanza, request, primary.as_ref()),
        Step::KeepBackupLog {
            store,
            stanza,
            request,
        } => backup::keep_log(unit, store, stanza, request),

        Step::RecordRestore(record) => restore::record(unit, record),
        Step::TakeLead(record) => restore::or_back(unit, record, restore::take_lead(unit, record)),
        Step::HoldMembers(record) => restore::or_back(unit, record, restore::hold(unit, record)),
        Step::ReleaseMembers { by, id } => restore::release(unit, by.as_ref(), id),
        Step::ReopenCluster(record) => restore::reopen(unit, record),
        Step::RebuildReplicas(record) => restore::replicas(unit, record),
        Step::RebuildThisReplica { id } => restore::this_replica(unit, id),
        Step::RemoveStranger => restore::remove_stranger(unit),
        Step::PublishRestored(id) => restore::publish(unit, id),
        Step::MoveKeptBeside(record) => {
            restore::or_back(unit, record, restore::move_kept_beside(unit, record))
        }
        Step::KeepAgain(record) => restore::keep_again(unit, record),
        Step::StopFetch(record) => restore::stop_fetch(unit, record),
        Step::RestoreBeside(record) => {
            restore::or_back(unit, record, restore::beside(unit, record))
        }
        Step::RecoverBeside(record) => {
            restore::or_back(unit, record, restore::recover(unit, record))
        }
        Step::RekeyBeside(record) => restore::or_back(unit, record, restore::rekey(unit)),
        Step::StopBeside => restore::stop_beside(),
        Step::ProveTimeline(record) => {
            restore::or_back(unit, record, restore::prove_timeline(unit, record))
        }
        Step::RemoveBeside(record) => restore::remove_beside(unit, record),
        Step::ExchangeDataDirectories(record) => restore::exchange(unit, record),
        Step::ForgetRestore => restore::forget(unit),
        Step::RemoveKept { .. } => restore::remove_kept(unit),
    }
}
