//! This unit as the loop's world: the only place where Juju, the domain and the adapters meet.

mod installation;
mod observe;
mod perform;
mod programs;
pub mod records;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use juju_charm::Juju;
use serde::{Deserialize, Serialize};

pub use installation::Installation;
pub(crate) use observe::{cluster_elsewhere, member};
pub(crate) use perform::{
    REQUEST, explained, is_stranger, job_of, look_at_repository, progress_of_recovery, random_byte,
    settings_of, us,
};

use crate::adapters::Ports;
use crate::adapters::etcd::{Etcd, EtcdError, Lock, Login};
use crate::adapters::host::clock::{self, Deadline, Stopwatch};
use crate::adapters::host::{files, machine};
use crate::adapters::patroni::{Credentials, Patroni, Xlog};
use crate::adapters::postgres::{Database, PostgresError, Target as Connection};
use crate::adapters::trust::Trust;
use crate::domain::decide::quorum::Reach;
use crate::domain::observed::{JujuView, Moved, Observed, Passwords};
use crate::domain::plan::{Plan, Step};
use crate::domain::render::{
    ETCD_CLIENT_PORT, ETCD_TLS_CLIENT_PORT, PATRONI_PORT, POSTGRESQL_PORT,
};
use crate::domain::settings::Machine;
use crate::domain::tls::Stage;
use crate::domain::words::{MemberName, Secret, SystemUser};
use crate::error::StepError;
use crate::juju::view;
use crate::reconcile::World;

/// How long one dispatch stays in all to see programs come up. Juju runs nothing else on the unit meanwhile.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks while waiting.
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);
/// A question to a program on this machine, or on a peer.
pub(crate) const QUESTION: Duration = Duration::from_secs(5);

/// This unit.
pub struct Unit<'a> {
    juju: &'a Juju,
    installation: Installation,
    view: JujuView,
    memory: u64,
    cpus: u32,
    patience: Deadline,
    /// Since when this dispatch has only looked.
    idle_since: Stopwatch,
    repository_tried: bool,
    etcd_lead_tried: bool,
    clients_failed: BTreeMap<String, String>,
    leaving: Option<Leaving>,
    /// Held while this unit leaves and no other may.
    turn: Option<Lock>,
    stays: bool,
}

/// What a unit that leaves has to know after its peer relation is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Leaving {
    /// Its own address.
    address: Option<IpAddr>,
    /// Where etcd answers.
    etcd: Vec<IpAddr>,
}

impl<'a> Unit<'a> {
    /// This unit, with what Juju says of it.
    ///
    /// # Errors
    ///
    /// When Juju cannot be asked, or the machine lacks the user that runs the programs.
    pub fn new(juju: &'a Juju) -> Result<Self, StepError> {
        let installation = Installation::on_any_machine(juju)?;
        let memory = machine::total_memory().map_err(because)?.unwrap_or(0);
        let cpus = u32::try_from(machine::processors().get()).unwrap_or(1);
        let leaving = records::read(&installation.layout.leaving_record()).map_err(because)?;
        let remembered = installation.layout.peers_record();
        let of_machine = Machine::new(memory, cpus);
        let mut view = view::read(juju, &of_machine, &remembered, clock::now())?;
        let moved = records::read(&installation.layout.moved_record()).map_err(because)?;
        let told = view.peers.as_ref().and_then(|peers| peers.moved.clone());
        view.moved = Moved::later(moved, told);
        view.object_storage = view.object_storage.moved(view.moved.as_ref());
        Ok(Self {
            juju,
            installation,
            view,
            memory,
            cpus,
            patience: Deadline::after(PATIENCE),
            idle_since: Stopwatch::start(),
            repository_tried: false,
            etcd_lead_tried: false,
            clients_failed: BTreeMap::new(),
            leaving,
            turn: None,
            stays: juju.context().action.is_some(),
        })
    }

    /// Juju.
    pub fn juju(&self) -> &Juju {
        self.juju
    }

    /// What Juju says, as it was when the dispatch began.
    pub fn view(&self) -> &JujuView {
        &self.view
    }

    /// Patroni on this unit, when its password and address are known.
    fn patroni(&self) -> Option<Patroni> {
        self.patroni_at(self.address()?)
    }

    /// Patroni at an address, when its password is known.
    fn patroni_at(&self, address: IpAddr) -> Option<Patroni> {
        let Passwords::Known { patroni, .. } = &self.view.passwords else {
            return None;
        };
        let host = address.to_string();
        let credentials = Credentials {
            user: "patroni".into(),
            password: patroni.clone(),
        };
        let ports = self.ports(PATRONI_PORT, PATRONI_PORT);
        Some(Patroni::reached(&host, &ports, Some(credentials)))
    }

    /// How a program of the cluster is reached while the cluster is in its present stage of TLS: a server can be one
    /// stage ahead or behind.
    fn ports(&self, plain: u16, tls: u16) -> Ports {
        let stage = match &self.view.peers {
            Some(peers) => peers.tls_course.stage,
            // Whoever has left its peers takes what there is.
            None => Stage::Use,
        };
        let trust = self.trust().filter(|_| stage.serves());
        Ports {
            plain: (!stage.refuses_plaintext()).then_some(plain),
            tls: trust.map(|trust| (tls, trust)),
        }
    }

    /// The authorities that vouch for the other units, once there are any.
    fn trust(&self) -> Option<Trust> {
        let text = files::read_text(&self.layout.tls_authorities()).ok()??;
        let trust = Trust::of(&text);
        trust.inspect_err(|error| tracing::warn!("{error}")).ok()
    }

    /// Who has to vouch for another unit's PostgreSQL; nobody as long as clients use no TLS.
    fn trust_for_sessions(&self) -> Option<Trust> {
        let peers = self.view.peers.as_ref();
        let uses = peers.is_some_and(|peers| peers.tls_course.stage.uses());
        self.trust().filter(|_| uses)
    }

    /// This unit's address, also when it has left its peers.
    fn address(&self) -> Option<IpAddr> {
        let recorded = || self.leaving.as_ref()?.address;
        self.view.address.or_else(recorded)
    }

    /// Where etcd may answer: on this unit first, if it may vote.
    fn etcd_addresses(&self) -> Vec<IpAddr> {
        let mut hosts: Vec<IpAddr> = match (&self.view.peers, &self.leaving) {
            (_, Some(leaving)) => leaving.etcd.clone(),
            (Some(peers), None) => peers.etcd_hosts().into_iter().collect(),
            (None, None) => Vec::new(),
        };
        let own = self.address();
        hosts.sort_by_key(|host| Some(*host) != own);
        hosts
    }

    /// etcd on this unit when it has a member itself, or else at the first voter.
    fn etcd(&self, login: Option<Login>) -> Option<Etcd> {
        let member = self.layout.etcd_data().join("member");
        let own = self
            .address()
            .filter(|_| files::exists(&member).unwrap_or(false));
        let address = own.or_else(|| self.etcd_addresses().first().copied())?;
        Some(self.etcd_as(address, login))
    }

    /// etcd at an address, as its administrator.
    fn etcd_at(&self, address: IpAddr) -> Etcd {
        self.etcd_as(address, self.etcd_login())
    }

    fn etcd_as(&self, address: IpAddr, login: Option<Login>) -> Etcd {
        let ports = self.ports(ETCD_CLIENT_PORT, ETCD_TLS_CLIENT_PORT);
        Etcd::reached(&address.to_string(), &ports, login)
    }

    /// etcd everywhere it may answer, as its administrator.
    fn etcds(&self) -> Vec<Etcd> {
        let hosts = self.etcd_addresses().into_iter();
        hosts.map(|address| self.etcd_at(address)).collect()
    }

    /// The same without this unit's own.
    fn other_etcds(&self) -> Vec<Etcd> {
        let own = self.address();
        let hosts = self.etcd_addresses().into_iter();
        hosts
            .filter(|address| Some(*address) != own)
            .map(|address| self.etcd_at(address))
            .collect()
    }

    /// The first answer when all of these are asked one after the other, or why the last one gave none; nothing when there
    /// are none.
    fn first_answer<T>(
        etcds: Vec<Etcd>,
        mut ask: impl FnMut(&Etcd) -> Result<T, EtcdError>,
    ) -> Result<Option<T>, EtcdError> {
        let mut failed = None;
        for etcd in etcds {
            match ask(&etcd) {
                Ok(answer) => return Ok(Some(answer)),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    fn etcd_login(&self) -> Option<Login> {
        let Passwords::Known { etcd, .. } = &self.view.passwords else {
            return None;
        };
        Some(Login {
            user: "root".into(),
            password: etcd.clone(),
        })
    }

    /// This unit's database, as its superuser over the socket.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub fn database(&self, deadline: Deadline) -> Result<Database, PostgresError> {
        database_in(self.layout.socket_dir(), deadline)
    }

    /// A database of the primary, as its superuser: over the socket when the primary is this unit.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn session_with(
        &self,
        (primary, host): (&str, &str),
        database: &str,
        deadline: Deadline,
    ) -> Result<Database, StepError> {
        let operator = SystemUser::Operator;
        if primary == self.view.member.to_string() {
            let target = Connection {
                socket_dir: self.layout.socket_dir(),
                port: POSTGRESQL_PORT,
                user: operator.name().into(),
                database: database.into(),
            };
            return Database::connect(&target, deadline).map_err(because);
        }
        let password = self
            .password(operator)
            .ok_or_else(|| StepError::expected("the application has no passwords yet", ""))?;
        Database::connect_to(
            host,
            POSTGRESQL_PORT,
            (operator.name(), database),
            password,
            self.trust_for_sessions().as_ref(),
            deadline,
        )
        .map_err(because)
    }

    /// How far this unit's copy of the database reaches, and those of the peers that answer.
    pub(crate) fn reaches(&self) -> (Option<Reach>, BTreeMap<MemberName, Reach>) {
        let units = self.view.peers.iter().flat_map(|peers| &peers.units);
        let asked: Vec<_> = units
            .filter_map(|(name, address)| Some((name.clone(), (*address)?)))
            .map(|(name, address)| {
                let ports = self.ports(PATRONI_PORT, PATRONI_PORT);
                let patroni = Patroni::reached(&address.to_string(), &ports, None);
                (name, std::thread::spawn(move || reach_of(&patroni)))
            })
            .collect();
        let mut answers: BTreeMap<MemberName, Reach> = asked
            .into_iter()
            .filter_map(|(name, answer)| Some((name, answer.join().ok().flatten()?)))
            .collect();
        (answers.remove(&self.view.member), answers)
    }

    /// Long work goes on by itself from here: this dispatch does not stay for its end.
    pub fn leave_to_itself(&mut self) {
        self.stays = false;
    }

    /// Tells the one who waits for this action; outside an action, the log.
    pub(crate) fn tell(&self, line: &str) {
        if self.juju.context().action.is_none() {
            tracing::info!("{line}");
        } else if let Err(error) = self.juju.action_log(line) {
            tracing::warn!("cannot report progress: {error}");
        }
    }

    fn password(&self, user: SystemUser) -> Option<&Secret> {
        match &self.view.passwords {
            Passwords::Known { users, .. } => users.get(&user),
            Passwords::Absent => None,
        }
    }
}

/// How far the copy of a unit reaches; none when it does not answer.
fn reach_of(patroni: &Patroni) -> Option<Reach> {
    let member = patroni.member(Deadline::after(QUESTION)).ok()?;
    let end = match member.xlog? {
        Xlog::Writing { location } => location,
        Xlog::Replaying {
            received, replayed, ..
        } => received.max(replayed)?,
    };
    let timeline = member.timeline?;
    Some(Reach { timeline, end })
}

/// A database on this machine, as its superuser over the socket in a directory.
fn database_in(socket_dir: PathBuf, until: Deadline) -> Result<Database, PostgresError> {
    let target = Connection {
        socket_dir,
        port: POSTGRESQL_PORT,
        user: SystemUser::Operator.name().into(),
        database: "postgres".into(),
    };
    Database::connect(&target, until)
}

/// The parts of the installation are the unit's own.
impl Deref for Unit<'_> {
    type Target = Installation;

    fn deref(&self) -> &Installation {
        &self.installation
    }
}

/// The address in a URL of etcd's.
pub(crate) fn address_in(url: &str) -> Option<IpAddr> {
    let (_, authority) = url.split_once("://")?;
    Some(authority.parse::<SocketAddr>().ok()?.ip())
}

/// An adapter's error as a step's.
pub(crate) fn because(error: impl std::error::Error + 'static) -> StepError {
    StepError::because(&error)
}

impl World for Unit<'_> {
    fn observe(&mut self) -> Result<Observed, StepError> {
        observe::observe(self)
    }

    fn perform(&mut self, step: &Step) -> Result<(), StepError> {
        perform::turn::renew(self);
        let done = perform::perform(self, step);
        self.idle_since = Stopwatch::start();
        done
    }

    fn pause(&mut self, at_most: Duration) -> bool {
        let over = self.patience.is_over() || self.idle_since.elapsed() >= at_most;
        if !over {
            clock::sleep(BETWEEN_LOOKS);
        }
        !over
    }

    fn announce(&mut self, plan: &Plan) {
        tracing::info!("{plan}");
        // Before the work and not after it: what is being done is most interesting while it is.
        self.juju.log().flush();
    }
}
