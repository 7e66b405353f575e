//! Every file as a whole, compared with one written down in `tests/golden/render`.
//!
//! `BLESS=1 cargo test golden` writes them again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use super::archive::{ArchiveCommand, Fence, Repository};
use super::dcs::DynamicConfiguration;
use super::hba::{Access, LocalUsers};
use super::patroni::{Credentials, EtcdAccess, Tag};
use super::pgbackrest::{Purpose, Server, Store};
use super::{Unrepresentable, etcd, patroni, patroni_unit, pgbackrest, watcher_unit};
use crate::domain::settings::{Machine, OptionValue, Settings};
use crate::domain::tls::Stage;
use crate::domain::words::{MemberName, Secret};
use crate::layout::Layout;

#[track_caller]
fn matches_golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/render")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        golden == text,
        "{name} differs from its golden file; it is now:\n{text}"
    );
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn member(number: u8) -> MemberName {
    MemberName::from_unit(&format!("postgresql/{number}")).unwrap()
}

fn settings(options: &[(&str, OptionValue)]) -> Settings {
    let options: BTreeMap<String, OptionValue> = options
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    Settings::from_options(&options, &Machine::new(8_000_000_000, 4)).unwrap()
}

fn repository(layout: &Layout) -> Repository {
    Repository {
        config: layout.pgbackrest_config(),
        stanza: "prod.postgresql".parse().unwrap(),
    }
}

fn fence() -> Fence {
    Fence {
        charm: "/var/lib/juju/agents/unit-postgresql-0/charm".into(),
        cluster: "5d4c3b2a-0000-4000-8000-000000000000/postgresql".to_owned(),
        standing: Layout::new("/").standing_record(),
    }
}

fn access(members: Vec<IpAddr>, tls: bool) -> Access {
    let local = LocalUsers {
        charm: "root".to_owned(),
        workload: "postgres".to_owned(),
    };
    Access {
        address: address(1),
        members,
        tls,
        local,
    }
}

/// What differs between the cases of Patroni's file.
struct PatroniCase {
    major: u32,
    settings: Settings,
    etcd_hosts: Vec<IpAddr>,
    etcd_asks_who: bool,
    operator: &'static str,
    repository: Option<Repository>,
    access: Access,
    stage: Stage,
    tags: BTreeSet<Tag>,
}

impl PatroniCase {
    fn text(&self) -> String {
        let [operator, replication, rewind, rest, etcd] = [
            self.operator,
            "not-the-replication-password",
            "not-the-rewind-password",
            "not-the-rest-password",
            "not-the-etcd-password",
        ]
        .map(Secret::from);
        let archive = self
            .repository
            .clone()
            .map_or(ArchiveCommand::NeverConfigured, |repository| {
                ArchiveCommand::PgBackRest(repository, fence())
            });
        patroni::Configuration {
            layout: &Layout::new("/"),
            charm: std::path::Path::new("/var/lib/juju/agents/unit-postgresql-0/charm"),
            major: self.major,
            scope: "postgresql",
            member: &member(0),
            address: address(1),
            etcd: EtcdAccess {
                hosts: self.etcd_hosts.clone(),
                login: self.etcd_asks_who.then_some(("patroni", &etcd)),
            },
            credentials: Credentials {
                operator: &operator,
                replication: &replication,
                rewind: &rewind,
                rest: &rest,
            },
            settings: &self.settings,
            bootstrap: &DynamicConfiguration::new(&self.settings, 1),
            archive: &archive,
            replicas_from: self.repository.as_ref(),
            access: &self.access,
            stage: self.stage,
            tags: self.tags.clone(),
        }
        .render()
    }
}

#[test]
fn golden_patroni_file_of_a_first_unit_without_a_repository() {
    let case = PatroniCase {
        major: 15,
        settings: settings(&[]),
        etcd_hosts: vec![address(1)],
        etcd_asks_who: true,
        operator: "not-the-operator-password",
        repository: None,
        access: access(vec![address(1)], false),
        stage: Stage::Off,
        tags: BTreeSet::new(),
    };
    matches_golden("patroni-first-unit.yaml", &case.text());
}

#[test]
fn golden_patroni_file_of_three_units_with_a_repository_and_options() {
    let members = vec![address(1), address(2), address(3)];
    let case = PatroniCase {
        major: 16,
        settings: settings(&[
            ("memory-work-mem", OptionValue::Int(65536)),
            ("durability-wal-keep-size", OptionValue::Int(128)),
            ("optimizer-jit", OptionValue::Bool(false)),
            (
                "response-lc-monetary",
                OptionValue::String("cs_CZ.UTF-8".to_owned()),
            ),
            ("logging-log-lock-waits", OptionValue::Bool(true)),
        ]),
        etcd_hosts: members.clone(),
        etcd_asks_who: false,
        // What a reader of YAML could take for a number, for a comment, or for the end of the text.
        operator: "12:30 #\"\\ ",
        repository: Some(repository(&Layout::new("/"))),
        access: access(members, true),
        stage: Stage::Off,
        tags: BTreeSet::from([Tag::NoFailover, Tag::NoSync]),
    };
    matches_golden("patroni-three-units.yaml", &case.text());
}

#[test]
fn golden_units_on_a_machine() {
    let layout = Layout::new("/");
    let program = layout.charm_dir(&member(0)).join("dispatch");
    let guard = etcd::Guard {
        program: &program,
        address: Some(address(1)),
    };
    matches_golden(
        "charmed-patroni.service",
        &patroni_unit::unit(&layout, "postgres"),
    );
    matches_golden(
        "charmed-etcd.service",
        &etcd::unit(&layout, "postgres", &guard),
    );
    matches_golden(
        "charmed-watcher.service",
        &watcher_unit::unit(&program, "postgresql/0", address(1)),
    );
}

#[test]
fn golden_units_below_a_root_with_odd_characters() {
    let layout = Layout::new("/home/me/50% of $it/m \"0\"");
    let program = layout.charm_dir(&member(0)).join("dispatch");
    let guard = etcd::Guard {
        program: &program,
        address: Some(address(1)),
    };
    matches_golden(
        "odd-root-patroni.service",
        &patroni_unit::unit(&layout, "me"),
    );
    matches_golden("odd-root-etcd.service", &etcd::unit(&layout, "me", &guard));
}

fn etcd_file(members: u8, begins: etcd::ClusterState, stage: Stage) -> String {
    let url = |number| etcd::peer_url(address(number + 1), stage.uses());
    let members: BTreeMap<MemberName, Vec<String>> = (0..members)
        .map(|number| (member(number), vec![url(number)]))
        .collect();
    etcd::Configuration {
        layout: &Layout::new("/"),
        member: &member(0),
        address: address(1),
        members: &members,
        state: begins,
        token: "5f7e8d3c-0000-4000-8000-000000000001/postgresql",
        stage,
    }
    .render()
}

#[test]
fn golden_etcd_file_of_the_first_voter_and_of_one_that_joins() {
    matches_golden(
        "etcd-first-voter.env",
        &etcd_file(1, etcd::ClusterState::New, Stage::Off),
    );
    matches_golden(
        "etcd-joining-voter.env",
        &etcd_file(3, etcd::ClusterState::Existing, Stage::Off),
    );
}

#[test]
fn golden_etcd_and_patroni_files_in_each_stage_of_tls() {
    for stage in [Stage::Both, Stage::Use, Stage::Only] {
        let word = stage.word();
        let etcd = etcd_file(1, etcd::ClusterState::Existing, stage);
        matches_golden(&format!("etcd-tls-{word}.env"), &etcd);
        let members = vec![address(1), address(2)];
        let case = PatroniCase {
            major: 15,
            settings: settings(&[]),
            etcd_hosts: members.clone(),
            etcd_asks_who: true,
            operator: "not-the-operator-password",
            repository: None,
            access: access(members, stage.refuses_plaintext()),
            stage,
            tags: BTreeSet::new(),
        };
        matches_golden(&format!("patroni-tls-{word}.yaml"), &case.text());
    }
}

#[test]
fn a_value_survives_the_file_of_the_environment_whatever_is_in_it() {
    let layout = Layout::new(r#"/a "b" $HOME \ `x`"#);
    let members = BTreeMap::new();
    let text = etcd::Configuration {
        layout: &layout,
        member: &member(0),
        address: address(1),
        members: &members,
        state: etcd::ClusterState::New,
        token: "token",
        stage: Stage::Off,
    }
    .render();
    let quoted = r#"ETCD_DATA_DIR="/a \"b\" \$HOME \\ \`x\`/var/lib/postgresql/etcd""#;
    assert!(text.lines().any(|line| line == quoted), "{text}");
}

#[test]
fn an_ipv6_address_is_in_brackets_wherever_a_port_follows() {
    let address: IpAddr = "fd00::1".parse().unwrap();
    assert_eq!(etcd::client_url(address, false), "http://[fd00::1]:2379");
    assert_eq!(etcd::peer_url(address, true), "https://[fd00::1]:2480");
}

/// pgBackRest's file for a store of our own, which the case then changes.
fn pgbackrest_file(
    case: impl FnOnce(&mut pgbackrest::Configuration<'_>),
) -> Result<String, Unrepresentable> {
    pgbackrest_file_with_key("not-a-key", case)
}

fn pgbackrest_file_with_key(
    key: &str,
    case: impl FnOnce(&mut pgbackrest::Configuration<'_>),
) -> Result<String, Unrepresentable> {
    let layout = Layout::new("/");
    let (key, secret) = (Secret::new(key), Secret::new("not-a-secret-key"));
    let mut configuration = pgbackrest::Configuration {
        layout: &layout,
        major: 15,
        stanza: &"prod.postgresql".parse().unwrap(),
        store: Store {
            bucket: "backups",
            endpoint: "https://s3.eu-central-1.amazonaws.com",
            path: "/prod",
            region: "eu-central-1",
            path_style: false,
            ca_file: None,
            access_key: &key,
            secret_key: &secret,
        },
        purpose: Purpose::Own {
            retention_days: None,
        },
        cpus: 4,
        abilities: pgbackrest::Abilities::of((2, 45)),
        server: None,
    };
    case(&mut configuration);
    configuration.render()
}

#[test]
fn golden_pgbackrest_file_of_a_cluster_at_amazon() {
    matches_golden("pgbackrest-amazon.conf", &pgbackrest_file(|_| ()).unwrap());
}

#[test]
fn golden_pgbackrest_file_of_a_cluster_with_a_store_of_its_own_and_peers() {
    let text = pgbackrest_file(|configuration| {
        configuration.store = Store {
            endpoint: "https://minio.example.com:9000",
            path: "/",
            region: "",
            path_style: true,
            ca_file: Some(configuration.layout.object_store_ca()),
            ..configuration.store.clone()
        };
        configuration.purpose = Purpose::Own {
            retention_days: Some(30),
        };
        configuration.cpus = 32;
        configuration.abilities = pgbackrest::Abilities::of((2, 46));
        configuration.server = Some(Server {
            listen: address(1),
            ca_file: "/etc/postgresql-charm/tls-authorities.pem".into(),
            identity_file: "/etc/postgresql-charm/tls-identity.pem".into(),
            clients: [2, 3].map(|last| address(last).to_string()).to_vec(),
        });
    });
    matches_golden("pgbackrest-own-store-and-peers.conf", &text.unwrap());
}

#[test]
fn golden_unit_file_of_pgbackrests_server() {
    let text = pgbackrest::server_unit(&Layout::new("/"), "postgres");
    matches_golden("charmed-pgbackrest-server.service", &text);
}

#[test]
fn golden_pgbackrest_file_of_another_clusters_repository() {
    let text = pgbackrest_file(|configuration| configuration.purpose = Purpose::ReadOnly);
    matches_golden("pgbackrest-read-only.conf", &text.unwrap());
}

#[test]
fn wal_is_never_discarded_by_a_queue_that_is_full() {
    assert!(
        !pgbackrest_file(|_| ())
            .unwrap()
            .contains("archive-push-queue-max")
    );
}

#[test]
fn a_value_that_an_ini_file_would_cut_or_trim_is_refused_without_showing_it() {
    for value in ["", "a\nrepo1-path=/elsewhere", " a", "a\t", "a\0b"] {
        let refused = pgbackrest_file_with_key(value, |_| ());
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the value of repo1-s3-key has no place in pgBackRest's configuration; use one that is not empty, has no \
             line break and neither begins nor ends with whitespace"
        );
    }
}

#[test]
fn an_endpoint_that_is_not_a_tls_address_of_a_host_is_refused() {
    for endpoint in [
        "",
        "minio.example.com",
        "http://minio.example.com",
        "https://",
        "https://h:port",
        "https://h:99999",
        "https://user@h",
        "https://h/path",
        "https://h:9000/path",
        "https://h h",
    ] {
        let refused = pgbackrest_file(|configuration| configuration.store.endpoint = endpoint);
        assert_eq!(
            refused,
            Err(Unrepresentable::Endpoint {
                endpoint: endpoint.to_owned()
            }),
            "{endpoint}"
        );
    }
}

#[test]
fn an_endpoint_may_end_in_a_slash_and_be_an_ipv6_address() {
    let ini = pgbackrest_file(|configuration| {
        configuration.store.endpoint = "https://[fd00::9]:9000/";
    })
    .unwrap();
    for line in [
        "repo1-s3-endpoint=[fd00::9]",
        "repo1-storage-host=[fd00::9]",
        "repo1-storage-port=9000",
    ] {
        assert!(ini.lines().any(|found| found == line), "{line} in\n{ini}");
    }
}
