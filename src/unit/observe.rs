//! Looking: hook tools and adapters in, values out.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{
    QUESTION, Unit, address_in, because, database_in, is_stranger, job_of, programs,
    progress_of_recovery, records,
};
use crate::adapters::etcd::{Etcd, EtcdError};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::{files, machine};
use crate::adapters::patroni::{self, Patroni, PatroniError};
use crate::adapters::pgbackrest::progress;
use crate::adapters::postgres::{Database, PostgresError, Role, verifier};
use crate::adapters::systemd::{self, Active, Loaded};
use crate::domain::backups::requirements::SETTINGS;
use crate::domain::observed::{
    ArchiverView, ClientUser, ClientsView, ClusterView, DataDirectory, DatabaseFacts, DatabaseView,
    EtcdMember, EtcdView, Fetch, HostView, Kept, LostQuorum, ManagedFile, Member, MemberState,
    Observed, Packages, Recovery, RestorePhase, RestoreRecord, Role as MemberRole, RoleView, Seen,
    ServerTls, Service, ServiceState,
};
use crate::domain::settings::Settings;
use crate::domain::system_roles;
use crate::domain::words::{MemberName, Secret, SystemUser, Timestamp};
use crate::error::StepError;
use crate::job::Job;

/// Looks at everything a decision may rest on; what cannot be there yet is not asked for.
pub(super) fn observe(unit: &Unit<'_>) -> Result<Observed, StepError> {
    let host = host(unit)?;
    let patroni_runs = host.service(Service::Patroni) == ServiceState::Running;
    let etcd_may_answer = host.service(Service::Etcd) == ServiceState::Running || patroni_runs;
    let (etcd, lost_quorum) = if etcd_may_answer {
        etcd(unit)
    } else {
        (Seen::NotAsked, None)
    };
    let cluster = if patroni_runs {
        cluster(unit)
    } else {
        Seen::NotAsked
    };
    let mut host = host;
    host.stranger = etcd.known().is_some()
        && !runs_in(&cluster, unit)
        && host.data == DataDirectory::Present
        && stranger(unit);
    host.copied = copied(unit, &cluster, &host.packages);
    Ok(Observed {
        juju: unit.view.clone(),
        etcd,
        lost_quorum,
        clients: clients(unit, &cluster),
        clients_failed: unit.clients_failed.clone(),
        cluster,
        database: if patroni_runs {
            database(unit)
        } else {
            Seen::NotAsked
        },
        host,
        now: clock::now(),
        waited: unit.idle_since.elapsed(),
        repository_tried: unit.repository_tried,
        etcd_lead_tried: unit.etcd_lead_tried,
    })
}

fn host(unit: &Unit<'_>) -> Result<HostView, StepError> {
    let layout = &unit.layout;
    let wanted = unit.view.settings.as_ref().ok().and_then(Settings::version);
    let packages = programs::look(unit, wanted)?;
    let etcd_made = files::exists(&layout.etcd_data().join("member/wal")).map_err(because)?;
    let (data, prepared) = match &packages {
        Packages::Present { major, .. } => {
            let initialised = layout.data_dir(*major).join("PG_VERSION");
            let there = files::exists(&initialised).map_err(because)?;
            let data = if there {
                DataDirectory::Present
            } else {
                DataDirectory::Absent
            };
            (
                data,
                files::exists(&layout.prepared(*major)).map_err(because)?,
            )
        }
        Packages::Missing { .. } => (DataDirectory::Absent, false),
    };
    let restore: Option<RestoreRecord> =
        records::read(&layout.restore_record()).map_err(because)?;
    let kept = kept(unit, &packages)?;
    Ok(HostView {
        layout: layout.clone(),
        charm_dir: unit.charm_dir.clone(),
        workload_user: unit.user.name().to_owned(),
        charm_user: if unit.user.differs_from_invoker() {
            "root"
        } else {
            unit.user.name()
        }
        .to_owned(),
        packages,
        memory: unit.memory,
        cpus: unit.cpus,
        hostname: machine::hostname().map_err(because)?,
        files: managed_files(unit)?,
        services: services()?,
        data,
        etcd_data: if etcd_made {
            DataDirectory::Present
        } else {
            DataDirectory::Absent
        },
        leaving: unit.leaving.is_some(),
        lost: records::read(&layout.lost_record())
            .map_err(because)?
            .unwrap_or_default(),
        prepared,
        fetch: fetch(unit, restore.as_ref())?,
        recovery: recovery(unit, restore.as_ref())?,
        restore,
        kept,
        stranger: false,
        free: files::free_bytes(&layout.volume()).unwrap_or(0),
        copied: None,
        repository: records::read(&layout.repository_record()).map_err(because)?,
        fence: crate::fence::standing(&layout.standing_record()),
    })
}

/// How far the download of a restore is.
fn fetch(unit: &Unit<'_>, restore: Option<&RestoreRecord>) -> Result<Fetch, StepError> {
    let Some(restore) = restore.filter(|restore| restore.phase == RestorePhase::Beside) else {
        return Ok(Fetch::None);
    };
    let job = Job::named(&unit.layout.jobs(), &job_of(&restore.id));
    match job.end()? {
        Some(end) if end.code == Some(0) => return Ok(Fetch::Done),
        Some(_) => return Ok(Fetch::Failed),
        None => {}
    }
    if !job.is_alive()? {
        return Ok(Fetch::None);
    }
    Ok(Fetch::Running {
        percent: progress::last_percent(&job.log()?),
    })
}

fn recovery(unit: &Unit<'_>, restore: Option<&RestoreRecord>) -> Result<Recovery, StepError> {
    if restore.is_none_or(|restore| restore.phase != RestorePhase::Beside) {
        return Ok(Recovery::Idle);
    }
    let recovery = progress_of_recovery(unit)?;
    let open = || {
        let socket = unit.layout.recovery_socket_dir();
        let mut database = database_in(socket, Deadline::after(QUESTION)).ok()?;
        database.in_recovery().ok().map(|recovers| !recovers)
    };
    Ok(match recovery {
        Recovery::Replaying if open() == Some(true) => Recovery::Open,
        other => other,
    })
}

/// What is kept from before the last restore; a note without a directory is of no use.
fn kept(unit: &Unit<'_>, packages: &Packages) -> Result<Option<Kept>, StepError> {
    let (Packages::Present { major, .. } | Packages::Missing { major, .. }) = packages;
    if !files::exists(&unit.layout.kept_dir(*major)).map_err(because)? {
        return Ok(None);
    }
    let note = records::read(&unit.layout.kept_record()).map_err(because)?;
    Ok(Some(note.unwrap_or(Kept {
        since: clock::now(),
        size: 0,
        moved: false,
    })))
}

/// Whether this unit's data is of another database than the cluster's; what is not known is no reason to think so.
fn stranger(unit: &Unit<'_>) -> bool {
    is_stranger(unit).unwrap_or_else(|error| {
        tracing::debug!("cannot tell whether the data is the cluster's: {error}");
        false
    })
}

fn managed_files(unit: &Unit<'_>) -> Result<BTreeMap<ManagedFile, Secret>, StepError> {
    let mut found = BTreeMap::new();
    for file in ManagedFile::ALL {
        if let Some(text) = files::read_text(&unit.layout.of(file)).map_err(because)? {
            found.insert(file, Secret::new(text));
        }
    }
    Ok(found)
}

fn services() -> Result<BTreeMap<Service, ServiceState>, StepError> {
    let mut found = BTreeMap::new();
    let units = Service::ALL.map(Service::unit);
    let states = systemd::show_all(&units, Deadline::after(QUESTION)).map_err(because)?;
    for (service, state) in Service::ALL.into_iter().zip(states) {
        let state = match (&state.loaded, &state.active) {
            (Loaded::NotFound, _) => ServiceState::Absent,
            (_, Active::Active) => ServiceState::Running,
            (_, Active::Failed) => ServiceState::Failed,
            (_, Active::Inactive) => ServiceState::Stopped,
            _ => ServiceState::Changing,
        };
        found.insert(service, state);
    }
    Ok(found)
}

/// etcd as one of its members sees it: this unit's own, as a rule. Only when that one knows no leader are all asked.
fn etcd(unit: &Unit<'_>) -> (Seen<EtcdView>, Option<LostQuorum>) {
    let addresses = unit.etcd_addresses();
    let Some((first, others)) = addresses.split_first() else {
        return (Seen::NotAsked, None);
    };
    let mut answers = vec![ask_etcd(&unit.etcd_as(*first, None))];
    if !matches!(answers[..], [Ok(Some(_))]) {
        // Together: each that is switched off takes its time not to answer.
        let asked: Vec<_> = others
            .iter()
            .map(|address| {
                let etcd = unit.etcd_as(*address, None);
                std::thread::spawn(move || ask_etcd(&etcd))
            })
            .collect();
        let nobody = || Ok(None);
        let said = asked
            .into_iter()
            .map(|it| it.join().unwrap_or_else(|_| nobody()));
        answers.extend(said);
    }
    let mut lost = LostQuorum::default();
    let mut why = "no member of it knows a leader".to_owned();
    for (address, answer) in addresses.iter().zip(answers) {
        let silent = match answer {
            Ok(Some(view)) => return (Seen::Known(view), None),
            Ok(None) => false,
            Err(error) => {
                StepError::because(&error).problem().clone_into(&mut why);
                true
            }
        };
        let voters = unit.view.peers.iter().flat_map(|peers| &peers.voters);
        let name = voters.filter(|(_, its)| *its == address);
        let group = if silent {
            &mut lost.silent
        } else {
            &mut lost.waiting
        };
        group.extend(name.map(|(name, _)| name.clone()));
    }
    (Seen::Unreachable(why), Some(lost))
}

/// What a member says; none while it knows no leader.
fn ask_etcd(etcd: &Etcd) -> Result<Option<EtcdView>, EtcdError> {
    let Some(leader) = etcd.health(Deadline::after(QUESTION))?.leader else {
        return Ok(None);
    };
    Ok(Some(EtcdView {
        leader: leader.0,
        authenticated: etcd.authentication_enabled(Deadline::after(QUESTION))?,
        members: etcd
            .member_list(Deadline::after(QUESTION))?
            .into_iter()
            .map(|member| EtcdMember {
                id: member.id.0,
                name: member.name.parse().ok(),
                address: member.peer_urls.first().and_then(|url| address_in(url)),
                peer_urls: member.peer_urls,
                learner: member.is_learner,
            })
            .collect(),
    }))
}

fn cluster(unit: &Unit<'_>) -> Seen<ClusterView> {
    let Some(patroni) = unit.patroni() else {
        return Seen::NotAsked;
    };
    match ask_cluster(&patroni) {
        Ok(view) => Seen::Known(view),
        Err(error) => Seen::Unreachable(StepError::because(&error).problem().to_owned()),
    }
}

/// The cluster as another unit's Patroni sees it, for when this unit's own is away.
pub(crate) fn cluster_elsewhere(unit: &Unit<'_>) -> Option<ClusterView> {
    let peers = unit.view.peers.as_ref()?;
    let others = (peers.units.iter()).filter(|(name, _)| **name != unit.view.member);
    let mut others = others.filter_map(|(_, address)| unit.patroni_at((*address)?));
    others.find_map(|patroni| ask_cluster(&patroni).ok())
}

fn ask_cluster(patroni: &Patroni) -> Result<ClusterView, PatroniError> {
    let deadline = Deadline::after(QUESTION);
    let members = patroni.cluster(deadline)?;
    let synchronous = (members.iter()).filter(|it| it.role == patroni::Role::SyncStandby);
    Ok(ClusterView {
        synchronous: synchronous.filter_map(|it| it.name.parse().ok()).collect(),
        members: members.into_iter().filter_map(member).collect(),
        config: patroni.config(deadline)?,
    })
}

/// Whether the cluster knows this unit as a member that works: one on other data than the cluster's ends as it starts, and
/// may have answered in between.
fn runs_in(cluster: &Seen<ClusterView>, unit: &Unit<'_>) -> bool {
    let own = cluster.known().and_then(|it| it.member(&unit.view.member));
    own.is_some_and(|own| own.state == MemberState::Running)
}

/// A member with a name that is no unit's is somebody else's experiment, and none of ours.
pub(crate) fn member(member: patroni::Member) -> Option<Member> {
    let name: MemberName = member.name.parse().ok()?;
    let role = match member.role {
        patroni::Role::Leader => MemberRole::Primary,
        patroni::Role::StandbyLeader => MemberRole::StandbyLeader,
        patroni::Role::SyncStandby | patroni::Role::Replica | patroni::Role::Uninitialized => {
            MemberRole::Replica
        }
    };
    let state = match member.state {
        patroni::MemberState::Running | patroni::MemberState::Streaming => MemberState::Running,
        other => MemberState::Other(state_in_words(other)),
    };
    let lag = match member.lag {
        Some(patroni::Lag::Bytes(bytes)) => Some(bytes),
        Some(patroni::Lag::Unknown) | None => None,
    };
    Some(Member {
        name,
        role,
        state,
        host: member.host,
        timeline: member.timeline,
        lag,
        pending_restart: member.pending_restart,
    })
}

/// How much of this unit's database was copied: from the repository as its program tells, or from the primary, which knows.
fn copied(unit: &Unit<'_>, cluster: &Seen<ClusterView>, packages: &Packages) -> Option<u8> {
    let cluster = cluster.known()?;
    let own = cluster.member(&unit.view.member)?;
    if !own.state.is_being_copied() {
        return None;
    }
    let (Packages::Present { major, .. } | Packages::Missing { major, .. }) = packages;
    let told = files::read_text(&unit.layout.copied(*major)).ok().flatten();
    if let Some(percent) = told.and_then(|text| text.parse().ok()) {
        return Some(percent);
    }
    let primary = cluster.primary()?;
    let to = unit.view.address?.to_string();
    let place = (&*primary.name.to_string(), &*primary.host);
    let mut session = (unit.session_with(place, "postgres", Deadline::after(QUESTION))).ok()?;
    session.copied_to(&to).ok().flatten()
}

fn state_in_words(state: patroni::MemberState) -> String {
    use patroni::MemberState as State;
    match state {
        State::Running | State::Streaming => "running",
        State::InArchiveRecovery => "replaying from the archive",
        State::Starting => "starting",
        State::Stopping => "stopping",
        State::Stopped => "stopped",
        State::Restarting => "restarting",
        State::CreatingReplica => MemberState::BEING_COPIED,
        State::Bootstrapping => "being made",
        State::Crashed => "crashed",
        State::Other(state) => return state,
    }
    .to_owned()
}

fn database(unit: &Unit<'_>) -> Seen<DatabaseView> {
    let answer = unit
        .database(Deadline::after(QUESTION))
        .and_then(|mut database| ask_database(unit, &mut database));
    match answer {
        Ok(view) => Seen::Known(view),
        Err(error) => Seen::Unreachable(StepError::because(&error).problem().to_owned()),
    }
}

fn ask_database(unit: &Unit<'_>, database: &mut Database) -> Result<DatabaseView, PostgresError> {
    let archiver = database.archiver()?;
    let in_recovery = database.in_recovery()?;
    let waits_for = if in_recovery {
        Vec::new()
    } else {
        database.synchronous_standbys()?
    };
    let streaming = if waits_for.is_empty() {
        Vec::new()
    } else {
        database.streaming()?
    };
    let members = |names: Vec<String>| names.iter().filter_map(|name| name.parse().ok()).collect();
    Ok(DatabaseView {
        in_recovery,
        waits_for: members(waits_for),
        streaming: members(streaming),
        system_id: database.system_identifier()?,
        timeline: database.position()?.timeline,
        roles: roles(unit, &database.roles()?),
        archiver: ArchiverView {
            archived: archiver.archived,
            failed: archiver.failed,
            last_archived: archiver.last_archived.map(|(_, at)| at),
            last_failed: archiver.last_failed.map(|(file, at)| (at, file)),
        },
        tls: server_tls(unit, database)?,
        pending_restart: database
            .pending_restart()?
            .into_iter()
            .map(|setting| setting.name)
            .collect(),
        limits: database
            .settings(&SETTINGS)?
            .into_iter()
            .filter_map(|setting| Some((setting.name, setting.value.parse().ok()?)))
            .collect(),
    })
}

/// What the primary has for applications, when this unit leads in Juju.
fn clients(unit: &Unit<'_>, cluster: &Seen<ClusterView>) -> Seen<ClientsView> {
    let primary = cluster.known().and_then(ClusterView::primary);
    let Some(primary) = primary.filter(|_| unit.view.leader) else {
        return Seen::NotAsked;
    };
    let name = primary.name.to_string();
    if unit.view.clients.is_empty() && primary.name != unit.view.member {
        // While there are none, this replica knows as well whether users of former ones are left.
        let here = unit
            .database(Deadline::after(QUESTION))
            .and_then(|mut session| ask_for_clients(unit, &mut session));
        if let Ok(view) = here
            && view.users.is_empty()
        {
            return Seen::Known(view);
        }
    }
    let answer = unit
        .session_with(
            (&name, &primary.host),
            "postgres",
            Deadline::after(QUESTION),
        )
        .and_then(|mut session| ask_for_clients(unit, &mut session).map_err(because));
    match answer {
        Ok(view) => Seen::Known(view),
        Err(error) => Seen::Unreachable(error.problem().to_owned()),
    }
}

fn ask_for_clients(unit: &Unit<'_>, session: &mut Database) -> Result<ClientsView, PostgresError> {
    let mut proved = Proved::read(unit);
    let mut users = BTreeMap::new();
    for role in session.client_roles()? {
        let relation = role.mark.as_ref().map(|mark| mark.relation);
        let client = relation.and_then(|relation| unit.view.clients.get(&relation));
        let password = client.and_then(|client| client.password.as_ref());
        let password_matches = match (&role.verifier, password) {
            (Some(verifier), Some(password)) => proved.opens(&role.name, verifier, password),
            _ => false,
        };
        let user = ClientUser {
            mark: role.mark,
            login: role.login,
            password_matches,
            privileges: role.privileges,
            groups: role.groups,
            acts_as: role.acts_as,
        };
        users.insert(role.name, user);
    }
    proved.keep(unit);
    let entries = session.database_entries()?;
    Ok(ClientsView {
        users,
        groups: session.groups()?,
        own_databases_open: entries
            .iter()
            .any(|entry| entry.open && ["postgres", "template1"].contains(&&*entry.name)),
        databases: entries
            .into_iter()
            .map(|entry| {
                let facts = DatabaseFacts {
                    owner: entry.owner,
                    open: entry.open,
                };
                (entry.name, facts)
            })
            .collect(),
    })
}

fn server_tls(unit: &Unit<'_>, database: &mut Database) -> Result<ServerTls, PostgresError> {
    let loaded = database.loaded()?;
    // A file that cannot be asked is no reason to know nothing of the database.
    let written = |path: &Path| files::changed(path).ok().flatten();
    Ok(ServerTls {
        on: loaded.tls,
        plaintext: loaded.plaintext,
        loaded: loaded.at.unwrap_or(Timestamp::UNIX_EPOCH),
        rules_written: written(&loaded.rules),
        certificate_written: written(&unit.layout.tls_identity()),
    })
}

/// The system roles, each held against what it should be and against the password in the secret.
fn roles(unit: &Unit<'_>, found: &[Role]) -> BTreeMap<String, RoleView> {
    let mut proved = Proved::read(unit);
    let roles = SystemUser::ALL
        .into_iter()
        .filter_map(|user| {
            let role = found.iter().find(|role| role.name == user.name())?;
            let matches = match (&role.verifier, unit.password(user)) {
                (Some(verifier), Some(password)) => proved.opens(user.name(), verifier, password),
                _ => false,
            };
            let as_wanted = is_as_wanted(user, role);
            Some((
                user.name().to_owned(),
                RoleView {
                    password_matches: matches,
                    as_wanted,
                },
            ))
        })
        .collect();
    proved.keep(unit);
    roles
}

/// Attributes and memberships; more memberships than wanted are an administrator's business.
fn is_as_wanted(user: SystemUser, role: &Role) -> bool {
    let wanted = system_roles::wanted(user);
    let attributes = &role.attributes;
    attributes.login
        && attributes.superuser == wanted.superuser
        && attributes.replication == wanted.replication
        && wanted
            .member_of
            .iter()
            .all(|group| role.member_of.contains(*group))
}

/// Verifiers that were found to open with a password.
///
/// Proving one costs thousands of rounds of hashing, on purpose. A digest of the pair is kept, in a file of root's, so that
/// a regular look costs none.
struct Proved {
    digests: BTreeMap<String, String>,
    changed: bool,
}

impl Proved {
    fn path(unit: &Unit<'_>) -> std::path::PathBuf {
        unit.layout.records().join("verifiers.json")
    }

    fn read(unit: &Unit<'_>) -> Self {
        // Losing it costs time and nothing else.
        let digests = records::read(&Self::path(unit))
            .ok()
            .flatten()
            .unwrap_or_default();
        Self {
            digests,
            changed: false,
        }
    }

    fn opens(&mut self, user: &str, role: &Secret, password: &Secret) -> bool {
        let mut digest = Sha256::new();
        digest.update(role.expose());
        digest.update([0]);
        digest.update(password.expose());
        let digest = format!("{:x}", digest.finalize());
        if self.digests.get(user) == Some(&digest) {
            return true;
        }
        let opens = verifier::matches(role, password) == Some(true);
        if opens {
            self.digests.insert(user.to_owned(), digest);
            self.changed = true;
        }
        opens
    }

    fn keep(&self, unit: &Unit<'_>) {
        if !self.changed {
            return;
        }
        if let Err(error) = records::write(&Self::path(unit), &self.digests) {
            tracing::debug!("cannot remember proved verifiers: {error}");
        }
    }
}
