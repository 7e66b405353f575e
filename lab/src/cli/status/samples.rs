//! A small model for the tests of the renderers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::api::{
    ApplicationStatus, Base, Endpoint, FullStatus, MachineStatus, ModelInfo, Offer,
    RelatedApplication, RelationStatus, StatusInfo, StorageStatus, UnitStatus,
};

pub(crate) fn time() -> Timestamp {
    "2026-01-01T09:01:38Z".parse().unwrap()
}

fn info(current: &str, message: &str) -> StatusInfo {
    StatusInfo {
        current: current.to_owned(),
        message: message.to_owned(),
        since: time(),
    }
}

fn base() -> Base {
    Base {
        name: "ubuntu".to_owned(),
        channel: "22.04".to_owned(),
    }
}

fn unit(workload: (&str, &str), agent: (&str, &str), machine: &str) -> UnitStatus {
    UnitStatus {
        workload: info(workload.0, workload.1),
        agent: info(agent.0, agent.1),
        life: "alive".to_owned(),
        leader: false,
        machine: machine.to_owned(),
        address: format!("10.0.0.1{}", machine.parse::<u32>().unwrap() + 1),
        open_ports: Vec::new(),
        charm_upgrading_from: None,
        subordinates: BTreeMap::new(),
    }
}

fn named(name: &str, units: BTreeMap<String, UnitStatus>) -> ApplicationStatus {
    ApplicationStatus {
        charm: format!("local:{name}-0"),
        charm_name: name.to_owned(),
        charm_revision: 0,
        charm_version: String::new(),
        base: base(),
        exposed: false,
        life: "alive".to_owned(),
        status: info("active", ""),
        workload_version: String::new(),
        relations: BTreeMap::new(),
        endpoint_bindings: BTreeMap::from([(String::new(), "alpha".to_owned())]),
        subordinate_to: Vec::new(),
        units,
    }
}

/// `postgresql` with a leader, a busy replica and a unit whose machine is not there yet.
pub(crate) fn application() -> ApplicationStatus {
    let mut leader = unit(("active", "Primary"), ("idle", ""), "0");
    leader.leader = true;
    leader.open_ports = vec!["5432/tcp".to_owned()];
    let mut replica = unit(
        ("active", ""),
        ("executing", "running update-status hook"),
        "1",
    );
    replica.open_ports = vec!["5432/tcp".to_owned()];
    let late = unit(("waiting", "waiting for machine"), ("allocating", ""), "2");
    let units = BTreeMap::from([
        ("postgresql/0".to_owned(), leader),
        ("postgresql/1".to_owned(), replica),
        ("postgresql/2".to_owned(), late),
    ]);
    let related = |application: &str, interface: &str| {
        vec![RelatedApplication {
            application: application.to_owned(),
            interface: interface.to_owned(),
            scope: "global".to_owned(),
        }]
    };
    ApplicationStatus {
        charm: "local:postgresql-2".to_owned(),
        charm_revision: 2,
        status: info("blocked", "no primary"),
        workload_version: "16.4".to_owned(),
        relations: BTreeMap::from([
            (
                "database".to_owned(),
                related("client", "postgresql_client"),
            ),
            (
                "database-peers".to_owned(),
                related("postgresql", "postgresql_peers"),
            ),
        ]),
        ..named("postgresql", units)
    }
}

/// `postgresql` related to a `client` that has a subordinate `agent`.
pub(crate) fn model() -> FullStatus {
    let mut client = unit(("active", ""), ("idle", ""), "3");
    client.leader = true;
    let mut subordinate = unit(("active", "ready"), ("idle", ""), "3");
    subordinate.machine = String::new();
    subordinate.leader = true;
    client
        .subordinates
        .insert("agent/0".to_owned(), subordinate);
    let mut agent = named("agent", BTreeMap::new());
    agent.subordinate_to = vec!["client".to_owned()];
    let machine = |number: u32| MachineStatus {
        agent: info("started", ""),
        instance: info("running", "Running"),
        hostname: format!("lab-{number}"),
        address: format!("10.0.0.1{}", number + 1),
        instance_id: format!("lab-{number}"),
        base: base(),
        hardware: "arch=amd64 cores=4 mem=8192M".to_owned(),
        constraints: "arch=amd64".to_owned(),
        mac_address: "00:16:3e:00:00:01".to_owned(),
    };
    let mut machines: BTreeMap<String, MachineStatus> = [0, 1, 3]
        .into_iter()
        .map(|number| (number.to_string(), machine(number)))
        .collect();
    let mut late = machine(2);
    late.agent = info("pending", "");
    late.instance = info("pending", "");
    machines.insert("2".to_owned(), late);
    FullStatus {
        model: ModelInfo {
            name: "dev".to_owned(),
            owner: "admin".to_owned(),
            uuid: "3f1c7a52-0000-4000-8000-000000000001".to_owned(),
            controller_uuid: "3f1c7a52-0000-4000-8000-000000000002".to_owned(),
            model_type: "iaas".to_owned(),
            cloud: "localhost".to_owned(),
            region: "localhost".to_owned(),
            life: "alive".to_owned(),
            version: "3.6.11".to_owned(),
            created: time(),
            applications: 3,
            units: 5,
            machines: 4,
        },
        controller: "lab".to_owned(),
        model_status: info("available", ""),
        machines,
        applications: BTreeMap::from([
            ("postgresql".to_owned(), application()),
            (
                "client".to_owned(),
                named("client", BTreeMap::from([("client/0".to_owned(), client)])),
            ),
            ("agent".to_owned(), agent),
        ]),
        relations: vec![
            relation(
                5,
                "postgresql:database",
                "client:db",
                "postgresql_client",
                "regular",
            ),
            relation(
                1,
                "postgresql:database-peers",
                "postgresql:database-peers",
                "postgresql_peers",
                "peer",
            ),
        ],
        storage: BTreeMap::from([("pgdata/0".to_owned(), storage())]),
        offers: Vec::new(),
        remote_applications: BTreeMap::new(),
        timestamp: time(),
    }
}

fn relation(
    id: u64,
    provider: &str,
    requirer: &str,
    interface: &str,
    kind: &str,
) -> RelationStatus {
    RelationStatus {
        id,
        provider: Endpoint::parse(provider),
        requirer: Endpoint::parse(requirer),
        interface: interface.to_owned(),
        kind: kind.to_owned(),
        status: "joined".to_owned(),
        message: String::new(),
    }
}

fn storage() -> StorageStatus {
    StorageStatus {
        kind: "filesystem".to_owned(),
        life: "alive".to_owned(),
        status: info("attached", ""),
        persistent: false,
        pool: "rootfs".to_owned(),
        size: 1024,
        unit: Some("postgresql/0".to_owned()),
        machine: Some("0".to_owned()),
        location: "/var/lib/pg".to_owned(),
        read_only: false,
    }
}

/// An offer of `postgresql`, as a daemon tells it that does not describe endpoints.
pub(crate) fn offer() -> Offer {
    Offer {
        model: "dev".to_owned(),
        name: "pg".to_owned(),
        application: "postgresql".to_owned(),
        endpoints: vec!["database".to_owned()],
        url: "admin/dev.pg".to_owned(),
        connected: 1,
        active: 1,
        ..Offer::default()
    }
}
