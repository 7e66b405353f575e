//! A replica backs the cluster up: pgBackRest reads here, and asks the primary for the rest through its server.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use postgresql_charm::adapters::host::process;
use postgresql_charm::adapters::pgbackrest::command::{Backup, Primary};
use postgresql_charm::adapters::pgbackrest::{Command, PgBackRest, PgBackRestError};
use postgresql_charm::adapters::postgres::Database;
use postgresql_charm::adapters::requests;
use postgresql_charm::domain::render::PGBACKREST_PORT;
use postgresql_charm::domain::tls::Names;
use postgresql_charm::domain::tls::authority::{Issued, material};
use postgresql_charm::domain::words::{BackupKind, Stanza};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType,
};
use rustix::process::Signal;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::machine::{Machine, Running, eventually, need, soon};
use crate::server::{Server, programs};

fn stanza() -> Stanza {
    "model.pg".parse().unwrap()
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Key and certificate of a machine in one text, proved as the charm proves what a provider issues.
fn identity(machine: &Machine, authority: &Authority) -> String {
    let key = requests::private_key().unwrap();
    let address: IpAddr = machine.address.parse().unwrap();
    let names = Names::of(&"pg-0".parse().unwrap(), address, None);
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, address.to_string());
    params.subject_alt_names = vec![SanType::IpAddress(address)];
    for name in &names.names {
        let name = SanType::DnsName(name.as_str().try_into().unwrap());
        params.subject_alt_names.push(name);
    }
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.pem().expose().as_bytes()).unwrap();
    let pair = KeyPair::try_from(&der).unwrap();
    let issued = Issued {
        certificate: params.signed_by(&pair, authority).unwrap().pem(),
        chain: Vec::new(),
        ca: Some(authority.pem()),
    };
    let now = postgresql_charm::adapters::host::clock::now();
    let material = material(&key, &issued, [address], now).unwrap();
    format!("{}{}", material.key.expose(), material.presented())
}

/// The certificates of both machines, and whom both trust.
fn certify(both: [&Machine; 2], authority: &Authority, trusted: &[&Authority]) {
    let trusted: Vec<String> = trusted.iter().map(|it| it.pem()).collect();
    for machine in both {
        machine.write("identity.pem", &identity(machine, authority));
        machine.write("authorities.pem", &trusted.concat());
    }
}

fn configure(machine: &Machine, repository: &Path, client: &str) -> PgBackRest {
    need("pgbackrest", "pgbackrest");
    let path = |name: &str| machine.path(name).display().to_string();
    let repository = repository.display();
    let (address, authorities, identity) = (
        &machine.address,
        path("authorities.pem"),
        path("identity.pem"),
    );
    let config = format!(
        "[global]\nrepo1-path={repository}\nrepo1-retention-full=9\nlog-path={}\nlock-path={}\nspool-path={}\n\
         start-fast=y\ncompress-type=lz4\nio-timeout=3\n\
         tls-server-address={address}\ntls-server-port={PGBACKREST_PORT}\ntls-server-ca-file={authorities}\n\
         tls-server-cert-file={identity}\ntls-server-key-file={identity}\ntls-server-auth={client}={}\n\
         tcp-keep-alive-idle=20\ntcp-keep-alive-interval=5\ntcp-keep-alive-count=4\n\
         [{}]\npg1-path={}\npg1-socket-path={}\npg1-user=operator\n",
        path("log"),
        path("lock"),
        path("spool"),
        stanza(),
        stanza(),
        path("data"),
        path("data.socket"),
    );
    machine.make_dir("log");
    let file = machine.write("pgbackrest.conf", &config);
    PgBackRest::new(file, machine.user.clone())
}

fn serve(machine: &Machine) -> Running {
    let config = format!("--config={}", machine.path("pgbackrest.conf").display());
    let running = machine.start("server", "pgbackrest".as_ref(), &[&config, "server"]);
    eventually("the server listens", || {
        std::net::TcpStream::connect((machine.address.as_str(), PGBACKREST_PORT)).ok()
    });
    running
}

/// A primary and a replica that follows it, and a repository for both.
struct Cluster<'a> {
    machines: [&'a Machine; 2],
    primary: Server<'a>,
    replica: Server<'a>,
    pgbackrest: PgBackRest,
}

impl<'a> Cluster<'a> {
    fn start(first: &'a Machine, second: &'a Machine, authority: &Authority) -> Self {
        let machines = [first, second];
        certify(machines, authority, &[authority]);
        let repository = first.path("repository");
        let of_primary = configure(first, &repository, &second.address);
        let pgbackrest = configure(second, &repository, &first.address);
        let push = format!(
            "pgbackrest --config={} --stanza={} archive-push %p",
            first.path("pgbackrest.conf").display(),
            stanza()
        );
        let settings = format!("archive_mode = on\narchive_command = '{push}'");
        let primary = Server::start(first, &settings);
        let create = Command::StanzaCreate {
            stanza: stanza(),
            online: true,
        };
        of_primary.run(&create, soon()).unwrap();
        let copied = process::Command::new(programs().join("pg_basebackup"))
            .args(["-R", "-X", "stream", "-c", "fast", "-U", "operator", "-h"])
            .arg(&primary.socket_dir)
            .arg("-D")
            .arg(second.path("data"))
            .as_workload(&second.user)
            .run(soon())
            .unwrap();
        assert!(copied.succeeded(), "{}", copied.stderr);
        let settings = format!("listen_addresses = '{}'\nfsync = off\n", second.address);
        let following = format!(
            "primary_conninfo = 'host={} user=operator'\n",
            primary.socket_dir.display()
        );
        second.write("data/postgresql.auto.conf", &(settings + &following));
        let replica = Server::start_in(second, second.path("data"));
        Self {
            machines,
            primary,
            replica,
            pgbackrest,
        }
    }

    fn backup(&self, kind: BackupKind) -> Command {
        let [first, second] = self.machines;
        Command::Backup(Backup {
            stanza: stanza(),
            kind,
            annotations: Vec::new(),
            primary: Some(Primary {
                host: first.address.parse().unwrap(),
                port: PGBACKREST_PORT,
                config: first.path("pgbackrest.conf"),
                path: self.primary.data.clone(),
                socket_path: self.primary.socket_dir.clone(),
                user: "operator".into(),
                local_user: "operator".into(),
                ca_file: second.path("authorities.pem"),
                identity_file: second.path("identity.pem"),
            }),
            process_max: None,
            log_detail: true,
            expire_auto: None,
        })
    }

    fn take(&self, kind: BackupKind) -> Result<(), PgBackRestError> {
        self.pgbackrest.run(&self.backup(kind), soon()).map(|_| ())
    }

    /// Starts a backup and waits until the primary has begun it.
    fn begin(&self) -> Running {
        let command = self.pgbackrest.argv(&self.backup(BackupKind::Full));
        let arguments: Vec<&str> = command.iter().skip(1).map(String::as_str).collect();
        let running = self.machines[1].start("backup", "pgbackrest".as_ref(), &arguments);
        eventually("the primary has a session of the backup", || {
            (self.sessions() > 0).then_some(())
        });
        running
    }

    /// Sessions of a backup on the primary.
    fn sessions(&self) -> usize {
        let mut database = self.primary.connect();
        let found = [1, 2].iter().filter(|more| {
            let check = format!(
                "DO $$ BEGIN IF (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgBackRest%') < \
                 {more} THEN RAISE EXCEPTION 'no'; END IF; END $$"
            );
            database.execute(&check).is_ok()
        });
        found.count()
    }

    fn kinds(&self) -> Vec<String> {
        let info = self.pgbackrest.info(Some(&stanza()), soon()).unwrap();
        let backups = info.iter().flat_map(|it| &it.backups);
        backups
            .map(|backup| backup.label.to_string().chars().last().unwrap().to_string())
            .collect()
    }
}

/// A session that reads, and is not cut off.
fn reads(database: &mut Database) {
    database.execute("SELECT count(*) FROM pg_class").unwrap();
}

#[test]
fn each_kind_of_backup_is_taken_on_a_replica_that_is_read_from_meanwhile() {
    let (first, second) = (Machine::new(), Machine::new());
    let cluster = Cluster::start(&first, &second, &authority("one"));
    let _server = serve(&first);
    let mut reader = cluster.replica.connect();
    reads(&mut reader);
    cluster.take(BackupKind::Full).unwrap();
    cluster.take(BackupKind::Differential).unwrap();
    let mut running = cluster.begin();
    reads(&mut reader);
    assert!(running.ends_well(), "the backup is taken");
    cluster.take(BackupKind::Incremental).unwrap();
    reads(&mut reader);
    assert_eq!(cluster.kinds(), ["F", "D", "F", "I"]);
}

#[test]
fn another_certificate_is_taken_up_by_a_reload_while_a_backup_goes_on() {
    let (first, second) = (Machine::new(), Machine::new());
    let (old, new) = (authority("old"), authority("new"));
    let cluster = Cluster::start(&first, &second, &old);
    let server = serve(&first);
    certify([&first, &second], &old, &[&old, &new]);
    server.signal(Signal::HUP);
    let mut running = cluster.begin();
    certify([&first, &second], &new, &[&new]);
    server.signal(Signal::HUP);
    assert!(running.ends_well(), "the backup goes on");
    cluster.take(BackupKind::Full).unwrap();
    assert_eq!(cluster.kinds(), ["F", "F"]);
}

#[test]
fn a_backup_that_was_cut_off_leaves_nothing_that_the_next_one_meets() {
    let (first, second) = (Machine::new(), Machine::new());
    let cluster = Cluster::start(&first, &second, &authority("one"));
    let server = serve(&first);
    // Its unit dies.
    cluster.begin().kill();
    cluster.take(BackupKind::Full).unwrap();
    // The primary's server dies under it, with everything that reads through it.
    let mut running = cluster.begin();
    server.kill();
    assert!(!running.ends_well(), "the backup fails");
    let _server = serve(&first);
    cluster.take(BackupKind::Full).unwrap();
    assert_eq!(cluster.sessions(), 0);
    assert_eq!(cluster.kinds(), ["F", "F"]);
}

#[test]
fn a_server_reads_to_those_it_was_told_of_and_to_nobody_else() {
    let (first, second) = (Machine::new(), Machine::new());
    let one = authority("one");
    let cluster = Cluster::start(&first, &second, &one);
    let stranger = Machine::new();
    configure(&first, &first.path("repository"), &stranger.address);
    let server = serve(&first);
    let refused = cluster.take(BackupKind::Full).unwrap_err().to_string();
    assert!(refused.contains("unable to find primary"), "{refused}");
    // Told of it, it does.
    configure(&first, &first.path("repository"), &second.address);
    server.signal(Signal::HUP);
    cluster.take(BackupKind::Full).unwrap();
    // Somebody else's authority vouches for nothing.
    second.write("identity.pem", &identity(&second, &authority("two")));
    cluster.take(BackupKind::Full).unwrap_err();
    let kinds: BTreeSet<String> = cluster.kinds().into_iter().collect();
    assert_eq!(kinds, BTreeSet::from(["F".to_owned()]));
}
