//! A model of one unit's world: it does what the steps say, at once and without programs.
//!
//! It can be cut after any step, which is what dying there means: what was written into Juju in this dispatch is lost, what
//! was done to the machine stays.

mod beginnings;
mod perform;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use postgresql_charm::domain::backups::ownership::fence::Standing;
use postgresql_charm::domain::clients::{ACCESS_GROUP, Request};
use postgresql_charm::domain::decide::clients::answers;
use postgresql_charm::domain::observed::{
    ArchiverView, Client, ClientUser, ClientsView, ClusterView, DataDirectory, DatabaseFacts,
    DatabaseView, EtcdMember, EtcdView, Fetch, HELD, Held, HostView, JujuView, Kept, ManagedFile,
    Member, MemberState, ObjectStorage, ObjectStore, Observed, Packages, Passwords, PeerRelation,
    RESTORED, Recovery, RepositoryState, RestorePhase, RestoreRecord, Restored, Role, RoleView,
    Seen, ServerTls, Service, ServiceState, TlsView, Written,
};
use postgresql_charm::domain::plan::{Plan, Step};
use postgresql_charm::domain::render::dcs::DynamicConfiguration;
use postgresql_charm::domain::render::etcd::peer_url;
use postgresql_charm::domain::settings::{Machine, Settings};
use postgresql_charm::domain::tls::{Announcement, Course};
use postgresql_charm::domain::words::{
    MemberName, Secret, Stanza, SystemId, SystemUser, Timeline, Timestamp,
};
use postgresql_charm::error::StepError;
use postgresql_charm::layout::Layout;
use postgresql_charm::reconcile::{World, carry_out};

use beginnings::database;
pub(crate) use beginnings::{object_store, passwords};

/// What the object store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Good,
    WrongKey,
    Foreign,
}

/// Which data directory holds which database: by a name that tells them apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directories {
    pub(crate) data: Option<&'static str>,
    pub(crate) beside: Option<&'static str>,
    pub(crate) kept: Option<&'static str>,
}

/// The record in the repository that this cluster has claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordedOwner {
    pub(crate) epoch: u64,
    pub(crate) raised_for: Option<String>,
}

/// The other members of the cluster, and what etcd says that binds them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    /// The database each of them holds.
    pub(crate) data: BTreeMap<MemberName, &'static str>,
    /// Those that do not answer.
    pub(crate) away: BTreeSet<MemberName>,
    /// Whether one of them leads.
    pub(crate) lead: bool,
    held: Option<Held>,
    pub(crate) restored: Option<Restored>,
    /// The leader's key names this unit, and the one for synchronous standbys nobody else.
    pinned: bool,
}

/// What the programs run with, whatever their files say by now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Running {
    /// The configuration etcd was started with.
    pub(crate) etcd: String,
    /// The authorities it trusts: it reads them only then.
    pub(crate) etcd_trusts: String,
    /// How Patroni reaches etcd since it was started.
    pub(crate) way_to_etcd: Vec<String>,
    /// Whether Patroni and PostgreSQL reach the other members' PostgreSQL over TLS.
    pub(crate) clients_use_tls: bool,
    /// Whether PostgreSQL accepts TLS.
    pub(crate) serves_tls: bool,
    /// Whether it refuses everything else.
    pub(crate) refuses_plaintext: bool,
    /// The certificate it shows.
    pub(crate) identity: String,
}

impl Running {
    /// What an observer makes of it: PostgreSQL has read since it was written what it has in memory.
    fn tls(&self, host: &HostView) -> ServerTls {
        let written = host.files.get(&ManagedFile::TlsIdentity);
        let read = written.is_some_and(|written| written.expose() == self.identity);
        ServerTls {
            on: self.serves_tls,
            plaintext: !self.refuses_plaintext,
            loaded: moment(1),
            rules_written: Some(moment(0)),
            certificate_written: written.map(|_| if read { moment(0) } else { moment(2) }),
        }
    }
}

/// A moment of the past.
fn moment(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
    start + jiff::Span::new().minutes(minute)
}

/// The world, and how many more steps it takes before it dies.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) seen: Observed,
    pub(crate) store: Store,
    pub(crate) directories: Directories,
    pub(crate) recovered: bool,
    /// What the repository's record says.
    pub(crate) owner: RecordedOwner,
    /// The other members.
    pub(crate) others: Others,
    /// Whether a copy turns out to be unusable.
    pub(crate) unrecoverable: bool,
    /// Whether Patroni refuses to restart the database.
    pub(crate) busy: bool,
    /// The user of an application whom the database does not take.
    pub(crate) refuses: String,
    pub(crate) running: Running,
    pub(crate) steps_left: Option<usize>,
    pub(crate) performed: Vec<String>,
    /// What a dispatch wrote into Juju and is not committed.
    staged: Staged,
    /// How many members there are at least.
    members: u8,
    /// What Juju has recorded of TLS; a dispatch sees what it writes of that.
    recorded: Option<(Course, BTreeMap<MemberName, Announcement>)>,
}

#[derive(Clone, Debug, Default)]
struct Staged {
    passwords: bool,
    peers: Option<PeerRelation>,
}

impl Model {
    /// Who votes from now on, as the leader has recorded it.
    pub(crate) fn elect(&mut self, numbers: &[u8]) {
        let voters = numbers.iter().map(|number| {
            let name: MemberName = format!("postgresql-{number}").parse().unwrap();
            (name, std::net::IpAddr::from([10, 0, 0, number + 1]))
        });
        let voters = voters.collect();
        self.seen.juju.peers.as_mut().unwrap().voters = voters;
    }

    /// The units that vote in etcd.
    pub(crate) fn voters(&self) -> Vec<String> {
        let etcd = self.seen.etcd.known().expect("etcd answers");
        etcd.voters().iter().map(ToString::to_string).collect()
    }

    /// Relates an application that says this.
    pub(crate) fn relate_application(&mut self, relation: u32, says: &[(&str, &str)]) {
        let says = says
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let client = Client {
            application: "shop".into(),
            request: Request::read(&says),
            password: None,
            answered: false,
            said: serde_json::json!(says).to_string(),
        };
        self.seen.juju.clients.insert(relation, client);
    }

    /// Some minutes pass.
    pub(crate) fn later(&mut self, minutes: u64) {
        self.seen.now += Duration::from_mins(minutes);
    }

    /// Relates the object store.
    pub(crate) fn relate(&mut self) {
        self.seen.juju.object_storage = ObjectStorage::Given(object_store());
    }

    /// Dispatches until one ends with nothing to do; each commits what it wrote.
    pub(crate) fn live(&mut self) {
        for _ in 0..10 {
            let before = self.performed.len();
            postgresql_charm::reconcile::reconcile(self).unwrap();
            self.end_well();
            if self.performed.len() == before {
                return;
            }
        }
        panic!("the unit does not come to rest: {:#?}", self.performed);
    }

    /// The dispatch ends well: Juju commits.
    pub(crate) fn end_well(&mut self) {
        for relation in answers(&self.seen).into_keys() {
            self.seen.juju.clients.get_mut(&relation).unwrap().answered = true;
        }
        if std::mem::take(&mut self.staged.passwords) {
            self.seen.juju.passwords = passwords();
        }
        if let Some(peers) = self.staged.peers.take() {
            self.seen.juju.peers = Some(peers);
        }
        self.next_dispatch();
    }

    /// The dispatch dies: what it wrote into Juju is gone.
    pub(crate) fn die(&mut self) {
        for (relation, client) in &mut self.seen.juju.clients {
            if client.answered {
                continue;
            }
            client.password = None;
            let user = postgresql_charm::domain::clients::user(*relation);
            if let Seen::Known(view) = &mut self.seen.clients
                && let Some(user) = view.users.get_mut(&user)
            {
                user.password_matches = false;
            }
        }
        self.staged = Staged::default();
        if let (Some(peers), Some(recorded)) = (&mut self.seen.juju.peers, self.recorded.take()) {
            (peers.tls_course, peers.tls) = recorded;
        }
        self.next_dispatch();
    }

    /// The same world, in which a dispatch that carried this plan out has died after so many steps; and whether the plan had
    /// come to its end.
    pub(crate) fn cut(&self, plan: &Plan, after: usize) -> (Self, Result<(), StepError>) {
        let mut model = self.clone();
        model.steps_left = Some(after);
        let done = carry_out(&mut model, plan);
        model.die();
        (model, done)
    }

    /// What is written into Juju now is what Juju has recorded.
    pub(crate) fn remember(&mut self) {
        let peers = self.seen.juju.peers.as_ref();
        self.recorded = peers.map(|peers| (peers.tls_course, peers.tls.clone()));
    }

    /// The same unit, on a machine where none of its programs was ever started.
    pub(crate) fn before_its_programs(mut self) -> Self {
        self.seen.host.files.clear();
        self.seen.host.services.clear();
        self.running = Running::default();
        self.seen.host.etcd_data = DataDirectory::Absent;
        self.seen.host.data = DataDirectory::Absent;
        self.directories = Directories::default();
        self.next_dispatch();
        self
    }

    fn next_dispatch(&mut self) {
        self.remember();
        self.seen.juju.written.clear();
        self.seen.repository_tried = false;
        self.seen.etcd_lead_tried = false;
        self.seen.clients_failed.clear();
        self.steps_left = None;
        self.refresh();
    }

    fn peers(&mut self) -> &mut PeerRelation {
        let current = self.seen.juju.peers.clone();
        self.staged
            .peers
            .get_or_insert_with(|| current.expect("there is a peer relation"))
    }

    /// Programs answer when they run.
    fn refresh(&mut self) {
        let runs = |service| self.seen.host.service(service) == ServiceState::Running;
        let (etcd, patroni) = (runs(Service::Etcd), runs(Service::Patroni));
        if !etcd && !patroni {
            self.seen.etcd = Seen::NotAsked;
        } else if self.seen.etcd.known().is_none() {
            let first = self.peers_now().voters.keys().next();
            self.seen.etcd = Seen::Known(EtcdView {
                leader: first.map_or(0, etcd_id),
                authenticated: self.directories.data.is_some() || !self.first(),
                members: self
                    .peers_now()
                    .voters
                    .iter()
                    .map(|(name, address)| EtcdMember {
                        id: etcd_id(name),
                        name: Some(name.clone()),
                        peer_urls: vec![peer_url(*address, false)],
                        address: Some(*address),
                        learner: false,
                    })
                    .collect(),
            });
        }
        if !patroni {
            self.seen.cluster = Seen::NotAsked;
            self.seen.database = Seen::NotAsked;
            return;
        }
        self.directories.data.get_or_insert("first");
        self.seen.host.data = DataDirectory::Present;
        if self.seen.cluster.known().is_none() {
            self.seen.cluster = Seen::Known(self.cluster());
        }
        if self.seen.database.known().is_none() {
            let mut database = database();
            database.in_recovery = !self.first() || self.others.lead;
            self.seen.database = Seen::Known(database);
        }
        if self.seen.juju.leader && self.seen.clients.known().is_none() {
            self.seen.clients = Seen::Known(ClientsView {
                own_databases_open: true,
                ..ClientsView::default()
            });
        }
        if let Seen::Known(database) = &mut self.seen.database {
            database.tls = self.running.tls(&self.seen.host);
        }
        let (others, leads) = (self.others.clone(), self.others.lead);
        let me = self.seen.juju.member.clone();
        let alone = others.data.is_empty() && others.restored.is_none();
        if let (Seen::Known(cluster), false) = (&mut self.seen.cluster, alone) {
            let noted = |value| serde_json::to_value(value).unwrap();
            let config = cluster.config.as_object_mut().unwrap();
            config.remove(HELD);
            config.remove(RESTORED);
            config.extend(others.held.map(|it| (HELD.to_owned(), noted(it))));
            let restored = others.restored.map(|it| serde_json::to_value(it).unwrap());
            config.extend(restored.map(|it| (RESTORED.to_owned(), it)));
            for member in &mut cluster.members {
                let there = leads && others.data.keys().next() == Some(&member.name);
                let here = !leads && member.name == me;
                member.role = if there || here {
                    Role::Primary
                } else {
                    Role::Replica
                };
            }
        }
    }

    /// Patroni on the other members does what it would: with nothing that holds them, they elect a primary when none runs
    /// here. That and a restored database that is open here are never both.
    fn elect_elsewhere(&mut self) {
        if self.others.data.is_empty() {
            return;
        }
        let runs = self.seen.host.service(Service::Patroni) == ServiceState::Running;
        if !runs && self.others.held.is_none() && !self.others.pinned {
            self.others.lead = true;
        }
        assert!(
            !(runs
                && self.first()
                && self.others.lead
                && self.directories.data == Some("restored")),
            "two primaries: {:#?}",
            self.performed
        );
    }

    /// Whether this is the unit that leads.
    fn first(&self) -> bool {
        self.seen.juju.member.number() == 0
    }

    fn peers_now(&self) -> &PeerRelation {
        self.seen
            .juju
            .peers
            .as_ref()
            .expect("there is a peer relation")
    }

    fn cluster(&self) -> ClusterView {
        let units = u32::try_from(self.peers_now().units.len()).unwrap();
        let settings = self.seen.juju.settings.as_ref().unwrap();
        let config = DynamicConfiguration::new(settings, units);
        ClusterView {
            members: (0..=self
                .seen
                .juju
                .member
                .number()
                .max(u32::from(self.members) - 1))
                .chain(self.others.data.keys().map(MemberName::number))
                .map(|number| Member {
                    name: format!("postgresql-{number}").parse().unwrap(),
                    role: if number == 0 {
                        Role::Primary
                    } else {
                        Role::Replica
                    },
                    state: MemberState::Running,
                    host: format!("10.0.0.{}", number + 1),
                    timeline: Timeline::new(1).ok(),
                    lag: None,
                    pending_restart: false,
                })
                .collect(),
            synchronous: BTreeSet::new(),
            config: config.patch(&serde_json::Value::Null).unwrap(),
        }
    }

    /// The record was read, and this member may write.
    fn let_in(&mut self) {
        let database = self.seen.database.known();
        let (system, timeline) = database.map_or(
            (SystemId::new(7_001).unwrap(), Timeline::FIRST),
            |database| (database.system_id, database.timeline),
        );
        self.seen.host.fence = Some(Standing {
            repository: "the model's".into(),
            cluster: self.seen.juju.cluster_id().parse().unwrap(),
            system,
            epoch: Some(self.owner.epoch),
            server: String::new(),
            timeline,
            read_at: self.seen.now,
            overtaken: None,
        });
    }

    fn failing(&mut self, state: RepositoryState) -> StepError {
        let ObjectStorage::Given(store) = &self.seen.juju.object_storage else {
            panic!()
        };
        self.seen.host.repository = Some(postgresql_charm::domain::observed::RepositoryRecord {
            digest: postgresql_charm::domain::files::digest(store),
            state,
        });
        StepError::expected("the model says so", "").remembered()
    }
}

impl World for Model {
    fn observe(&mut self) -> Result<Observed, StepError> {
        self.refresh();
        Ok(self.seen.clone())
    }

    fn perform(&mut self, step: &Step) -> Result<(), StepError> {
        if let Some(left) = &mut self.steps_left {
            if *left == 0 {
                return Err(StepError::expected("died", ""));
            }
            *left -= 1;
        }
        self.performed.push(step.to_string());
        let done = self.carry_out(step);
        self.elect_elsewhere();
        self.refresh();
        done
    }

    fn pause(&mut self, _at_most: Duration) -> bool {
        false
    }

    fn announce(&mut self, _plan: &Plan) {}
}

/// How etcd calls the member of a unit.
pub(crate) fn etcd_id(name: &MemberName) -> u64 {
    u64::from(name.number()) + 1
}

/// Whether a managed file is there.
pub(crate) fn has(model: &Model, file: ManagedFile) -> bool {
    model.seen.host.files.contains_key(&file)
}
