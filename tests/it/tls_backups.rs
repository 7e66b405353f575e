//! Backups with TLS: where they are taken, and the server through which a replica takes them.

use postgresql_charm::domain::backups::Catalogue;
use postgresql_charm::domain::backups::server::BackupServer;
use postgresql_charm::domain::decide::{backup, backup_server};
use postgresql_charm::domain::decision::Decision;
use postgresql_charm::domain::observed::{
    ManagedFile, PeerRelation, RepositoryRecord, RepositoryState, Service, ServiceState,
};
use postgresql_charm::domain::plan::{Plan, Step};
use postgresql_charm::domain::tls::Stage;
use postgresql_charm::domain::words::{BackupKind, MemberName, Secret};
use postgresql_charm::domain::{files, plan};
use postgresql_charm::reconcile::World as _;
use rcgen::{CertificateParams, DnType, KeyPair};

use crate::model::{Model, object_store};

fn name(text: &str) -> MemberName {
    text.parse().unwrap()
}

fn peers(model: &mut Model) -> &mut PeerRelation {
    model.seen.juju.peers.as_mut().unwrap()
}

/// A certificate with its key, for an address.
fn identity(address: &str) -> Secret {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, address.to_owned());
    let certificate = params.self_signed(&key).unwrap();
    Secret::new(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

/// The second of two units, a replica that uses the cluster's repository, in a cluster with TLS.
fn replica() -> Model {
    let mut model = Model::replica();
    with_tls(&mut model, "10.0.0.2");
    let server = BackupServer {
        root: "/srv/first".into(),
        name: "10.0.0.1".into(),
    };
    peers(&mut model)
        .backup_servers
        .insert(name("postgresql-0"), server);
    model
}

/// The first of two units, the primary.
fn primary() -> Model {
    let mut model = Model::primary();
    with_tls(&mut model, "10.0.0.1");
    let address = "10.0.0.2".parse().unwrap();
    let second = name("postgresql-1");
    peers(&mut model)
        .units
        .insert(second.clone(), Some(address));
    let server = BackupServer {
        root: "/".into(),
        name: "10.0.0.2".into(),
    };
    peers(&mut model).backup_servers.insert(second, server);
    let postgresql_charm::domain::observed::Seen::Known(cluster) = &mut model.seen.cluster else {
        panic!("Patroni answers")
    };
    let mut follower = cluster.members[0].clone();
    follower.name = name("postgresql-1");
    follower.role = postgresql_charm::domain::observed::Role::Replica;
    cluster.members.push(follower);
    model
}

fn with_tls(model: &mut Model, address: &str) {
    model.seen.juju.tls.related = true;
    peers(model).tls_course.stage = Stage::Only;
    let stanza = model.seen.juju.stanza.clone();
    peers(model).stanza = Some(stanza.clone());
    model.relate();
    let host = &mut model.seen.host;
    host.files
        .insert(ManagedFile::TlsIdentity, identity(address));
    host.files
        .insert(ManagedFile::TlsAuthorities, Secret::new("an authority"));
    host.repository = Some(RepositoryRecord {
        digest: files::digest(&object_store()),
        state: RepositoryState::Ready {
            stanza,
            raised_for: None,
        },
    });
}

fn create(model: &Model) -> Result<Plan, String> {
    let catalogue = Catalogue::empty(model.seen.juju.stanza.clone());
    let plan = backup::create(&model.seen, &catalogue, None, |kind: BackupKind| {
        format!("backup-{}", kind.word())
    });
    plan.map_err(|refusal| format!("{refusal}\nhint: {}", refusal.hint()))
}

fn steps(decision: &Decision) -> Vec<String> {
    match decision {
        Decision::Do(plan) => plan.steps.iter().map(ToString::to_string).collect(),
        Decision::Settled => Vec::new(),
        other => panic!("{other:?}"),
    }
}

/// Carries out what is decided about the server, as the loop does.
fn serve(model: &mut Model) -> Vec<String> {
    let decision = backup_server::server(&model.seen);
    if let Decision::Do(plan) = &decision {
        for step in &plan.steps {
            model.perform(step).unwrap();
        }
    }
    steps(&decision)
}

/// pgBackRest's configuration as it should be is on the machine.
fn configure(model: &mut Model) {
    let config = files::pgbackrest_config(&model.seen, &object_store()).unwrap();
    let files = &mut model.seen.host.files;
    files.insert(ManagedFile::PgBackRestConfig, config);
}

#[test]
fn a_replica_asks_the_primary_where_that_one_is() {
    let plan = create(&replica()).unwrap();
    let plan::Step::TakeBackup {
        primary: Some(primary),
        ..
    } = &plan.steps[0]
    else {
        panic!("{plan}")
    };
    assert_eq!(primary.member, name("postgresql-0"));
    assert_eq!(primary.address.to_string(), "10.0.0.1");
    assert_eq!(primary.layout.root().display().to_string(), "/srv/first");
    assert_eq!(
        plan.steps[0].to_string(),
        "run pgbackrest backup --type=full for dev.postgresql as job backup-full, and ask postgresql/0 for the rest"
    );
}

#[test]
fn the_primary_refuses_and_names_the_replica_while_there_are_several_units() {
    let refused = create(&primary()).unwrap_err();
    assert_eq!(
        refused,
        "with TLS on, backups are made on a replica, and this unit is the primary\n\
         hint: run create-backup on postgresql/1"
    );
    let mut alone = primary();
    peers(&mut alone).units.remove(&name("postgresql-1"));
    let plan = create(&alone).unwrap();
    assert!(
        matches!(&plan.steps[0], Step::TakeBackup { primary: None, .. }),
        "{plan}"
    );
}

#[test]
fn while_servers_only_accept_tls_and_nobody_uses_it_the_rule_is_the_one_without() {
    let mut model = replica();
    peers(&mut model).tls_course.stage = Stage::Both;
    assert!(
        create(&model)
            .unwrap_err()
            .contains("hint: run create-backup on postgresql/0")
    );
    let mut model = primary();
    peers(&mut model).tls_course.stage = Stage::Both;
    let plan = create(&model).unwrap();
    assert!(matches!(
        &plan.steps[0],
        Step::TakeBackup { primary: None, .. }
    ));
}

#[test]
fn a_primary_that_serves_nobody_yet_is_waited_for() {
    let mut model = replica();
    peers(&mut model).backup_servers.clear();
    assert_eq!(
        create(&model).unwrap_err(),
        "postgresql/0, the primary, does not serve backups to its replicas yet\n\
         hint: try again in a moment; juju status shows what the units wait for"
    );
}

#[test]
fn the_server_comes_up_for_the_peers_and_is_reloaded_for_another_certificate_but_never_restarted() {
    let mut model = primary();
    assert!(serve(&mut model).is_empty(), "there is no repository yet");
    configure(&mut model);
    assert_eq!(
        serve(&mut model),
        [
            "write the unit file of pgBackRest's server",
            "start pgBackRest's server",
            "write what pgBackRest's server runs with",
        ]
    );
    assert!(serve(&mut model).is_empty());
    let reload = [
        "forget what pgBackRest's server runs with",
        "have pgBackRest's server read its configuration again",
        "write what pgBackRest's server runs with",
    ];
    let files = &mut model.seen.host.files;
    files.insert(ManagedFile::TlsIdentity, identity("10.0.0.1"));
    assert_eq!(serve(&mut model), reload);
    let files = &mut model.seen.host.files;
    files.insert(ManagedFile::TlsAuthorities, Secret::new("two of them"));
    assert_eq!(serve(&mut model), reload);
    let third = BackupServer {
        root: "/".into(),
        name: "10.0.0.3".into(),
    };
    let address = "10.0.0.3".parse().unwrap();
    peers(&mut model)
        .units
        .insert(name("postgresql-2"), Some(address));
    peers(&mut model)
        .backup_servers
        .insert(name("postgresql-2"), third);
    configure(&mut model);
    assert_eq!(serve(&mut model), reload);
    model
        .seen
        .host
        .services
        .insert(Service::BackupServer, ServiceState::Failed);
    assert_eq!(serve(&mut model)[0], "start pgBackRest's server");
}

#[test]
fn the_server_goes_with_tls_and_with_the_last_peer() {
    let serving = || {
        let mut model = primary();
        configure(&mut model);
        serve(&mut model);
        model
    };
    let mut without_tls = serving();
    peers(&mut without_tls).tls_course.stage = Stage::Off;
    let mut alone = serving();
    peers(&mut alone).units.remove(&name("postgresql-1"));
    for mut model in [without_tls, alone] {
        assert_eq!(
            serve(&mut model),
            [
                "stop pgBackRest's server",
                "forget what pgBackRest's server runs with",
            ]
        );
        assert!(serve(&mut model).is_empty());
        configure(&mut model);
        let config = &model.seen.host.files[&ManagedFile::PgBackRestConfig];
        assert!(!config.expose().contains("tls-server"));
    }
}

#[test]
fn only_peers_of_now_may_read_through_the_server() {
    let mut model = primary();
    let gone = BackupServer {
        root: "/".into(),
        name: "10.0.0.9".into(),
    };
    peers(&mut model)
        .backup_servers
        .insert(name("postgresql-9"), gone);
    configure(&mut model);
    let config = &model.seen.host.files[&ManagedFile::PgBackRestConfig];
    let allowed: Vec<&str> = config
        .expose()
        .lines()
        .filter(|line| line.starts_with("tls-server-auth"))
        .collect();
    assert_eq!(allowed, ["tls-server-auth=10.0.0.2=dev.postgresql"]);
}

#[test]
fn a_unit_tells_once_by_which_name_it_comes_and_again_when_that_changes() {
    let mut model = replica();
    let told = backup_server::announce(&model.seen);
    assert_eq!(
        steps(&told),
        ["tell the peers how they back up from this unit"]
    );
    let server = |address: &str| BackupServer {
        root: "/".into(),
        name: address.into(),
    };
    let me = name("postgresql-1");
    peers(&mut model)
        .backup_servers
        .insert(me.clone(), server("10.0.0.2"));
    assert_eq!(backup_server::announce(&model.seen), Decision::Settled);
    peers(&mut model)
        .backup_servers
        .insert(me, server("10.0.0.7"));
    assert_ne!(backup_server::announce(&model.seen), Decision::Settled);
}
