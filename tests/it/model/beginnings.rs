//! Worlds to begin with.

use super::*;

impl Model {
    /// A unit before its first hook.
    pub(crate) fn new() -> Self {
        let settings = Settings::from_options(&BTreeMap::new(), &Machine::new(8 << 30, 2)).unwrap();
        let member: MemberName = "postgresql-0".parse().unwrap();
        Self {
            seen: Observed {
                juju: JujuView {
                    application: "postgresql".into(),
                    model: "dev".into(),
                    model_uuid: "5d4c3b2a-0000-4000-8000-000000000000".into(),
                    member,
                    stanza: Stanza::of("dev", "postgresql").unwrap(),
                    leader: false,
                    address: None,
                    peers: None,
                    passwords: Passwords::Absent,
                    settings: Ok(settings),
                    object_storage: ObjectStorage::Unrelated,
                    moved: None,
                    tls: TlsView::default(),
                    clients: BTreeMap::new(),
                    written: BTreeSet::new(),
                },
                host: HostView {
                    layout: Layout::new("/"),
                    workload_user: "postgres".into(),
                    charm_user: "root".into(),
                    packages: Packages::Missing {
                        major: 15,
                        names: vec!["patroni".into()],
                    },
                    memory: 8 << 30,
                    cpus: 2,
                    hostname: Some("juju-0".into()),
                    files: BTreeMap::new(),
                    services: BTreeMap::new(),
                    data: DataDirectory::Absent,
                    etcd_data: DataDirectory::Absent,
                    leaving: false,
                    lost: BTreeSet::new(),
                    prepared: false,
                    restore: None,
                    charm_dir: "/var/lib/juju/agents/unit-postgresql-0/charm".into(),
                    fetch: Fetch::None,
                    recovery: Recovery::Idle,
                    kept: None,
                    stranger: false,
                    free: 1 << 40,
                    copied: None,
                    repository: None,
                    fence: None,
                },
                etcd: Seen::NotAsked,
                lost_quorum: None,
                cluster: Seen::NotAsked,
                database: Seen::NotAsked,
                clients: Seen::NotAsked,
                clients_failed: BTreeMap::new(),
                now: "2026-01-01T12:00:00Z".parse().unwrap(),
                waited: Duration::ZERO,
                repository_tried: false,
                etcd_lead_tried: false,
            },
            store: Store::Good,
            directories: Directories::default(),
            recovered: false,
            owner: RecordedOwner::default(),
            others: Others::default(),
            unrecoverable: false,
            busy: false,
            refuses: String::new(),
            running: Running::default(),
            steps_left: None,
            performed: Vec::new(),
            staged: Staged::default(),
            members: 1,
            recorded: None,
        }
    }

    /// The same after its first hooks: leader, with a peer relation and an address.
    pub(crate) fn joined() -> Self {
        let mut model = Self::new();
        model.seen.juju.leader = true;
        model.seen.juju.address = Some("10.0.0.1".parse().unwrap());
        let member = model.seen.juju.member.clone();
        model.seen.juju.peers = Some(PeerRelation {
            units: BTreeMap::from([(member, None)]),
            ..Default::default()
        });
        model
    }

    /// A settled primary without an object store.
    pub(crate) fn primary() -> Self {
        let mut model = Self::joined();
        model.live();
        model
    }

    /// A settled replica: its peer postgresql-0 leads, in Juju, too, and votes alone.
    pub(crate) fn replica() -> Self {
        let mut model = Self::new();
        let (first, second): (MemberName, MemberName) = (
            "postgresql-0".parse().unwrap(),
            "postgresql-1".parse().unwrap(),
        );
        let address = "10.0.0.1".parse().unwrap();
        model.seen.juju.member = second.clone();
        model.seen.juju.address = Some("10.0.0.2".parse().unwrap());
        model.seen.juju.passwords = passwords();
        model.seen.juju.peers = Some(PeerRelation {
            units: BTreeMap::from([(first.clone(), Some(address)), (second, None)]),
            voters: BTreeMap::from([(first, address)]),
            initialised: true,
            ..Default::default()
        });
        model.live();
        model
    }

    /// A settled unit of a cluster of this size, whose first unit leads. As many vote as should.
    pub(crate) fn one_of(size: u8, number: u8) -> Self {
        let name = |number: u8| -> MemberName { format!("postgresql-{number}").parse().unwrap() };
        let address = |number: u8| std::net::IpAddr::from([10, 0, 0, number + 1]);
        let mut model = Self::new();
        model.seen.juju.member = name(number);
        model.seen.juju.address = Some(address(number));
        model.seen.juju.leader = number == 0;
        model.seen.juju.passwords = passwords();
        let voters = postgresql_charm::domain::decide::voters::number(usize::from(size));
        let voters = u8::try_from(voters).unwrap();
        model.seen.juju.peers = Some(PeerRelation {
            units: (0..size)
                .map(|number| (name(number), Some(address(number))))
                .collect(),
            voters: (0..voters)
                .map(|number| (name(number), address(number)))
                .collect(),
            initialised: true,
            ..Default::default()
        });
        if number < voters {
            model.seen.host.etcd_data = DataDirectory::Present;
        }
        model.members = size;
        model.next_dispatch();
        model.live();
        model
    }

    /// A settled primary that archives.
    pub(crate) fn archiving() -> Self {
        let mut model = Self::primary();
        model.relate();
        model.live();
        model
    }

    /// A settled primary of three units that archives, and leads in Juju.
    pub(crate) fn primary_of_three() -> Self {
        let mut model = Self::archiving();
        for number in [1, 2] {
            let name: MemberName = format!("postgresql-{number}").parse().unwrap();
            let address = std::net::IpAddr::from([10, 0, 0, number + 1]);
            let peers = model.seen.juju.peers.as_mut().unwrap();
            peers.units.insert(name.clone(), Some(address));
            model.others.data.insert(name, "first");
        }
        model.seen.cluster = Seen::NotAsked;
        model.live();
        model
    }
}

/// The database as Patroni makes it: with its own three users.
pub(super) fn database() -> DatabaseView {
    let role = |user: SystemUser| {
        (
            user.name().to_owned(),
            RoleView {
                password_matches: true,
                as_wanted: true,
            },
        )
    };
    DatabaseView {
        in_recovery: false,
        system_id: SystemId::new(7_400_000_000_000_000_001).unwrap(),
        timeline: Timeline::new(1).unwrap(),
        roles: [
            SystemUser::Operator,
            SystemUser::Replication,
            SystemUser::Rewind,
        ]
        .into_iter()
        .map(role)
        .collect(),
        archiver: ArchiverView::default(),
        tls: ServerTls {
            on: false,
            plaintext: true,
            loaded: moment(0),
            rules_written: None,
            certificate_written: None,
        },
        pending_restart: Vec::new(),
        limits: BTreeMap::new(),
        waits_for: BTreeSet::new(),
        streaming: BTreeSet::new(),
    }
}

/// Passwords that a search can find.
pub(crate) fn passwords() -> Passwords {
    let secret = |name: &str| Secret::new(format!("hidden-{name}"));
    Passwords::Known {
        users: SystemUser::ALL
            .into_iter()
            .map(|user| (user, secret(user.name())))
            .collect(),
        patroni: secret("patroni"),
        etcd: secret("etcd"),
    }
}

/// Parameters of an object store, with keys that a search can find.
pub(crate) fn object_store() -> ObjectStore {
    ObjectStore {
        bucket: "backups".into(),
        endpoint: "https://s3.lab:9000".into(),
        path: "/pg".into(),
        region: "us-east-1".into(),
        path_style: true,
        ca_chain: vec!["-----BEGIN CERTIFICATE-----".into()],
        access_key: Secret::new("hidden-access-key"),
        secret_key: Secret::new("hidden-secret-key"),
        retention_days: None,
    }
}
