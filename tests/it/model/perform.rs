//! What each step does to the model.

use postgresql_charm::domain::clients::former;
use postgresql_charm::domain::decide::repository::archiving_files;
use postgresql_charm::domain::render::patroni::way_to_etcd;

use super::*;

impl Model {
    #[expect(clippy::too_many_lines, reason = "one arm a step")]
    pub(super) fn carry_out(&mut self, step: &Step) -> Result<(), StepError> {
        let host = &mut self.seen.host;
        match step {
            Step::InstallPackages { major, .. } => {
                host.packages = Packages::Present {
                    major: *major,
                    version: "15.18".into(),
                    pgbackrest: (2, 45),
                };
            }
            Step::MakeDirectories { .. } => host.prepared = true,
            Step::WriteFile { file, content } => {
                host.files.insert(*file, content.clone());
            }
            Step::RemoveFile(file) => {
                host.files.remove(file);
            }
            Step::Start(service) | Step::Restart(service) => {
                host.services.insert(*service, ServiceState::Running);
                if *service == Service::Etcd {
                    host.etcd_data = DataDirectory::Present;
                }
                self.begins(*service);
            }
            Step::Stop(service) => {
                host.services.insert(*service, ServiceState::Stopped);
            }
            Step::MakePasswords => {
                self.staged.passwords = true;
                self.seen.juju.written.insert(Written::Passwords);
            }
            Step::PublishAddress(address) => {
                let (member, address) = (self.seen.juju.member.clone(), *address);
                self.peers().units.insert(member, Some(address));
                self.seen.juju.written.insert(Written::Address);
            }
            Step::PublishVoters(voters) => {
                self.peers().voters = voters.clone();
                self.seen.juju.written.insert(Written::Voters);
            }
            Step::PublishInitialised => {
                self.peers().initialised = true;
                self.seen.juju.written.insert(Written::Initialised);
            }
            Step::PublishStanza(stanza) => {
                self.peers().stanza = Some(stanza.clone());
                self.seen.juju.written.insert(Written::Stanza);
                // The unit goes by its own word at once.
                if let Some(peers) = &mut self.seen.juju.peers {
                    peers.stanza = Some(stanza.clone());
                }
                self.seen.repository_tried = false;
            }
            Step::ProtectEtcd => {
                if let Seen::Known(etcd) = &mut self.seen.etcd {
                    etcd.authenticated = true;
                }
            }
            Step::ChangeClusterConfig(_) => {
                let whole = self.cluster().config;
                if let Seen::Known(cluster) = &mut self.seen.cluster {
                    cluster.config = whole;
                }
            }
            Step::RestartDatabase if self.busy => {
                let refused = std::io::Error::other("restart already in progress");
                return Err(StepError::because(&refused).remembered());
            }
            Step::RestartDatabase => {
                if let Seen::Known(database) = &mut self.seen.database {
                    database.pending_restart.clear();
                }
                let me = self.seen.juju.member.clone();
                if let Seen::Known(cluster) = &mut self.seen.cluster {
                    for member in &mut cluster.members {
                        member.pending_restart &= member.name != me;
                    }
                }
            }
            Step::MakeRoles => self.roles(|role| role.as_wanted = true),
            Step::SetRolePassword(user, password) => {
                let matches = match &self.seen.juju.passwords {
                    Passwords::Known { users, .. } => users.get(user) == Some(password),
                    Passwords::Absent => false,
                };
                let name = user.name();
                if let Seen::Known(database) = &mut self.seen.database
                    && let Some(role) = database.roles.get_mut(name)
                {
                    role.password_matches = matches;
                }
            }
            Step::CheckObjectStore(_) => {
                self.seen.repository_tried = true;
                if self.store == Store::WrongKey {
                    return Err(self.failing(RepositoryState::Failed {
                        problem: "the access key is not known".into(),
                        hint: "correct it".into(),
                    }));
                }
            }
            Step::JudgeOwner(store) => {
                self.seen.repository_tried = true;
                if self.store == Store::Foreign && store.path == "/pg" {
                    return Err(self.failing(RepositoryState::Foreign {
                        owner: "somebody else".into(),
                        stanzas: vec!["prod.db".into()],
                    }));
                }
            }
            Step::ClaimRepository(_, restored) => {
                if let Some(id) = restored
                    && self.owner.raised_for.as_ref() != Some(id)
                {
                    self.owner.raised_for = Some(id.clone());
                    self.owner.epoch += 1;
                }
                self.let_in();
            }
            Step::LookAtFence(_) => {
                self.seen.repository_tried = true;
                match self.store {
                    Store::Good => self.let_in(),
                    Store::WrongKey => {}
                    Store::Foreign => {
                        let _ = self.failing(RepositoryState::Foreign {
                            owner: "somebody else".into(),
                            stanzas: vec!["prod.db".into()],
                        });
                    }
                }
            }
            Step::TakeOverRepository { epoch, .. } => {
                self.owner.epoch = epoch + 1;
                self.store = Store::Good;
            }
            Step::RecordRepository(record) => host.repository = Some(record.clone()),
            Step::ForgetRepository => host.repository = None,
            Step::MoveRepository(moved) => {
                self.seen.juju.moved = Some(moved.clone());
                let storage = self.seen.juju.object_storage.clone();
                self.seen.juju.object_storage = storage.moved(Some(moved));
                if self.seen.host.restore.is_some() {
                    let files = archiving_files(&self.seen).unwrap();
                    files.iter().try_for_each(|step| self.carry_out(step))?;
                }
            }
            Step::PublishMoved(moved) => {
                self.peers().moved = Some(moved.clone());
                self.seen.juju.written.insert(Written::Moved);
            }
            Step::RemoveStranger => {
                self.directories.data = None;
                host.data = DataDirectory::Absent;
                host.stranger = false;
            }
            Step::RecordRestore(record) => host.restore = Some(record.clone()),
            Step::RestoreBeside(_) => self.directories.beside = Some("restored"),
            Step::RecoverBeside(record) => {
                if self.unrecoverable {
                    host.restore = Some(RestoreRecord {
                        phase: RestorePhase::Back,
                        ..record.clone()
                    });
                    return Err(StepError::expected("the model says so", "").remembered());
                }
                self.recovered = true;
            }
            Step::TakeLead(_) => {
                let runs = host.service(Service::Patroni) == ServiceState::Running;
                if runs && self.others.lead {
                    self.others.lead = false;
                    self.seen.database = Seen::NotAsked;
                }
            }
            Step::HoldMembers(record) => {
                if !self.others.data.is_empty() {
                    self.others.held = Some(Held {
                        id: record.id.clone(),
                        by: self.seen.juju.member.clone(),
                    });
                }
                if self.others.lead {
                    return Err(StepError::expected("another has the lead", ""));
                }
            }
            Step::ReleaseMembers { .. } => self.others.held = None,
            Step::ReopenCluster(record) => {
                self.others.pinned = true;
                self.others.held = None;
                self.others.restored = Some(Restored {
                    id: record.id.clone(),
                    stale: record.others.clone(),
                    rebuilt_by: (!record.others.is_empty()).then(|| self.seen.juju.member.clone()),
                    moved: record.moves.clone(),
                });
            }
            Step::RebuildReplicas(record) => {
                let restored = self.others.restored.as_mut().expect("it was noted");
                for name in &record.others {
                    if !self.others.away.contains(name) {
                        restored.stale.remove(name);
                        let data = self.directories.data.expect("the primary has data");
                        self.others.data.insert(name.clone(), data);
                    }
                }
                restored.rebuilt_by = None;
            }
            Step::RebuildThisReplica { .. } => {
                let me = self.seen.juju.member.clone();
                let restored = self.others.restored.as_mut().expect("it was noted");
                restored.stale.remove(&me);
                self.directories.data = Some("restored");
            }
            Step::PublishRestored(id) => {
                let id = id.clone();
                self.peers().restored = Some(id);
                self.seen.juju.written.insert(Written::Restored);
            }
            Step::MoveKeptBeside(_) => {
                if let Some(kept) = self.directories.kept.take() {
                    self.directories.beside = Some(kept);
                }
            }
            Step::KeepAgain(_) => {
                if let Some(beside) = self.directories.beside.take() {
                    self.directories.kept = Some(beside);
                }
            }
            Step::RemoveBeside(_) => {
                self.directories.beside = None;
                self.recovered = false;
            }
            Step::ExchangeDataDirectories(record) => {
                if let Some(beside) = self.directories.beside.take() {
                    if let Some(data) = self.directories.data.take() {
                        self.directories.kept = Some(data);
                    }
                    self.directories.data = Some(beside);
                }
                host.kept = self.directories.kept.map(|_| Kept {
                    since: self.seen.now,
                    size: 1 << 30,
                    moved: record.moves.is_some(),
                });
            }
            Step::ForgetRestore => host.restore = None,
            Step::RemoveKept { .. } => {
                self.directories.kept = None;
                host.kept = None;
            }
            Step::PublishStanding(standing) => {
                let standing = *standing;
                self.peers().standing = Some(standing);
                self.seen.juju.written.insert(Written::Standing);
            }
            Step::PublishProved(stanza) => {
                let stanza = stanza.clone();
                self.peers().proved = Some(stanza);
                self.seen.juju.written.insert(Written::Proved);
            }
            Step::AddLearner { address, url } => {
                let member = EtcdMember {
                    id: 100,
                    name: None,
                    peer_urls: vec![url.clone()],
                    address: Some(*address),
                    learner: true,
                };
                if let Seen::Known(etcd) = &mut self.seen.etcd
                    && !etcd.members.contains(&member)
                {
                    etcd.members.push(member);
                }
            }
            Step::PromoteLearner => {
                let (name, address) = (self.seen.juju.member.clone(), self.seen.juju.address);
                if let Seen::Known(etcd) = &mut self.seen.etcd {
                    for member in &mut etcd.members {
                        if member.address == address {
                            member.name = Some(name.clone());
                            member.learner = false;
                        }
                    }
                }
            }
            Step::MovePeer(url) => {
                let name = Some(self.seen.juju.member.clone());
                if let Seen::Known(etcd) = &mut self.seen.etcd {
                    let mine = etcd.members.iter_mut().find(|member| member.name == name);
                    mine.unwrap().peer_urls = vec![url.clone()];
                }
            }
            Step::PublishTlsCourse(course) => {
                let course = *course;
                self.peers().tls_course = course;
                let peers = self.seen.juju.peers.as_mut().unwrap();
                if peers.units.len() == 1 {
                    peers.tls_course = course;
                } else {
                    self.seen.juju.written.insert(Written::TlsCourse);
                }
            }
            Step::PublishTls(said) => {
                let member = self.seen.juju.member.clone();
                self.peers().tls.insert(member.clone(), said.clone());
                let peers = self.seen.juju.peers.as_mut().unwrap();
                peers.tls.insert(member, said.clone());
                self.seen.juju.written.insert(Written::Tls);
            }
            Step::RenewPatroni => self.begins_again(),
            Step::ReloadPatroni => self.reads_its_configuration(),
            Step::RestartEtcd => self.begins(Service::Etcd),
            Step::LeaveEtcd => {
                let name = Some(self.seen.juju.member.clone());
                if let Seen::Known(etcd) = &mut self.seen.etcd {
                    etcd.members.retain(|member| member.name != name);
                }
            }
            Step::RemoveVoter { id, .. } => {
                if let Seen::Known(etcd) = &mut self.seen.etcd {
                    etcd.members.retain(|member| member.id != *id);
                }
            }
            Step::MoveEtcdLead { to, .. } => {
                self.seen.etcd_lead_tried = true;
                if let Seen::Known(etcd) = &mut self.seen.etcd {
                    etcd.leader = *to;
                }
            }
            Step::ChooseSynchronous(silent) => {
                if let Seen::Known(database) = &mut self.seen.database {
                    database.waits_for.retain(|name| !silent.contains(name));
                }
            }
            Step::RecordLost(units) => host.lost.clone_from(units),
            Step::PutEtcdAside => {
                host.services.insert(Service::Etcd, ServiceState::Stopped);
                host.etcd_data = DataDirectory::Absent;
                self.seen.etcd = Seen::NotAsked;
                self.seen.lost_quorum = None;
            }
            Step::WipeEtcd => host.etcd_data = DataDirectory::Absent,
            Step::RecordLeaving { .. } => host.leaving = true,
            Step::PublishBackupServer(told) => {
                let (member, told) = (self.seen.juju.member.clone(), told.clone());
                self.peers().backup_servers.insert(member, told);
                self.seen.juju.written.insert(Written::BackupServer);
            }
            Step::RequestCertificate { .. } => {
                self.seen.juju.written.insert(Written::CertificateRequest);
            }
            Step::KeepCertificate(_) => {
                self.seen.juju.written.insert(Written::Certificate);
            }
            Step::MakeAccessGroup => {
                let view = self.clients();
                view.groups.insert(ACCESS_GROUP.into());
                view.own_databases_open = false;
            }
            Step::MakeClientDatabase { database, .. } => {
                let facts = DatabaseFacts {
                    owner: database.owner(),
                    open: false,
                };
                let view = self.clients();
                view.groups.insert(database.owner());
                view.databases.insert(database.to_string(), facts);
            }
            Step::MakeClientUser { account, password } => {
                if self.refuses == account.user {
                    let why = "the model says so".to_owned();
                    self.seen.clients_failed.insert(account.user.clone(), why);
                    return Err(StepError::expected("the model says so", "").remembered());
                }
                let owner = account.database.owner();
                let acts_as = account.acts_as_owner.then_some(owner);
                let user = ClientUser {
                    mark: Some(account.mark.clone()),
                    login: true,
                    password_matches: true,
                    privileges: account.privileges,
                    groups: account.groups.clone(),
                    acts_as: acts_as
                        .map(|owner| (account.database.to_string(), owner))
                        .into_iter()
                        .collect(),
                };
                self.clients().users.insert(account.user.clone(), user);
                let relation = account.mark.relation;
                let client = self.seen.juju.clients.get_mut(&relation).unwrap();
                if password.is_none() {
                    client.password = Some(Secret::new(format!("hidden-{relation}")));
                }
            }
            Step::RemoveClientUser(user) => {
                self.clients().users.remove(user);
            }
            Step::PutClientUserAside(user) => {
                let aside = ClientUser {
                    login: false,
                    groups: BTreeSet::new(),
                    ..self.clients().users.remove(user).unwrap()
                };
                self.clients().users.insert(former(user, 0), aside);
            }
            Step::Reinitialize
            | Step::NameDatabase { .. }
            | Step::SwitchOver { .. }
            | Step::FailOver
            | Step::KeepPrivateKey(_)
            | Step::Reload(_)
            | Step::StopFetch(_)
            | Step::ProveTimeline(_)
            | Step::AwaitTurn(_)
            | Step::EndTurn
            | Step::HandOver(_)
            | Step::AwaitHeir
            | Step::ForgetMember
            | Step::SetVersion(_)
            | Step::OpenPort(_)
            | Step::AwaitPrimary
            | Step::StorePassword(..)
            | Step::MakeStanza(..)
            | Step::ProveArchiving(..)
            | Step::TakeBackup { .. }
            | Step::KeepBackupLog { .. }
            | Step::RekeyBeside(_)
            | Step::StopBeside => {}
        }
        Ok(())
    }

    fn file(&self, file: ManagedFile) -> String {
        let text = self.seen.host.files.get(&file);
        text.map_or("", Secret::expose).to_owned()
    }

    /// A program starts, with what is written by then.
    pub(crate) fn begins(&mut self, service: Service) {
        match service {
            Service::Etcd => {
                let config = self.file(ManagedFile::EtcdConfig);
                self.running.etcd_trusts.clear();
                if config.contains("TRUSTED_CA_FILE") {
                    self.running.etcd_trusts = self.file(ManagedFile::TlsAuthorities);
                }
                self.running.etcd = config;
            }
            // With PostgreSQL.
            Service::Patroni => {
                self.finds_etcd();
                self.reads_its_configuration();
            }
            Service::Watcher | Service::BackupServer => {}
        }
    }

    /// Patroni starts while PostgreSQL runs on: that one takes up its rules, and on the primary its settings, too.
    pub(crate) fn begins_again(&mut self) {
        self.finds_etcd();
        let before = self.running.clone();
        self.reads_its_configuration();
        if !self.first() {
            self.running.serves_tls = before.serves_tls;
            self.running.identity = before.identity;
        }
    }

    fn finds_etcd(&mut self) {
        let config = self.file(ManagedFile::PatroniConfig);
        let way = way_to_etcd(&config).into_iter();
        self.running.way_to_etcd = way.map(str::to_owned).collect();
    }

    /// Patroni and PostgreSQL take up what is written by then; how Patroni reaches etcd is none of it.
    fn reads_its_configuration(&mut self) {
        let config = self.file(ManagedFile::PatroniConfig);
        self.running.clients_use_tls = config.contains("sslmode: verify-ca");
        self.running.serves_tls = config.contains("\n    ssl: \"on\"\n");
        self.running.refuses_plaintext =
            config.contains("\"hostssl ") || config.contains("- hostssl ");
        self.running.identity.clear();
        if self.running.serves_tls {
            self.running.identity = self.file(ManagedFile::TlsIdentity);
        }
    }

    fn clients(&mut self) -> &mut ClientsView {
        match &mut self.seen.clients {
            Seen::Known(view) => view,
            other => panic!("{other:?}"),
        }
    }

    fn roles(&mut self, change: impl Fn(&mut RoleView)) {
        let Seen::Known(database) = &mut self.seen.database else {
            return;
        };
        for user in SystemUser::ALL {
            let fresh = RoleView {
                password_matches: false,
                as_wanted: false,
            };
            change(database.roles.entry(user.name().into()).or_insert(fresh));
        }
    }
}
