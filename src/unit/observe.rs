//! Looking: hook tools and adapters in, values out.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{QUESTION, Unit, address_in, because, programs, records};
use crate::adapters::etcd::{Etcd, EtcdError};
use crate::adapters::host::clock::{self, Deadline};
use crate::adapters::host::{files, machine};
use crate::adapters::patroni;
use crate::adapters::postgres::{Database, PostgresError, Role, verifier};
use crate::adapters::systemd::{self, Active, Loaded};
use crate::domain::observed::{
    ArchiverView, ClusterView, DataDirectory, DatabaseView, EtcdMember, EtcdView, HostView,
    ManagedFile, Member, MemberState, Observed, Packages, Role as MemberRole, RoleView, Seen,
    Service, ServiceState,
};
use crate::domain::settings::Settings;
use crate::domain::system_roles;
use crate::domain::words::{MemberName, Secret, SystemUser};
use crate::error::StepError;

/// Looks at everything a decision may rest on; what cannot be there yet is not asked for.
pub(super) fn observe(unit: &Unit<'_>) -> Result<Observed, StepError> {
    let host = host(unit)?;
    let patroni_runs = host.service(Service::Patroni) == ServiceState::Running;
    let etcd_may_answer = host.service(Service::Etcd) == ServiceState::Running || patroni_runs;
    Ok(Observed {
        juju: unit.view.clone(),
        etcd: if etcd_may_answer {
            etcd(unit)
        } else {
            Seen::NotAsked
        },
        cluster: if patroni_runs {
            cluster(unit)
        } else {
            Seen::NotAsked
        },
        database: if patroni_runs {
            database(unit)
        } else {
            Seen::NotAsked
        },
        host,
        now: clock::now(),
        repository_tried: unit.repository_tried,
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
    Ok(HostView {
        layout: layout.clone(),
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
        prepared,
        restore: records::read(&layout.restore_record()).map_err(because)?,
        repository: records::read(&layout.repository_record()).map_err(because)?,
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
    for service in Service::ALL {
        let state = systemd::show(service.unit(), Deadline::after(QUESTION)).map_err(because)?;
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

fn etcd(unit: &Unit<'_>) -> Seen<EtcdView> {
    let mut seen = Seen::NotAsked;
    for address in unit.etcd_addresses() {
        let etcd = unit.etcd_as(address, None);
        match ask_etcd(&etcd) {
            Ok(view) => return Seen::Known(view),
            Err(error) => {
                seen = Seen::Unreachable(StepError::because(&error).problem().to_owned());
            }
        }
    }
    seen
}

fn ask_etcd(etcd: &Etcd) -> Result<EtcdView, EtcdError> {
    Ok(EtcdView {
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
    })
}

fn cluster(unit: &Unit<'_>) -> Seen<ClusterView> {
    let Some(patroni) = unit.patroni() else {
        return Seen::NotAsked;
    };
    let deadline = Deadline::after(QUESTION);
    let answer = patroni
        .cluster(deadline)
        .and_then(|members| Ok((members, patroni.config(deadline)?)));
    match answer {
        Ok((members, config)) => Seen::Known(ClusterView {
            members: members.into_iter().filter_map(member).collect(),
            config,
        }),
        Err(error) => Seen::Unreachable(StepError::because(&error).problem().to_owned()),
    }
}

/// A member with a name that is no unit's is somebody else's experiment, and none of ours.
fn member(member: patroni::Member) -> Option<Member> {
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
    })
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
        State::CreatingReplica => "being copied",
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
    Ok(DatabaseView {
        in_recovery: database.in_recovery()?,
        system_id: database.system_identifier()?,
        timeline: database.position()?.timeline,
        roles: roles(unit, &database.roles()?),
        archiver: ArchiverView {
            archived: archiver.archived,
            failed: archiver.failed,
            last_archived: archiver.last_archived.map(|(_, at)| at),
            last_failed: archiver.last_failed.map(|(file, at)| (at, file)),
        },
        tls: database.setting("ssl")? == "on",
        pending_restart: database
            .pending_restart()?
            .into_iter()
            .map(|setting| setting.name)
            .collect(),
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
                (Some(verifier), Some(password)) => proved.opens(user, verifier, password),
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

    fn opens(&mut self, user: SystemUser, role: &Secret, password: &Secret) -> bool {
        let mut digest = Sha256::new();
        digest.update(role.expose());
        digest.update([0]);
        digest.update(password.expose());
        let digest = format!("{:x}", digest.finalize());
        if self.digests.get(user.name()) == Some(&digest) {
            return true;
        }
        let opens = verifier::matches(role, password) == Some(true);
        if opens {
            self.digests.insert(user.name().to_owned(), digest);
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
